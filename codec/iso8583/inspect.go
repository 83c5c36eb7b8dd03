package iso8583

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Field is one field of a message for people: the message type (DE 0), the
// bitmaps (DE 1), an element, or a subfield. It holds views of the message.
type Field struct {
	DE          int    // of the element, for subfields too
	Path        string // "55", "55.9F02", "48.004"
	Description string // from the spec; empty when it has none
	Format      string // in the notation of the standard, "n12"; empty when not known
	Offset      int    // of Raw from the start of the message, in bytes
	Raw         []byte // as it stands in the message, with tag and length prefix
	Value       []byte // canonical: text, or raw bytes when Binary
	Binary      bool   // Value is no text
	Known       bool   // the spec has it
	Mask        Mask   // how much of Value people may see
	Fields      []Field
	valueAt     int // where in Raw the value begins
}

// Text is the value for people: text, or binary values in hexadecimal, with
// what the mask hides as stars. A composite has the text of its subfields.
func (f *Field) Text() string {
	if len(f.Fields) > 0 {
		var parts []string
		for i := range f.Fields {
			sub := &f.Fields[i]
			parts = append(parts, sub.Path[strings.LastIndexByte(sub.Path, '.')+1:]+"="+sub.Text())
		}
		return strings.Join(parts, " ")
	}
	return string(f.Mask.Append(nil, f.text()))
}

// Clear is Text without a mask, for tests and for those who may see it.
func (f *Field) Clear() string { return string(f.text()) }

func (f *Field) text() []byte {
	if f.Binary {
		return []byte(strings.ToUpper(hex.EncodeToString(f.Value)))
	}
	return f.Value
}

// RawText is Raw in hexadecimal, upper case. Of a field with a mask the bytes of
// the value are stars: two for each byte, so that lengths can still be checked.
func (f *Field) RawText() string {
	text := []byte(strings.ToUpper(hex.EncodeToString(f.Raw)))
	switch {
	case len(f.Fields) > 0:
		for i := range f.Fields {
			sub := &f.Fields[i]
			at := 2 * (sub.Offset - f.Offset)
			copy(text[at:], sub.RawText())
		}
	case f.Mask != MaskNone:
		for i := 2 * f.valueAt; i < len(text); i++ {
			text[i] = '*'
		}
	}
	return string(text)
}

// Fields lists the fields of the message in their order, the message type and
// the bitmaps first. After an error of Parse these are the fields before the bad
// one, though Value may have more: people would be shown what may have been cut at
// wrong places. It allocates; it is for people, not for the hot path.
func (m *Message) Fields() []Field {
	if m.spec == nil || m.mti == 0 {
		return nil
	}
	s := m.spec
	all := []Field{{Path: "0", Description: s.details[0].description, Format: s.details[0].format,
		Raw: m.buf[:s.mtiBytes], Value: []byte(m.mti.String()), Known: true}}
	if m.body == 0 {
		return all // the bitmaps are bad
	}
	all = append(all, Field{DE: 1, Path: "1", Description: s.details[1].description, Format: s.details[1].format,
		Offset: s.mtiBytes, Raw: m.buf[s.mtiBytes:m.body], Value: m.bitmapBytes(), Binary: true, Known: true})
	end := 129
	if m.fault != nil && m.fault.DE > 0 {
		end = m.fault.DE
	}
	for de := 2; de < end; de++ {
		if m.Has(de) {
			all = append(all, m.field(de))
		}
	}
	if de, rest := m.Rest(); de != 0 && m.fault == nil {
		all = append(all, Field{DE: de, Path: fmt.Sprint(de), Description: "not in the spec, kept with all that follows",
			Offset: m.tailAt, Raw: rest, Value: rest, Binary: true, Mask: MaskAll})
	}
	return all
}

// bitmapBytes are the bitmaps in binary.
func (m *Message) bitmapBytes() []byte {
	raw := m.buf[m.spec.mtiBytes:m.body]
	f := &m.spec.fields[1]
	if f.inPlace() {
		return raw
	}
	b, _ := encodings[f.enc].decode(nil, raw, len(raw)/2)
	return b
}

