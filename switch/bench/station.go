package bench

import (
	"bytes"
	"strconv"

	"switchd/codec/frame"
	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// Message types of the wire table.
const (
	mtiResolve  iso8583.MTI = 0x0100
	mtiPosting  iso8583.MTI = 0x0200
	mtiAdvice   iso8583.MTI = 0x0220
	mtiReversal iso8583.MTI = 0x0420
	mtiNetwork  iso8583.MTI = 0x0800
)

// DE3 of a push and of a credit, positions 1-2; DE70 of a sign-on.
const (
	processingPay    = 40
	processingCredit = 21
	codeSignOn       = 1
)

// Tags of DE120.
const (
	tagType      = 1
	tagPayerVPA  = 3
	tagPayeeVPA  = 4
	tagPayeeName = 6
	tagUPI       = 13
	tagPayeeIFSC = 17
	tagNote      = 18
)

// accountDigits is the length of an account's number behind the institution.
const accountDigits = 7

// station is one participant at work.
type station struct {
	Participant
	number int
	branch string // its IFSC
	book   *book
	links  []*link
	turn   int // of the links for own payments; pacer only

	// Of ISO 20022.
	central  string // the switch's institution
	currency string // in letters
	decimals int    // of it
	salt     uint64 // of the UETRs of the run
}

func newStation(number int, p Participant, o *Options) *station {
	s := &station{Participant: p, number: number, branch: p.IFSC + "0000001", book: newBook(o.Accounts, o.LegsMax)}
	s.book.fateOf = o.fateOf
	s.central, s.currency, s.salt = o.Switch, o.Letters, uint64(o.Clock())
	s.decimals, _ = iso20022.Exponent(o.Letters)
	return s
}

// account appends the text of an account number.
func (s *station) account(dst []byte, n int) []byte {
	return digits(append(dst, s.Institution...), uint64(n), accountDigits)
}

// address appends the text of the address of an account.
func (s *station) address(dst []byte, n int) []byte {
	dst = strconv.AppendUint(append(dst, "user"...), uint64(n), 10)
	return append(append(dst, '@'), s.Handle...)
}

// accountOf reads an account number; nowhere when it is none of this participant.
func (s *station) accountOf(text []byte) int32 {
	if len(text) != len(s.Institution)+accountDigits || string(text[:len(s.Institution)]) != s.Institution {
		return nowhere
	}
	return s.known(text[len(s.Institution):])
}

// userOf reads an address; nowhere when it is none of this participant.
func (s *station) userOf(address []byte) int32 {
	user, handle, _ := bytes.Cut(address, []byte{'@'})
	if string(handle) != s.Handle || len(user) < 5 || string(user[:4]) != "user" || user[4] == '0' {
		return nowhere
	}
	return s.known(user[4:])
}

// known reads the number of an account that the book keeps.
func (s *station) known(text []byte) int32 {
	n, ok := number(text)
	if !ok || n >= int64(len(s.book.balances)) {
		return nowhere
	}
	return int32(n)
}

// number reads up to 18 digits.
func number(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// digits appends v with zeros on the left.
func digits(dst []byte, v uint64, width int) []byte {
	var room [20]byte
	text := strconv.AppendUint(room[:0], v, 10)
	for range width - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// speaker writes the messages of one participant. It belongs to one goroutine.
type speaker struct {
	me   *station
	w    iso8583.Writer
	text []byte // of the value that is being written
	sealer
	xml *xmlSpeaker // nil: it speaks ISO 8583
}

func newSpeaker(me *station) speaker { return speaker{me: me, xml: newXMLSpeaker(me)} }

// dialect is the name of what the participant speaks.
func (s *station) dialect() string {
	if s.Profile != nil {
		return "iso20022"
	}
	return s.Dialect.Name()
}

// start begins a message in a frame at the end of dst; finish ends both, or takes
// them away.
func (s *speaker) start(dst []byte, mti iso8583.MTI) *iso8583.Writer {
	s.w.Begin(s.me.Dialect, s.me.Framing.Begin(dst), mti)
	s.coded = s.me.Proof.covers(mti)
	return &s.w
}

func (s *speaker) finish(dst []byte) ([]byte, error) {
	b, err := s.end(&s.w, &s.me.Proof)
	if err != nil {
		return dst, err
	}
	return s.me.Framing.End(b, len(dst), frame.Limits{})
}

// request is a push payment as it leaves.
type request struct {
	order
	number      int64
	at          int64  // when it leaves
	transmitted uint64 // DE7
	payee       *station
}

// pay appends a push request: a 0200, or a pain.001.
func (s *speaker) pay(dst []byte, tag string, currency string, r *request) ([]byte, error) {
	if s.xml != nil {
		return s.xml.pay(dst, tag, r)
	}
	w := s.start(dst, mtiPosting)
	w.SetUint(3, processingPay*10_000+1_000)
	w.SetUint(4, uint64(r.amount))
	w.SetUint(7, r.transmitted)
	w.SetUint(11, stanOf(r.number))
	w.SetString(32, s.me.Institution)
	w.Set(37, s.put(digits(append(s.text[:0], tag...), uint64(r.number), referenceDigits)))
	w.SetString(49, currency)
	payer := s.put(s.me.account(s.text[:0], r.payerAccount))
	if s.me.Proof.PIN != nil {
		w.Set(pinBlock, s.block(&s.me.Proof, payer, pinOf(int32(r.payerAccount))))
	}
	w.Set(102, payer)
	if !r.byAddress {
		w.Set(103, s.put(r.payee.account(s.text[:0], r.payeeAccount)))
	}
	w.BeginTLV(120)
	w.TLVString(tagType, "PAY")
	w.TLV(tagPayerVPA, s.put(s.me.address(s.text[:0], r.payerAccount)))
	if r.byAddress {
		w.TLV(tagPayeeVPA, s.put(r.payee.address(s.text[:0], r.payeeAccount)))
	} else {
		w.TLVString(tagPayeeIFSC, r.payee.branch)
	}
	w.TLVString(tagNote, "load")
	w.EndTLV()
	return s.finish(dst)
}

// put keeps the room of a value for the next one.
func (s *speaker) put(text []byte) []byte {
	s.text = text
	return text
}

// An own reference (DE37) is the run's tag and the payment's number; the number
// alone gives the STAN (DE11).
const (
	referenceTagBytes = 3
	referenceDigits   = 9
	paymentsMax       = 999_999_999
)

func stanOf(n int64) uint64 { return uint64(n % 1_000_000) }

// signOn appends an 0800, or an admi.004.
func (s *speaker) signOn(dst []byte, now int64) ([]byte, error) {
	if s.xml != nil {
		return s.xml.signOn(dst, now)
	}
	w := s.start(dst, mtiNetwork)
	w.SetUint(7, transmitted(now))
	w.SetUint(11, 1)
	w.SetUint(70, codeSignOn)
	return s.finish(dst)
}

// network appends the 0810 to the 0800 in m.
func (s *speaker) network(dst []byte, m *iso8583.Message) ([]byte, error) {
	w := s.start(dst, mtiNetwork.Response())
	w.Set(7, m.Value(7))
	w.Set(11, m.Value(11))
	w.SetString(39, "00")
	w.Set(70, m.Value(70))
	return s.finish(dst)
}

// resolved appends the 0110 to the 0100 in m.
func (s *speaker) resolved(dst []byte, m *iso8583.Message) ([]byte, error) {
	address, _ := iso8583.FindTLV(m.Value(120), tagPayeeVPA)
	account := s.me.userOf(address)
	w := s.start(dst, mtiResolve.Response())
	for _, de := range [...]int{3, 7, 11, 32, 37} {
		w.Set(de, m.Value(de))
	}
	if account == nowhere {
		w.SetString(39, "14")
		w.BeginTLV(120)
		w.TLVString(tagUPI, "ZH")
		w.EndTLV()
		return s.finish(dst)
	}
	w.SetString(39, "00")
	w.Set(103, s.put(s.me.account(s.text[:0], int(account))))
	w.BeginTLV(120)
	w.TLV(tagPayeeVPA, address)
	w.TLVString(tagPayeeName, "SIMULATED USER")
	w.TLVString(tagPayeeIFSC, s.me.branch)
	w.EndTLV()
	return s.finish(dst)
}

// posted appends the answer to the debit, credit, reversal or advice in m.
func (s *speaker) posted(dst []byte, m *iso8583.Message, k legKey, v verdict) ([]byte, error) {
	w := s.start(dst, m.MTI().Response())
	for _, de := range [...]int{3, 4, 7, 11, 32, 37} {
		w.Set(de, m.Value(de))
	}
	if v.code == codeApproved && m.MTI().Class() == mtiPosting.Class() {
		approval := k.approval()
		w.Set(38, approval[:])
	}
	w.Set(39, v.code[:])
	w.Set(49, m.Value(49))
	return s.finish(dst)
}
