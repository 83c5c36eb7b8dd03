package payment

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"switchd/switch/route"
)

var (
	simSeeds = flag.Int("sim.seeds", 100, "simulated runs")
	simSeed  = flag.Uint64("sim.seed", 1, "first seed")
)

// TestSimulation plays random payments against banks that lose, delay, repeat,
// decline and forget, with links that drop and restarts from any earlier state
// of the store. A run is a safety phase, in which anything goes wrong, and a
// liveness phase, in which nothing more does and everything must end. The same
// seed gives the same run: -sim.seed S -sim.seeds 1.
func TestSimulation(t *testing.T) {
	var sum simCounts
	for i := range *simSeeds {
		seed := *simSeed + uint64(i)
		s := newSimulation(t, seed)
		s.run()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		sum.add(&s.counts)
	}
	t.Logf("%d seeds from %d: %+v", *simSeeds, *simSeed, sum)
	if *simSeeds >= 100 && (sum.Success == 0 || sum.Deemed == 0 || sum.Reversed == 0 || sum.Declined == 0 || sum.Restarts == 0) {
		t.Errorf("the simulation no longer reaches every outcome: %+v", sum)
	}
}

type simCounts struct {
	Events, Restarts, Payments, Success, Declined, Reversed, Deemed int
}

func (c *simCounts) add(d *simCounts) {
	c.Events += d.Events
	c.Restarts += d.Restarts
	c.Payments += d.Payments
	c.Success += d.Success
	c.Declined += d.Declined
	c.Reversed += d.Reversed
	c.Deemed += d.Deemed
}

const simBanks = 3

// simulation is one run: a machine, its journal and store, banks and a clock.
type simulation struct {
	t       *testing.T
	rng     *rand.Rand
	m       *Machine
	store   *memory
	journal [][]byte
	saved   *memory // an earlier state of the store: what a crash leaves
	savedAt int     // records whose effect is in it
	now     int64
	agenda  agenda
	banks   [simBanks]*simBank
	up      [simBanks]bool
	told    map[RequestKey]Outcome
	calm    bool // liveness phase: no more faults
	next    uint64
	counts  simCounts
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{
		t: t, rng: rand.New(rand.NewPCG(seed, 42)), store: newMemory(), saved: newMemory(),
		now: 1_700_000_000_000_000_000, told: map[RequestKey]Outcome{},
	}
	s.m = New(s.store)
	c := &Config{Currency: 356, OpenMax: 8 + s.rng.IntN(30)}
	for i := range s.banks {
		p := testProfile(route.Participant(i), fmt.Sprintf("BANK%c", 'A'+i))
		p.NetDebitCap = 20_000
		p.Timers.CreditUnknown = 60 * time.Second
		c.Participants = append(c.Participants, p)
		s.banks[i] = &simBank{legs: map[simLeg]*simPosting{}}
	}
	s.commit(&Event{Kind: ConfigChanged, From: route.Nobody, Config: c})
	return s
}

func (s *simulation) chance(p float64) bool { return !s.calm && s.rng.Float64() < p }

func (s *simulation) run() {
	for n := range s.banks {
		s.link(route.Participant(n), true)
	}
	for range 60 {
		s.agenda.add(s.now+s.rng.Int64N(int64(120*time.Second)), s.request)
	}
	for range 8 {
		s.agenda.add(s.now+s.rng.Int64N(int64(120*time.Second)), s.disturb)
	}
	s.turn(s.now + int64(150*time.Second))
	s.calm = true
	for n := range s.banks {
		s.link(route.Participant(n), true)
	}
	s.turn(s.now + int64(4*time.Hour))
	for s.agenda.len() > 0 && !s.t.Failed() { // late messages of the safety phase
		s.turn(s.agenda.at())
	}
	s.flush()
	s.judge()
}

// turn lets everything happen that is due until the given time.
func (s *simulation) turn(until int64) {
	for !s.t.Failed() {
		at, due := s.m.NextDeadline()
		if s.agenda.len() > 0 && (!due || s.agenda.at() <= at) {
			if s.agenda.at() > until {
				break
			}
			now, do := s.agenda.take()
			s.now = max(s.now, now)
			do()
			continue
		}
		if !due || at > until {
			break
		}
		s.now = max(s.now, at)
		s.commit(&Event{Kind: Tick, From: route.Nobody})
	}
	s.now = max(s.now, until)
}

