package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
	"switchd/switch/mask"
)

// decoder reads one input.
type decoder struct {
	given pair
	input []byte
	name  string
	known []dialect // see dialects
	fits  *fits     // see whole
	m     iso8583.Message
	doc   iso20022.Message
}

// decoded is one message, a run of keep-alives, or what is no frame. It holds
// what may be shown and nothing else; its JSON names are a contract.
type decoded struct {
	Message     int            `json:"message,omitempty"`
	Kind        string         `json:"kind"`
	Count       int            `json:"count,omitempty"`
	Offset      int            `json:"offset"`
	Bytes       int            `json:"bytes"`
	Dialect     string         `json:"dialect,omitempty"`
	Framing     string         `json:"framing,omitempty"`
	Header      string         `json:"header,omitempty"`
	MTI         string         `json:"mti,omitempty"`
	Profile     string         `json:"profile,omitempty"`
	Definition  string         `json:"definition,omitempty"`
	Meaning     string         `json:"meaning,omitempty"`
	Parts       []string       `json:"parts,omitempty"`
	Valid       *bool          `json:"valid,omitempty"` // of ISO 20022 only
	Hidden      bool           `json:"hidden,omitempty"`
	Fields      []decodedField `json:"fields,omitempty"`
	Unnamed     []string       `json:"unnamed,omitempty"` // paths that no field shows
	Warnings    []decodedFault `json:"warnings,omitempty"`
	Error       *decodedFault  `json:"error,omitempty"`
	Suggestions []suggestion   `json:"suggestions,omitempty"`
	Hint        string         `json:"hint,omitempty"`
}

// The kinds of decoded.
const (
	kindMessage   = "message"
	kindKeepAlive = "keep-alive"
	kindUnframed  = "unframed"
)

// decodedField is a field as people see it.
type decodedField struct {
	Field   string         `json:"field"`
	Name    string         `json:"name,omitempty"`
	Path    string         `json:"path,omitempty"` // of ISO 20022 only
	Format  string         `json:"format,omitempty"`
	Offset  int            `json:"offset"`
	Bytes   int            `json:"bytes"`
	Raw     string         `json:"raw,omitempty"`
	Value   string         `json:"value,omitempty"`
	Masked  bool           `json:"masked,omitempty"`
	Unknown bool           `json:"unknown,omitempty"`
	Fields  []decodedField `json:"fields,omitempty"`
}

// decodedFault is what is wrong, without content. Path to Column, Code and Status
// are of ISO 20022 only.
type decodedFault struct {
	Field    string `json:"field,omitempty"`
	Path     string `json:"path,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Offset   int    `json:"offset"`
	Code     string `json:"code,omitempty"`
	Status   string `json:"status,omitempty"`
	Reason   string `json:"reason"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Text     string `json:"text"`
}

// start takes the reading of the input that the given pair understands, or else
// the likeliest.
func (d *decoder) start(in input) {
	d.input, d.name = in.readings[0], in.name
	for _, b := range in.readings {
		bodies, used := d.given.cut(d.given.framing, b)
		if good, _ := d.given.fit(bodies); good == len(bodies) && (used == len(b) || good == tryFramesMax) {
			d.input = b
			return
		}
	}
}

// each calls do for everything in the input, in its order.
func (d *decoder) each(do func(*decoded) error) error {
	defer d.m.Reset()
	if d.given.framing == nil {
		return do(d.message(1, 0, frame.Frame{Body: d.input, Bytes: len(d.input)}))
	}
	var alive *decoded // the run of keep-alives at the end of what was read
	flush := func() error {
		run := alive
		if alive = nil; run == nil {
			return nil
		}
		return do(run)
	}
	number := 0
	for at := 0; at < len(d.input); {
		fr, err := d.given.framing.Read(d.input[at:], d.given.limits())
		if err != nil || fr.Kind == frame.Incomplete {
			if failed := flush(); failed != nil {
				return failed
			}
			return do(d.unframed(at, err))
		}
		if fr.Kind == frame.KeepAlive {
			if alive == nil {
				alive = &decoded{Kind: kindKeepAlive, Offset: at, Framing: d.given.framingName()}
			}
			alive.Count++
			alive.Bytes += fr.Bytes
		} else {
			number++
			if err := errors.Join(flush(), do(d.message(number, at, fr))); err != nil {
				return err
			}
		}
		at += fr.Bytes
	}
	return flush()
}

