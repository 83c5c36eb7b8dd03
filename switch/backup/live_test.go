package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
	"switchd/switch/storage"
)

// quiet is where the tests' logs go.
var quiet = slog.New(slog.DiscardHandler)

// testKeys are keys as a key file would have them.
func testKeys(t testing.TB, id uint32) *seal.Keys {
	t.Helper()
	return ring(t, 7, seal.Key{ID: id, Secret: [32]byte{byte(id)}})
}

// keysOf are keys with the number of the tests' and other secrets.
func keysOf(t testing.TB, token, secret byte) *seal.Keys {
	t.Helper()
	return ring(t, token, seal.Key{ID: 1, Secret: [32]byte{secret}})
}

func ring(t testing.TB, token byte, key seal.Key) *seal.Keys {
	t.Helper()
	keys, err := seal.New([32]byte{token}, key)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// options are those of a release that has the keys of the tests.
func options(t testing.TB, fs vfs.FS) Options {
	return Options{
		Build: Build{Version: "0.1.0", Commit: "c0ffee"}, Clock: func() int64 { return 1_800_000_000_000_000_000 },
		Keys: testKeys(t, 1), Log: quiet, FS: fs,
	}
}

// participants of the tests: three banks.
const participants = 3

func machineConfig() payment.Config {
	c := payment.Config{Currency: 356, OpenMax: 100_000}
	for i := range participants {
		c.Participants = append(c.Participants, payment.Profile{
			ID: fmt.Sprintf("BANK%c", 'A'+i), Institution: fmt.Sprint(100001 + i), Handles: []string{fmt.Sprintf("bank%c", 'a'+i)},
			IFSCPrefixes: []string{fmt.Sprintf("BNK%c", 'A'+i)}, NetDebitCap: 1 << 50, Match: payment.Match{Reference: true},
			Timers: payment.Timers{
				Total: time.Hour, Resolve: time.Hour, Debit: time.Hour, Credit: time.Hour, CreditUnknown: time.Hour,
				Reversal: time.Hour, BackoffMin: time.Hour, BackoffMax: time.Hour, GiveUp: 48 * time.Hour,
			},
		})
	}
	return c
}

// live is a switch without its rim: engine, stores, and banks that answer what
// reaches them.
type live struct {
	t       testing.TB
	fs      vfs.FS
	dir     string
	engine  *engine.Engine
	journal *journal.PebbleLog
	state   *state.Store
	now     atomic.Int64
	stan    uint32
	stop    func() error
	closing func() // called before the stores are closed
	// decide is what a bank answers to a message; false: nothing, ever.
	decide func(ef *payment.Effect) (payment.Outcome, payment.Code, bool)

	mu      sync.Mutex // guards answers, which the writer makes and Release submits
	answers []payment.Event
}

// enter is all that a start does about a data folder before it opens the stores.
func enter(dir string, o Options) (*Entry, error) {
	e, err := Enter(dir, o)
	if err != nil {
		return nil, err
	}
	return e, e.Prepare(o.Keys)
}

// start opens a switch on dir.
func start(t testing.TB, fs vfs.FS, dir string) *live {
	t.Helper()
	return startWith(t, fs, dir, testKeys(t, 1), machineConfig())
}

// startWith is start with keys and a configuration.
func startWith(t testing.TB, fs vfs.FS, dir string, keys *seal.Keys, config payment.Config) *live {
	t.Helper()
	l := &live{t: t, fs: fs, dir: dir, decide: mostly}
	l.now.Store(1_700_000_000_000_000_000)
	o := options(t, fs)
	o.Keys = keys
	if err := storage.MakeDir(fs, dir); err != nil {
		t.Fatal(err)
	}
	entry, err := enter(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if l.journal, err = journal.OpenPebble(fs.PathJoin(dir, journalDir), journal.Options{FS: fs, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	if l.state, err = state.Open(fs.PathJoin(dir, stateDir), state.Options{FS: fs, Log: quiet, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	l.engine, err = engine.Open(engine.Options{
		Log: l.journal, State: l.state, Keys: keys, Config: config, Clock: l.now.Load, AcceptClock: true, Logger: quiet,
		Closing: func() {
			if l.closing != nil {
				l.closing()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := entry.Begin(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.engine.Run(ctx, l) }()
	l.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = l.stop() }) // a test that cares has stopped it itself
	<-l.engine.Ready()
	var links []payment.Event
	for n := range route.Participant(len(config.Participants)) {
		links = append(links, payment.Event{Kind: payment.LinkUp, From: n})
	}
	l.submit(links...)
	return l
}

// source is what a backup is made of.
func (l *live) source() *Source { return &Source{Dir: l.dir, Journal: l.journal, State: l.state} }

// submit hands events over. When the queue is full it lets the writer come by.
func (l *live) submit(events ...payment.Event) {
	for {
		n, err := l.engine.Submit(events)
		if events = events[n:]; len(events) == 0 {
			return
		}
		if !errors.Is(err, engine.ErrBusy) {
			l.t.Errorf("%d events were not taken: %v", len(events), err)
			return
		}
		l.point()
	}
}

// mostly approves, refuses some, and never answers some.
func mostly(ef *payment.Effect) (payment.Outcome, payment.Code, bool) {
	if ef.Leg == payment.LegRequest {
		return 0, payment.Code{}, false
	}
	switch (uint64(ef.Payment.ID) + uint64(ef.Leg)) % 11 {
	case 0:
		return payment.InsufficientFunds, payment.CodeOf("51"), true
	case 1:
		return 0, payment.Code{}, false
	}
	return payment.OK, payment.CodeOf("00"), true
}

// Encode answers a message as its bank would.
func (l *live) Encode(ef *payment.Effect) {
	p := ef.Payment
	if ef.Leg == payment.LegEnquiry || p == nil {
		return
	}
	outcome, code, answers := l.decide(ef)
	if !answers {
		return
	}
	leg := &p.Legs[ef.Leg]
	a := payment.Event{Kind: payment.AnswerArrived, From: ef.To}
	a.Answer = payment.Answer{
		Payment: p.ID, Leg: ef.Leg, STAN: leg.STAN, Transmitted: leg.Transmitted, Minor: p.Amount.Minor, Outcome: outcome, Code: code,
	}
	if ef.Leg == payment.LegResolve && p.Type == payment.Collect {
		a.Text.Set(payment.PayerAccount, []byte("50100012345678"))
		a.Text.Set(payment.PayerIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+ef.To))
	} else if ef.Leg == payment.LegResolve {
		a.Text.Set(payment.PayeeAccount, []byte("60200087654321"))
		a.Text.Set(payment.PayeeIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+ef.To))
		a.Text.Set(payment.PayeeName, []byte("SOME BODY"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, a)
}

// Release sends the answers of the group.
func (l *live) Release() {
	l.mu.Lock()
	answers := l.answers
	l.answers = nil
	l.mu.Unlock()
	if len(answers) > 0 {
		_, _ = l.engine.Submit(answers) // what a stopping engine does not take was never answered
	}
}

// request is a new payment: to an address, to an account, or one that is refused.
func (l *live) request() payment.Event {
	l.stan++
	n := l.stan
	from := route.Participant(n % participants)
	e := payment.Event{Kind: payment.RequestArrived, From: from}
	e.Request = payment.Request{
		Key:  payment.RequestKey{From: from, STAN: n % 1_000_000, Transmitted: 1122000000 + n/1_000_000, Acquirer: uint64(from) + 1},
		Echo: payment.Echo{STAN: n % 1_000_000, Transmitted: 1122000000}, Hash: uint64(n),
	}
	copy(e.Request.Echo.RRN[:], fmt.Sprintf("%012d", n))
	e.Request.Amount.Minor, e.Request.Amount.Currency = int64(100+n%1000), 356
	e.Text.Set(payment.PayerAccount, fmt.Appendf(nil, "50100%09d", n%97))
	e.Text.Set(payment.PayerIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+from))
	e.Text.Set(payment.PayerName, []byte("A SENDER"))
	to := 'a' + rune(n/3%participants)
	switch n % 5 {
	case 0:
		e.Text.Set(payment.PayeeVPA, []byte("nobody@nowhere"))
	case 1:
		e.Text.Set(payment.PayeeAccount, fmt.Appendf(nil, "60200%09d", n%89))
		e.Text.Set(payment.PayeeIFSC, fmt.Appendf(nil, "BNK%c0000001", to-'a'+'A'))
	default:
		e.Text.Set(payment.PayeeVPA, fmt.Appendf(nil, "user%d@bank%c", n%83, to))
	}
	return e
}

// pay submits so many payments, with a repeat now and then, in groups of a few.
func (l *live) pay(payments int) {
	for i := range payments {
		e := l.request()
		if i%17 == 3 {
			again := e
			again.Request.Repeat = true
			l.submit(e, again)
		} else {
			l.submit(e)
		}
		if i%4 == 0 {
			l.now.Add(int64(time.Millisecond))
			l.point() // lets the writer come by, so that there are many groups
		}
	}
}

// point is how far the switch is now, and the hash of its rows there.
type point struct {
	seq  uint64
	hash string
	at   int64
}

// point waits for the writer.
func (l *live) point() (p point) {
	err := l.engine.Inspect(context.Background(), func(*payment.Machine) { p.seq = l.state.Applied() })
	if err != nil {
		l.t.Error(err)
	}
	return p
}

// hashed is point, with the hash.
func (l *live) hashed() (p point) {
	l.t.Helper()
	err := l.engine.Inspect(context.Background(), func(m *payment.Machine) {
		sum, seq, err := l.state.Hash()
		if err != nil {
			l.t.Error(err)
		}
		p = point{seq, hex.EncodeToString(sum[:]), m.LastAt()}
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// settled waits until all that was submitted, and what follows from it, has taken
// effect: a command that is refused is an event behind it, and the only one when
// nothing follows any more.
func (l *live) settled() point {
	l.t.Helper()
	for last := uint64(0); ; {
		_, done, err := l.engine.Command(engine.Order{Author: engine.Author{Reason: "a test", Operator: "nobody"}, Command: payment.Command{Kind: payment.Settle, Payment: 1}})
		if done || err != nil {
			l.t.Fatalf("the command is no event without an effect: %v %v", done, err)
		}
		p := l.hashed()
		if p.seq == last+1 {
			return p
		}
		last = p.seq
	}
}
