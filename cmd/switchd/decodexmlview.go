package main

import (
	"fmt"
	"strings"

	"switchd/switch/mask"
)

// The columns of the fields of ISO 20022.
var (
	documentColumns = columns{widths: []int{6, 30, 36, 42}, right: true, paths: true}
	documentNarrow  = columns{widths: []int{6, 20, 24, 24}, right: true, paths: true}
)

// document prints what a message of ISO 20022 is, its fields and what else it has.
func (v *decodeView) document(m *decoded) {
	if m.Definition != "" {
		fmt.Fprintf(v.w, "%s: %s\n", m.Definition, m.Meaning)
	}
	if *m.Valid {
		fmt.Fprintf(v.w, "valid by its schema and the profile %s\n", visible(m.Profile))
	}
	if len(m.Fields) > 0 {
		v.documentFields(m)
	}
	if len(m.Unnamed) > 0 {
		fmt.Fprintf(v.w, "\nnot shown, for the profile has no field for them:\n")
		for _, path := range m.Unnamed {
			fmt.Fprintf(v.w, "  %s\n", mask.Printable(shortPath(path)))
		}
	}
}

// documentFields prints the table of fields.
func (v *decodeView) documentFields(m *decoded) {
	table := documentColumns
	if v.narrow() {
		table = documentNarrow
	}
	fmt.Fprintln(v.w)
	table.row(v.w, "byte", "field", "value", "path")
	for i := range m.Fields {
		f := &m.Fields[i]
		value := f.Value
		if value == "" && f.Masked {
			value = "(withheld)"
		}
		table.row(v.w, fmt.Sprint(f.Offset), f.Field, value, shortPath(f.Path))
	}
}

// shortPath leaves out what all paths of a message begin with.
func shortPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "Document/"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		return rest
	}
	return path
}

// documentFault prints the first lines of the block about a message of ISO 20022
// that is not valid.
func (v *decodeView) documentFault(e *decodedFault) {
	fmt.Fprintf(v.w, "BAD MESSAGE at line %d, column %d (byte %d): %s\n", e.Line, e.Column, e.Offset, e.Reason)
	if e.Path != "" {
		fmt.Fprintf(v.w, "  path:     %s\n", e.Path)
	}
	fmt.Fprintf(v.w, "  codes:    %s in an admi.002, %s as the reason of a status\n", e.Code, e.Status)
}

// narrow says that the terminal has less than 120 columns.
func (v *decodeView) narrow() bool { return v.table.widths[0] == decodeNarrow.widths[0] }

// wrapped breaks a text about a message of ISO 20022, which can list many
// elements, into lines behind the words before it.
func (v *decodeView) wrapped(m *decoded, text string) string {
	const before = "            "
	c := columns{words: true}
	width := 120 - len(before)
	if v.narrow() {
		width = 80 - len(before)
	}
	if m.Valid == nil {
		return text
	}
	var lines []string
	for text != "" {
		var line string
		line, text = c.broken(text, width)
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"+before)
}