// disturb is a restart or a link that drops for a while.
func (s *simulation) disturb() {
	if s.rng.IntN(2) == 0 {
		s.restart()
		return
	}
	n := route.Participant(s.rng.IntN(simBanks))
	s.link(n, false)
	s.agenda.add(s.now+s.rng.Int64N(int64(40*time.Second)), func() { s.link(n, true) })
}

func (s *simulation) link(n route.Participant, up bool) {
	if s.up[n] == up {
		return
	}
	s.up[n] = up
	kind := LinkDown
	if up {
		kind = LinkUp
	}
	s.commit(&Event{Kind: kind, From: n})
}

// restart rebuilds the machine from an earlier state of the store and the
// journal after it; the result must be the machine that was lost.
func (s *simulation) restart() {
	s.counts.Restarts++
	s.flush()
	lost := fingerprint(s.m)
	s.store = s.saved
	m, err := restored(s.store)
	if err != nil {
		s.t.Errorf("restore: %v", err)
		return
	}
	for _, record := range s.journal[s.savedAt:] {
		var e Event
		if err := DecodeEvent(record, &e); err != nil {
			s.t.Errorf("replay: %v", err)
			return
		}
		m.Step(&e, nil)
		if s.rng.IntN(3) == 0 { // groups of another size than before the crash
			m.Flush(s.store)
		}
	}
	m.Flush(s.store)
	if fingerprint(m) != lost {
		s.t.Errorf("a replay from record %d gives another machine", s.savedAt)
		return
	}
	s.m = m
	s.save()
	s.commit(&Event{Kind: Recovered, From: route.Nobody})
	for n := range s.up {
		if s.up[n] {
			s.up[n] = false
			s.agenda.add(s.now+s.rng.Int64N(int64(3*time.Second)), func() { s.link(route.Participant(n), true) })
		}
	}
}

// flush ends a group: rows to the store, and the books recomputed from them.
func (s *simulation) flush() {
	s.m.Flush(s.store)
	if err := checkBooks(s.m, s.store); err != nil {
		s.t.Errorf("after event %d: %v", len(s.journal), err)
	}
	if s.rng.IntN(30) == 0 {
		s.save()
	}
}

func (s *simulation) save() { s.saved, s.savedAt = s.store.clone(), len(s.journal) }

// commit is the journal, the step, the store and the release of one event.
func (s *simulation) commit(e *Event) {
	e.Seq, e.At = uint64(len(s.journal))+1, s.now
	s.journal = append(s.journal, AppendEvent(nil, e))
	s.counts.Events++
	var effects []Effect
	for _, ef := range s.m.Step(e, nil) {
		if ef.Send {
			ef.Payment = clonePayment(ef.Payment)
			effects = append(effects, ef)
		}
	}
	if s.rng.IntN(3) > 0 { // the end of a group
		s.flush()
	}
	for i := range effects {
		s.release(&effects[i])
	}
}

// release is the network between switch and participants.
func (s *simulation) release(ef *Effect) {
	p := ef.Payment
	if ef.Leg == LegRequest {
		if s.chance(0.1) {
			return // the answer is lost; the sender repeats
		}
		if was, ok := s.told[p.Key]; ok && was != p.Reply && p.Reply != Duplicate {
			s.t.Errorf("payment %d: the sender was told %v, then %v", p.ID, was, p.Reply)
		}
		if p.Reply != Duplicate {
			s.told[p.Key] = p.Reply
		}
		return
	}
	if !s.up[ef.To] || s.chance(0.02) {
		if !ef.Repeat {
			l := p.Legs[ef.Leg]
			s.agenda.add(s.now, func() {
				s.commit(&Event{Kind: SendFailed, From: route.Nobody, Answer: Answer{Payment: p.ID, Leg: ef.Leg, STAN: l.STAN, Transmitted: l.Transmitted, Minor: -1}})
			})
		}
		return
	}
	copies := 1
	if s.chance(0.05) {
		copies = 2
	}
	if s.chance(0.06) {
		copies = 0 // lost on the way
	}
	for range copies {
		s.agenda.add(s.now+s.delay(), func() { s.deliver(ef) })
	}
}

// delay is mostly short, sometimes longer than any timer.
func (s *simulation) delay() int64 {
	if s.chance(0.06) {
		return s.rng.Int64N(int64(90 * time.Second))
	}
	return s.rng.Int64N(int64(200 * time.Millisecond))
}

