package state

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// author makes up a history: banks that answer, refuse, are silent or away,
// requests that come twice, refunds, operators who decide, restarts. It plays it on
// a machine of its own, because what comes next depends on what was sent.
type author struct {
	t       testing.TB
	rng     *rand.Rand
	s       *Store
	m       *payment.Machine
	seq     uint64
	at      int64
	out     []payment.Effect
	records [][]byte // the events, as the journal has them
	waiting []payment.Event
	asked   []asked
	forget  bool
}

// asked is what names a request.
type asked struct {
	from route.Participant
	n    uint64
}

// authorStart is when histories begin.
const authorStart = int64(1_700_000_000_000_000_000)

// writeHistory makes n events. With forget set, old payments are forgotten.
func writeHistory(t testing.TB, seed uint64, n int, forget bool) [][]byte {
	t.Helper()
	a := &author{t: t, rng: rand.New(rand.NewPCG(seed, 1)), at: authorStart, forget: forget}
	a.s = openWith(t, vfs.NewMem(), Options{})
	defer a.s.Close()
	a.m = payment.New(a.s)
	config := testConfig()
	config.OpenMax = 200
	for i := range config.Participants {
		p := &config.Participants[i]
		p.Timers.GiveUp, p.Receipts, p.Updates, p.Checks = 20*time.Minute, i == 1, i == 1, i != 2
		p.Match.Reference = i != 2 // answers of the third are found by their trace
	}
	a.step(&payment.Event{Kind: payment.ConfigChanged, Config: config})
	for i := range 3 {
		a.step(&payment.Event{Kind: payment.LinkUp, From: route.Participant(i)})
	}
	for len(a.records) < n {
		a.next()
	}
	return a.records
}

func (a *author) step(e *payment.Event) {
	a.seq++
	a.at += a.rng.Int64N(2_000_000) // sometimes the same time twice is as good
	e.Seq, e.At = a.seq, a.at
	a.records = append(a.records, payment.AppendEvent(nil, e))
	a.out = a.m.Step(e, a.out[:0])
	for i := range a.out {
		a.react(&a.out[i])
	}
	b := a.s.Begin()
	a.m.Flush(b)
	if err := b.Commit(a.seq); err != nil {
		a.t.Fatal(err)
	}
}

// react has a bank answer to a message, later, or never.
func (a *author) react(ef *payment.Effect) {
	if !ef.Send || a.rng.IntN(12) == 0 {
		return
	}
	p := ef.Payment
	e := payment.Event{Kind: payment.AnswerArrived, From: ef.To}
	l := &p.Legs[ef.Leg]
	e.Answer = payment.Answer{Payment: p.ID, Leg: ef.Leg, STAN: l.STAN, Transmitted: l.Transmitted, Minor: p.Amount.Minor, Outcome: payment.OK, Code: payment.CodeOf("00")}
	if ef.To == 2 {
		e.Answer.Payment = 0
	}
	if a.rng.IntN(6) == 0 {
		e.Answer.Outcome, e.Answer.Code = payment.DoNotHonourPayer, payment.CodeOf("05")
	}
	if ef.Leg == payment.LegResolve {
		set(&e.Text, payment.PayeeAccount, fmt.Sprint(60200000+p.ID%50))
		set(&e.Text, payment.PayeeIFSC, "BNKB0000001")
	}
	a.waiting = append(a.waiting, e)
	if a.rng.IntN(30) == 0 { // and once more, perhaps otherwise
		e.Answer.Outcome = payment.DoNotHonourPayee
		a.waiting = append(a.waiting, e)
	}
}

func (a *author) next() {
	switch a.rng.IntN(60) {
	case 0:
		if a.rng.IntN(16) == 0 {
			a.tick(time.Duration(a.rng.Int64N(int64(30 * time.Minute))))
		}
	case 1, 2:
		a.tick(time.Duration(a.rng.Int64N(int64(200 * time.Millisecond))))
	case 3:
		if a.rng.IntN(10) == 0 {
			a.step(&payment.Event{Kind: payment.Recovered, From: route.Nobody})
			for i := range 3 {
				a.step(&payment.Event{Kind: payment.LinkUp, From: route.Participant(i)})
			}
		}
	case 4, 5:
		a.command()
	case 6, 7, 8, 9, 10, 11, 12, 13:
		a.request()
	default:
		if n := len(a.waiting); n > 0 {
			i := a.rng.IntN(min(n, 8)) // mostly the oldest
			e := a.waiting[i]
			a.waiting = append(a.waiting[:i], a.waiting[i+1:]...)
			a.step(&e)
			return
		}
		a.request()
	}
}

