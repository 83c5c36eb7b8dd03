package main

import (
	"math"
	"slices"

	"switchd/codec/iso8583"
	"switchd/switch/mask"
)

// showAll and showNone are offsets from which on the values of a message are
// withheld.
const (
	showAll  = math.MaxInt
	showNone = 0
)

// trusted says up to which byte of a bad message the fields can be shown. A bad
// message may be cut at wrong places, so that an account number stands in
// elements that have no mask: read in another dialect, framed otherwise, or with
// a damaged bitmap or length. A good message was cut right up to its last byte.
func (d *decoder) trusted(m *iso8583.Message, body []byte) int {
	own := m.Fields()
	if len(own) < 2 {
		return showAll // only the message type
	}
	switch {
	case d.whole().misframe, len(d.suggestions(body)) > 0, d.furtherElsewhere(body, len(own)):
		return showNone
	case !slices.ContainsFunc(own[1].Value, notText): // a bitmap in hexadecimal, taken for one in binary
		return showNone
	case !promises(d.given.spec, m.MTI(), own[1].Value), mask.HasAccount(own):
		return showNone
	}
	for i := range own {
		if f := &own[i]; !lengthTrusted(f) {
			return f.Offset + len(f.Raw)
		}
	}
	return showAll
}

// furtherElsewhere says that another dialect reads more fields.
func (d *decoder) furtherElsewhere(body []byte, fields int) bool {
	var other iso8583.Message
	defer other.Reset()
	for _, o := range d.dialects() {
		if o.spec == nil {
			continue
		}
		if err := other.Parse(o.spec, body); err == nil || len(other.Fields()) > fields {
			return true
		}
	}
	return false
}

// notText says that a byte is no letter or digit in ASCII, and no digit in
// EBCDIC: what a bitmap is that is not in binary.
func notText(c byte) bool {
	return !asciiWord(c) && c < 0xF0
}

// promises says that the bitmap has what the type must have, which bytes that
// are no bitmap hardly do. A spec without rules for the type says nothing.
func promises(s *iso8583.Spec, mti iso8583.MTI, bitmap []byte) bool {
	needed := s.Mandatory(mti)
	if len(needed) == 0 {
		needed = s.Mandatory(mti.Original())
	}
	for _, de := range needed {
		at := (de - 1) / 8
		if at >= len(bitmap) || bitmap[at]<<((de-1)%8)&0x80 == 0 {
			return false
		}
	}
	return len(needed) > 0
}

// lengthTrusted says that a secret field ends where it says: with a wrong length
// its rest would be shown in the elements after it. An account number has its
// check digit, and subfields their own lengths; a track has nothing.
func lengthTrusted(f *iso8583.Field) bool {
	switch f.Mask {
	case iso8583.MaskTrack:
		return false
	case iso8583.MaskPAN:
		return len(f.Value) >= mask.AccountMin && mask.Luhn(f.Value)
	}
	return true
}
