package iso20022

import (
	"crypto/sha256"
	"encoding/hex"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// A message of the switch has an id that says which leg of which payment it is,
// so that an answer finds its leg whatever link it comes on: "SWD", the payment's
// number in base 32, a letter for the leg, and the number of the message among
// those of its leg (of status enquiries; 00 for all others, whose repeats are the
// same message).
const (
	idPrefix = "SWD"
	idBytes  = len(idPrefix) + translate.ReferenceBytes + 3
)

// legLetters are the letters by leg.
var legLetters = [...]byte{
	payment.LegRequest: 'Q', payment.LegResolve: 'R', payment.LegDebit: 'D', payment.LegCredit: 'C',
	payment.LegReversal: 'V', payment.LegAdvice: 'A', payment.LegStatus: 'S', payment.LegFence: 'F',
	payment.LegConfirm: 'K', payment.LegUpdate: 'U', payment.LegEnquiry: 'E',
}

// messageID is the id of a leg's message.
type messageID [idBytes]byte

func idOf(p *payment.Payment, leg payment.Leg) (id messageID) {
	number := translate.Reference(p.ID, payment.LegRequest)
	tries := 0
	if leg == payment.LegStatus {
		tries = min(int(p.Legs[leg].Tries), 99)
	}
	copy(id[:], idPrefix)
	copy(id[len(idPrefix):], number[:])
	id[idBytes-3], id[idBytes-2], id[idBytes-1] = legLetters[leg], byte('0'+tries/10), byte('0'+tries%10)
	return id
}

// parseID reads what idOf has made.
func parseID(b []byte) (payment.ID, payment.Leg, bool) {
	if len(b) != idBytes || string(b[:len(idPrefix)]) != idPrefix {
		return 0, 0, false
	}
	number := b[len(idPrefix) : len(idPrefix)+translate.ReferenceBytes]
	id, zero, ok := translate.ParseReference(number)
	letter := b[idBytes-3]
	for leg, known := range legLetters {
		if known == letter {
			return id, payment.Leg(leg), ok && zero == payment.LegRequest
		}
	}
	return 0, 0, false
}

// The ids that all messages of a payment bear: those of the request, where it
// had them.

// transactionID is PmtId/TxId; the result may be a view of room.
func transactionID(p *payment.Payment, room *[translate.SwitchIDBytes]byte) []byte {
	if p.Text.Has(payment.TransactionID) {
		return p.Text.Get(payment.TransactionID)
	}
	*room = translate.SwitchID(p.ID)
	return room[:]
}

// endToEndID is PmtId/EndToEndId. One that came in ISO 8583 with characters that an
// id may not have here stays in the journal.
func endToEndID(p *payment.Payment) []byte {
	if v := p.Text.Get(payment.EndToEndID); codec.IsID(v) {
		return v
	}
	return notProvidedText
}

const uetrBytes = 36

// uetr is PmtId/UETR. A payment that came without one gets one made of its
// number, in the form of a random one (RFC 9562 version 4), the same each time.
func uetr(p *payment.Payment, room *[uetrBytes]byte) []byte {
	if p.Text.Has(payment.UETR) {
		return p.Text.Get(payment.UETR)
	}
	seed := translate.SwitchID(p.ID)
	sum := sha256.Sum256(seed[:])
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	hex.Encode(room[:8], sum[:4])
	hex.Encode(room[9:13], sum[4:6])
	hex.Encode(room[14:18], sum[6:8])
	hex.Encode(room[19:23], sum[8:10])
	hex.Encode(room[24:], sum[10:16])
	room[8], room[13], room[18], room[23] = '-', '-', '-', '-'
	return room[:]
}
