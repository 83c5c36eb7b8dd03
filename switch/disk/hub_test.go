package disk

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
)

// hub is a real engine on a quota, with two participants and a door that does as
// switch/ingress does under a hold.
type hub struct {
	t     *testing.T
	disk  *quota
	w     *Watch
	e     *engine.Engine
	stop  func() error
	fatal chan error // the first error that a store cannot go on after

	mu       sync.Mutex // guards all below
	held     bool
	silent   bool            // participants keep their answers in owed
	slow     bool            // one answer at a time, so that each is a group
	refuse   bool            // credits are refused, so that debits are reversed
	owed     []payment.Event // answers
	encoded  map[uint32]payment.Outcome
	told     map[uint32]payment.Outcome // what the sender was told, by STAN
	declined int                        // by the door
	asked    int                        // not declined
	stan     uint32
}

func newHub(t *testing.T, q *quota) *hub {
	return &hub{t: t, disk: q, fatal: make(chan error, 1), encoded: map[uint32]payment.Outcome{}, told: map[uint32]payment.Outcome{}}
}

func hubConfig() payment.Config {
	c := payment.Config{Currency: 356, OpenMax: 100_000}
	for _, id := range []string{"BANKA", "BANKB"} {
		c.Participants = append(c.Participants, payment.Profile{
			ID: id, Institution: "1", Handles: []string{"h" + id}, IFSCPrefixes: []string{"BNK" + id[4:]}, NetDebitCap: 1 << 40,
			Timers: payment.Timers{
				Total: time.Hour, Resolve: time.Hour, Debit: time.Hour, Credit: time.Hour, CreditUnknown: time.Hour,
				Reversal: time.Hour, BackoffMin: time.Hour, BackoffMax: time.Hour, GiveUp: 2 * time.Hour,
			},
		})
	}
	return c
}

