package payment

import (
	"fmt"
	"testing"

	"switchd/switch/route"
)

// discard takes rows and keeps nothing.
type discard struct{}

func (discard) FindRequest(_ *RequestKey, row []byte) ([]byte, bool) { return row, false }
func (discard) PutPayment(*Payment, []byte)                          {}
func (discard) PutKey([]byte, ID)                                    {}
func (discard) PutBusiness(*Business, ID)                            {}
func (discard) FindBusiness(*Business) (ID, bool)                    { return 0, false }
func (discard) FindLimit(*LimitKey) (LimitUse, bool)                 { return LimitUse{}, false }
func (discard) PutLimit(*LimitKey, LimitUse)                         {}
func (discard) DropLimits(LimitKey)                                  {}
func (discard) PutChange(uint64, []byte)                             {}
func (discard) Reopen(ID)                                            {}
func (discard) FindPayment(_ ID, row []byte) ([]byte, bool)          { return row, false }
func (discard) PutParticipant(route.Participant, []byte)             {}
func (discard) PutMachine([]byte)                                    {}
func (discard) PutConfig([]byte)                                     {}

// stepper plays whole payments to an account: request, debit answer, credit
// answer, in groups of 64 with a Flush after each.
type stepper struct {
	m   *Machine
	e   Event
	out []Effect
	seq uint64
	at  int64

	tidings *Tidings // takes the tidings; nil: nobody does
}

func newStepper() *stepper {
	s := &stepper{m: New(discard{}), at: 1_700_000_000_000_000_000}
	c := &Config{Currency: 356, OpenMax: 1 << 20}
	for i := range 3 {
		p := testProfile(route.Participant(i), fmt.Sprintf("BANK%c", 'A'+i))
		p.NetDebitCap = 1 << 60
		c.Participants = append(c.Participants, p)
	}
	s.step(&Event{Kind: ConfigChanged, Config: c})
	for i := range 3 {
		s.step(&Event{Kind: LinkUp, From: route.Participant(i)})
	}
	return s
}

func (s *stepper) step(e *Event) {
	s.seq++
	s.at += 1000
	e.Seq, e.At = s.seq, s.at
	if s.tidings != nil {
		s.out = s.tidings.Step(s.m, e, s.out[:0])
		return
	}
	s.out = s.m.Step(e, s.out[:0])
}

func (s *stepper) request(i int) {
	e := &s.e
	e.Kind, e.From = RequestArrived, route.Participant(i%3)
	e.Request = Request{Key: RequestKey{From: e.From, STAN: uint32(s.seq % 1e6), Transmitted: 1122000000, Acquirer: s.seq}, Hash: 1}
	e.Request.Amount.Minor, e.Request.Amount.Currency = 1+int64(i), 356
	e.Text.Reset()
	e.Text.Set(PayerAccount, []byte("1000010001"))
	e.Text.Set(PayeeAccount, []byte("1000020001"))
	e.Text.Set(PayeeIFSC, []byte("BNKB0000001"))
	s.step(e)
}

func (s *stepper) group(n int) {
	first := s.seq + 1
	for i := range n {
		s.request(i)
	}
	s.m.Flush(discard{})
	for _, leg := range [...]Leg{LegDebit, LegCredit} {
		for id := first; id < first+uint64(n); id++ {
			p := s.m.open[ID(id)]
			e := &s.e
			e.Kind, e.From = AnswerArrived, p.Target(leg)
			e.Answer = Answer{Payment: p.ID, Leg: leg, STAN: p.Legs[leg].STAN, Transmitted: p.Legs[leg].Transmitted, Minor: p.Amount.Minor, Outcome: OK, Code: CodeOf("00")}
			s.step(e)
		}
		s.m.Flush(discard{})
	}
}

// BenchmarkStep is the cost of one event in steady state, rows included.
// Budget: 1 us and no allocation (architecture 10).
func BenchmarkStep(b *testing.B) {
	s := newStepper()
	for range 20 {
		s.group(64)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n += 1 {
		if n%192 == 0 {
			s.group(64)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	s := newStepper()
	for range 200 {
		s.group(64)
	}
	if n := testing.AllocsPerRun(50, func() { s.group(64) }); n != 0 {
		t.Errorf("%v allocations in 192 events, want 0", n)
	}
	if s.m.Totals()[Success] == 0 || s.m.OpenCount() != 0 {
		t.Errorf("the benchmark does not finish its payments: %v open", s.m.OpenCount())
	}
}

func BenchmarkEventCodec(b *testing.B) {
	s := newStepper()
	s.group(1)
	e := s.e
	e.Kind = RequestArrived
	var buf []byte
	var back Event
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendEvent(buf[:0], &e)
		if err := DecodeEvent(buf, &back); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(buf)), "bytes/event")
}