func (m *Message) field(de int) Field {
	d := &m.spec.details[de]
	f := &m.spec.fields[de]
	from, to := m.rawSpan(de)
	out := Field{DE: de, Path: fmt.Sprint(de), Description: d.description, Format: d.format, Offset: from,
		Raw: m.buf[from:to:to], Value: m.Value(de), Binary: f.class == classB, Known: m.spec.Defines(de), Mask: d.mask}
	if p, why := f.locate(m.buf, from); why == faultNone {
		out.valueAt = p.at - from
	}
	switch {
	case !out.Known:
		out.Mask = MaskAll // nobody knows what it is
	case f.tags != nil:
		out.Fields = tagFields(&out, f, to)
	case f.group != nil:
		p := place{at: int(m.spans[de].at), wire: int(m.spans[de].n)}
		out.Fields = groupFields(&out, f, m.buf, p)
	}
	return out
}

// tagFields lists the tags of an element in our dialect's shape. In each of its
// encodings a character is one byte, so that values and wire are of one length.
func tagFields(of *Field, f *field, end int) (all []Field) {
	at := end - len(of.Value)
	r := ReadTLV(of.Value)
	for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
		sub := Field{DE: of.DE, Path: fmt.Sprintf("%s.%03d", of.Path, tag), Offset: at, Value: v, valueAt: tlvHead}
		if known := f.tags.known[tag]; known != nil {
			sub.Description, sub.Format, sub.Mask, sub.Known = known.description, known.format, known.mask, true
		}
		sub.Mask = sub.Mask.under(of.Mask)
		size := tlvHead + len(v)
		sub.Raw = of.Raw[at-of.Offset : at-of.Offset+size]
		at += size
		all = append(all, sub)
	}
	return all
}

// groupFields lists the elements of a composite; unknown tags of DE55 that name
// a card are masked too.
func groupFields(of *Field, f *field, b []byte, p place) (all []Field) {
	c := f.group.cursor(b, p, f.prefix != prefixFixed)
	for {
		ok, _ := c.next()
		if !ok {
			return all
		}
		sub := Field{DE: of.DE, Offset: c.from, Raw: b[c.from:c.end()], Binary: c.f.class == classB, valueAt: c.place.at - c.from}
		tag := string(c.tag)
		if c.sub != nil {
			tag = c.sub.tag
			sub.Description, sub.Format, sub.Mask, sub.Known = c.sub.description, c.sub.format, c.sub.mask, true
		} else if of.Mask == MaskEMV {
			sub.Mask = emvMasks[tag]
		}
		sub.Mask = sub.Mask.under(of.Mask)
		sub.Path = of.Path + "." + tag
		sub.Value = b[c.at:c.at]
		switch {
		case c.f.inPlace():
			sub.Value = b[c.place.at:c.end()]
		default:
			sub.Value, _ = encodings[c.f.enc].decode(nil, b[c.place.at:c.end()], c.n)
		}
		template := f.group.kind == groupBER && isTemplate(sub.Raw)
		switch {
		case c.f.group != nil:
			if of.Mask == MaskEMV && sub.Mask == MaskNone {
				sub.Mask = MaskEMV // of the tags in it that are not known
			}
			sub.Fields = groupFields(&sub, c.f, b, c.place)
		case template && of.Mask == MaskEMV && sub.Mask == MaskNone:
			sub.takeApart(f.group, 1)
		}
		all = append(all, sub)
	}
}

// isTemplate says that a BER-TLV element, which begins with its tag, is made of
// others.
func isTemplate(element []byte) bool { return element[0]&0x20 != 0 }

// templatesMax is how deep templates are taken apart. Cards nest two.
const templatesMax = 3

// takeApart lists the elements of a template, for which specs have no subfields,
// with the names and masks that g and emvMasks have for their tags. One that
// cannot be taken apart is hidden: nobody knows what it tells.
func (f *Field) takeApart(g *group, level int) {
	r := ReadBER(f.Value)
	from := 0
	for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
		text := TagOf(tag)
		sub := Field{DE: f.DE, Path: f.Path + "." + text, Offset: f.Offset + f.valueAt + from, Raw: f.Value[from:r.at:r.at],
			Value: v, Binary: true, Mask: emvMasks[text]}
		sub.valueAt = len(sub.Raw) - len(v)
		if i, known := g.index[text]; known {
			d := &g.subs[i].detail
			sub.Description, sub.Format, sub.Mask, sub.Known = d.description, d.format, d.mask, true
		}
		if isTemplate(sub.Raw) && sub.Mask == MaskNone {
			sub.takeApart(g, level+1)
		}
		f.Fields = append(f.Fields, sub)
		from = r.at
	}
	if r.Err() != nil || level > templatesMax {
		f.Fields, f.Mask = nil, MaskAll
	}
}
