package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/access"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// patience is for a slow machine; nothing waits for it to pass.
const patience = 90 * time.Second

// The participants of the tests. QUIETC never answers a debit, QUIETD never a credit.
const (
	bankA route.Participant = iota
	bankB
	quietC
	quietD
)

var names = []string{"BANKA", "BANKB", "QUIETC", "QUIETD"}

func testConfig() payment.Config {
	c := payment.Config{Currency: 356, OpenMax: 10_000}
	for i, id := range names {
		t := payment.Timers{
			Total: time.Hour, Resolve: time.Hour, Debit: time.Hour, Credit: time.Hour, CreditUnknown: time.Hour,
			Reversal: time.Hour, BackoffMin: time.Hour, BackoffMax: time.Hour, GiveUp: 2 * time.Hour,
		}
		if i >= int(quietC) {
			t.Debit, t.Credit, t.CreditUnknown = 10*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
		}
		c.Participants = append(c.Participants, payment.Profile{
			ID: id, Institution: fmt.Sprint(i + 1), Handles: []string{strings.ToLower(id)}, IFSCPrefixes: []string{"BNK" + id[len(id)-1:]},
			NetDebitCap: 1 << 40, Timers: t, Breaker: payment.Breaker{Off: true}, Flow: payment.Flow{Off: true},
		})
	}
	return c
}

// ifsc is an address at a participant's bank.
func ifsc(n route.Participant) string { return "BNK" + names[n][len(names[n])-1:] + "0000001" }

// world is a switch with banks in one process.
type world struct {
	t     testing.TB
	fs    *vfs.MemFS
	log   journal.Log
	store *state.Store
	e     *engine.Engine
	feed  *Feed
	stop  func()
	kick  chan struct{} // the rows of a group are stored

	say  []payment.Event // what the banks answer to what was encoded
	stan uint32
	sent int // payments, and those before this start
}

// start opens a switch on a file system and runs it.
func start(t testing.TB, fs *vfs.MemFS, o Options) *world {
	t.Helper()
	w := &world{t: t, fs: fs, kick: make(chan struct{}, 1)}
	w.log, w.store = openLog(t, fs), openState(t, fs)
	var err error
	w.e, err = engine.Open(engine.Options{
		Log: w.log, State: w.store, Config: testConfig(), Clock: func() int64 { return time.Now().UnixNano() },
		Stored: w.stored, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Source, o.Config = w.store, w.e.Config
	if w.feed, err = New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.e.Run(ctx, w) }()
	<-w.e.Ready()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.stop)
	_, w.sent = w.open()
	for n := range names {
		w.submit(payment.Event{Kind: payment.LinkUp, From: route.Participant(n)})
	}
	return w
}

