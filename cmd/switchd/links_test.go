package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"switchd/session/gnetio"
	"switchd/switch/ingress"
	"switchd/switch/payment"
	"switchd/switch/simbank"
	"switchd/switch/translate"
)

// cutting is a listener whose connections a test can cut.
type cutting struct {
	net.Listener
	mu   sync.Mutex // guards open
	open []net.Conn
}

func (c *cutting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open = append(c.open, conn)
	}
	return conn, err
}

// cut resets the oldest connection, if there is one.
func (c *cutting) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 0 {
		_ = c.open[0].(*net.TCPConn).SetLinger(0)
		_ = c.open[0].Close()
		c.open = c.open[1:]
	}
}

// manyLinks is the demo with several links for each bank: the first opens three, the
// others listen and are dialled, in two groups and in one. Answers go out on any.
func manyLinks(t *testing.T) (*demo, map[string]*cutting) {
	t.Helper()
	dir := t.TempDir()
	cfg, err := demoConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Limits.Links = 64
	d, listeners := &demo{flags: demoFlags{seed: 7}}, map[string]*cutting{}
	if d.node, err = newNode(cfg, slog.New(slog.DiscardHandler), false); err != nil {
		t.Fatal(err)
	}
	work, stop := context.WithCancel(t.Context())
	started := make(chan struct{})
	var all errgroup.Group
	all.Go(func() error { return d.node.run(work, func() { close(started) }) })
	t.Cleanup(func() {
		stop()
		if err := all.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	select {
	case <-started:
	case <-time.After(patience):
		t.Fatal("the switch does not start")
	}
	certDir := filepath.Join(dir, "certs")
	flags := bankFlags{
		connect: d.node.server.Addr(), certs: certDir, accounts: 10, balance: 10_000_000, rate: 60,
		answerTimeout: 3 * time.Second, repeatsMax: 10, drain: 10 * time.Second, faults: true,
	}
	peers := map[string]gnetio.Peer{}
	for i, p := range demoParticipants {
		flags.id, flags.seed = p.ID, uint64(i)
		flags.keyFiles(filepath.Join(dir, "keys"), certDir)
		if flags.links = 3; i > 0 {
			flags.connect, flags.listen = "", "127.0.0.1:0"
		}
		o, err := flags.options(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			listeners[p.ID] = &cutting{Listener: o.Listener}
			o.Listener = listeners[p.ID]
			dial := []gnetio.Target{{Addresses: []string{o.Listener.Addr().String()}, Links: 2}}
			if i == 1 {
				dial = append(dial, gnetio.Target{Group: 1, Addresses: []string{o.Listener.Addr().String()}, Links: 1})
			}
			peers[p.ID] = gnetio.Peer{Dial: dial}
		}
		bank, err := simbank.New(o)
		if err != nil {
			t.Fatal(err)
		}
		d.banks, d.ids = append(d.banks, bank), append(d.ids, p.ID)
		all.Go(func() error { return bank.Run(work) })
	}
	if err := d.node.server.SetAccess(gnetio.Access{Peers: peers}); err != nil {
		t.Fatal(err)
	}
	return d, listeners
}

// TestManyLinks: participants with several links, opened and dialled, whose answers
// come late, twice or on another link than their request, and whose links are cut
// all the time: no answer is lost for it, and all books balance.
func TestManyLinks(t *testing.T) {
	t.Parallel()
	d, listeners := manyLinks(t)
	up := func() int { return d.node.linksUp() }
	until(t, patience, "eight links are signed on", func() bool { return up() == 8 })
	for cuts := range 8 {
		before := said(t, d.node).Payments
		until(t, patience, "twenty payments more", func() bool { return said(t, d.node).Payments >= before+20 })
		for _, l := range listeners {
			l.cut()
		}
		if cuts%4 == 3 {
			until(t, patience, "all links are back", func() bool { return up() == 8 })
		}
	}
	r := d.settle(t.Context(), func(context.Context) {})
	if !r.BooksBalanced || r.Success < 50 {
		t.Errorf("%+v, faults %v", r, r.faults)
	}
	for i, b := range d.banks {
		if s := b.Stats(); s.Answers == 0 || s.SignOns < 2 {
			t.Errorf("%s: %d answers, %d sign-ons", d.ids[i], s.Answers, s.SignOns)
		}
	}
	if n := sample(t, d, "switchd_messages_unmatched_total"); n != 0 {
		t.Errorf("%v answers found no message", n)
	}
	if n := sample(t, d, "switchd_notices_total", "late"); n == 0 {
		t.Error("no answer was late: the test shows nothing")
	}
}

// sample reads a metric of the node.
func sample(t *testing.T, d *demo, name string, label ...string) float64 {
	t.Helper()
	families, err := d.node.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (len(label) == 0 || m.GetLabel()[0].GetValue() == label[0]) {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %v", name, label)
	return 0
}

// arrival is a message on one of several links.
type arrival struct {
	on *client
	*message
}

// anyOf reads several links of a participant at once; echoes are answered.
func anyOf(t *testing.T, links ...*client) func() arrival {
	t.Helper()
	came := make(chan arrival, 100)
	for _, c := range links {
		go func() {
			for {
				m, err := c.next(patience)
				if err != nil {
					return // the test has ended, or fails for want of a message
				}
				came <- arrival{c, m}
			}
		}()
	}
	return func() arrival {
		t.Helper()
		for {
			select {
			case a := <-came:
				if a.mti != "0800" || a.de[70] != "301" {
					return a
				}
				a.on.send(a.answer("00", 7, 11, 70))
			case <-time.After(patience):
				t.Fatal("no message")
			}
		}
	}
}

// TestLateAnswerOnAnotherLink: what a bank says too late, and on another link than it
// was asked on, finds its payment; so do answers in time. All that is about one
// account has come on one link.
func TestLateAnswerOnAnotherLink(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 4)
	p := s.serve()
	links := []*client{s.connect("BANKC"), s.connect("BANKC")}
	for _, c := range links {
		c.signOn()
	}
	s.connect("BANKD").signOn()
	next := anyOf(t, links...)
	other := func(c *client) *client {
		if c == links[0] {
			return links[1]
		}
		return links[0]
	}
	late := s.metric(`switchd_notices_total{notice="late"}`)
	const rounds = 4
	var stray *message
	for i := range rounds {
		push := links[i%2].payAccount("BANKC", "BANKD")
		links[i%2].send(push)
		debit := next()
		for debit.mti == "0421" { // a repeat that crossed our answer
			debit = next()
		}
		if debit.mti != "0200" || debit.tags[1] != "DEBIT" {
			t.Fatalf("a %s %v, want the debit", debit.mti, debit.tags)
		}
		var reversal arrival
		for answered := false; reversal.message == nil || !answered; { // in whichever order
			switch a := next(); {
			case a.mti == "0420" || a.mti == "0421":
				reversal = a
			case a.mti == "0210" && a.de[11] == push.de[11] && a.de[39] != "00":
				answered = true
			default:
				t.Fatalf("a %s %v, want the reversal, or a no to the payer's PSP", a.mti, a.de)
			}
		}
		if reversal.on != debit.on {
			t.Error("the reversal has come on another link than its debit")
		}
		yes := debit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103)
		yes.de[38] = "A00001"
		other(debit.on).send(yes)
		stray = yes
		other(reversal.on).send(reversal.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 90, 102))
		until(t, patience, "the payment is closed", func() bool {
			got, ok := s.summary()
			return ok && got.Open == 0
		})
	}
	if n := s.metric(`switchd_notices_total{notice="late"}`) - late; n != rounds {
		t.Errorf("%v answers were late, want %d", n, rounds)
	}
	if n := s.metric("switchd_messages_unmatched_total") + s.metric(`switchd_notices_total{notice="unmatched"}`); n != 0 {
		t.Errorf("%v answers found nothing", n)
	}
	never := translate.Reference(1<<40, payment.LegDebit)
	stray.de[37] = string(never[:])
	links[0].send(stray)
	until(t, patience, "the answer to a payment that there is not is shown", func() bool {
		var shown ingress.Diagnosis
		return s.get("/api/v1/participants/BANKC/diagnosis", &shown) == nil && len(shown.Unmatched) == 1
	})
	if got, _ := s.summary(); got.States["FAILED_REVERSED"] != rounds {
		t.Errorf("%+v", got.States)
	}
	s.stopClean(p)
}
