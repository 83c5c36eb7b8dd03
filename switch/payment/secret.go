package payment

import "encoding/binary"

// secret are the texts that must not be on disk in the clear: account numbers,
// and what is personal or free text, where anything may stand. With them goes the
// hash of a request's content: whoever knows the rest of the content could find an
// account number by trying.
const (
	secret     uint32 = 1<<PayerAccount | 1<<PayeeAccount | 1<<PayerVPA | 1<<PayeeVPA | 1<<PayerName | 1<<PayeeName | 1<<Note | 1<<Reason | 1<<Deed
	public            = ^secret
	everything        = ^uint32(0)
)

// secretAtByte is where a record says where its secret part begins.
const secretAtByte = 2

// SecretAt tells where the secret part of an event record or of a payment's row
// begins: what lies behind it must be sealed before it reaches a disk, what lies
// before it may be read by anyone. It is len(record) when there is none.
func SecretAt(record []byte) int {
	if len(record) < secretAtByte+2 {
		return len(record)
	}
	at := int(binary.LittleEndian.Uint16(record[secretAtByte:]))
	if at == 0 || at > len(record) {
		return len(record)
	}
	return at
}

// DecodePublic reads what may be read by anyone of an event record, sealed or not,
// into e, and tells how many bytes it has left out.
func DecodePublic(record []byte, e *Event) (left int, err error) {
	at := SecretAt(record)
	if at == len(record) {
		return 0, DecodeEvent(record, e)
	}
	part := append([]byte(nil), record[:at]...)
	binary.LittleEndian.PutUint16(part[secretAtByte:], 0)
	return len(record) - at, DecodeEvent(part, e)
}

// putSecret appends the secret part to the record that begins at start, if there
// is anything secret. The public part of a record with one is far below 64 KiB:
// a few numbers and at most TextMax bytes.
func putSecret(b []byte, start int, hash uint64, t *Text) []byte {
	if hash == 0 && t.set&secret == 0 {
		return b
	}
	binary.LittleEndian.PutUint16(b[start+secretAtByte:], uint16(len(b)-start))
	return putText(putU64(b, hash), t, secret)
}

// secret reads the secret part of a record of size bytes, which must begin here if
// there is one, into t, and returns the hash.
func (r *reader) secret(size, at int, t *Text) (hash uint64) {
	if at == 0 {
		return 0
	}
	if at != size-len(r.b) {
		r.bad = true
		return 0
	}
	hash = r.u64()
	r.text(t, secret)
	if hash == 0 && t.set&secret == 0 { // would not be written again
		r.bad = true
	}
	return hash
}
