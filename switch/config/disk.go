package config

import (
	"regexp"
	"strconv"

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

var diskKeys = []key{{"reserve", ""}, {"warning", ""}, {"ballast", ""}}

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
	tib = int64(1) << 40
)

// size is one key that is a number of bytes: its default and its bounds.
type size struct{ def, low, high int64 }

// disk reads the room to keep. The least reserve is what a start needs; a warning
// comes before the reserve, or it is none.
func (b *binder) disk(v value) Disk {
	var o object
	if !v.absent() {
		o = v.object("disk", diskKeys)
	}
	faults := len(b.r.faults)
	d := Disk{
		Reserve: o.get("reserve").bytes(size{gib, 96 * mib, tib}),
		Ballast: o.get("ballast").bytes(size{256 * mib, 0, tib}),
	}
	warning := o.get("warning")
	d.Warning = warning.bytes(size{2 * d.Reserve, 96 * mib, 4 * tib})
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

// bytes reads a size; absent gives the default. Zero needs no unit, and is for keys
// that may be switched off.
func (v value) bytes(s size) int64 {
	if v.absent() {
		return s.def
	}
	n := int64(0)
	if number, isInteger := v.node.(*ast.IntegerNode); isInteger {
		if digits := number.GetToken().Value; digits != "0" {
			v.fault("%s has no unit: write for example %sMiB", v.name, digits)
			return s.def
		}
	} else {
		text, ok := v.match(sizeForm)
		if !ok {
			return s.def
		}
		digits, unit := text[:len(text)-3], text[len(text)-3:]
		n, _ = strconv.ParseInt(digits, 10, 64) // at most 7 digits, by the form
		n *= sizeUnits[unit]
	}
	if n < s.low || n > s.high {
		v.fault("%s is %s: it must be from %s to %s", v.name, inBytes(n), inBytes(s.low), inBytes(s.high))
		return s.def
	}
	return n
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
