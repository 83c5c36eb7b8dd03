//go:build pkcs11

package pkcs11

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"switchd/hsm"
)

// record is what the token does not know of a key: the text in CKA_ID of its objects,
// whose CKA_LABEL is the key's name.
//
//	P0TBE/A/1/0/08D7B4/1700000000000000000/0/0
//
// usage, algorithm, mode and export; state; version; part; check value; when it was
// made, when it expires, and until when the version before it still reads, in UTC
// nanoseconds. Of a key that was made with the token's own tools the first five
// characters suffice: it is version 1, in use, without end.
type record struct {
	hsm.KeyInfo
	part   byte
	before int64
}

// The parts of a key.
const (
	partWhole = '0'
	partHalf  = 'h' // of X9.19: the first half as a DES key
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
	return fmt.Appendf(nil, "%s%c%c%c/%s/%d/%c/%s/%d/%d/%d", r.Usage, r.Algorithm, r.Mode, r.Export, mark, r.Version, r.part, kcv, r.Created, r.Expires, r.before)
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
	if len(field[0]) != 5 || len(field) != 1 && len(field) != 8 {
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
	r.part = field[3][0]
	version, err := strconv.ParseUint(field[2], 10, 32)
	if err != nil || version == 0 {
		return r, false
	}
	r.Version = uint32(version)
	if field[4] != "" {
		b, err := hex.DecodeString(field[4])
		if err != nil {
			return r, false
		}
		if r.KCV, err = hsm.NewKCV(b); err != nil {
			return r, false
		}
	}
	for i, to := range []*int64{&r.Created, &r.Expires, &r.before} {
		if *to, err = strconv.ParseInt(field[5+i], 10, 64); err != nil {
			return r, false
		}
	}
	return r, true
}
