package translate

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
)

// mtiBytes is how much of an ASCII message the MTI takes. The content hash leaves
// it out: 0200 and its repeat 0201 are the same request.
const mtiBytes = 4

// Bounds of the variable-length values, in bytes.
const (
	accountBytesMax = 28
	vpaBytesMax     = 255
	nameBytesMax    = 99
	ifscBytes       = 11
)

// Request reads a push request (0200 or 0201, DE3 40xxxx, DE120 tag 001 "PAY")
// into ev. body is the whole message, msg its view. The texts of ev are copies.
func (d *Dialect) Request(msg *iso8583.Message, body []byte, ev *payment.Event) *Fault {
	ev.Kind, ev.From = payment.RequestArrived, d.Participant
	ev.Text.Reset()
	r := &ev.Request
	*r = payment.Request{Repeat: msg.MTI().Origin()&1 == 1, Hash: contentHash(body)}
	if f := d.processing(msg, r); f != nil {
		return f
	}
	if f := d.key(msg, &r.Key); f != nil {
		return f
	}
	minor, ok := msg.Uint(4)
	if !ok || minor == 0 {
		return &Fault{4, "n12 > 0"}
	}
	currency, ok := msg.Uint(49)
	if !ok || currency > 999 {
		return &Fault{49, "n3"}
	}
	r.Amount = ledger.Amount{Minor: int64(minor), Currency: ledger.Currency(currency)}
	return d.parties(msg, ev)
}

// contentHash is what two messages with one reference are compared by.
func contentHash(body []byte) uint64 {
	sum := sha256.Sum256(body[mtiBytes:])
	return binary.LittleEndian.Uint64(sum[:])
}

// processing checks that this is a push payment and keeps the account types.
func (d *Dialect) processing(msg *iso8583.Message, r *payment.Request) *Fault {
	code, ok := msg.Uint(3)
	if !ok || code/10_000 != processingPay {
		return &Fault{3, "40xxxx"}
	}
	r.AccountTypes = uint16(code % 10_000)
	if kind, ok := iso8583.FindTLV(msg.Value(120), tagType); !ok || string(kind) != "PAY" {
		return &Fault{120, "001 PAY"}
	}
	return nil
}

// key reads the identity of a request at its sender.
func (d *Dialect) key(msg *iso8583.Message, k *payment.RequestKey) *Fault {
	k.From = d.Participant
	transmitted, ok := msg.Uint(7)
	if !ok || !validTransmitted(transmitted) {
		return &Fault{7, "MMDDhhmmss"}
	}
	stan, ok := msg.Uint(11)
	if !ok {
		return &Fault{11, "missing"}
	}
	if string(msg.Value(32)) != d.Directory.institution(d.Participant) {
		return &Fault{32, "of the sender"}
	}
	rrn := msg.Value(37)
	if len(rrn) != len(k.RRN) {
		return &Fault{37, "missing"}
	}
	k.Transmitted, k.STAN = uint32(transmitted), uint32(stan)
	k.Acquirer, _ = msg.Uint(32)
	copy(k.RRN[:], rrn)
	return nil
}

func validTransmitted(v uint64) bool {
	month, day := v/100_000_000, v/1_000_000%100
	return month >= 1 && month <= 12 && day >= 1 && day <= 31 && v/10_000%100 < 24 && v/100%100 < 60 && v%100 < 60
}

