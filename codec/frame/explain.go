package frame

import (
	"fmt"
	"strings"
)

// notation is how Diagnose writes the value of a length field.
type notation uint8

const (
	asHex  notation = iota // 0x0052
	asText                 // "0082"
	asBCD                  // 0082, the digits
)

// sentence says what the trial showed, for an operator who sees the bytes in a
// hex dump next to it.
func (t *trial) sentence(fit Fit) string {
	var s strings.Builder
	if t.early > 0 {
		fmt.Fprintf(&s, "%s, then ", plural(t.early, "keep-alive"))
	}
	t.opening(&s)
	if t.frames > 0 || t.why == "" {
		t.content(&s)
	}
	t.ending(&s, fit)
	return s.String()
}

// opening explains the length in front of the first frame, or says that there is none.
func (t *trial) opening(s *strings.Builder) {
	r := t.row
	s.WriteString(r.unit)
	if r.counts == r.lead && r.counts > 0 {
		s.WriteString(" counts itself")
	}
	refused := t.frames == 0 && t.why != ""
	lead := t.leadOfFirst()
	switch {
	case r.cut != nil && t.frames > 0:
		fmt.Fprintf(s, ": %s up to the ETX", plural(t.first.to-t.first.from, "byte"))
	case r.cut != nil && !refused:
		s.WriteString(": no ETX yet")
	case r.cut != nil || len(lead) < r.lead:
	case refused && (t.why == ReasonDigits || t.why == ReasonHeader):
	default:
		field, _ := r.read(lead)
		fmt.Fprintf(s, ": %s", r.parts(t.first, field, r.digits(lead, field), refused))
	}
}

// leadOfFirst is the lead of the first frame that is no keep-alive.
func (t *trial) leadOfFirst() []byte {
	b := t.b[t.at:]
	return b[:min(t.row.lead, len(b))]
}

// digits writes a field as it stands on the wire.
func (r *row) digits(lead []byte, field int) string {
	switch r.notation {
	case asText:
		return `"` + string(lead) + `"`
	case asBCD:
		return fmt.Sprintf("%0*d", 2*r.lead, field)
	}
	width := 4
	for most := r.fieldMax >> 16; most > 0; most >>= 8 {
		width += 2
	}
	return fmt.Sprintf("0x%0*x", width, field)
}

// quotedMax is the largest refused length that is quoted. With a wrong framing
// it is made of other bytes, and six digits of an account number are no secret.
const quotedMax = 999_999

// parts is "0x0057 = 87 = 80 + 5 (TPDU) + 2".
func (r *row) parts(s span, field int, wire string, refused bool) string {
	if refused && field > quotedMax {
		return fmt.Sprintf("more than %d", quotedMax)
	}
	text := wire
	if value := fmt.Sprint(field); strings.TrimLeft(strings.Trim(wire, `"`), "0") != value {
		text += " = " + value
	}
	if refused || s.from == 0 {
		return text
	}
	carried := s.from - r.lead
	if carried == 0 && r.counts == 0 {
		return text
	}
	text += fmt.Sprintf(" = %d", s.to-s.from)
	switch {
	case r.carried == carriesBaseI:
		text += fmt.Sprintf(" + %d (BASE I header)", carried)
	case carried > 0:
		text += fmt.Sprintf(" + %d (TPDU)", carried)
	}
	switch {
	case r.counts > 0 && r.counts == r.trailer:
		text += fmt.Sprintf(" + %d (ETX)", r.counts)
	case r.counts > 0:
		text += fmt.Sprintf(" + %d", r.counts)
	}
	return text
}

// content names the MTI and the bitmap of the first frame.
func (t *trial) content(s *strings.Builder) {
	switch l := &t.looked; {
	case l.points > 0:
		fmt.Fprintf(s, "; MTI %s in %s", l.mti[:], l.charset)
		if l.bitmap != BitmapUnknown {
			fmt.Fprintf(s, ", %s bitmap", l.bitmap)
		}
	case l.foreign:
		s.WriteString("; no MTI and bitmap where the message should begin")
	}
}

// ending says how far the framing leads.
func (t *trial) ending(s *strings.Builder, fit Fit) {
	over := t.over()
	switch {
	case t.why != "":
		t.refusal(s)
	case t.frames == 0:
		t.unfinished(s)
	case over == 0:
		fmt.Fprintf(s, "; %s, nothing left over", plural(t.frames, "whole frame"))
	default:
		fmt.Fprintf(s, "; %s, then %s", plural(t.frames, "whole frame"), plural(over, "byte"))
		if fit == FitLength && t.restLooked.foreign {
			s.WriteString(" that begin no message")
		}
	}
}

// refusal quotes no length behind the first frame: with a wrong framing it would
// be made of message content.
func (t *trial) refusal(s *strings.Builder) {
	switch {
	case t.frames > 0:
		fmt.Fprintf(s, "; but after %s: %s", plural(t.frames, "frame"), t.why)
	case t.why == ReasonLong || t.why == ReasonShort:
		fmt.Fprintf(s, ": %s", t.why)
	default:
		fmt.Fprintf(s, ": %s", (&Error{Reason: t.why}).detail())
	}
}

func (t *trial) unfinished(s *strings.Builder) {
	switch {
	case t.row.cut != nil:
	case t.rest.from > 0:
		fmt.Fprintf(s, "; %d of %s so far", max(0, t.over()-t.rest.from), plural(t.rest.to-t.rest.from, "byte"))
	case t.keepAlives > 0:
		s.WriteString("; no message yet")
	default:
		s.WriteString("; too few bytes to tell")
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
