package payment

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
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
// of the store, under a load and a configuration that change. What the banks are able to do, and what is asked of them (pushes of
// both models, collects, refunds, enquiries), is drawn for each run. A run is a
// safety phase, in which anything goes wrong, and a liveness phase, in which nothing
// more does and everything must end. The same seed gives the same run:
// -sim.seed S -sim.seeds 1.
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
	if v := reflect.ValueOf(sum); *simSeeds >= 100 {
		for i := range v.NumField() {
			if v.Field(i).Int() == 0 {
				t.Errorf("the simulation no longer reaches: %s", v.Type().Field(i).Name)
			}
		}
	}
}

// simCounts is what runs have reached; none may be 0 in a hundred.
type simCounts struct {
	Events, Restarts, Payments, Success, Declined, Reversed, Deemed, Expired             int
	ModelB, OnConfirm, Rejected, Collects, Refunds, Refunded, Checks, Fences, Fenced     int
	Updates, Confirms, Receipts, Enquiries, Throttled, Repeats, Exceptions, Caps, Traced int
	Reloads, Removed, NotMember, Loads, Shed, Limited                                    int
}

func (c *simCounts) add(d *simCounts) {
	to, from := reflect.ValueOf(c).Elem(), reflect.ValueOf(d).Elem()
	for i := range to.NumField() {
		to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
	}
}

const simBanks = 3

// simulation is one run: a machine, its journal and store, banks and a clock.
type simulation struct {
	t          *testing.T
	rng        *rand.Rand
	m          *Machine
	store      *memory
	journal    [][]byte
	saved      *memory // an earlier state of the store: what a crash leaves
	savedAt    int     // records whose effect is in it
	now        int64
	agenda     agenda
	banks      [simBanks]*simBank
	config     Config // but for the participants
	profiles   [simBanks]Profile
	gone       [simBanks]bool // not configured any more
	deaf       [simBanks]bool // may have missed an update
	fenced     [simBanks]bool // could take fences once
	load       Load
	up         [simBanks]bool
	told       map[RequestKey]Outcome // first answer
	updated    map[ID]Outcome
	exceptions map[ID]ReconSet
	informed   map[ID][]Outcome  // answers to enquiries
	sent       map[simLeg]int    // first sends of debits and credits
	numbers    map[RequestKey]ID // of payments that were answered
	settled    []ID              // payments that may be refunded
	origins    map[ID]route.Participant
	calm       bool // liveness phase: no more faults
	narrow     bool // little room: requests are declined as busy, outboxes are full
	next       uint64
	counts     simCounts
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{
		t: t, rng: rand.New(rand.NewPCG(seed, 42)), store: newMemory(), saved: newMemory(),
		now: 1_700_000_000_000_000_000, told: map[RequestKey]Outcome{}, updated: map[ID]Outcome{}, exceptions: map[ID]ReconSet{}, informed: map[ID][]Outcome{},
		sent: map[simLeg]int{}, numbers: map[RequestKey]ID{}, origins: map[ID]route.Participant{},
	}
	s.m = New(s.store)
	s.config = Config{Currency: 356, OpenMax: 10_000}
	if s.narrow = s.coin(); s.narrow {
		s.config.OpenMax = 8 + s.rng.IntN(60)
	}
	for i := range s.banks {
		p := testProfile(route.Participant(i), fmt.Sprintf("BANK%c", 'A'+i))
		p.NetDebitCap = 20_000
		p.Timers.CreditUnknown = 60 * time.Second
		p.Checks, p.RepeatSafe, p.Updates, p.Receipts = s.coin(), s.coin(), s.coin(), s.coin()
		p.Binding = p.Checks && s.coin()
		if !p.Receipts && s.coin() {
			p.Match = Match{Transmitted: true, STAN: true}
		}
		s.banks[i] = newSimBank()
		if s.rng.IntN(3) == 0 {
			p.Posting = PostOnConfirm
			s.banks[i].onConfirm = true
		}
		s.profiles[i] = p
		s.hears(i)
	}
	s.configure()
	return s
}

func (s *simulation) coin() bool { return s.rng.IntN(2) == 0 }

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
	for range 30 {
		s.agenda.add(s.now+s.rng.Int64N(int64(300*time.Second)), s.enquire)
	}
	if s.coin() { // else all of the run is under one configuration and without load
		for range 6 {
			s.agenda.add(s.now+s.rng.Int64N(int64(120*time.Second)), s.reload)
		}
		for range 2 {
			s.agenda.add(s.now+s.rng.Int64N(int64(120*time.Second)), s.loaded)
		}
	}
	s.turn(s.now + int64(150*time.Second))
	s.calm = true
	s.settle()
	for n := range s.banks {
		s.link(route.Participant(n), true)
	}
	s.turn(s.now + int64(4*time.Hour))
	for s.agenda.len() > 0 && !s.t.Failed() { // late messages of the safety phase
		s.turn(s.agenda.at())
	}
	s.turn(s.now + int64(25*time.Hour)) // and what they have begun, and what waits for a link that does not break
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

