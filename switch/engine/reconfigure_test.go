package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// with is the test configuration with further participants.
func with(ids ...string) payment.Config {
	c := testConfig(time.Minute)
	for _, id := range ids {
		p := c.Participants[0]
		p.ID, p.Handles, p.IFSCPrefixes = id, []string{strings.ToLower(id)}, nil
		c.Participants = append(c.Participants, p)
	}
	return c
}

// TestReconfigure: a change takes effect while the engine runs, keeps numbers, and
// is what a restart finds.
func TestReconfigure(t *testing.T) {
	fs := vfs.NewMem()
	e := openOn(t, fs, with())
	stop := start(e, &sink{})
	ctx := context.Background()
	without := with("BANKD")
	without.Participants = without.Participants[1:] // BANKB, BANKD
	for i, step := range []struct {
		config  payment.Config
		changed bool
		ids     string // of those who are listed, by their numbers
	}{
		{with(), false, "BANKA BANKB"},
		{with("BANKC"), true, "BANKA BANKB BANKC"},
		{with("BANKC"), false, "BANKA BANKB BANKC"},
		{without, true, "- BANKB - BANKD"},
		{with("BANKD", "BANKC"), true, "BANKA BANKB BANKC BANKD"},
	} {
		preview, err := e.Preview(step.config)
		if err != nil || listed(preview) != step.ids {
			t.Fatalf("step %d: a preview of %v, %v", i, preview, err)
		}
		changed, err := e.Reconfigure(ctx, step.config, tester)
		if err != nil || changed != step.changed {
			t.Fatalf("step %d: %v %v", i, changed, err)
		}
		if got := listed(e.Config()); got != step.ids {
			t.Errorf("step %d: %s, want %s", i, got, step.ids)
		}
		err = e.Inspect(ctx, func(m *payment.Machine) {
			if m.Config() != e.Config() {
				t.Errorf("step %d: the machine has another configuration", i)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Reconfigure(ctx, with(), tester); !errors.Is(err, ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
	again := openOn(t, fs, with("BANKC", "BANKD"))
	if got, want := listed(again.Config()), "BANKA BANKB BANKC BANKD"; got != want {
		t.Errorf("after a restart %s, want %s", got, want)
	}
	if err := start(again, &sink{})(); err != nil {
		t.Error(err)
	}
}

func listed(c *payment.Config) string {
	var ids []string
	for i := range c.Participants {
		p := &c.Participants[i]
		if p.Number != route.Participant(i) {
			return "a number is not its place"
		}
		if id := p.ID; p.Listed() {
			ids = append(ids, id)
		} else {
			ids = append(ids, "-")
		}
	}
	return strings.Join(ids, " ")
}

// TestReconfigureRefuses: what is not good changes nothing, and stands in nobody's
// way.
func TestReconfigureRefuses(t *testing.T) {
	e := openOn(t, vfs.NewMem(), with())
	if _, err := e.Reconfigure(context.Background(), with("BANKC"), tester); err == nil {
		t.Error("taken before the start")
	}
	stop := start(e, &sink{})
	before := e.Config()
	for name, spoil := range map[string]func(*payment.Config){
		"claimed":     func(c *payment.Config) { c.Participants[1].Handles = c.Participants[0].Handles },
		"twice":       func(c *payment.Config) { c.Participants[1].ID = "BANKA" },
		"no timer":    func(c *payment.Config) { c.Participants[1].Timers.Debit = 0 },
		"currency":    func(c *payment.Config) { c.Currency = 840 },
		"institution": func(c *payment.Config) { c.Participants[0].Institution = "2" },
		"canary":      func(c *payment.Config) { c.Participants[0].Canary = true },
	} {
		c := with()
		spoil(&c)
		if _, err := e.Preview(c); err == nil {
			t.Errorf("%s: the preview is fine", name)
		}
		if changed, err := e.Reconfigure(context.Background(), c, tester); err == nil || changed || e.Config() != before {
			t.Errorf("%s: %v %v", name, changed, err)
		}
	}
	if changed, err := e.Reconfigure(context.Background(), with("BANKC"), tester); err != nil || !changed {
		t.Errorf("after those: %v %v", changed, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestReconfigureWaits: one whose time is over may still take effect; until then no
// other is taken.
func TestReconfigureWaits(t *testing.T) {
	e := openOn(t, vfs.NewMem(), with())
	stop := start(e, &sink{})
	held, let := make(chan struct{}), make(chan struct{})
	go func() {
		_ = e.Inspect(context.Background(), func(*payment.Machine) { close(held); <-let }) // the writer stands still
	}()
	<-held
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Reconfigure(ctx, with("BANKC"), tester); !errors.Is(err, ErrUndecided) || !errors.Is(err, context.Canceled) {
		t.Errorf("with a writer that stands still: %v", err)
	}
	if _, err := e.Preview(with("BANKD")); !errors.Is(err, ErrChanging) {
		t.Errorf("a preview of a second one: %v", err)
	}
	if _, err := e.Reconfigure(context.Background(), with("BANKD"), tester); !errors.Is(err, ErrChanging) {
		t.Errorf("a second one: %v", err)
	}
	close(let)
	for { // nobody else is told, so we ask
		if _, err := e.Reconfigure(context.Background(), with("BANKC"), tester); err == nil {
			break
		} else if !errors.Is(err, ErrChanging) {
			t.Fatal(err)
		}
	}
	if got := listed(e.Config()); got != "BANKA BANKB BANKC" {
		t.Error(got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestReconfigureUnderLoad: changes and payments race, and none is lost.
func TestReconfigureUnderLoad(t *testing.T) {
	fs := vfs.NewMem()
	e := openOn(t, fs, with())
	stop := start(e, &sink{})
	submit(t, e, links()...)
	const changes, payments = 50, 500
	var work sync.WaitGroup
	work.Go(func() {
		for i := range changes {
			c := with("BANKC")
			c.OpenMax += i
			if changed, err := e.Reconfigure(context.Background(), c, tester); !changed || err != nil {
				t.Errorf("change %d: %v %v", i, changed, err)
			}
		}
	})
	work.Go(func() {
		for stan := range uint32(payments) {
			submit(t, e, push(stan+1))
		}
	})
	work.Wait()
	if _, done, err := e.Command(Order{}); done || err != nil { // it is behind all payments
		t.Fatalf("a command without a reason: %v %v", done, err)
	}
	if known, _ := totals(t, e); known != payments {
		t.Errorf("%d payments of %d", known, payments)
	}
	if got, want := e.Config().OpenMax, with().OpenMax+changes-1; got != want {
		t.Errorf("open_max %d, want %d", got, want)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// tester is who reloads in these tests.
var tester = Author{Reason: "a test", Operator: "tester"}
