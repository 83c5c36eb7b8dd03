package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// faultsMax bounds what is reported for one file. A file with more faults than
// this is not a configuration with mistakes in it but something else.
const faultsMax = 500

// Fault is one thing that is wrong in a configuration file.
type Fault struct {
	File string `json:"file"`
	// Line and Column count from 1, columns in characters. Both are 0 when the
	// fault belongs to the file as a whole, for example when it cannot be opened.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Text says what is wrong and what to do about it, in one line.
	Text string `json:"text"`
}

// String is the form that editors and terminals can jump to:
// "file:line:column: text".
func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text)
}

// Faults is the error of Load, Parse and CheckFiles: everything that is wrong,
// sorted by position.
type Faults []Fault

// Error prints one fault per line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// position is a place in the file; the zero value is the file as a whole.
type position struct{ line, column int }

// spot is a place in one of the files.
type spot struct {
	file string
	at   position
}

// spot is where a value stands.
func (v value) spot() spot {
	if v.r == nil { // it is not there
		return spot{}
	}
	return spot{v.r.file, v.at}
}

// FaultOf is what is wrong with a key of the security module's section, "hsm.keys", or a
// key of a participant, "BANKA pin.key", that shows only when the module is looked at.
func (c *Config) FaultOf(what, format string, args ...any) Fault {
	s := c.spots[what]
	return Fault{File: cmp.Or(s.file, c.sources[0].File), Line: s.at.line, Column: s.at.column, Text: fmt.Sprintf(format, args...)}
}

// reader collects the faults of one file while it is read.
type reader struct {
	file   string
	faults Faults
}

// fault notes what is wrong at a place; reading goes on, so that the user sees
// every fault in one run.
func (r *reader) fault(at position, format string, args ...any) {
	r.faults = append(r.faults, Fault{
		File: r.file, Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...),
	})
}

// err is what was found, sorted, each fault once, or nil.
func (r *reader) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	faults := slices.Clone(r.faults)
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	faults = slices.Compact(faults)
	if over := len(faults) - faultsMax; over > 0 {
		faults = append(faults[:faultsMax], Fault{
			File: r.file, Text: fmt.Sprintf("%d more faults are not shown", over),
		})
	}
	return faults
}

// shown quotes a value for a message, bounded so that a broken file cannot flood
// the terminal.
func shown(s string) string {
	const runesMax = 40
	if r := []rune(s); len(r) > runesMax {
		s = string(r[:runesMax]) + "..."
	}
	return fmt.Sprintf("%q", s)
}
