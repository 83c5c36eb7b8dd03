package main

import (
	"math"
	"slices"

	"switchd/codec/iso8583"
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
	if len(own) < 3 {
		return showAll // only the message type and perhaps the bitmaps
	}
	switch {
	case d.whole().misframe, len(d.suggestions(body)) > 0, d.furtherElsewhere(body, len(own)):
		return showNone
	case !slices.ContainsFunc(own[1].Value, notText): // a bitmap in hexadecimal, taken for one in binary
		return showNone
	case !promises(d.given.spec, m.MTI(), own[1].Value), hasAccount(own):
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
		return len(f.Value) >= accountMin && luhn(f.Value)
	}
	return true
}

const (
	accountMin = 13
	accountMax = 19
	zerosMin   = 6 // as many in a row are of an amount, not of an account number
)

// hasAccount looks for an account number in the fields that have no mask, over
// their borders: 13 to 19 digits with a right check digit.
func hasAccount(fields []iso8583.Field) bool {
	packed := len(fields[0].Raw) == 2
	var run []byte
	for i := 2; i < len(fields); i++ {
		if f := &fields[i]; f.Mask != iso8583.MaskNone || len(f.Fields) > 0 {
			if accountIn(run) {
				return true
			}
			run = run[:0]
			continue
		}
		for _, c := range fields[i].Raw {
			switch {
			case packed:
				run = append(run, c>>4+'0', c&0xF+'0')
			case c>>4 == 3 || c>>4 == 0xF:
				run = append(run, c&0xF+'0')
			default:
				run = append(run, ' ')
			}
		}
	}
	return accountIn(run)
}

// accountIn looks at every stretch of digits that begins as cards of the large
// schemes do.
func accountIn(run []byte) bool {
	for from := range run {
		if run[from] < '2' || run[from] > '6' {
			continue
		}
		zeros := 0
		for n := 1; n <= accountMax && from+n <= len(run); n++ {
			c := run[from+n-1]
			if zeros++; c != '0' {
				zeros = 0
			}
			if c < '0' || c > '9' || zeros >= zerosMin {
				break
			}
			if n >= accountMin && luhn(run[from:from+n]) {
				return true
			}
		}
	}
	return false
}

// luhn checks the last digit of a number.
func luhn(digits []byte) bool {
	sum := 0
	for i, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
		v := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