// parties reads payer and payee. The payee is an address, or an account with the
// IFSC of its bank.
func (d *Dialect) parties(msg *iso8583.Message, ev *payment.Event) *Fault {
	tlv := msg.Value(120)
	payer := msg.Value(102)
	if len(payer) == 0 {
		return &Fault{102, "missing"}
	}
	ev.Text.Set(payment.PayerAccount, payer)
	for _, t := range [...]struct {
		tag   int
		field payment.TextField
		max   int
	}{
		{tagPayerName, payment.PayerName, nameBytesMax}, {tagPayeeName, payment.PayeeName, nameBytesMax},
		{tagEndToEndID, payment.EndToEndID, switchIDBytes}, {tagNote, payment.Note, 140},
	} {
		if v, ok := iso8583.FindTLV(tlv, t.tag); ok && (len(v) > t.max || !ev.Text.Set(t.field, v)) {
			return &Fault{120, "length of a tag"}
		}
	}
	if f := addresses(tlv, ev); f != nil {
		return f
	}
	if ev.Text.Has(payment.PayeeVPA) {
		return nil
	}
	account := msg.Value(103)
	switch {
	case len(account) == 0:
		return &Fault{103, "missing"}
	case !ev.Text.Has(payment.PayeeIFSC):
		return &Fault{120, "017 missing"}
	}
	ev.Text.Set(payment.PayeeAccount, account)
	return nil
}

// addresses reads the VPAs (stored in lower case) and the IFSCs.
func addresses(tlv []byte, ev *payment.Event) *Fault {
	var lower [vpaBytesMax]byte
	for _, t := range [...]struct {
		tag   int
		field payment.TextField
	}{{tagPayerVPA, payment.PayerVPA}, {tagPayeeVPA, payment.PayeeVPA}} {
		if v, ok := iso8583.FindTLV(tlv, t.tag); ok {
			vpa, valid := normaliseVPA(lower[:0], v)
			if !valid || !ev.Text.Set(t.field, vpa) {
				return &Fault{120, vpaFaults[t.tag]}
			}
		}
	}
	for _, t := range [...]struct {
		tag   int
		field payment.TextField
	}{{tagPayerIFSC, payment.PayerIFSC}, {tagPayeeIFSC, payment.PayeeIFSC}} {
		if v, ok := iso8583.FindTLV(tlv, t.tag); ok {
			if !validIFSC(v) || !ev.Text.Set(t.field, v) {
				return &Fault{120, ifscFaults[t.tag]}
			}
		}
	}
	return nil
}

var (
	vpaFaults  = map[int]string{tagPayerVPA: "003 user@handle", tagPayeeVPA: "004 user@handle"}
	ifscFaults = map[int]string{tagPayerIFSC: "016 IFSC", tagPayeeIFSC: "017 IFSC"}
)

// normaliseVPA appends v in lower case and says whether it is an address:
// [a-z0-9][a-z0-9.-_]{0,253}@[a-z][a-z0-9]{1,63} (domain reference 4.8).
func normaliseVPA(dst, v []byte) ([]byte, bool) {
	at := bytes.IndexByte(v, '@')
	handle := len(v) - at - 1
	if len(v) > vpaBytesMax || at < 1 || handle < 2 || handle > 64 {
		return dst, false
	}
	n := len(dst)
	for _, c := range v {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	user, host := dst[n:n+at], dst[n+at+1:]
	if vpaClass[user[0]]&vpaAlnum == 0 || vpaClass[host[0]]&vpaLetter == 0 {
		return dst, false
	}
	return dst, allOf(user, vpaAlnum|vpaMark) && allOf(host, vpaAlnum)
}

// Classes of the characters of an address.
const (
	vpaLetter = 1 << iota
	vpaAlnum
	vpaMark // . - _
)

var vpaClass = func() (class [256]byte) {
	for c := byte('a'); c <= 'z'; c++ {
		class[c] = vpaLetter | vpaAlnum
	}
	for c := byte('0'); c <= '9'; c++ {
		class[c] = vpaAlnum
	}
	class['.'], class['-'], class['_'] = vpaMark, vpaMark, vpaMark
	return class
}()

func allOf(v []byte, class byte) bool {
	for _, c := range v {
		if vpaClass[c]&class == 0 {
			return false
		}
	}
	return true
}

// validIFSC checks 4 letters, '0', 6 letters or digits, in upper case.
func validIFSC(v []byte) bool {
	if len(v) != ifscBytes || v[4] != '0' {
		return false
	}
	for i, c := range v {
		letter, digit := c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
		if !letter && (i < 4 || !digit) {
			return false
		}
	}
	return true
}
