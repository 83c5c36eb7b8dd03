package translate

import "switchd/switch/payment"

// ReferenceBytes is the length of a Reference.
const ReferenceBytes = 12

// Outgoing messages carry a reference (DE37, an12) that says which leg of which
// payment they are, so that an answer finds its leg whatever link it comes on.
// It is the payment's number and the leg in base 32: 12 characters, 60 bits.
const (
	referenceLegBits  = 3
	referenceAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // no I, L, O, U: read aloud without mistakes
)

var referenceValue = func() (values [256]int8) {
	for i := range values {
		values[i] = -1
	}
	for i, c := range []byte(referenceAlphabet) {
		values[c] = int8(i)
	}
	return values
}()

// Reference is the DE37 of a leg. A reversal bears the reference of its debit,
// an advice that of its credit.
func Reference(id payment.ID, leg payment.Leg) [ReferenceBytes]byte {
	switch leg {
	case payment.LegReversal:
		leg = payment.LegDebit
	case payment.LegAdvice:
		leg = payment.LegCredit
	}
	v := uint64(id)<<referenceLegBits | uint64(leg)
	var out [ReferenceBytes]byte
	for i := ReferenceBytes - 1; i >= 0; i-- {
		out[i] = referenceAlphabet[v&31]
		v >>= 5
	}
	return out
}

// ParseReference reads a DE37 that Reference has made.
func ParseReference(b []byte) (payment.ID, payment.Leg, bool) {
	if len(b) != ReferenceBytes {
		return 0, 0, false
	}
	var v uint64
	for _, c := range b {
		digit := referenceValue[c]
		if digit < 0 {
			return 0, 0, false
		}
		v = v<<5 | uint64(digit)
	}
	return payment.ID(v >> referenceLegBits), payment.Leg(v & (1<<referenceLegBits - 1)), true
}

// SwitchIDBytes is the length of a transaction id: 35 characters [A-Za-z0-9].
const SwitchIDBytes = 35

// SwitchID is the transaction id of a payment (DE120 tag 002): "SWD" and the
// payment's number in 32 hexadecimal digits.
func SwitchID(id payment.ID) [SwitchIDBytes]byte {
	const hex = "0123456789abcdef"
	out := [SwitchIDBytes]byte{'S', 'W', 'D'}
	v := uint64(id)
	for i := SwitchIDBytes - 1; i >= 3; i-- {
		out[i] = hex[v&15]
		v >>= 4
	}
	return out
}
