package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Disk is what must stay free on the disk of the data folder, in bytes. It cannot
// be switched off: a switch whose disk is full stops, with all that is open.
type Disk struct {
	// Reserve is what new payments may not use up: with less room they are declined
	// at once, and open ones go on. Default 1 GiB.
	Reserve int64
	// Warning is the room below which the log warns. Default: twice the reserve.
	Warning int64
	// Ballast is the size of a file that is removed when even the open payments
	// could not be finished; 0: no such file. Default 256 MiB.
	Ballast int64
}

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
	tib = int64(1) << 40
)

// disk reads the room to keep. The least reserve is what a start needs; a warning
// comes before the reserve, or it is none.
func (b *binder) disk(v value) Disk {
	o := v.object("disk")
	faults := len(b.r.faults)
	d := Disk{Reserve: o.get("reserve").bytes(), Ballast: o.get("ballast").bytes()}
	warning := o.get("warning")
	d.Warning = 2 * d.Reserve
	if !warning.absent() {
		d.Warning = warning.bytes()
	}
	if len(b.r.faults) == faults && d.Warning <= d.Reserve {
		warning.fault("warning (%s) is not above reserve (%s): the warning must come first; raise it or leave it out", inBytes(d.Warning), inBytes(d.Reserve))
	}
	return d
}

var sizeForm = pattern{
	regexp.MustCompile(`^[0-9]{1,7}(MiB|GiB|TiB)$`),
	"a number with its unit, for example 256MiB or 1GiB",
}

var sizeUnits = map[string]int64{"MiB": mib, "GiB": gib, "TiB": tib}

// bytes reads a size within the bounds of its shape. Zero needs no unit, and is for
// keys that may be switched off.
func (v value) bytes() int64 {
	def := sizeOf(v.def)
	if v.absent() {
		return def
	}
	n := int64(0)
	if number, isInteger := v.node.(*ast.IntegerNode); isInteger {
		if digits := number.GetToken().Value; digits != "0" {
			v.fault("%s has no unit: write for example %sMiB", v.name, digits)
			return def
		}
	} else {
		text, ok := v.match()
		if !ok {
			return def
		}
		n = sizeOf(text)
	}
	if n < v.is.low || n > v.is.high {
		v.fault("%s is %s: it must be from %s to %s", v.name, inBytes(n), inBytes(v.is.low), inBytes(v.is.high))
		return def
	}
	return n
}

// sizeOf is a text of the form of a size as a number; 0 for none.
func sizeOf(text string) int64 {
	unit := sizeUnits[text[max(len(text)-3, 0):]]
	n, _ := strconv.ParseInt(strings.TrimRight(text, "MGTiB"), 10, 64) // at most 7 digits, by the form
	return n * unit
}

// inBytes prints a size as a user would write it.
func inBytes(n int64) string {
	for _, unit := range []string{"TiB", "GiB"} {
		if n >= sizeUnits[unit] && n%sizeUnits[unit] == 0 {
			return strconv.FormatInt(n/sizeUnits[unit], 10) + unit
		}
	}
	if n == 0 {
		return "0"
	}
	return strconv.FormatInt(n/mib, 10) + "MiB"
}