// stored is told by the writer.
func (w *world) stored() {
	w.feed.Wake()
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

func openLog(t testing.TB, fs vfs.FS) journal.Log {
	t.Helper()
	log, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func openState(t testing.TB, fs vfs.FS) *state.Store {
	t.Helper()
	s, err := state.Open("state", state.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) submit(events ...payment.Event) {
	w.t.Helper()
	for len(events) > 0 {
		n, err := w.e.Submit(events)
		if events = events[n:]; err != nil && !errors.Is(err, engine.ErrBusy) {
			w.t.Fatal(err)
		}
	}
}

// Encode is the bank that a message goes to: it answers by the amount of the payment.
func (w *world) Encode(ef *payment.Effect) {
	p, a := ef.Payment, payment.Answer{Leg: ef.Leg, Outcome: payment.OK, Code: payment.CodeOf("00")}
	switch kind := p.Amount.Minor % 10; {
	case ef.Leg == payment.LegDebit && ef.To == quietC, ef.Leg == payment.LegCredit && ef.To == quietD:
		return
	case ef.Leg == payment.LegDebit && kind == 1:
		a.Outcome, a.Code = payment.InsufficientFunds, payment.CodeOf("51")
	case ef.Leg == payment.LegCredit && (kind == 2 || kind == 7):
		a.Outcome, a.Code = payment.AccountClosedPayee, payment.CodeOf("14")
	case ef.Leg == payment.LegReversal && kind == 7:
		a.Outcome, a.Code = payment.DoNotHonourPayer, payment.CodeOf("05")
	case ef.Leg == payment.LegAdvice && kind == 4: // and the credit itself, too late, with a no
		w.answer(ef, payment.LegCredit, payment.Answer{Leg: payment.LegCredit, Outcome: payment.AccountClosedPayee, Code: payment.CodeOf("14")})
	case ef.Leg == payment.LegResolve:
		a.Code = payment.Code{}
		w.answer(ef, ef.Leg, a)
		text := &w.say[len(w.say)-1].Text
		text.Set(payment.PayeeAccount, []byte(secretPayee))
		text.Set(payment.PayeeIFSC, []byte(ifsc(ef.To)))
		text.Set(payment.PayeeName, []byte(secretName))
		return
	case ef.Leg == payment.LegRequest, ef.Leg >= payment.LegConfirm:
		return
	}
	w.answer(ef, ef.Leg, a)
}

func (w *world) answer(ef *payment.Effect, leg payment.Leg, a payment.Answer) {
	l := &ef.Payment.Legs[leg]
	a.Payment, a.STAN, a.Transmitted, a.Minor = ef.Payment.ID, l.STAN, l.Transmitted, ef.Payment.Amount.Minor
	w.say = append(w.say, payment.Event{Kind: payment.AnswerArrived, From: ef.To, Answer: a})
}

// Release hands over what the banks say.
func (w *world) Release() {
	if n, err := w.e.Submit(w.say); err != nil && n < len(w.say) && !errors.Is(err, engine.ErrStopped) {
		w.t.Errorf("an answer found no room: %v", err)
	}
	w.say = nil
}

// What must be in no stream.
const (
	secretPayer = "111122223333444"
	secretPayee = "555566667777888"
	secretName  = "Asha Secret"
	secretNote  = "rent for the secret flat"
)

// pay has a participant send a payment. Its kind says how the banks answer.
func (w *world) pay(from, to route.Participant, kind int64) {
	w.stan++
	w.sent++
	e := payment.Event{Kind: payment.RequestArrived, From: from}
	e.Request = payment.Request{Key: payment.RequestKey{From: from, STAN: w.stan, Transmitted: 1122153000, Acquirer: uint64(from) + 1}, Hash: uint64(w.stan)}
	e.Request.Echo = payment.Echo{STAN: w.stan, RRN: [12]byte{'R', byte('0' + from), '-', byte('0' + w.stan%10)}}
	e.Request.Amount.Minor, e.Request.Amount.Currency = int64(w.stan)*10+kind, 356
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: secretPayer, payment.PayerName: secretName, payment.Note: secretNote, payment.EndToEndID: "e2e-" + names[from],
	} {
		e.Text.Set(f, []byte(v))
	}
	switch {
	case kind == 6:
		e.Text.Set(payment.PayeeVPA, []byte("asha@"+strings.ToLower(names[to])))
	case kind == 5:
		e.Text.Set(payment.PayeeAccount, []byte(secretPayee))
		e.Text.Set(payment.PayeeIFSC, []byte("NOBO0000001"))
	default:
		e.Text.Set(payment.PayeeAccount, []byte(secretPayee))
		e.Text.Set(payment.PayeeIFSC, []byte(ifsc(to)))
	}
	w.submit(e)
	if kind == 8 { // sent again, and with other content
		w.submit(e)
		e.Request.Hash++
		w.submit(e)
	}
}

// settle waits until all payments have ended.
func (w *world) settle() {
	w.t.Helper()
	late := time.After(patience)
	for open, known := w.open(); open > 0 || known < w.sent; open, known = w.open() {
		select {
		case <-w.kick:
		case <-late:
			w.t.Fatalf("%d payments do not end, %d of %d are known", open, known, w.sent)
		}
	}
}

// open is how many payments have not ended, and how many there have been.
func (w *world) open() (open, known int) {
	err := w.e.Inspect(context.Background(), func(m *payment.Machine) {
		all := m.Totals()
		known = int(all.Of(payment.Received))
		m.OpenPayments(func(p *payment.Payment) {
			if !p.State.Final() {
				open++
			}
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return open, known
}

// auditor may read everything.
var auditor = access.Caller{Name: "ann", Roles: access.Auditor}

// ask is what a test asks, as an address has it.
func ask(query string) Ask {
	q, err := url.ParseQuery(query)
	if err != nil {
		panic(err)
	}
	return Ask{Caller: auditor, Query: q, Header: http.Header{}}
}

// wire is the other side of a stream. It takes left bytes and then it is gone.
type wire struct {
	header http.Header
	status int
	left   int
	got    bytes.Buffer
	lines  chan string // each line as it comes; nil: nobody waits for them
}

func newWire(left int) *wire { return &wire{header: http.Header{}, left: left} }

func (w *wire) Header() http.Header    { return w.header }
func (w *wire) WriteHeader(status int) { w.status = status }
func (w *wire) Flush()                 {}

var errCut = errors.New("the reader is gone")

func (w *wire) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.left -= n
	w.got.Write(p[:n])
	if w.lines != nil {
		for line := range strings.Lines(string(p[:n])) {
			w.lines <- strings.TrimSuffix(line, "\n")
		}
	}
	if n < len(p) {
		return n, errCut
	}
	return n, nil
}

// follower reads the events of a participant, and comes back where it was.
type follower struct {
	name  string
	next  string
	lines []string // without heartbeats
	cuts  int
}

// follow connects once and takes the whole lines that come before the cut.
func (r *follower) follow(ctx context.Context, f *Feed, bytesMax int, more string) error {
	w := newWire(bytesMax)
	err := f.Stream(ctx, ask("participant="+r.name+"&from="+r.next+more), w)
	text := w.got.String()
	if !strings.HasSuffix(text, "\n") {
		text = text[:strings.LastIndex(text, "\n")+1]
	}
	for line := range strings.Lines(text) {
		var l Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			return err
		}
		if r.next = l.Next; l.Seq != 0 {
			r.lines = append(r.lines, line)
		}
	}
	if errors.Is(err, errCut) {
		r.cuts++
		err = nil
	}
	return err
}

// until follows from one cut to the next, until ctx ends or there have been so many.
func (r *follower) until(ctx context.Context, f *Feed, seed uint64, cuts int) error {
	random := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil && r.cuts < cuts {
		if err := r.follow(ctx, f, 80+random.IntN(4000), ""); err != nil {
			return err
		}
	}
	return nil
}
