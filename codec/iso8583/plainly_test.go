package iso8583

import (
	"bytes"
	"errors"

	"pgregory.net/rapid"
)

// plainly reads the elements of a message whose head m has read, one by one by
// the tables alone: what Parse must find with its rows, straight code and values
// that are decoded late. fault is the element with the first fault; 0: none, or
// bytes after the last element.
func plainly(m *Message, b []byte) (values [129][]byte, fault int, whole bool) {
	at := m.body
	bad := func(de int) {
		if fault == 0 {
			fault = de
		}
	}
	for de := 2; de <= 128; de++ {
		if !isSet(m.bits, de) {
			continue
		}
		f := &m.spec.fields[de]
		if f.kind == kindAbsent {
			if m.spec.keep && !m.spec.presenceBit(de) {
				return values, fault, fault == 0
			}
			bad(de)
			return values, fault, false
		}
		p, why := f.locate(b, at)
		if why != faultNone {
			bad(de)
			return values, fault, false
		}
		at = p.end()
		var k checker
		if k.value(f, b, p) != faultNone {
			bad(de)
			continue
		}
		values[de] = b[p.at:p.end()]
		if !f.inPlace() {
			values[de], _ = encodings[f.enc].decode(make([]byte, 0, 1), values[de], p.n)
		}
	}
	return values, fault, fault == 0 && at == len(b)
}

// checkPlainly compares what Parse has found with plainly.
func checkPlainly(tb rapid.TB, m *Message, b []byte, err error) {
	tb.Helper()
	if m.body == 0 {
		return // the head is bad
	}
	values, fault, whole := plainly(m, b)
	if whole != (err == nil) {
		tb.Fatalf("%v, one by one it is good: %v", err, whole)
	}
	var bad *FieldError
	if errors.As(err, &bad) && bad.DE != fault {
		tb.Fatalf("%v, one by one the first fault is in DE%d", err, fault)
	}
	for range 2 { // the second time from memory
		for de := 2; de <= 128; de++ {
			if v := m.Value(de); !bytes.Equal(v, values[de]) || (v == nil) != (values[de] == nil) {
				tb.Fatalf("DE%d is %q, one by one %q (%v)", de, v, values[de], err)
			}
		}
	}
}
