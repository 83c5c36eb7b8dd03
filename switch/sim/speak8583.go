package sim

import (
	"fmt"
	"strconv"

	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// speaker8583 speaks ISO 8583 as a bank does.
type speaker8583 struct {
	spec        *codec.Spec
	institution string
	noReference bool // its answers carry a reference of its own
	msg         codec.Message
	w           codec.Writer
	own         int
}

var _ speaker = (*speaker8583)(nil)

// DE3, positions 1-2.
const (
	processingPay     = 40
	processingRefund  = 20
	processingCredit  = 21
	processingStatus  = 38
	processingResolve = 33
)

// Tags of DE120.
const (
	tagType      = 1
	tagSwitchID  = 2
	tagPayeeVPA  = 4
	tagPurpose   = 8
	tagEndToEnd  = 10
	tagUPI       = 13
	tagPayerIFSC = 16
	tagPayeeIFSC = 17
)

func (s *speaker8583) read(body []byte, m *message) bool {
	*m = message{body: body}
	if err := s.msg.Parse(s.spec, body); err != nil {
		return false
	}
	v := &s.msg
	stan, _ := v.Uint(11)
	transmitted, _ := v.Uint(7)
	m.stan, m.transmitted = uint32(stan), uint32(transmitted)
	copy(m.ref[:], v.Value(37))
	m.echo = m.ref
	minor, _ := v.Uint(4)
	m.minor = int64(minor)
	m.institution, m.result = string(v.Value(32)), string(v.Value(39))
	m.payer, m.payee = string(v.Value(102)), string(v.Value(103))
	tlv := v.Value(120)
	upi, _ := codec.FindTLV(tlv, tagUPI)
	m.upi = string(upi)
	_, m.named = codec.FindTLV(tlv, tagSwitchID)
	code, _ := v.Uint(70)
	m.code = int(code)
	what, _ := codec.FindTLV(tlv, tagType)
	processing, _ := v.Uint(3)
	if original := v.Value(90); len(original) == 42 {
		n, _ := strconv.ParseUint(string(original[4:10]), 10, 32)
		m.original = uint32(n)
	}
	m.kind, m.repeat = kindOf(v.MTI(), processing/10_000, string(what)), v.MTI().Origin()&1 == 1
	if m.kind == confirm { // it knows a credit by the payment's number, which is in both references
		id, _, _ := translate.ParseReference(m.ref[:])
		m.ref = translate.Reference(id, payment.LegCredit)
	}
	return m.kind != unknown
}

// kindOf is what a message of the switch is, by its type, DE3 and tag 001.
func kindOf(mti codec.MTI, processing uint64, what string) kind {
	ofCredit := processing == processingCredit
	switch mti.Original() {
	case 0x0800:
		return netRequest
	case 0x0810:
		return netAnswer
	case 0x0100:
		if processing == processingStatus {
			return status
		}
		return resolve
	case 0x0110:
		return enquiryReply
	case 0x0200:
		if ofCredit {
			return credit
		}
		return debit
	case 0x0210:
		return reply
	case 0x0420:
		if ofCredit {
			return fence
		}
		return reversal
	case 0x0220:
		switch what {
		case "CONFIRM":
			return confirm
		case "UPDATE":
			return update
		}
		return advice
	}
	return unknown
}

func (s *speaker8583) network(dst []byte, code int, number uint32) ([]byte, error) {
	s.w.Begin(s.spec, dst, 0x0800)
	s.w.SetUint(7, 1114221320)
	s.w.SetUint(11, uint64(number))
	s.w.SetUint(70, uint64(code))
	return s.w.Finish()
}

func (s *speaker8583) networkAnswer(dst []byte, m *message, result string) ([]byte, error) {
	s.w.Begin(s.spec, dst, 0x0810)
	s.w.SetUint(7, uint64(m.transmitted))
	s.w.SetUint(11, uint64(m.stan))
	s.w.SetString(39, result)
	s.w.SetUint(70, uint64(m.code))
	return s.w.Finish()
}

// answers are the response types and DE3 of the answers to each kind.
var answers = [...]struct {
	mti        codec.MTI
	processing uint64
}{
	resolve: {0x0110, processingResolve}, status: {0x0110, processingStatus},
	debit: {0x0210, processingPay}, credit: {0x0210, processingCredit},
	reversal: {0x0430, processingPay}, fence: {0x0430, processingCredit},
	advice: {0x0230, processingCredit}, confirm: {0x0230, processingCredit}, update: {0x0230, processingPay},
}

func (s *speaker8583) answer(dst []byte, m *message, v *verdict) ([]byte, error) {
	s.w.Begin(s.spec, dst, answers[m.kind].mti)
	s.w.SetUint(3, answers[m.kind].processing*10_000)
	if v.minor >= 0 {
		s.w.SetUint(4, uint64(v.minor))
	}
	s.w.SetUint(7, uint64(m.transmitted))
	s.w.SetUint(11, uint64(m.stan))
	s.w.SetString(32, m.institution)
	ref := m.echo
	if s.noReference {
		s.own++
		copy(ref[:], fmt.Sprintf("X%011d", s.own))
	}
	s.w.Set(37, ref[:])
	if v.result == "00" && m.kind == debit {
		s.w.SetString(38, "A12345")
	}
	s.w.SetString(39, v.result)
	currencyCode := uint64(currency)
	if v.garbled {
		currencyCode = 840
	}
	s.w.SetUint(49, currencyCode)
	if m.kind == resolve && v.account != "" {
		s.w.SetString(103, v.account)
		s.w.BeginTLV(120)
		s.w.TLVString(tagType, "VAL")
		if v.ifsc != "" {
			s.w.TLVString(tagPayeeIFSC, v.ifsc)
		}
		s.w.EndTLV()
	}
	return s.w.Finish()
}

// What a careless sender puts into its requests and the switch must not keep.
const (
	secretPAN   = "4539148803436467"
	secretTrack = "4539148803436467=29121010000"
	secretPIN   = "\x9b\x11\xe2\x5c\x83\xf0\x7d\xa4"
)

func (s *speaker8583) request(dst []byte, o *order) ([]byte, error) {
	mti := codec.MTI(0x0200)
	if o.repeat {
		mti = 0x0201
	}
	s.w.Begin(s.spec, dst, mti)
	s.w.SetString(2, secretPAN)
	what, processing, back := "PAY", uint64(processingPay), o.refund != reference{}
	if back {
		what, processing = "REFUND", processingRefund
	}
	s.w.SetUint(3, processing*10_000)
	s.w.SetUint(4, uint64(o.minor))
	s.w.SetUint(7, uint64(o.transmitted))
	s.w.SetUint(11, uint64(o.stan))
	s.w.SetString(32, s.institution)
	s.w.SetString(35, secretTrack)
	s.w.Set(37, o.rrn[:])
	s.w.SetUint(49, o.currency)
	s.w.SetString(52, secretPIN)
	s.w.SetString(102, o.payer)
	if o.vpa == "" && !back {
		s.w.SetString(103, o.payee)
	}
	s.w.BeginTLV(120)
	s.w.TLVString(tagType, what)
	if back {
		s.w.TLVString(tagSwitchID, switchID(o.refund))
	}
	if o.vpa != "" {
		s.w.TLVString(tagPayeeVPA, o.vpa)
	}
	if o.purpose != "" {
		s.w.TLVString(tagPurpose, o.purpose)
	}
	s.w.TLVString(tagEndToEnd, "E2E")
	s.w.TLVString(tagPayerIFSC, ifscOf(o.from))
	if o.vpa == "" && !back {
		s.w.TLVString(tagPayeeIFSC, ifscOf(o.to))
	}
	s.w.EndTLV()
	return s.w.Finish()
}

func (s *speaker8583) enquire(dst []byte, o *order) ([]byte, error) {
	s.w.Begin(s.spec, dst, 0x0100)
	s.w.SetUint(3, processingStatus*10_000)
	s.w.SetUint(7, uint64(o.transmitted))
	s.w.SetUint(11, uint64(o.stan))
	s.w.SetString(32, s.institution)
	s.w.Set(37, o.rrn[:])
	s.w.SetString(90, fmt.Sprintf("0200%06d%010d%011s%011s", o.stan, o.transmitted, s.institution, switchInstitution))
	return s.w.Finish()
}

func ifscOf(bank int) string { return "BNK" + string(rune('A'+bank)) + "0000001" }
