package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"switchd/session/faultline"
	"switchd/switch/logtext"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/simbank"
)

// inside is a scheme whose switch and participants run in this process, over real
// sockets and mutual TLS, each participant behind a line that a test can spoil.
type inside struct {
	*scheme
	*demo
	members map[string]*member
	said    logtext.Text // the switch's lines
}

// member is a simulated participant and its line.
type member struct {
	*simbank.Bank
	line   *faultline.Proxy
	number route.Participant
	first  schemeParticipant
}

// quickTimers are for tests that cut lines: a message that was lost with its line is
// known by its timer only, as its answer may still come on another one.
const quickTimers = "resolve: 150ms, debit: 150ms, credit: 150ms, total: 5s, reversal: 100ms, backoff_min: 50ms, backoff_max: 200ms, give_up: 1m, credit_unknown: 200ms, idle: 5s, echo: 1s"

// newInside starts a switch and its participants and waits until all are signed on.
// change may alter what a participant is; root are further keys of the configuration.
func newInside(t testing.TB, timers string, all []schemeParticipant, change func(*simbank.Options), root ...string) *inside {
	t.Helper()
	s := newSchemeOf(t, timers, all, all)
	text, err := os.ReadFile(s.config)
	if err == nil {
		err = os.WriteFile(s.config, []byte(string(text)+strings.Join(root, "\n")+"\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(s.config, true)
	if err != nil {
		t.Fatal(err)
	}
	in := &inside{scheme: s, demo: &demo{}, members: map[string]*member{}}
	if in.node, err = newNode(cfg, newLoggerOf(&in.said, cfg.Log, false), false); err != nil {
		t.Fatal(err)
	}
	work, stop := context.WithCancel(context.Background())
	started := make(chan struct{})
	var running errgroup.Group
	t.Cleanup(func() {
		stop()
		if err := running.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	running.Go(func() error { return in.node.run(work, func() { close(started) }) })
	select {
	case <-started:
	case <-time.After(patience):
		t.Fatal("the switch does not start")
	}
	for i, p := range all {
		if p.Played {
			in.members[p.ID] = &member{first: p}
			continue
		}
		line, err := faultline.Listen(faultline.Options{Target: s.listen, Seed: uint64(i), Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		flags := bankFlags{
			id: p.ID, connect: line.Addr(), certs: s.certs(), links: 1, accounts: 100, balance: 1_000_000_000,
			answerTimeout: time.Minute, repeatsMax: 100, drain: time.Second, seed: uint64(i),
		}
		if strings.Contains(p.Extra, "mac:") {
			flags.macKey = filepath.Join(s.dir, p.ID+"-mac.key")
			if err := os.WriteFile(flags.macKey, []byte(labKey+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o, err := flags.options(cfg)
		if err != nil {
			t.Fatal(err)
		}
		o.BackoffMin, o.BackoffMax = time.Millisecond, 50*time.Millisecond
		change(&o)
		b, err := simbank.New(o)
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() error { return line.Run(work) })
		running.Go(func() error { return b.Run(work) })
		in.demo.banks, in.demo.ids = append(in.demo.banks, b), append(in.demo.ids, p.ID)
		in.members[p.ID] = &member{Bank: b, line: line, first: p}
	}
	for _, p := range in.node.engine.Config().Participants {
		if m := in.members[p.ID]; m != nil { // canaries are none
			m.number = p.Number
		}
	}
	s.signedOn(patience, in.demo.ids...)
	return in
}

// account is the number of the n-th account of a participant, from 1.
func (m *member) account(n int) string { return fmt.Sprintf("%s%04d", m.first.Institution, n) }

// to is a payment to the first account at a participant.
func (m *member) to(amount int64) simbank.Order {
	return simbank.Order{PayeeAccount: m.account(1), PayeeIFSC: m.first.IFSC + "0000001", Amount: amount}
}

// up is the line of a participant that is signed on, once there is one.
func (in *inside) up(m *member) *faultline.Line {
	in.t.Helper()
	until(in.t, patience, "a line is up", func() bool { return m.Stats().Ready && len(m.line.Lines()) == 1 })
	return m.line.Lines()[0]
}

// afresh ends the line of a participant and waits for the next.
func (in *inside) afresh(m *member) {
	in.t.Helper()
	signOns := m.Stats().SignOns
	for _, l := range m.line.Lines() {
		l.End(faultline.Reset)
	}
	until(in.t, patience, "it signs on again", func() bool { return m.Stats().SignOns > signOns })
}

// health is what the machine holds of a class at a participant.
func (in *inside) health(m *member, c payment.Class) (h payment.Health) {
	in.t.Helper()
	if err := in.node.engine.Inspect(in.t.Context(), func(machine *payment.Machine) { h = machine.Health(m.number, c) }); err != nil {
		in.t.Fatal(err)
	}
	return h
}

// said is what a switch in this process says of itself.
func said(t *testing.T, n *node) (s summary) {
	t.Helper()
	until(t, patience, "a summary", func() (ok bool) {
		var err error
		s, err = n.summary(t.Context())
		return err == nil
	})
	return s
}

// balanced ends all payments and compares all books.
func (in *inside) balanced() demoResult {
	in.t.Helper()
	r := in.settle(in.t.Context(), func(context.Context) {})
	if !r.BooksBalanced || r.Open != 0 {
		in.t.Errorf("%+v: %v", r, r.faults)
	}
	return r
}

// trickle pays from one participant to another, one payment behind the other, until it
// is stopped. It says how many payments that were, what went wrong, and how long each
// took.
func (in *inside) trickle(from, to *member) (stop func() (paid int, wrong []string, took times)) {
	over, done := make(chan struct{}), make(chan struct{})
	var paid int
	var wrong []string
	var took times
	go func() {
		defer close(done)
		for !isClosed(over) {
			began := time.Now()
			r, err := from.Send(in.t.Context(), to.to(100))
			if took = append(took, time.Since(began)); err != nil || r.Outcome != "success" {
				wrong = append(wrong, fmt.Sprintf("%s %s %s %v", r.Outcome, r.Code, r.UPI, err))
			}
			paid++
		}
	}()
	return func() (int, []string, times) {
		close(over)
		<-done
		return paid, wrong, took
	}
}

// times are how long payments took.
type times []time.Duration

// at is a percentile.
func (l times) at(percent int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	return l[(len(l)-1)*percent/100]
}

// median of some values.
func median[T cmp.Ordered](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}