// tick lets time pass, and fires what is due.
func (a *author) tick(d time.Duration) {
	for end := a.at + int64(d); ; {
		at, ok := a.m.NextDeadline()
		if !ok || at > end {
			a.at = max(a.at, end)
			return
		}
		a.at = max(a.at, at)
		a.step(&payment.Event{Kind: payment.Tick, From: route.Nobody})
	}
}

func (a *author) request() {
	e := payment.Event{Kind: payment.RequestArrived, From: route.Participant(a.rng.IntN(3))}
	n := a.seq + 1
	if len(a.asked) > 0 && a.rng.IntN(12) == 0 { // a repeat, or a new one when the first is forgotten
		was := a.asked[a.rng.IntN(len(a.asked))]
		e.From, n = was.from, was.n
	}
	a.asked = append(a.asked, asked{e.From, n})
	e.Request = payment.Request{
		Key:    payment.RequestKey{From: e.From, STAN: uint32(n % 1_000_000), Transmitted: 1122000000 + uint32(n/100), Acquirer: 600000},
		Echo:   payment.Echo{Transmitted: 1122000000 + uint32(n/100), STAN: uint32(n)},
		Amount: ledger.Amount{Minor: 100 * (1 + int64(n%97)), Currency: 356}, Hash: n,
	}
	set(&e.Text, payment.PayerAccount, fmt.Sprint(50100000+n%300))
	set(&e.Text, payment.PayerIFSC, fmt.Sprintf("BNK%c0000001", 'A'+e.From))
	set(&e.Text, payment.PayerName, "A SENDER")
	if a.rng.IntN(2) == 0 {
		copy(e.Request.Echo.RRN[:], fmt.Sprintf("%012d", n))
	} else {
		uetr := fmt.Sprintf("eb6305c9-1f7f-49de-aed0-%012d", n/2) // two requests share one
		e.Request.Business = payment.Business{byte(n / 2), byte(n / 2 >> 8), byte(n / 2 >> 16), 1}
		set(&e.Text, payment.UETR, uetr)
		set(&e.Text, payment.MsgID, fmt.Sprintf("MSG%d", n))
		set(&e.Text, payment.EndToEndID, "NOTPROVIDED")
		set(&e.Text, payment.TransactionID, fmt.Sprintf("TX%d", n))
	}
	switch a.rng.IntN(8) {
	case 0:
		set(&e.Text, payment.PayeeVPA, "some.body@bankb")
	case 1:
		a.refund(&e)
	default:
		set(&e.Text, payment.PayeeAccount, fmt.Sprint(60200000+n%50))
		set(&e.Text, payment.PayeeIFSC, fmt.Sprintf("BNK%c0000001", 'A'+a.rng.IntN(3)))
	}
	a.step(&e)
}

// refund makes e the refund of some payment, if there is one.
func (a *author) refund(e *payment.Event) {
	for _, p := range a.some(func(p *payment.Payment) bool { return p.State == payment.Success }) {
		e.From, e.Request.Key.From = p.PayeeBank, p.PayeeBank
		e.Request.Type, e.Request.Original.Payment = payment.Refund, p.ID
		e.Request.Amount.Minor = 1 + a.rng.Int64N(p.Amount.Minor)
	}
}

