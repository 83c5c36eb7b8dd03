package state

import (
	"encoding/binary"

	"switchd/switch/payment"
	"switchd/switch/seal"
)

// A mark is what a finished payment is found by: 40 bits of the hash of one of its
// references, or of the token of one of its accounts. Several texts may share a
// mark: whoever finds a payment by one compares the text.
//
// A key for each mark would be the largest part of what a payment costs here, so
// that marks are packed: those of one layer are a run (run.go). Only payments that
// end long after they began, and dead letters whose run is gone, have marks of
// their own.
const markBits = 40

// referenceMark is FNV-1a. It is on disk: never change it.
func referenceMark(text []byte) uint64 {
	sum := uint64(14695981039346656037)
	for _, c := range text {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return sum >> (64 - markBits)
}

// accountMark is the beginning of the account's token.
func accountMark(t *seal.Tokener, account []byte) uint64 {
	token := t.Token(account)
	return binary.BigEndian.Uint64(token[:]) >> (64 - markBits)
}

// references are the texts that a payment is found by, beside its RRN.
var references = [...]payment.TextField{payment.MsgID, payment.EndToEndID, payment.TransactionID, payment.UETR}

// accounts are the accounts that a payment is found by.
var accounts = [...]payment.TextField{payment.PayerAccount, payment.PayeeAccount}

// appendMarks appends the marks of a payment; equal ones may be among them.
func appendMarks(marks []uint64, p *payment.Payment, t *seal.Tokener) []uint64 {
	if p.Echo.RRN != ([12]byte{}) {
		marks = append(marks, referenceMark(p.Echo.RRN[:]))
	}
	for _, f := range references {
		if p.Text.Has(f) {
			marks = append(marks, referenceMark(p.Text.Get(f)))
		}
	}
	for _, f := range accounts {
		if p.Text.Has(f) {
			marks = append(marks, accountMark(t, p.Text.Get(f)))
		}
	}
	return marks
}

// A late mark has a key of its own: the mark in the middle of the payment's number.
// The upper part of the number, the segment, comes first, so that what is found by
// a mark comes in the order of the numbers, from one segment to the next.
const (
	segmentBits  = 24
	lateKeyBytes = 1 + (64-segmentBits+markBits+segmentBits)/8
)

func appendLate(b []byte, id payment.ID, mark uint64) []byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(id))
	b = append(append(b, tagLate), n[:5]...)
	b = append(b, byte(mark>>32), byte(mark>>24), byte(mark>>16), byte(mark>>8), byte(mark))
	return append(b, n[5:]...)
}

// readLate is what appendLate has made a key of.
func readLate(key []byte) (id payment.ID, mark uint64) {
	var n, m [8]byte
	copy(n[:5], key[1:6])
	copy(m[3:], key[6:11])
	copy(n[5:], key[11:lateKeyBytes])
	return payment.ID(binary.BigEndian.Uint64(n[:])), binary.BigEndian.Uint64(m[:])
}