// disturb is a restart, a link that drops for a while, or a cap that changes.
func (s *simulation) disturb() {
	n := route.Participant(s.rng.IntN(simBanks))
	switch s.rng.IntN(5) {
	case 0, 1:
		s.restart()
	case 2:
		e := Event{Kind: CommandGiven, From: route.Nobody, Command: &Command{Kind: SetCap, Participant: n}}
		e.Command.Amount.Minor, e.Command.Amount.Currency = 5_000+s.rng.Int64N(30_000), 356
		e.Text.Set(Reason, []byte("why not"))
		s.commit(&e)
	default:
		s.link(n, false)
		s.agenda.add(s.now+s.rng.Int64N(int64(40*time.Second)), func() { s.link(n, true) })
	}
}

func (s *simulation) link(n route.Participant, up bool) {
	if s.up[n] == up {
		return
	}
	if up && s.gone[n] { // nobody is let in who is not configured
		s.agenda.add(s.now+int64(5*time.Second), func() { s.link(n, true) })
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
		s.t.Errorf("a replay from record %d gives another machine%s", s.savedAt, difference(lost, fingerprint(m)))
		return
	}
	s.m = m
	s.save()
	s.commit(&Event{Kind: Recovered, From: route.Nobody})
	s.load = LoadNormal
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
	out := s.m.Step(e, nil)
	if e.Kind == RequestArrived {
		s.decided(e, out)
	}
	for _, ef := range out {
		if !ef.Send {
			s.noticed(&ef)
			continue
		}
		ef.Payment = clonePayment(ef.Payment)
		effects = append(effects, ef)
	}
	if s.rng.IntN(3) > 0 { // the end of a group
		s.flush()
	}
	for i := range effects {
		s.release(&effects[i])
	}
}

func (s *simulation) noticed(ef *Effect) {
	switch ef.Notice {
	case Throttled:
		s.counts.Throttled++
	case Exception:
		s.counts.Exceptions++
		s.exceptions[ef.Payment.ID] |= 1 << ef.Recon
	case CapNear:
		s.counts.Caps++
	case Moved:
		if ef.Cause == Rejected {
			s.counts.Rejected++
		}
		if ef.Cause == Fenced {
			s.counts.Fenced++
		}
	}
}

