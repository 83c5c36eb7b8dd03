package payment

import "math/bits"

// TextField names one variable-length value of a payment.
type TextField uint8

// The variable-length values, with their bounds in bytes. Values are on disk:
// append only.
const (
	PayerAccount     TextField = iota // 28
	PayeeAccount                      // 28
	PayerVPA                          // 255, lower case
	PayeeVPA                          // 255, lower case
	PayerName                         // 99
	PayeeName                         // 99
	PayerIFSC                         // 11: or a BIC
	PayeeIFSC                         // 11: or a BIC
	EndToEndID                        // 35
	Note                              // 140
	MsgID                             // 35: GrpHdr/MsgId of the request
	InstructionID                     // 35
	TransactionID                     // 35: PmtId/TxId
	UETR                              // 36
	Purpose                           // 35
	RequestType                       // 35: message name of the request ("pacs.008.001.08"); empty for ISO 8583
	RequestCreatedAt                  // 35: CreDtTm of the request, as received
	Reason                            // 140: why an operator decided so
	Operator                          // 35
	PINToken                          // 32: where the vault has the PIN block of the request
	Approver                          // 35: the second person who has approved what Operator ordered
	Deed                              // 140: of a Noted command, what was done
	textFields
)

var textNames = [textFields]string{
	"payer_account", "payee_account", "payer_vpa", "payee_vpa", "payer_name", "payee_name", "payer_ifsc", "payee_ifsc",
	"end_to_end_id", "note", "msg_id", "instruction_id", "transaction_id", "uetr", "purpose", "request_type",
	"request_created_at", "reason", "operator", "pin_token",
	"approver", "deed",
}

// String is the name that journal dumps use.
func (f TextField) String() string {
	if f >= textFields {
		return "invalid"
	}
	return textNames[f]
}

// TextMax bounds the sum of all variable-length values of one payment, in bytes.
const TextMax = 2048

// Text holds the variable-length values in one buffer, so that an event or a
// payment is one flat block with one buffer: cheap to copy, nothing for the
// collector to follow. The zero value is empty and ready.
type Text struct {
	buf  []byte
	set  uint32 // the fields that are set, one bit each
	span [textFields]struct{ off, n uint16 }
}

const _ = uint(32 - textFields) // as many fields as set has bits, at most

// Get returns the value of f, empty when it is not set. The slice is a view and
// is valid until the Text changes.
func (t *Text) Get(f TextField) []byte {
	s := t.span[f]
	return t.buf[s.off : s.off+s.n]
}

// Has says whether f is set.
func (t *Text) Has(f TextField) bool { return t.set&(1<<f) != 0 }

// Fields calls f for every value that is set, in the order of the fields. The value
// is a view and is valid until the Text changes.
func (t *Text) Fields(f func(field TextField, value []byte)) {
	for set := t.set; set != 0; set &= set - 1 {
		field := TextField(bits.TrailingZeros32(set))
		f(field, t.Get(field))
	}
}

// Set stores a copy of v as f. It reports false, and changes nothing, when the
// bundle would grow beyond TextMax. Values that were replaced do not count, so that
// a bundle and its record take the same.
func (t *Text) Set(f TextField, v []byte) bool {
	if len(t.buf)+len(v) > TextMax && !t.compact(f, len(v)) {
		return false
	}
	t.span[f].off, t.span[f].n = uint16(len(t.buf)), uint16(len(v))
	t.buf = append(t.buf, v...)
	t.set &^= 1 << f
	if len(v) > 0 {
		t.set |= 1 << f
	}
	return true
}

// compact drops replaced values, and that of f, from the buffer if that makes room
// for n bytes. It reports false, and changes nothing, if it does not.
func (t *Text) compact(f TextField, n int) bool {
	for g := range textFields {
		if g != f {
			n += len(t.Get(g))
		}
	}
	if n > TextMax {
		return false
	}
	was := *t
	t.Reset()
	t.buf = make([]byte, 0, TextMax)
	for g := range textFields {
		if g != f && was.Has(g) {
			t.Set(g, was.Get(g))
		}
	}
	return true
}

// Reset empties t and keeps its buffer.
func (t *Text) Reset() {
	*t = Text{buf: t.buf[:0]}
}

// CopyFrom makes t an independent copy of from, in t's own buffer.
func (t *Text) CopyFrom(from *Text) {
	buf := append(t.buf[:0], from.buf...)
	*t = *from
	t.buf = buf
}

// Bytes is the size of the buffer in use.
func (t *Text) Bytes() int { return len(t.buf) }

// MoveTo copies the values to the end of arena and lets t view them there. The
// caller keeps arena alive as long as t is used.
func (t *Text) MoveTo(arena []byte) []byte {
	n := len(arena)
	arena = append(arena, t.buf...)
	t.buf = arena[n:len(arena):len(arena)]
	return arena
}
