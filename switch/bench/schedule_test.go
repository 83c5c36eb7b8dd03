package bench

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"switchd/codec/iso8583"
)

// fake is a clock that a test moves.
type fake struct{ now int64 }

func (f *fake) clock() int64 { return f.now }

// TestPacerOpenLoop: every payment is sent once, in order, at its time or at the
// first look after it, and keeps the time at which it was due.
func TestPacerOpenLoop(t *testing.T) {
	c := &fake{now: 1_000_000_000}
	const rate, count = 3000.0, 1000
	type sent struct{ n, due, now int64 }
	var all []sent
	p := pacer{schedule: schedule{start: c.now, rate: rate, count: count}, clock: c.clock, send: func(n, due, now int64) {
		all = append(all, sent{n, due, now})
	}}
	stalls := map[int]int64{5: int64(50 * time.Millisecond), 20: int64(120 * time.Millisecond)}
	for look := 0; ; look++ {
		next, done := p.step()
		if done {
			break
		}
		if next <= c.now {
			t.Fatalf("look %d: the next payment was due %d ns ago and not sent", look, c.now-next)
		}
		c.now = max(next, c.now+int64(time.Millisecond)) + stalls[look]
	}
	if len(all) != count {
		t.Fatalf("%d payments sent, want %d: a late one must not be skipped", len(all), count)
	}
	var latest int64
	for i, s := range all {
		if s.n != int64(i) || s.due != p.due(s.n) || s.now < s.due {
			t.Fatalf("payment %d was sent as %+v", i, s)
		}
		latest = max(latest, s.now-s.due)
	}
	if latest < int64(119*time.Millisecond) || latest > int64(123*time.Millisecond) {
		t.Errorf("the stall of 120 ms made a payment at most %v late", time.Duration(latest))
	}
	if got, want := all[count-1].due-all[0].due, int64(float64(count-1)*1e9/rate); got != want {
		t.Errorf("the last payment is due %d ns after the first, want %d: the times drift", got, want)
	}
}

// TestPacerReadsClockWhileLate: sending takes time too, and the last of a long
// row was not sent when the first was.
func TestPacerReadsClockWhileLate(t *testing.T) {
	c := &fake{}
	var last int64
	p := pacer{schedule: schedule{rate: 1e6, count: 10_000}, clock: c.clock, send: func(_, _, now int64) {
		last = now
		c.now += 1000
	}}
	c.now = int64(time.Second)
	if _, done := p.step(); !done {
		t.Fatal("not all that was due is sent")
	}
	if behind := c.now - last; behind > lookEvery*1000 {
		t.Errorf("the last payment is noted as sent %d ns before it was", behind)
	}
}

func TestFirstAfter(t *testing.T) {
	s := schedule{start: 77, rate: 300, count: 900}
	for _, after := range []int64{0, 77, 78, int64(time.Second), int64(time.Second) + 77, int64(3 * time.Second), int64(time.Hour)} {
		n := s.firstAfter(after)
		if n < s.count && s.due(n) < after || n > 0 && s.due(n-1) >= after {
			t.Errorf("firstAfter(%d) is %d", after, n)
		}
	}
}

func TestTransmitted(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 999, time.UTC).UnixNano()
	if got := transmitted(at); got != 203040506 {
		t.Errorf("DE7 is %010d", got)
	}
}

// options are valid ones for n participants, alternating dialects.
func options(t testing.TB, n int) Options {
	t.Helper()
	o := Options{
		Address: "127.0.0.1:1", Admin: Admin{URL: "http://127.0.0.1:1"}, Rate: 100, Duration: time.Second,
		Clock: func() int64 { return 0 }, Accounts: 50, Seed: 7,
	}
	for i := range n {
		spec, err := iso8583.Builtin([]string{"iso87-npci", "iso87-ascii"}[i%2])
		if err != nil {
			t.Fatal(err)
		}
		c := string(rune('A' + i))
		o.Participants = append(o.Participants, Participant{
			ID: "BANK" + c, Institution: "10000" + string(rune('1'+i)), Handle: "bank" + string(rune('a'+i)), IFSC: "BNK" + c,
			Dialect: spec, TLS: &tls.Config{},
		})
	}
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestValidate(t *testing.T) {
	for name, bend := range map[string]func(*Options){
		"rate":         func(o *Options) { o.Rate = 0 },
		"duration":     func(o *Options) { o.Duration = time.Millisecond },
		"payments":     func(o *Options) { o.Rate, o.Duration = 1e6, time.Hour },
		"participants": func(o *Options) { o.Participants = o.Participants[:1] },
		"links":        func(o *Options) { o.Links = 65 },
		"accounts":     func(o *Options) { o.Accounts = 10_000_000 },
		"share":        func(o *Options) { o.VPAShare = 1.1 },
		"clock":        func(o *Options) { o.Clock = nil },
		"amounts":      func(o *Options) { o.AmountMin = o.AmountMax + 1 },
		"incomplete":   func(o *Options) { o.Participants[1].IFSC = "" },
	} {
		o := options(t, 3)
		bend(&o)
		if o.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := Run(context.Background(), o); err == nil {
			t.Errorf("%s: run", name)
		}
	}
}

// TestDealer: the first participant has its share, payer and payee differ, and the
// same seed deals the same payments.
func TestDealer(t *testing.T) {
	o := options(t, 5)
	o.VPAShare = 0.25
	d, again := newDealer(&o), newDealer(&o)
	const orders = 50_000
	var payers, payees [5]int
	byAddress := 0
	for range orders {
		got := d.next()
		if got != again.next() {
			t.Fatal("one seed dealt two different payments")
		}
		if got.payer == got.payee || got.payerAccount < 1 || got.payerAccount > o.Accounts || got.payeeAccount < 1 || got.payeeAccount > o.Accounts ||
			got.amount < o.AmountMin || got.amount > o.AmountMax {
			t.Fatalf("dealt %+v", got)
		}
		payers[got.payer]++
		payees[got.payee]++
		if got.byAddress {
			byAddress++
		}
	}
	near := func(what string, got int, want float64) {
		if share := float64(got) / orders; share < want-0.02 || share > want+0.02 {
			t.Errorf("%s: %.3f, want %.3f", what, share, want)
		}
	}
	near("payers at the first", payers[0], 0.3)
	near("payers at another", payers[3], 0.7/4)
	near("payees at the first", payees[0], 0.7*0.3/(1-0.7/4))
	near("by address", byAddress, 0.25)
	for _, heavy := range []float64{1, 0.999} {
		o.HeavyShare = heavy
		if got := newDealer(&o).next(); got.payer == got.payee {
			t.Errorf("heavy share %g: paid to itself", heavy)
		}
	}
}