// release is the network between switch and participants.
func (s *simulation) release(ef *Effect) {
	p := ef.Payment
	s.sending(ef)
	if ef.Leg == LegEnquiry {
		s.informed[p.ID] = append(s.informed[p.ID], ef.Outcome)
		return
	}
	if ef.Leg == LegRequest && s.chance(0.1) {
		return // the answer is lost; the sender repeats, or the switch does
	}
	if !s.up[ef.To] || s.chance(0.02) {
		if !ef.Repeat && ef.Leg != LegRequest {
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
	// An update without receipts goes out once; the network of this test then has
	// to be better than its banks are.
	once := ef.Leg == LegUpdate && !s.profiles[ef.To].Receipts
	if s.chance(0.06) && !once {
		copies = 0 // lost on the way
	}
	for range copies {
		s.agenda.add(s.now+s.delay(), func() { s.deliver(ef) })
	}
}

// sending checks what leaves the switch.
func (s *simulation) sending(ef *Effect) {
	p := ef.Payment
	switch ef.Leg {
	case LegDebit, LegCredit:
		if ef.Repeat {
			s.counts.Repeats++
			if ef.Leg == LegCredit || !s.profiles[ef.To].RepeatSafe {
				s.t.Errorf("payment %d: %v was repeated", p.ID, ef.Leg)
			}
			return
		}
		if s.sent[simLeg{p.ID, ef.Leg}]++; s.sent[simLeg{p.ID, ef.Leg}] > 1 {
			s.t.Errorf("payment %d: %v was sent twice", p.ID, ef.Leg)
		}
	case LegStatus:
		s.counts.Checks++
	case LegFence:
		s.counts.Fences++
	case LegUpdate:
		s.counts.Updates++
	case LegConfirm:
		s.counts.Confirms++
	}
	able := &s.profiles[ef.To]
	switch {
	case ef.Leg == LegStatus && !able.Checks,
		ef.Leg == LegFence && !s.fenced[ef.To], // one that is owed goes on whatever the configuration says by then
		ef.Leg == LegUpdate && !able.Updates && p.Model == ModelA,
		ef.Leg == LegConfirm && !able.Updates && able.Posting == PostImmediate:
		s.t.Errorf("payment %d: participant %d cannot take %v", p.ID, ef.To, ef.Leg)
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
	a.Outcome, a.Code = OK, CodeOf("00")
	switch ef.Leg {
	case LegRequest, LegUpdate:
		s.hear(ef)
		if !s.profiles[ef.To].Receipts || p.ID == 0 || l.SentAt == 0 {
			return
		}
		s.counts.Receipts++
	case LegResolve:
		if !s.resolve(p, &e) {
			return
		}
	default:
		code := s.banks[ef.To].take(ef, s.chance(0.08))
		if s.chance(0.04) && (ef.Leg == LegDebit || ef.Leg == LegFence || (ef.Leg == LegCredit && code == "00")) {
			code = "68" // it did what it did, and says that it does not know
		}
		a.Code, a.Outcome = CodeOf(code), simOutcomes[code]
	}
	if able := &s.profiles[ef.To]; able.byTrace() {
		if a.Payment, a.Leg = 0, kin[ef.Leg]; a.Leg == LegRequest {
			s.counts.Traced++
		}
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

// resolve is a PSP that is asked for an account, or for the payer's approval: that
// may take its time, or never come.
func (s *simulation) resolve(p *Payment, e *Event) bool {
	if p.Type != Collect {
		e.Text.Set(PayeeAccount, []byte("acc"))
		return true
	}
	e.Text.Set(PayerAccount, []byte("payer"))
	switch {
	case s.rng.IntN(6) == 0:
		return false
	case s.rng.IntN(6) == 0:
		e.Answer.Outcome, e.Answer.Code = CustomerDeclined, CodeOf("ZA")
	case s.rng.IntN(3) == 0:
		e.Answer.Outcome, e.Answer.Code = Pending, CodeOf("09")
		later := *e
		later.Answer.Outcome, later.Answer.Code = OK, CodeOf("00")
		s.agenda.add(s.now+s.rng.Int64N(int64(90*time.Second)), func() { c := later; s.commit(&c) })
	}
	return true
}

// hear is what the sender of a request does with an answer or an update: in model B
// it gives its customer the money back when it is told no.
func (s *simulation) hear(ef *Effect) {
	p := ef.Payment
	if ef.Leg == LegRequest {
		if ef.Outcome == Duplicate {
			return
		}
		if was, ok := s.told[p.Key]; ok && was != ef.Outcome {
			s.t.Errorf("payment %d: the sender was told %v, then %v", p.ID, was, ef.Outcome)
		}
		s.told[p.Key], s.numbers[p.Key] = ef.Outcome, p.ID
		if ef.Outcome == OK {
			s.settled = append(s.settled, p.ID)
			s.origins[p.ID] = p.PayeeBank
		}
	} else {
		if was, ok := s.updated[p.ID]; ok && was != ef.Outcome {
			s.t.Errorf("payment %d: the sender was updated with %v, then %v", p.ID, was, ef.Outcome)
		}
		s.updated[p.ID] = ef.Outcome
	}
	if p.Model == ModelB && ef.Outcome != OK && ef.Outcome != TimeoutCredit {
		s.banks[ef.To].release(p.Key)
	}
}

var simOutcomes = map[string]Outcome{
	"00": OK, "05": DoNotHonourPayee, "25": OriginalNotFound, "21": NotDone, "94": Duplicate, "68": ErrBank, "96": ErrBank, "CS": CreditStands,
}

// enquire asks about any payment, or has the sender of one that is open ask, and
// again.
func (s *simulation) enquire() {
	e := Event{Kind: EnquiryArrived, From: route.Participant(s.rng.IntN(simBanks))}
	s.next++
	e.Request.Key = RequestKey{From: e.From, STAN: uint32(s.next), Other: 7}
	e.Request.Original.Payment = ID(s.rng.IntN(len(s.journal)) + 1)
	if s.coin() {
		s.m.OpenPayments(func(p *Payment) {
			if s.rng.IntN(3) == 0 {
				e.From, e.Request.Original.Payment = p.Key.From, p.ID
			}
		})
		again := e
		s.agenda.add(s.now+s.rng.Int64N(int64(20*time.Second)), func() { c := again; s.commit(&c) })
	}
	s.counts.Enquiries++
	s.commit(&e)
}

// request sends a new payment, or repeats an old one until it is answered.
func (s *simulation) request() {
	e := Event{Kind: RequestArrived, From: route.Participant(s.rng.IntN(simBanks))}
	s.next++
	e.Request = Request{Key: RequestKey{From: e.From, STAN: uint32(s.next), Transmitted: 1, Acquirer: 1}, Hash: s.next}
	e.Request.Business = Business{byte(s.next), byte(s.next >> 8), 1}
	e.Request.Amount.Minor, e.Request.Amount.Currency = s.rng.Int64N(3000)+1, 356
	payee := byte(s.rng.IntN(simBanks))
	switch kind := s.rng.IntN(10); {
	case kind == 0 && len(s.settled) > 0:
		e.Request.Type, e.Request.Model = Refund, ModelB
		e.Request.Original.Payment = s.settled[s.rng.IntN(len(s.settled))]
		if s.rng.IntN(8) > 0 {
			e.From = s.origins[e.Request.Original.Payment]
			e.Request.Key.From = e.From
		}
		s.ask(e, 0)
		return
	case kind == 1:
		e.Request.Type = Collect
		e.Request.ExpireAt = s.now + s.rng.Int64N(int64(3*time.Minute)) + 1
		e.Text.Set(PayerVPA, []byte("user@bank"+string('a'+payee)))
		e.Text.Set(PayeeAccount, []byte("shop"))
		s.ask(e, 0)
		return
	case kind < 5:
		e.Request.Model = ModelB
	}
	e.Request.Merchant = s.rng.IntN(4) == 0
	e.Text.Set(PayerAccount, []byte("payer"+string('0'+byte(s.rng.IntN(4)))))
	if s.coin() {
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
	if e.Request.Model == ModelB {
		s.banks[e.From].hold(e.Request.Key, e.Request.Amount.Minor)
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
	s.count(p)
	if p.Exceptions != s.exceptions[p.ID] {
		s.t.Errorf("payment %d has exceptions %b, told were %b", p.ID, p.Exceptions, s.exceptions[p.ID])
	}
	var debit, credit bool
	if p.PayerBank != route.Nobody {
		debit = s.banks[p.PayerBank].has(p.ID, LegDebit)
	}
	if p.Model == ModelB {
		debit = s.banks[p.Key.From].held[p.Key] != 0
	}
	if p.PayeeBank != route.Nobody {
		credit = s.banks[p.PayeeBank].has(p.ID, LegCredit)
	}
	moved := p.State.settled()
	if debit != moved || credit != moved {
		s.t.Errorf("payment %d is %v, but debit stands: %v, credit stands: %v", p.ID, p.State, debit, credit)
	}
	told, ok := s.told[p.Key]
	update, updated := s.updated[p.ID]
	switch {
	case !ok:
		s.t.Errorf("payment %d (%v): its sender was never answered", p.ID, p.State)
	case told == OK && !moved, told != OK && told != TimeoutCredit && moved:
		s.t.Errorf("payment %d is %v, its sender was told %v", p.ID, p.State, told)
	case updated && moved != (update == OK || update == TimeoutCredit):
		s.t.Errorf("payment %d is %v, its sender was told %v, then %v", p.ID, p.State, told, update)
	case told == TimeoutCredit && !updated && (p.Model == ModelB || !s.deaf[p.Key.From] && !s.narrow):
		s.t.Errorf("payment %d is %v, its sender was told %v and nothing more", p.ID, p.State, told)
	}
	for _, o := range s.informed[p.ID] {
		if o == OK && !moved || o != OK && o != Pending && o != TimeoutCredit && moved {
			s.t.Errorf("payment %d is %v, one who asked was told %v", p.ID, p.State, o)
		}
	}
}

// count keeps what the run has reached, and that it has ended.
func (s *simulation) count(p *Payment) {
	c := &s.counts
	c.Payments++
	switch p.State {
	case Success:
		c.Success++
	case Deemed:
		c.Deemed++
	case Declined:
		c.Declined++
	case FailedReversed:
		c.Reversed++
	case CollectExpired:
		c.Expired++
	default:
		s.t.Errorf("payment %d ends in %v", p.ID, p.State)
	}
	for _, is := range []struct {
		so bool
		n  *int
	}{
		{p.Model == ModelB, &c.ModelB}, {p.Type == Collect, &c.Collects}, {p.Type == Refund, &c.Refunds}, {p.Refunded > 0, &c.Refunded},
		{p.Outcome == LimitAmount || p.Outcome == LimitCount, &c.Limited},
		{p.Posting == PostOnConfirm && p.State == Success, &c.OnConfirm},
	} {
		if is.so {
			*is.n++
		}
	}
}

// difference is the lines that only one of two fingerprints has.
func difference(a, b string) string {
	var out strings.Builder
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		out.WriteString("\n---")
		for _, line := range strings.Split(pair[0], "\n") {
			if !strings.Contains(pair[1], line) {
				out.WriteString("\n" + line)
			}
		}
	}
	return out.String()
}
