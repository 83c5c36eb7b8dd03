package main

import (
	"bytes"
	"fmt"
	"slices"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
)

// document decodes a message of ISO 20022.
func (d *decoder) document(out *decoded, fr frame.Frame) {
	p := d.given.profile
	err := checkDocument(&d.doc, p, fr.Body)
	valid := err == nil
	out.Valid, out.Profile, out.Parts = &valid, p.Name(), documentParts(&d.doc)
	def := d.doc.Definition()
	if def == nil && d.doc.Header() != nil {
		def = p.Header()
	}
	if def != nil {
		out.Definition, out.Meaning = def.Name, definitionWords(def)
	}
	out.Fields = documentFields(&d.doc, p, fr.Body)
	if err != nil {
		out.Error = documentFault(err)
		d.explain(out, err, fr.Body)
		return
	}
	if out.Unnamed = unnamed(&d.doc, p, fr.Body); len(out.Parts) == 1 {
		out.Warnings = append(out.Warnings, decodedFault{Reason: out.Parts[0] + " alone", Expected: "Message around AppHdr and Document, as on a link",
			Text: out.Parts[0] + " alone: on a link AppHdr and Document stand in Message"})
	}
}

// documentParts names the parts of a message that were read to their ends.
func documentParts(m *iso20022.Message) (parts []string) {
	if m.Header() != nil {
		parts = append(parts, "AppHdr")
	}
	if m.Document() != nil {
		parts = append(parts, "Document")
	}
	return parts
}

// explain adds what a person wants to know of a message that is not valid: what
// it is instead, and what reads it.
func (d *decoder) explain(out *decoded, err *iso20022.Error, body []byte) {
	if out.Hint = refusalHint(err, d.given.profile, body); isXML(body) {
		return // it was cut right, and no other dialect has XML
	}
	out.Error.Found = kindOf(body[:min(len(body), kindBytesMax)])
	if out.Suggestions = d.suggestions(body); out.Hint == "" {
		out.Hint = d.hint()
	}
}

// checkDocument reads a message and checks what schema and profile leave open
// and the switch asks for: amounts with the decimals of their currency. Without a
// profile the schema alone decides.
func checkDocument(m *iso20022.Message, p *iso20022.Profile, body []byte) *iso20022.Error {
	if err := m.Parse(p, body); err != nil {
		return err.(*iso20022.Error) //nolint:errorlint // Parse promises the type
	}
	if p == nil || m.Definition() == nil {
		return nil
	}
	for _, f := range []struct{ amount, currency iso20022.Field }{
		{iso20022.Amount, iso20022.AmountCurrency}, {iso20022.OriginalAmount, iso20022.OriginalAmountCurrency},
	} {
		if !m.Has(f.amount) || !m.Has(f.currency) {
			continue
		}
		decimals, known := iso20022.Exponent(string(m.Text(f.currency)))
		if !known {
			return m.Blame(p, f.currency, iso20022.ReasonCurrency, "letters of ISO 4217")
		}
		if _, why := iso20022.ParseAmount(m.Text(f.amount), decimals); why != iso20022.ReasonNone {
			return m.Blame(p, f.amount, why, fmt.Sprintf("an amount with at most %s", count(decimals, "decimal")))
		}
	}
	return nil
}

// fitDocuments counts the messages that are valid by their schemas, and those of
// them that are not by the profile.
func fitDocuments(p *iso20022.Profile, bodies [][]byte) (good, faults int) {
	var m iso20022.Message
	for _, body := range bodies {
		if !isXML(body) || m.Parse(nil, body) != nil {
			continue
		}
		if good++; m.Parse(p, body) != nil {
			faults++
		}
	}
	return good, faults
}

// tryDocuments adds the framings in which the input holds XML. Diagnose, which
// knows the marks of ISO 8583 and its lengths, does not see all of them.
func (d *decoder) tryDocuments() {
	at := slices.IndexFunc(d.dialects(), func(o dialect) bool { return o.profile != nil })
	if at < 0 {
		return
	}
	xml := d.dialects()[at]
	d.try(xml, nil)
	for _, name := range frame.Names() {
		f, err := frame.Parse(name)
		if err != nil {
			continue
		}
		if bodies, _ := xml.cut(&f, d.input); len(bodies) > 0 && isXML(bodies[0]) {
			d.try(xml, &f)
		}
	}
}

// isXML says whether the first character is that of XML.
func isXML(b []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("<")) }

// documentFault is what is wrong, with the codes that a reject would carry.
func documentFault(e *iso20022.Error) *decodedFault {
	return &decodedFault{Path: e.Path, Line: e.Line, Column: e.Column, Offset: e.Offset, Code: e.Reason.Code(), Status: e.Reason.External(),
		Reason: e.Reason.String(), Expected: e.Want, Text: e.Error()}
}