// unframed is what follows at a byte that begins no whole frame.
func (d *decoder) unframed(at int, err error) *decoded {
	rest := len(d.input) - at
	fault := &decodedFault{Offset: at, Reason: "incomplete", Expected: d.given.framing.Doc(),
		Found: count(rest, "byte") + " of an unfinished frame"}
	var bad *frame.Error
	if errors.As(err, &bad) {
		fault.Reason, fault.Found = bad.Reason, kindOf(d.input[at:min(len(d.input), at+kindBytesMax)])
		fault.Text = bad.Error()
	} else {
		fault.Text = "the input ends inside a frame of framing " + d.given.framingName()
	}
	return &decoded{Kind: kindUnframed, Offset: at, Bytes: rest, Framing: d.given.framingName(),
		Error: fault, Suggestions: d.suggestions(nil), Hint: d.hint()}
}

// message decodes the body of one frame.
func (d *decoder) message(number, at int, fr frame.Frame) *decoded {
	out := &decoded{Message: number, Kind: kindMessage, Offset: at, Bytes: fr.Bytes,
		Dialect: d.given.name, Framing: d.given.framingName()}
	if d.given.profile != nil {
		d.document(out, fr)
		return out
	}
	d.fields(out, fr)
	return out
}

// fields decodes a message of ISO 8583.
func (d *decoder) fields(out *decoded, fr frame.Frame) {
	err := d.m.Parse(d.given.spec, fr.Body)
	show := showAll
	var bad *iso8583.FieldError
	switch {
	case errors.As(err, &bad):
		out.Error = faultOf(bad, fr.Body)
		show = d.trusted(&d.m, fr.Body)
		out.Suggestions, out.Hint = d.suggestions(fr.Body), d.hint()
	case err != nil: // Parse has no other error
		out.Error = &decodedFault{Reason: "unreadable", Text: "the message cannot be read"}
		show = showNone
	default:
		for _, e := range d.given.spec.CheckAll(&d.m) {
			out.Warnings = append(out.Warnings, *faultOf(e, nil))
		}
	}
	if mti := d.m.MTI(); mti != 0 && (show != showNone || d.expects(mti)) {
		out.MTI, out.Meaning = mti.String(), mtiWords(mti)
	}
	if out.Hidden = show != showAll; out.Error == nil || !out.Hidden && isTPDU(fr.Header) {
		out.Header = strings.ToUpper(hex.EncodeToString(fr.Header))
	}
	fields := d.m.Fields()
	for i := range fields {
		mask.Inherit(&fields[i], iso8583.MaskNone)
	}
	mask.HideAccounts(fields)
	out.Fields = fieldsOf(fields, show)
	if len(out.Fields) > 0 && out.MTI == "" {
		out.Fields[0].Raw, out.Fields[0].Value, out.Fields[0].Masked = "", "", true
	}
}

// expects says that a type is one that the dialect has rules for or, where it
// has none, one of 1987 or 1993. Any other four digits may be of something else.
func (d *decoder) expects(mti iso8583.MTI) bool {
	if types := d.given.spec.Messages(); len(types) > 0 {
		return slices.Contains(types, mti) || slices.Contains(types, mti.Original())
	}
	return mti.Version() <= 1 && mti.Class() >= 1 && mti.Class() <= 8 && mti.Function() <= 5 && mti.Origin() <= 5
}

// isTPDU says that a header is one by its first byte. In front of a bad message
// any other may be a part of it, with the account number inside.
func isTPDU(header []byte) bool { return len(header) == 5 && header[0] == 0x60 }

// fieldsOf makes fields for people. From the byte show on nothing is shown, but
// the message type is.
func fieldsOf(fields []iso8583.Field, show int) []decodedField {
	all := make([]decodedField, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		out := decodedField{Field: f.Path, Name: f.Description, Format: f.Format, Offset: f.Offset, Bytes: len(f.Raw),
			Masked: f.Mask != iso8583.MaskNone, Unknown: !f.Known}
		if f.Offset >= show && f.Path != "0" {
			out.Masked = true
			all = append(all, out)
			continue
		}
		out.Raw, out.Value = f.RawText(), visible(f.Text())
		if len(f.Fields) > 0 {
			out.Fields = fieldsOf(f.Fields, show)
		}
		all = append(all, out)
	}
	return all
}

// visible writes what a terminal would obey as \x1B.
func visible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	var out strings.Builder
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			fmt.Fprintf(&out, `\x%02X`, c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

// faultOf says what is wrong, and with the body what kind of bytes stand there.
func faultOf(e *iso8583.FieldError, body []byte) *decodedFault {
	f := &decodedFault{Field: fmt.Sprint(e.DE), Offset: e.Offset, Reason: e.Reason, Expected: e.Expected, Text: e.Error()}
	if e.Path != "" {
		f.Field += "." + e.Path
	}
	if body != nil {
		f.Found = found(e, body)
	}
	return f
}