// open does what cmd/switchd does: watch, stores, engine, gate.
func (h *hub) open(o Options) (err error) {
	o.Disk, o.Clock, o.Log = h.disk, func() int64 { return time.Now().UnixNano() }, slog.New(slog.DiscardHandler)
	if h.w, err = Open(o); err != nil {
		return err
	}
	fatal := func(err error) {
		select {
		case h.fatal <- err:
		default:
		}
		select {} // the process would be gone
	}
	j, err := journal.OpenPebble("journal", journal.Options{FS: h.disk, Fatal: fatal, Log: o.Log})
	if err != nil {
		return err
	}
	s, err := state.Open("state", state.Options{FS: h.disk, Fatal: fatal, Log: o.Log})
	if err != nil {
		return errors.Join(err, j.Close())
	}
	h.e, err = engine.Open(engine.Options{Log: j, State: s, Config: hubConfig(), Clock: o.Clock, Logger: o.Log})
	if err == nil {
		err = h.w.Attach(hubGate{h}, h.e.OpenPayments)
	}
	if err != nil {
		return errors.Join(err, s.Close(), j.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.e.Run(ctx, hubSink{h}) }()
	<-h.e.Ready()
	h.stop = func() error { cancel(); return <-done }
	h.submit(payment.Event{Kind: payment.LinkUp, From: 0}, payment.Event{Kind: payment.LinkUp, From: 1})
	return nil
}

// starts is open where it must work.
func (h *hub) starts(o Options) {
	h.t.Helper()
	if err := h.open(o); err != nil {
		h.t.Fatal(err)
	}
}

// stops ends it in good order.
func (h *hub) stops() {
	h.t.Helper()
	if err := h.stop(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func (h *hub) submit(events ...payment.Event) {
	h.t.Helper()
	if n, err := h.e.Submit(events); n != len(events) {
		h.t.Fatalf("took %d of %d: %v", n, len(events), err)
	}
}

// hubGate is the hub as the gate of the watch.
type hubGate struct{ *hub }

// Hold has the door decline.
func (g hubGate) Hold() { g.set(func() { g.held = true }) }

// Release has it no longer decline.
func (g hubGate) Release(int64) { g.set(func() { g.held = false }) }

// Suspect has nothing to do: nobody comes back to a request here.
func (g hubGate) Suspect(string, int64) {}

// Declined has nobody to name: the door declines under a hold only.
func (g hubGate) Declined(func(string, int64)) {}

// hubSink is the hub as the sink of the engine.
type hubSink struct{ *hub }

// Encode makes the participant's answer to a message.
func (s hubSink) Encode(ef *payment.Effect) {
	p := ef.Payment
	s.mu.Lock()
	defer s.mu.Unlock()
	if ef.Leg == payment.LegRequest {
		s.encoded[p.Key.STAN] = p.Reply
		return
	}
	from := route.Participant(0)
	if ef.Leg == payment.LegCredit {
		from = 1
	}
	a := payment.Event{Kind: payment.AnswerArrived, From: from}
	a.Answer = payment.Answer{
		Payment: p.ID, Leg: ef.Leg, STAN: p.Legs[ef.Leg].STAN, Transmitted: p.Legs[ef.Leg].Transmitted,
		Minor: p.Amount.Minor, Outcome: payment.OK, Code: payment.CodeOf("00"),
	}
	if s.refuse && ef.Leg == payment.LegCredit {
		a.Answer.Outcome, a.Answer.Code = payment.AccountUnknownPayee, payment.CodeOf("14")
	}
	s.owed = append(s.owed, a)
}

// Release lets the answers arrive, and the sender hear.
func (s hubSink) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stan, outcome := range s.encoded {
		s.told[stan] = outcome
	}
	clear(s.encoded)
	if !s.silent {
		s.answer()
	}
}

// answer lets what is owed arrive. The lock is held.
func (h *hub) answer() {
	n := len(h.owed)
	if h.slow {
		n = min(n, 1)
	}
	_, _ = h.e.Submit(h.owed[:n]) // a stopped engine takes none
	h.owed = append(h.owed[:0], h.owed[n:]...)
}

// speak ends a silence.
func (h *hub) speak() { h.set(func() { h.silent = false; h.answer() }) }

// texts are as long as they may be.
var texts = map[payment.TextField]int{
	payment.PayerAccount: 34, payment.PayeeAccount: 34, payment.PayerName: 99, payment.PayeeName: 99, payment.PayerVPA: 255,
	payment.Note: 140, payment.Purpose: 35, payment.UETR: 36, payment.EndToEndID: 35, payment.TransactionID: 35, payment.MsgID: 35,
	payment.InstructionID: 35,
}

// pay asks for so many payments, each a group. The door declines them while the gate
// is held.
func (h *hub) pay(n int) {
	h.t.Helper()
	for range n {
		var held bool
		h.set(func() {
			h.stan++
			if held = h.held; held {
				h.declined++
			} else {
				h.asked++
			}
		})
		if held {
			continue
		}
		e := payment.Event{Kind: payment.RequestArrived, From: 0}
		e.Request = payment.Request{Key: payment.RequestKey{STAN: h.stan, Transmitted: 1122153000, Acquirer: 1}, Hash: uint64(h.stan)}
		e.Request.Amount.Minor, e.Request.Amount.Currency = 100, 356
		for field, length := range texts {
			e.Text.Set(field, bytes.Repeat([]byte{'a' + byte(field)}, length))
		}
		e.Text.Set(payment.PayeeIFSC, []byte("BNKB0000001"))
		h.submit(e)
		h.arrived()
	}
}

// look waits until the machine is as it should be.
func (h *hub) look(as func(*payment.Machine) bool) {
	h.t.Helper()
	for is := false; !is; {
		if err := h.e.Inspect(context.Background(), func(m *payment.Machine) { is = as(m) }); err != nil {
			h.t.Fatal(err)
		}
	}
}

// arrived waits until everything asked for is a payment.
func (h *hub) arrived() {
	h.t.Helper()
	h.look(func(m *payment.Machine) bool {
		all := m.Totals()
		return int(all.Of(payment.Received)) >= h.asked
	})
}

// waiting waits until everything asked for has arrived and so many payments are open.
func (h *hub) waiting(n int) {
	h.t.Helper()
	h.arrived()
	h.look(func(m *payment.Machine) bool { return m.OpenCount() == n })
	for h.e.OpenPayments() != n { // what the watch sees is published after the step
		h.look(func(*payment.Machine) bool { return true })
	}
}

func (h *hub) total(s payment.State) (n int) {
	h.t.Helper()
	h.look(func(m *payment.Machine) bool {
		all := m.Totals()
		n = int(all.Of(s))
		return true
	})
	return n
}
