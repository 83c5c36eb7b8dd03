package config

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Retention is how long what has happened is kept, in days.
type Retention struct {
	// Journal is how old a business day's events may become before they are moved to
	// the archive. Default 90.
	Journal int
	// State is how old a finished payment may become before it is forgotten: it is
	// no longer found by a search, and a request that repeats it is new. Default 90.
	State int
	// ArchiveDir is the folder of the archive, joined to the file's folder; empty:
	// there is none, and nothing is ever deleted from the journal.
	ArchiveDir string
	// Archive is how old a business day in the archive may become before its file is
	// deleted. Default 10 years.
	Archive int
}

// yearDays is what a year counts in a span: what must be kept for ten years is not
// deleted some leap days early.
const yearDays = 366

// retention reads how long what has happened is kept. A finished payment is known
// for two days at least: that long its sender may ask again.
func (b *binder) retention(v value, c *Config) Retention {
	o := v.object("retention")
	faults := len(b.r.faults)
	r := Retention{
		Journal: o.get("journal").days(),
		State:   o.get("state").days(),
		Archive: o.get("archive").days(),
	}
	if dir := o.get("archive_dir"); !dir.absent() {
		c.places["archive_dir"] = dir.at
		r.ArchiveDir = b.path(dir)
		if c.DataDir != "" && within(r.ArchiveDir, c.DataDir) {
			dir.fault("archive_dir %s is inside data_dir: what leaves the data folder must be beside it", r.ArchiveDir)
		}
	}
	if len(b.r.faults) == faults && r.Archive <= r.Journal {
		at := o.get("archive")
		if at.absent() {
			at = o.get("journal")
		}
		at.fault("archive (%dd) is not longer than journal (%dd): what leaves the journal would be deleted at once; raise it", r.Archive, r.Journal)
	}
	return r
}

// within says whether a folder is another one or inside it, by their names.
func within(dir, other string) bool {
	way, err := filepath.Rel(other, dir)
	return dir != "" && err == nil && way != ".." && !strings.HasPrefix(way, ".."+string(filepath.Separator))
}

var spanForm = pattern{
	regexp.MustCompile(`^[0-9]{1,6}[dy]$`),
	"a number of days or years, for example 90d or 10y",
}

// days reads a span within the bounds of its shape.
func (v value) days() int {
	def := daysOf(v.def)
	if v.absent() {
		return def
	}
	if n, isInteger := v.node.(*ast.IntegerNode); isInteger {
		v.fault("%s has no unit: write for example %sd", v.name, n.GetToken().Value)
		return def
	}
	text, ok := v.match()
	if !ok {
		return def
	}
	n := daysOf(text)
	if int64(n) < v.is.low || int64(n) > v.is.high {
		v.fault("%s is %s: it must be from %dd to %dy", v.name, text, v.is.low, v.is.high/yearDays)
		return def
	}
	return n
}

// daysOf is a text of the form of a span as a number of days.
func daysOf(text string) int {
	n, _ := strconv.Atoi(strings.TrimRight(text, "dy")) // at most 6 digits, by the form
	if strings.HasSuffix(text, "y") {
		n *= yearDays
	}
	return n
}

var timeOfDayForm = pattern{
	regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`),
	`hours and minutes of UTC, for example "18:30"`,
}

// timeOfDay reads a time after midnight; absent is midnight.
func (v value) timeOfDay() time.Duration {
	if v.absent() {
		return 0
	}
	text, ok := v.match()
	if !ok {
		return 0
	}
	hours, _ := strconv.Atoi(text[:2]) // digits, by the form
	minutes, _ := strconv.Atoi(text[3:])
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
}
