package iso8583

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
)

// DuplicateFields are the data elements that a profile may name as the identity
// of a request at its sender.
func DuplicateFields() []int { return []int{7, 11, 12, 13, 32, 37, 41, 42} }

// DefaultDuplicateKey is the identity of a request when the profile names none:
// DE7, DE11, DE32, DE37. A sender that refreshes DE7 on a repeat has DE13 in its
// place, a terminal network DE41 and DE42 besides.
func DefaultDuplicateKey() []int { return []int{7, 11, 32, 37} }

// MatchFields are the data elements by which a participant's answers may find
// their leg.
func MatchFields() []int { return []int{7, 11, 37} }

// DefaultMatchKey is what an answer must echo when the profile says nothing: the
// reference (DE37), and DE7 and DE11 so that a stale one is seen.
func DefaultMatchKey() []int { return []int{7, 11, 37} }

// CheckKeys reports what is wrong with the keys of a profile. A duplicate key
// needs DE11 or DE37: without them nothing tells two messages apart. A match key
// needs DE37, or DE11 with DE7: trace numbers alone wrap within minutes.
// Empty keys are the defaults.
func CheckKeys(duplicate, match []int) error {
	duplicate, match = orDefault(duplicate, DefaultDuplicateKey()), orDefault(match, DefaultMatchKey())
	for _, k := range []struct {
		name    string
		fields  []int
		allowed []int
	}{{"duplicate_key", duplicate, DuplicateFields()}, {"match_key", match, MatchFields()}} {
		for i, de := range k.fields {
			if !slices.Contains(k.allowed, de) {
				return fmt.Errorf("%s: DE%d is not one of %v", k.name, de, k.allowed)
			}
			if slices.Contains(k.fields[:i], de) {
				return fmt.Errorf("%s: DE%d stands twice", k.name, de)
			}
		}
	}
	if !slices.Contains(duplicate, 11) && !slices.Contains(duplicate, 37) {
		return errors.New("duplicate_key: needs DE11 or DE37")
	}
	if !slices.Contains(match, 37) && (!slices.Contains(match, 7) || !slices.Contains(match, 11)) {
		return errors.New("match_key: needs DE37, or DE7 and DE11")
	}
	return nil
}

// The keys of a Dialect that With was not called on.
var (
	defaultDuplicate = bits(DefaultDuplicateKey())
	defaultMatch     = bits(DefaultMatchKey())
)

// bits is a set of data elements below 64.
func bits(fields []int) (set uint64) {
	for _, de := range fields {
		set |= 1 << de
	}
	return set
}

// With sets the keys of d's participant; empty ones are the defaults. Call it
// before d is used.
func (d *Dialect) With(duplicate, match []int) (*Dialect, error) {
	if err := CheckKeys(duplicate, match); err != nil {
		return nil, err
	}
	d.duplicate, d.match = bits(orDefault(duplicate, DefaultDuplicateKey())), bits(orDefault(match, DefaultMatchKey()))
	return d, nil
}

func orDefault(fields, def []int) []int {
	if len(fields) == 0 {
		return def
	}
	return fields
}

// key reads the identity of a request at its sender, and what its answer echoes.
func (d *Dialect) key(msg *codec.Message, r *payment.Request) *Fault {
	transmitted, ok := msg.Uint(7)
	if !ok || !validTransmitted(transmitted) {
		return &Fault{DE: 7, Want: "MMDDhhmmss"}
	}
	stan, ok := msg.Uint(11)
	if !ok {
		return &Fault{DE: 11, Want: "missing"}
	}
	if string(msg.Value(32)) != d.Directory.InstitutionOf(d.Number) {
		return &Fault{DE: 32, Want: "of the sender"}
	}
	rrn := msg.Value(37)
	if len(rrn) != len(r.Echo.RRN) {
		return &Fault{DE: 37, Want: "missing"}
	}
	r.Echo.Transmitted, r.Echo.STAN = uint32(transmitted), uint32(stan)
	copy(r.Echo.RRN[:], rrn)
	return d.identity(msg, r)
}

// identity fills the key with the fields that the profile names.
func (d *Dialect) identity(msg *codec.Message, r *payment.Request) *Fault {
	k := &r.Key
	k.From = d.Number
	set := d.duplicate
	if set == 0 {
		set = defaultDuplicate
	}
	if set&(1<<7) != 0 {
		k.Transmitted = r.Echo.Transmitted
	}
	if set&(1<<11) != 0 {
		k.STAN = r.Echo.STAN
	}
	if set&(1<<32) != 0 {
		k.Acquirer, _ = msg.Uint(32)
	}
	if set&(1<<37) != 0 {
		k.RRN = r.Echo.RRN
	}
	if further := set & furtherFields; further != 0 {
		var room [64]byte
		b := room[:0]
		for _, de := range [...]int{12, 13, 41, 42} {
			if further&(1<<de) == 0 {
				continue
			}
			v := msg.Value(de)
			if len(v) == 0 {
				return &Fault{DE: de, Want: "missing"}
			}
			b = append(append(b, byte(de)), v...)
		}
		sum := sha256.Sum256(b)
		k.Other = binary.LittleEndian.Uint64(sum[:])
	}
	return nil
}

const furtherFields = 1<<12 | 1<<13 | 1<<41 | 1<<42

// contentHash is what two messages with one key are compared by: everything but
// what a repeat may change: the message type, DE7, the PIN block, which is never the
// same twice, and the MAC.
func contentHash(msg *codec.Message) uint64 {
	var room [1024]byte
	b := room[:0]
	for de := 2; de < 128; de++ {
		if de == 7 || de == pinData || de == securityControl || de == 64 || !msg.Has(de) {
			continue
		}
		v := msg.Value(de)
		b = append(binary.LittleEndian.AppendUint16(append(b, byte(de)), uint16(len(v))), v...)
	}
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:])
}

func validTransmitted(v uint64) bool {
	month, day := v/100_000_000, v/1_000_000%100
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && v/10_000%100 < 24 && v/100%100 < 60 && v%100 < 60
}
