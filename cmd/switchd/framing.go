package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
	"switchd/session/gnetio"
	"switchd/switch/config"
	"switchd/switch/translate"
	message20022 "switchd/switch/translate/iso20022"
)

// wireOf is how frames stand on a participant's links.
func wireOf(p *config.Participant) (gnetio.Wire, error) {
	framing, err := frame.Parse(p.Framing)
	if err != nil {
		return gnetio.Wire{}, err
	}
	limits := frame.Limits{}.WithDefaults()
	if p.Dialect == dialect20022 {
		limits.BodyMax = iso20022.BytesMax
	}
	header, err := hex.DecodeString(p.Header)
	return gnetio.Wire{
		Framing: framing, Limits: limits,
		Swallow: p.KeepAlive == "swallow", Header: header, Dialect: p.Dialect,
	}, err
}

// paymentBytesMin is less than the shortest payment in any dialect: a framing
// whose bodies are shorter carries sign-ons and no money.
const paymentBytesMin = 100

// documentBytesMin is the size of a payment of ISO 20022 with all that may be
// written into it.
const documentBytesMin = 16 << 10

// checkWire says why a participant's framing does not go with its dialect, its
// header or its keep-alive.
func checkWire(p *config.Participant) error {
	w, err := wireOf(p)
	if err != nil {
		return err
	}
	if err := errors.Join(checkDialect(p), checkProtection(p)); err != nil {
		return err
	}
	switch f := w.Framing; {
	case p.KeepAlive != "" && !f.HasKeepAlive():
		return errors.New("knows no keep-alives: remove keepalive, or name a framing that does")
	case len(w.Header) > 0 && !f.HasHeader():
		return errors.New("carries no header: remove header, or name a framing that does")
	case len(w.Header) > 0 && f.CheckHeader(w.Header) != nil:
		return fmt.Errorf("cannot carry this header: it takes one of %d bytes, in the form of %X", len(headerOf(f)), headerOf(f))
	case p.Dialect == dialect20022 && refuses(w, make([]byte, documentBytesMin)) == frame.ReasonLong:
		return errors.New("has bodies shorter than many messages of ISO 20022: name BIN4, or another with a length of four bytes or more digits")
	case refuses(w, make([]byte, paymentBytesMin)) == frame.ReasonLong:
		return errors.New("has bodies shorter than any payment: name a framing with a longer length")
	case refuses(w, []byte("a body with 03: \x03")) == frame.ReasonDelimiter && !isText(p.Dialect):
		return fmt.Errorf("ends a body at the first byte 03, which bitmaps or digits of %s may hold: "+
			"name a framing with a length, or a dialect that is text only (iso87-ascii)", p.Dialect)
	}
	return nil
}

// checkDialect says why a participant has keys that do not go with its dialect.
func checkDialect(p *config.Participant) error {
	if p.Dialect != dialect20022 {
		if p.Profile != "" || p.Versions != nil {
			return fmt.Errorf("profile and versions belong to the dialect %s: remove them", dialect20022)
		}
		if slices.Contains(p.Abilities, "receipts") {
			return errors.New("ability receipts: ISO 8583 has no receipt of a 0210: remove it")
		}
		return nil
	}
	if p.DuplicateKey != nil || p.MatchKey != nil || p.AmountInMajorUnits || p.AccountPadding.Width != 0 {
		return errors.New("duplicate_key, match_key, amount_in_major_units and account_padding belong to dialects of ISO 8583: remove them")
	}
	profile, err := profileOf(p)
	if err != nil {
		return fmt.Errorf("versions do not go with the profile: %w", err)
	}
	_, err = message20022.New(profile, &translate.Directory{}, 0)
	return err
}

// refuses is the reason for which frames do not carry a body; empty when they do.
func refuses(w gnetio.Wire, body []byte) string {
	_, err := w.Framing.End(append(w.Framing.Begin(nil), body...), 0, w.Limits)
	if e, ok := errors.AsType[*frame.Error](err); ok {
		return e.Reason
	}
	return ""
}

// headerOf is the plain header of a framing.
func headerOf(f frame.Framing) []byte {
	whole, err := f.End(append(f.Begin(nil), "a body of more than 12 bytes"...), 0, frame.Limits{})
	if err != nil {
		return nil
	}
	fr, _ := f.Read(whole, frame.Limits{})
	return fr.Header
}

// look is what a dialect's messages look like in front: how their digits and
// their bitmaps are written.
type look struct {
	charset frame.Charset
	bitmap  frame.Bitmap
}

// lookOf writes an echo in the dialect and looks at it as the rim looks at the
// first bytes of a link.
func lookOf(name string) (l look, ok bool) {
	spec, err := builtinSpec(name)
	if err != nil {
		return look{}, false
	}
	var w iso8583.Writer
	w.Begin(spec, frame.BIN2.Begin(nil), 0x0800)
	w.SetString(7, "0102030405")
	w.SetString(11, "000001")
	w.SetString(70, "301")
	b, err := w.Finish()
	if err == nil {
		b, err = frame.BIN2.End(b, 0, frame.Limits{})
	}
	for _, found := range frame.Diagnose(b) {
		if found.Framing == frame.BIN2 && found.MTI == "0800" {
			return look{found.Charset, found.Bitmap}, err == nil
		}
	}
	return look{}, false
}

// isText says whether no byte of a dialect's messages is a control character.
func isText(dialect string) bool {
	if dialect == dialect20022 {
		return true
	}
	l, known := lookOf(dialect)
	return known && l.charset != frame.CharsetBCD && (l.bitmap == frame.BitmapHex || l.bitmap == frame.BitmapHexEBCDIC)
}

// dialectsByLook names the dialect behind the first bytes of a link.
func dialectsByLook() func(frame.Charset, frame.Bitmap) string {
	names := map[look]string{}
	for _, name := range dialects() {
		if l, known := lookOf(name); known {
			names[l] = name
		}
	}
	return func(c frame.Charset, b frame.Bitmap) string { return names[look{c, b}] }
}

// checkProtection says whether messages of a dialect can be protected as configured.
func checkProtection(p *config.Participant) error {
	switch {
	case p.Dialect == dialect20022 && (p.MAC.Key != "" || p.PIN.Key != ""):
		return errors.New("mac and pin are for messages of ISO 8583: remove them, or use signature")
	case p.Dialect != dialect20022 && p.Signature.Kind != "":
		return errors.New("signature is for messages of ISO 20022: remove it, or use mac")
	case p.Dialect == dialect20022:
		return nil
	}
	_, err := codesOf(p)
	return err
}
