package translate

import (
	"strconv"
	"strings"

	"switchd/switch/payment"
)

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

// Legs whose place in a reference is taken by another: a reversal and an advice
// bear the reference of their original, so their own numbers are free.
const (
	confirmInReference = payment.LegReversal
	updateInReference  = payment.LegAdvice
)

// Reference is the DE37 of a leg. A reversal bears the reference of its debit; an
// advice, a status enquiry and a fence that of their credit: the type of the
// answer tells them apart.
func Reference(id payment.ID, leg payment.Leg) [ReferenceBytes]byte {
	switch leg {
	case payment.LegReversal:
		leg = payment.LegDebit
	case payment.LegAdvice, payment.LegStatus, payment.LegFence:
		leg = payment.LegCredit
	case payment.LegConfirm:
		leg = confirmInReference
	case payment.LegUpdate, payment.LegEnquiry:
		leg = updateInReference
	}
	v := uint64(id)<<referenceLegBits | uint64(leg)
	var out [ReferenceBytes]byte
	for i := ReferenceBytes - 1; i >= 0; i-- {
		out[i] = referenceAlphabet[v&31]
		v >>= 5
	}
	return out
}

// ParseReference reads a DE37 that Reference has made, and gives the leg whose
// number stands in it: LegReversal for a confirmation, LegAdvice for an update.
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

// ParseSwitchID reads a transaction id that SwitchID has made.
func ParseSwitchID(b []byte) (payment.ID, bool) {
	if len(b) != SwitchIDBytes || string(b[:3]) != "SWD" {
		return 0, false
	}
	var v uint64
	for i, c := range b[3:] {
		digit := hexDigit(c)
		if digit > 15 || (i < 16 && digit != 0) {
			return 0, false
		}
		v = v<<4 | uint64(digit)
	}
	return payment.ID(v), true
}

// hexDigit is the value of 0-9 and a-f, and more than 15 for anything else.
func hexDigit(c byte) byte {
	if d := c - '0'; d < 10 {
		return d
	}
	if d := c - 'a'; d < 6 {
		return d + 10
	}
	return 255
}

// messageIDBytes is the length of the MsgId of the switch's own messages of ISO
// 20022: SWD, a reference, and three characters for the leg.
const messageIDBytes = len("SWD") + ReferenceBytes + 3

// ParsePayment reads a payment's number, its transaction id, or the MsgId of a
// message of the switch about it: whatever people name a payment by.
func ParsePayment(s string) (payment.ID, bool) {
	if id, ok := ParseSwitchID([]byte(s)); ok {
		return id, true
	}
	if len(s) == messageIDBytes && strings.HasPrefix(s, "SWD") {
		id, _, ok := ParseReference([]byte(s[len("SWD"):][:ReferenceBytes]))
		return id, ok && id > 0
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return payment.ID(n), err == nil && n > 0
}
