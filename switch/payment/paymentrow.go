package payment

import (
	"encoding/binary"
	"fmt"

	"switchd/ledger"
	"switchd/switch/route"
)

// append appends the row of p: all that a restart or a repeat needs.
func (p *Payment) append(b []byte) []byte {
	start := len(b)
	b = append(b, rowVersion, Logic, 0, 0, byte(p.State), byte(p.Reply), byte(p.Outcome), byte(p.Model), byte(p.Type), byte(p.Posting))
	b = putU64(b, uint64(p.ID))
	b = append(b, p.ReplyCode[:]...)
	b = append(b, p.BankCode[:]...)
	b = append(b, p.Approval[:]...)
	b = putMarks(b, p)
	b = putEcho(putKey(b, &p.Key), &p.Echo)
	b = putU64(b, uint64(p.Amount.Minor))
	b = putU16(b, uint16(p.Amount.Currency))
	b = putU16(b, p.AccountTypes)
	for _, n := range [...]route.Participant{p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank} {
		b = putU16(b, uint16(n))
	}
	for _, v := range [...]uint64{uint64(p.CreatedAt), uint64(p.DeadlineD0), uint64(p.ClosedAt), p.ClosedSeq, uint64(p.due)} {
		b = putU64(b, v)
	}
	b = putSeldom(b, p)
	b = putLegs(b, p)
	b = putText(b, &p.Text, public)
	return putSecret(b, start, p.Hash, &p.Text)
}

// decode reads a row of append into p. p is not in the heap afterwards.
func (p *Payment) decode(row []byte) error {
	p.reset()
	r := reader{b: row}
	if v := r.u8(); v != rowVersion && v != rowVersionOld {
		return fmt.Errorf("payment row has version %d, this binary reads %d and %d", v, rowVersionOld, rowVersion)
	}
	r.u8()
	secretAt := int(r.u16())
	p.State = State(r.below(uint8(stateCount)))
	p.Reply = Outcome(r.below(uint8(outcomeCount)))
	p.Outcome = Outcome(r.below(uint8(outcomeCount)))
	p.Model, p.Type = Model(r.below(uint8(modelCount))), Type(r.below(uint8(typeCount)))
	p.Posting = Posting(r.below(uint8(postingCount)))
	p.ID = ID(r.u64())
	copy(p.ReplyCode[:], r.take(len(p.ReplyCode)))
	copy(p.BankCode[:], r.take(len(p.BankCode)))
	copy(p.Approval[:], r.take(len(p.Approval)))
	r.marks(p)
	r.key(&p.Key)
	r.echo(&p.Echo)
	p.Amount = ledger.Amount{Minor: int64(r.u64()), Currency: ledger.Currency(r.u16())}
	p.AccountTypes = r.u16()
	for _, n := range [...]*route.Participant{&p.PayerBank, &p.PayerPSP, &p.PayeePSP, &p.PayeeBank} {
		*n = route.Participant(r.u16())
	}
	for _, v := range [...]*int64{&p.CreatedAt, &p.DeadlineD0, &p.ClosedAt} {
		*v = int64(r.u64())
	}
	p.ClosedSeq = r.u64()
	p.due = int64(r.u64())
	r.seldom(p)
	r.legs(p)
	r.text(&p.Text, public)
	p.Hash = r.secret(len(row), secretAt, &p.Text)
	return r.done()
}

// marks are the flags of a payment, one bit each.
func (p *Payment) marks() [6]*bool {
	return [...]*bool{&p.Confirmed, &p.Merchant, &p.NoReversal, &p.Returned, &p.DeadLetter, &p.Watched}
}

// markCounted is the bit behind those of the flags.
const markCounted = 1 << 6

func putMarks(b []byte, p *Payment) []byte {
	if !(p.Confirmed || p.Merchant || p.NoReversal || p.Returned || p.DeadLetter || p.Watched || p.counted != nil) {
		return append(b, 0) // most have none
	}
	var bits byte
	for i, mark := range p.marks() {
		if *mark {
			bits |= 1 << i
		}
	}
	if p.counted != nil {
		bits |= markCounted
	}
	return append(b, bits)
}

func (r *reader) marks(p *Payment) {
	bits := r.below(markCounted << 1)
	if bits&markCounted != 0 {
		p.counted = new(string) // putSeldom has written which
	}
	for i, mark := range p.marks() {
		*mark = bits&(1<<i) != 0
	}
}

// putSeldom writes what most payments have not, after a byte that says what there is.
func putSeldom(b []byte, p *Payment) []byte {
	at := len(b)
	b = append(b, 0)
	if p.Business != (Business{}) {
		b[at] |= 1
		b = append(b, p.Business[:]...)
	}
	for i, v := range [...]int64{int64(p.Original), p.Refunded, p.ExpireAt, p.DoubtAt, p.RetriedAt} {
		if v != 0 {
			b[at] |= 2 << i
			b = putU64(b, uint64(v))
		}
	}
	if p.Exceptions != 0 {
		b[at] |= 128
		b = putU16(b, uint16(p.Exceptions))
	}
	if len(p.asks) > 0 {
		b[at] |= 64
		b = append(b, byte(len(p.asks)))
		for i := range p.asks {
			b = p.asks[i].append(b)
		}
	}
	if p.counted != nil {
		b = append(append(b, byte(len(*p.counted))), *p.counted...)
	}
	return b
}

func (r *reader) seldom(p *Payment) {
	has := r.u8()
	if has&1 != 0 {
		copy(p.Business[:], r.take(len(p.Business)))
	}
	original := int64(0)
	for i, v := range [...]*int64{&original, &p.Refunded, &p.ExpireAt, &p.DoubtAt, &p.RetriedAt} {
		if has&(2<<i) != 0 {
			*v = int64(r.u64())
		}
	}
	p.Original = ID(original)
	if has&128 != 0 {
		p.Exceptions = ReconSet(r.u16())
		r.bad = r.bad || p.Exceptions>>reconCount != 0
	}
	if has&64 != 0 {
		for n := r.below(asksMax + 1); n > 0 && !r.bad; n-- {
			var a ask
			r.ask(&a)
			p.asks = append(p.asks, a)
		}
	}
	if p.counted != nil {
		*p.counted = string(r.take(int(r.u8())))
	}
}

// putLegs writes the legs that have been used.
func putLegs(b []byte, p *Payment) []byte {
	at := len(b)
	b = putU16(b, 0)
	used := uint16(0)
	for i := range p.Legs {
		l := &p.Legs[i]
		if l.SentAt == 0 {
			continue
		}
		used |= 1 << i
		b = putU32(putU32(putU64(putU64(b, uint64(l.SentAt)), uint64(l.Due)), l.STAN), l.Transmitted)
		b = append(putU16(putU32(b, l.AnsweredIn), l.Tries), byte(l.Answer), byte(l.owed))
	}
	binary.LittleEndian.PutUint16(b[at:], used)
	return b
}

func (r *reader) legs(p *Payment) {
	used := r.u16()
	if used>>legCount != 0 {
		r.bad = true
	}
	for i := range p.Legs {
		if used&(1<<i) == 0 || r.bad {
			continue
		}
		p.Legs[i] = LegState{
			SentAt: int64(r.u64()), Due: int64(r.u64()), STAN: r.u32(), Transmitted: r.u32(), AnsweredIn: r.u32(), Tries: r.u16(),
			Answer: Outcome(r.below(uint8(outcomeCount))), owed: owed(r.below(uint8(owedLimit))),
		}
		if p.Legs[i].Owed() {
			p.owes++
		}
	}
}
