package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The columns of the table; with two spaces between them they fill 120, or 80.
var (
	decodeColumns = columns{widths: []int{6, 11, 32, 10, 24, 27}, right: true}
	decodeNarrow  = columns{widths: []int{5, 9, 21, 9, 10, 16}, right: true}
)

// decodeTable gives the columns for a terminal.
func decodeTable() columns {
	if narrowTerminal() {
		return decodeNarrow
	}
	return decodeColumns
}

// narrowTerminal says that a terminal has less than 120 columns: shells know its
// width and tell it, when they are asked to, in COLUMNS.
func narrowTerminal() bool {
	width, err := strconv.Atoi(os.Getenv("COLUMNS"))
	return err == nil && width < 120
}

// columns is a table for a terminal. The texts of the last two columns are
// broken into lines, of the others cut off.
type columns struct {
	widths []int
	right  bool // the first column is of numbers
	words  bool // break between words, where a space less does not matter
	paths  bool // break behind a slash where one stands
}

// row writes one row.
func (c columns) row(w io.Writer, cells ...string) {
	rest := slices.Clone(cells)
	for more := true; more; {
		var text strings.Builder
		more = false
		for i, width := range c.widths {
			piece := rest[i]
			switch {
			case i >= len(c.widths)-2:
				piece, rest[i] = c.broken(piece, width)
				more = more || rest[i] != ""
			default:
				if rest[i] = ""; utf8.RuneCountInString(piece) > width {
					piece = piece[:bytesOf(piece, width-2)] + ".."
				}
			}
			if i == 0 && c.right {
				fmt.Fprintf(&text, "%*s  ", width, piece)
			} else {
				fmt.Fprintf(&text, "%-*s  ", width, piece)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(text.String(), " "))
	}
}

// broken gives the first line of a text, and what is left.
func (c columns) broken(text string, width int) (line, rest string) {
	if utf8.RuneCountInString(text) <= width {
		return text, ""
	}
	end := bytesOf(text, width)
	if at := strings.LastIndexByte(text[:bytesOf(text, width+1)], ' '); c.words && at > 0 {
		return text[:at], text[at+1:]
	}
	if at := strings.LastIndexByte(text[:end], '/') + 1; c.paths && at > 0 {
		end = at
	}
	return text[:end], text[end:]
}

// bytesOf is how many bytes the first characters of a text take.
func bytesOf(text string, characters int) int {
	for at := range text {
		if characters--; characters < 0 {
			return at
		}
	}
	return len(text)
}

// report prints everything and says how it went. The error is for the exit code.
func (d *decoder) report(stdout io.Writer, f decodeFlags) error {
	w := bufio.NewWriter(stdout)
	show := newDecodeView(w)
	emit := json.NewEncoder(w)
	emit.SetEscapeHTML(false)
	var bad, broken, messages int
	err := d.each(func(m *decoded) error {
		if m.Kind == kindMessage {
			messages++
		}
		switch {
		case m.Kind == kindUnframed:
			broken++
		case m.Error != nil, f.strict && len(m.Warnings) > 0:
			bad++
		}
		if f.json {
			return emit.Encode(m)
		}
		show.decoded(m)
		return nil
	})
	if err := errors.Join(err, w.Flush()); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	switch {
	case bad > 0:
		return fmt.Errorf("%d of %s bad", bad, count(messages, "message"))
	case broken > 0:
		return fmt.Errorf("%s read, then no frame", count(messages, "message"))
	}
	return nil
}

// decodeView prints for people.
type decodeView struct {
	w       io.Writer
	table   columns
	printed bool
	told    []suggestion // what was suggested last, not to be repeated
}

func newDecodeView(w io.Writer) *decodeView { return &decodeView{w: w, table: decodeTable()} }

func (v *decodeView) decoded(m *decoded) {
	if v.printed {
		fmt.Fprintln(v.w)
	}
	v.printed = true
	switch m.Kind {
	case kindKeepAlive:
		fmt.Fprintf(v.w, "%s at byte %d (%s)\n", count(m.Count, "keep-alive"), m.Offset, m.Framing)
		return
	case kindUnframed:
		v.fault(m)
		return
	}
	fmt.Fprintf(v.w, "Message %d: %s at byte %d, %s", m.Message, count(m.Bytes, "byte"), m.Offset, m.Dialect)
	if m.Framing != "" {
		fmt.Fprintf(v.w, " in %s", m.Framing)
	}
	if m.Header != "" {
		fmt.Fprintf(v.w, ", header %s", m.Header)
	}
	fmt.Fprintln(v.w)
	if m.Valid != nil {
		v.document(m)
	} else {
		v.message(m)
	}
	if len(m.Warnings) > 0 {
		fmt.Fprintln(v.w)
		for _, f := range m.Warnings {
			what := f.Reason
			if f.Field != "" {
				what = fieldName(f.Field) + ": " + f.Reason
			}
			fmt.Fprintf(v.w, "warning: %s, expected %s\n", what, f.Expected)
		}
	}
	if m.Error != nil {
		fmt.Fprintln(v.w)
		v.fault(m)
	}
}

// message prints the type of a message of ISO 8583, and its fields.
func (v *decodeView) message(m *decoded) {
	if m.MTI != "" {
		fmt.Fprintf(v.w, "%s: %s\n", m.MTI, m.Meaning)
	}
	if len(m.Fields) > 0 {
		fmt.Fprintln(v.w)
		v.table.row(v.w, "byte", "field", "name", "format", "raw", "value")
		v.fields(m.Fields, 0)
	}
}

func (v *decodeView) fields(fields []decodedField, depth int) {
	for i := range fields {
		f := &fields[i]
		name, value, raw := f.Name, f.Value, f.Raw
		if f.Unknown && name == "" {
			name = "(not in the spec)"
		}
		switch {
		case f.Raw == "" && f.Masked:
			value = "(withheld)"
		case len(f.Fields) > 0:
			// The bytes of the subfields follow in their rows.
			raw = raw[:min(len(raw), 2*(f.Fields[0].Offset-f.Offset))]
			value = fmt.Sprintf("(%s, %s)", count(f.Bytes, "byte"), count(len(f.Fields), "subfield"))
		}
		label := strings.Repeat("  ", depth) + fieldLabel(f.Field)
		v.table.row(v.w, fmt.Sprint(f.Offset), label, visible(name), f.Format, raw, value)
		v.fields(f.Fields, depth+1)
	}
}

// fieldLabel is a field's name in the table.
func fieldLabel(path string) string {
	switch path {
	case "0":
		return "MTI"
	case "1":
		return "bitmap"
	}
	return path
}

// fieldName is a field's name in a sentence.
func fieldName(path string) string {
	switch path {
	case "0":
		return "the message"
	case "1":
		return "the bitmap"
	}
	return "DE" + path
}

// fault prints the block about a bad message or frame.
func (v *decodeView) fault(m *decoded) {
	e := m.Error
	switch {
	case m.Kind == kindUnframed:
		fmt.Fprintf(v.w, "BAD FRAME at byte %d of the input: %s\n", e.Offset, e.Text)
	case m.Valid != nil:
		v.documentFault(e)
	default:
		fmt.Fprintf(v.w, "BAD MESSAGE at byte %d, %s: %s\n", e.Offset, fieldName(e.Field), reasonWords(e.Reason))
	}
	if e.Expected != "" {
		fmt.Fprintf(v.w, "  expected: %s\n", v.wrapped(m, e.Expected))
	}
	if e.Found != "" {
		fmt.Fprintf(v.w, "  found:    %s\n", e.Found)
	}
	if m.Hidden && len(m.Fields) > 1 {
		fmt.Fprintln(v.w, "  withheld: values that may be cut at wrong places and could show what has to be masked")
	}
	if m.Hint != "" {
		fmt.Fprintf(v.w, "  note:     %s\n", v.wrapped(m, m.Hint))
	}
	v.suggestions(m)
}

// suggestions prints what would read more.
func (v *decodeView) suggestions(m *decoded) {
	same := func(a, b suggestion) bool { return a.Command == b.Command && a.Messages == b.Messages }
	if slices.EqualFunc(m.Suggestions, v.told, same) && len(v.told) > 0 {
		fmt.Fprintln(v.w, "  try:      as above")
		return
	}
	v.told = m.Suggestions
	if len(m.Suggestions) == 0 && (m.Valid == nil || m.Error.Found != "") {
		fmt.Fprintln(v.w, "  no built-in dialect and framing reads more than this")
	}
	for _, s := range m.Suggestions {
		fmt.Fprintf(v.w, "  try:      %s\n", s.Command)
		text := fmt.Sprintf("reads %d of %s", s.Messages, count(s.Of, "message"))
		if len(s.Alike) > 0 {
			text += "; the same here: " + strings.Join(s.Alike, ", ")
		}
		fmt.Fprintf(v.w, "            (%s)\n", text)
	}
}
