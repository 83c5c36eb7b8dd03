//go:build pkcs11

package pkcs11

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"switchd/hsm"
	"switchd/hsm/rule"
)

// record is what the token does not know of a key: the text in CKA_ID of its objects,
// whose CKA_LABEL is the key's name.
//
//	P0TBE/A/1/0/08D7B4/1700000000000000000/0/0
//	P0TBE/A/4/0/08D7B4/1700000000000000000/0/1700000120000000000/D1D812,6F4EA0
//
// usage, algorithm, mode and export; state; version; part; check value; when it was
// made, when it expires, and until when the version before it still reads, in UTC
// nanoseconds; check values of the name's keys that are destroyed, if there are any. Of a key that was made with the token's own tools the first five
// characters suffice: it is version 1, in use, without end.
type record struct {
	hsm.KeyInfo
	part   byte
	before int64
	past   []hsm.KCV
}

// The parts of a key.
const (
	partWhole = '0'
	partHalf  = 'h' // of X9.19: the first half as a DES key
	partTwice = '2' // whole, of TDES: the first of three parts comes again as the third
)

// marks are the states of objects; one that is being made has none of them.
var marks = map[string]hsm.KeyState{"A": hsm.StateActive, "R": hsm.StateRetired}

// unfinished marks an object whose making was not finished.
const unfinished = "X"

// text writes the record.
func (r *record) text(mark string) []byte {
	kcv := ""
	if r.KCV != (hsm.KCV{}) {
		kcv = r.KCV.String()
	}
	text := fmt.Appendf(nil, "%s%c%c%c/%s/%d/%c/%s/%d/%d/%d", r.Usage, r.Algorithm, r.Mode, r.Export, mark, r.Version, r.part, kcv, r.Created, r.Expires, r.before)
	for n, v := range r.past {
		text = append(append(text, "/,"[min(n, 1)]), v.String()...)
	}
	return text
}

// wholePart is the part of a key that is one object.
func wholePart(i *hsm.KeyInfo) byte {
	if i.Rank != 0 {
		return partTwice
	}
	return partWhole
}

// mark is the record's state as text has it.
func (r *record) mark() string {
	if r.State == hsm.StateRetired {
		return "R"
	}
	return "A"
}

// parse reads a record; false of a text that is none, or of an unfinished key.
func parse(ref hsm.KeyRef, id []byte) (record, bool) {
	r := record{KeyInfo: hsm.KeyInfo{Ref: ref, State: hsm.StateActive, Version: 1}, part: partWhole}
	field := strings.Split(string(id), "/")
	if len(field[0]) != 5 || len(field) != 1 && len(field) != 8 && len(field) != 9 {
		return r, false
	}
	kind := field[0]
	r.Usage, r.Algorithm, r.Mode, r.Export = hsm.Usage(kind[:2]), hsm.Algorithm(kind[2]), hsm.Mode(kind[3]), hsm.Export(kind[4])
	if len(field) == 1 {
		return r, true
	}
	var known bool
	if r.State, known = marks[field[1]]; !known || len(field[3]) != 1 {
		return r, false
	}
	if r.part = field[3][0]; r.part == partTwice {
		r.Rank = hsm.TDES.Rank(16)
	}
	version, err := strconv.ParseUint(field[2], 10, 32)
	if err != nil || version == 0 {
		return r, false
	}
	r.Version = uint32(version)
	if !r.checks(field) {
		return r, false
	}
	for i, to := range []*int64{&r.Created, &r.Expires, &r.before} {
		if *to, err = strconv.ParseInt(field[5+i], 10, 64); err != nil {
			return r, false
		}
	}
	return r, true
}

// checks reads the check values, the key's own and those of keys that are destroyed;
// false if one is none.
func (r *record) checks(field []string) bool {
	var err error
	if field[4] != "" {
		if r.KCV, err = checkDigits(field[4]); err != nil {
			return false
		}
	}
	if len(field) < 9 {
		return true
	}
	past := strings.Split(field[8], ",")
	for _, digits := range past {
		v, err := checkDigits(digits)
		if err != nil {
			return false
		}
		r.past = append(r.past, v)
	}
	return len(past) <= rule.PastMax
}

// checkDigits reads a check value.
func checkDigits(digits string) (hsm.KCV, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return hsm.KCV{}, err
	}
	return hsm.NewKCV(b)
}
