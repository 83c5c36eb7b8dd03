package payment

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// errShort is what a reader reports when a record ends too early, has bytes left
// over or holds a value out of range.
var errShort = errors.New("record is damaged: length or value out of range")

// reader takes fixed-size little-endian values off the front of a record. The
// first fault is kept and every later read gives zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || len(r.b) < n {
		r.bad = true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if v := r.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

// below reads one byte that must be less than limit.
func (r *reader) below(limit uint8) uint8 {
	v := r.u8()
	if v >= limit {
		r.bad = true
		return 0
	}
	return v
}

// done is nil only if the record was read to its last byte without a fault.
func (r *reader) done() error {
	if r.bad || len(r.b) != 0 {
		return errShort
	}
	return nil
}

func putU16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }
func putU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
func putU64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

// putText writes only the fields of mask that are set: count, then field, length,
// bytes.
func putText(b []byte, t *Text, mask uint32) []byte {
	b = append(b, byte(bits.OnesCount32(t.set&mask)))
	for set := t.set & mask; set != 0; set &= set - 1 {
		f := TextField(bits.TrailingZeros32(set))
		v := t.Get(f)
		b = append(putU16(append(b, byte(f)), uint16(len(v))), v...)
	}
	return b
}

// text reads fields of mask, and no others, into t.
func (r *reader) text(t *Text, mask uint32) {
	for n := r.below(uint8(textFields) + 1); n > 0 && !r.bad; n-- {
		f := TextField(r.below(uint8(textFields)))
		if v := r.take(int(r.u16())); v == nil || mask&(1<<f) == 0 || !t.Set(f, v) {
			r.bad = true
		}
	}
}

func putKey(b []byte, k *RequestKey) []byte {
	b = putU16(b, uint16(k.From))
	b = putU32(b, k.STAN)
	b = putU32(b, k.Transmitted)
	b = putU64(b, k.Acquirer)
	return putU64(append(b, k.RRN[:]...), k.Other)
}

func putEcho(b []byte, e *Echo) []byte {
	return append(putU32(putU32(b, e.Transmitted), e.STAN), e.RRN[:]...)
}