// deliver lets the bank act and sends its answer back, if it comes through.
func (s *simulation) deliver(ef *Effect) {
	p := ef.Payment
	l := p.Legs[ef.Leg]
	e := Event{Kind: AnswerArrived, From: ef.To, Answer: Answer{Payment: p.ID, Leg: ef.Leg, STAN: l.STAN, Transmitted: l.Transmitted, Minor: p.Amount.Minor}}
	a := &e.Answer
	if ef.Leg == LegResolve {
		a.Outcome, a.Code = OK, CodeOf("00")
		e.Text.Set(PayeeAccount, []byte("acc"))
	} else {
		code := s.banks[ef.To].take(ef, s.chance(0.08))
		if s.chance(0.04) && (ef.Leg == LegDebit || (ef.Leg == LegCredit && code == "00")) {
			code = "68" // it did what it did, and says that it does not know
		}
		a.Code, a.Outcome = CodeOf(code), simOutcomes[code]
	}
	if s.chance(0.01) {
		a.Outcome = Unreadable
	}
	if s.chance(0.06) {
		return // the answer is lost
	}
	copies := 1
	if s.chance(0.05) {
		copies = 2
	}
	for range copies {
		again := e
		s.agenda.add(s.now+s.delay(), func() { c := again; s.commit(&c) })
	}
}

var simOutcomes = map[string]Outcome{"00": OK, "05": DoNotHonourPayee, "25": OriginalNotFound, "94": Duplicate, "68": ErrBank}

// request sends a new payment, or repeats an old one until it is answered.
func (s *simulation) request() {
	e := Event{Kind: RequestArrived, From: route.Participant(s.rng.IntN(simBanks))}
	s.next++
	e.Request = Request{Key: RequestKey{From: e.From, STAN: uint32(s.next), Transmitted: 1, Acquirer: 1}, Hash: s.next}
	e.Request.Amount.Minor, e.Request.Amount.Currency = s.rng.Int64N(3000)+1, 356
	payee := byte(s.rng.IntN(simBanks))
	e.Text.Set(PayerAccount, []byte("payer"))
	if s.rng.IntN(2) == 0 {
		e.Text.Set(PayeeVPA, []byte("user@bank"+string('a'+payee)))
	} else {
		e.Text.Set(PayeeAccount, []byte("acc"))
		e.Text.Set(PayeeIFSC, []byte("BNK"+string('A'+payee)+"0000001"))
	}
	s.ask(e, 0)
}

func (s *simulation) ask(e Event, tries int) {
	if _, answered := s.told[e.Request.Key]; answered && !s.chance(0.2) {
		return
	}
	if s.up[e.From] && !s.chance(0.03) {
		sent := e
		s.commit(&sent)
	}
	if tries < 200 {
		s.agenda.add(s.now+int64(20*time.Second), func() { s.ask(e, tries+1) })
	}
}

// judge is the oracle: every payment has ended, every bank's book agrees with
// the ledger, each leg posted at most once, and no sender was misled.
func (s *simulation) judge() {
	if n := s.m.OpenCount(); n != 0 {
		s.t.Errorf("%d payments never end", n)
	}
	for n, b := range s.banks {
		if at := s.m.Position(route.Participant(n)); at.Posted != b.net || at.Reserved != 0 {
			s.t.Errorf("bank %d: book %d, ledger %+v", n, b.net, at)
		}
	}
	for _, id := range sortedIDs(s.store.payments) {
		var p Payment
		if err := p.decode(s.store.payments[id]); err != nil {
			s.t.Fatal(err)
		}
		s.judgePayment(&p)
	}
}

func (s *simulation) judgePayment(p *Payment) {
	s.counts.Payments++
	var debit, credit bool
	if p.PayerBank != route.Nobody {
		debit = s.banks[p.PayerBank].has(p.ID, LegDebit)
	}
	if p.PayeeBank != route.Nobody {
		credit = s.banks[p.PayeeBank].has(p.ID, LegCredit)
	}
	moved := false
	switch p.State {
	case Success:
		s.counts.Success, moved = s.counts.Success+1, true
	case Deemed:
		s.counts.Deemed, moved = s.counts.Deemed+1, true
	case Declined:
		s.counts.Declined++
	case FailedReversed:
		s.counts.Reversed++
	default:
		s.t.Errorf("payment %d ends in %v", p.ID, p.State)
	}
	if debit != moved || credit != moved {
		s.t.Errorf("payment %d is %v, but debit stands: %v, credit stands: %v", p.ID, p.State, debit, credit)
	}
	told, ok := s.told[p.Key]
	switch {
	case !ok:
		s.t.Errorf("payment %d (%v): its sender was never answered", p.ID, p.State)
	case told == OK && !moved, told != OK && told != TimeoutCredit && moved:
		s.t.Errorf("payment %d is %v, its sender was told %v", p.ID, p.State, told)
	}
}