// some picks one of the payments that match, if any does.
func (a *author) some(match func(*payment.Payment) bool) (picked []payment.Payment) {
	n := 0
	err := a.s.Payments(func(p *payment.Payment) error {
		if match(p) {
			if n++; a.rng.IntN(n) == 0 {
				picked = append(picked[:0], *p)
			}
		}
		return nil
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return picked
}

// command has an operator decide about some payment, fitting or not.
func (a *author) command() {
	c := payment.Command{Kind: payment.Settle + payment.CommandKind(a.rng.IntN(5)), Participant: route.Nobody}
	for _, p := range a.some(func(p *payment.Payment) bool { return p.DeadLetter || p.State == payment.Deemed }) {
		c.Payment = p.ID
	}
	if a.forget && a.rng.IntN(8) == 0 {
		c.Kind, c.Payment = payment.Forget, payment.ID(1+a.seq/2)
	}
	e := payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &c}
	set(&e.Text, payment.Reason, "so")
	a.step(&e)
}

// actor replays a history, with groups, spills, flushes and crashes as chance has
// it.
type actor struct {
	t    testing.TB
	rng  *rand.Rand
	fs   *vfs.MemFS
	keys *seal.Keys
	s    *Store
	m    *payment.Machine

	runMin          int
	crashes, spills int // one in so many events; 0: never
	groupMax        int
}

func (a *actor) open() {
	a.t.Helper()
	a.s = openWith(a.t, a.fs, Options{Keys: a.keys})
	a.s.writer.runMin = a.runMin
	a.m = payment.New(a.s)
	snap, err := a.s.Snapshot()
	if err == nil {
		err = a.m.Restore(snap)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// play replays the events that are not in the rows yet, up to number last.
func (a *actor) play(records [][]byte, last int) {
	a.t.Helper()
	if a.s == nil {
		a.open()
	}
	var e payment.Event
	for int(a.s.Applied()) < last {
		from := int(a.s.Applied())
		to := min(last, from+1+a.rng.IntN(a.groupMax))
		for _, record := range records[from:to] {
			if err := payment.DecodeEvent(record, &e); err != nil {
				a.t.Fatal(err)
			}
			a.m.Step(&e, nil)
		}
		b := a.s.Begin()
		a.m.Flush(b)
		if err := b.Commit(uint64(to)); err != nil {
			a.t.Fatal(err)
		}
		a.disturb(to - from)
	}
}

// disturb does what may happen between two groups.
func (a *actor) disturb(events int) {
	a.t.Helper()
	if a.spills > 0 && a.rng.IntN(a.spills) < events {
		if err := a.s.settle(); err != nil {
			a.t.Fatal(err)
		}
		if a.rng.IntN(3) == 0 {
			if err := a.s.Flush(); err != nil {
				a.t.Fatal(err)
			}
		}
	}
	if a.crashes > 0 && a.rng.IntN(a.crashes) < events {
		after := a.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: a.rng.IntN(101), RNG: a.rng})
		if err := a.s.Close(); err != nil {
			a.t.Fatal(err)
		}
		a.fs = after
		a.open()
	}
}

func (a *actor) hash() [32]byte {
	a.t.Helper()
	sum, applied, err := a.s.Hash()
	if err != nil || applied != a.s.Applied() {
		a.t.Fatalf("hash at %d of %d: %v", applied, a.s.Applied(), err)
	}
	if _, err := a.s.Verify(a.t.Context()); err != nil { // whatever it has been through, it is whole
		a.t.Fatal(err)
	}
	return sum
}

// TestHashIsOfTheEvents: the hash is a function of the events, however they were
// grouped, whatever a crash took and the journal gave back, and whoever sealed.
func TestHashIsOfTheEvents(t *testing.T) {
	const events, stops = 2000, 5
	var c census
	for seed := range uint64(4) {
		records := writeHistory(t, seed, events, seed%2 == 0)
		var want [stops][32]byte
		for way := range 5 {
			a := &actor{t: t, rng: rand.New(rand.NewPCG(seed, uint64(way))), fs: vfs.NewCrashableMem(), groupMax: 1}
			if way > 0 {
				a.groupMax, a.spills, a.crashes, a.keys = 1+a.rng.IntN(60), 1+a.rng.IntN(200), 200+a.rng.IntN(1000), testKeys(t, uint32(way))
			}
			for i := range stops {
				a.play(records, len(records)*(i+1)/stops)
				if way == 0 {
					want[i] = a.hash()
					c.add(t, a.s)
				} else if got := a.hash(); got != want[i] {
					t.Fatalf("seed %d, way %d: another hash after %d events", seed, way, a.s.Applied())
				}
			}
			a.s.Close()
		}
		for i := 1; i < stops; i++ {
			if want[i] == want[i-1] {
				t.Error("other events have the same hash")
			}
		}
	}
	c.check(t)
}

// census counts what is in histories, so that no test runs on poor ones.
type census struct {
	all, dead, exceptions, refunds, decided, open int
	states                                        map[payment.State]int
}

func (c *census) add(t *testing.T, s *Store) {
	t.Helper()
	if c.states == nil {
		c.states = map[payment.State]int{}
	}
	err := s.Payments(func(p *payment.Payment) error {
		c.all++
		c.states[p.State]++
		for n, is := range map[*int]bool{&c.dead: p.DeadLetter, &c.exceptions: p.Exceptions != 0, &c.refunds: p.Refunded != 0, &c.decided: p.Decided(), &c.open: p.Open()} {
			if is {
				*n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *census) check(t *testing.T) {
	t.Helper()
	t.Logf("%+v", *c)
	if c.all < 200 || c.dead < 10 || c.exceptions < 10 || c.refunds < 3 || c.decided < 5 || c.open < 10 || len(c.states) < 8 {
		t.Error("the histories are too poor")
	}
}
