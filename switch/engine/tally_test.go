package engine

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// withCanaries adds two canaries, BANKC and BANKD.
func withCanaries(c payment.Config) payment.Config {
	for i, id := range []string{"BANKC", "BANKD"} {
		p := c.Participants[i]
		p.ID, p.Handles, p.IFSCPrefixes, p.Canary = id, []string{"h" + id}, []string{"BNK" + id[4:]}, true
		c.Participants = append(c.Participants, p)
	}
	return c
}

// answerTo is the answer of a participant to a leg of the latest payment.
func answerTo(t *testing.T, e *Engine, leg payment.Leg, o payment.Outcome) payment.Event {
	t.Helper()
	ev := payment.Event{Kind: payment.AnswerArrived, Answer: payment.Answer{Leg: leg, Minor: 100, Outcome: o}}
	err := e.Inspect(context.Background(), func(m *payment.Machine) {
		m.OpenPayments(func(p *payment.Payment) {
			l := &p.Legs[leg]
			ev.Answer.Payment, ev.Answer.STAN, ev.Answer.Transmitted = p.ID, l.STAN, l.Transmitted
			if ev.From = p.PayerBank; leg == payment.LegCredit {
				ev.From = p.PayeeBank
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// playTallied plays a payment of each kind of end to its end, or its doubt, and has
// BANKB drained.
func playTallied(t *testing.T, e *Engine, s *sink) {
	t.Helper()
	next := func(events ...payment.Event) {
		submit(t, e, events...)
		<-s.sent
	}
	next(append(append(links(), payment.Event{Kind: payment.LinkUp, From: 2}, payment.Event{Kind: payment.LinkUp, From: 3}), push(1))...)
	next(answerTo(t, e, payment.LegDebit, payment.OK))
	next(answerTo(t, e, payment.LegCredit, payment.OK)) // a success
	next(push(2))
	next(answerTo(t, e, payment.LegDebit, payment.InsufficientFunds)) // declined by its bank
	lost := push(3)
	lost.Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001"))
	next(lost) // declined by a rule
	next(push(4))
	failed := answerTo(t, e, payment.LegDebit, payment.NoOutcome)
	failed.Kind, failed.From = payment.SendFailed, route.Nobody
	next(failed)
	canary := push(5)
	canary.From, canary.Request.Key.From = 2, 2
	canary.Text.Set(payment.PayeeIFSC, []byte("BNKD0000001"))
	next(canary)
	next(answerTo(t, e, payment.LegDebit, payment.OK))
	next(answerTo(t, e, payment.LegCredit, payment.OK))
	next(push(6))
	next(answerTo(t, e, payment.LegDebit, payment.OK))
	next(answerTo(t, e, payment.LegCredit, payment.Pending)) // in doubt
	if _, done, err := e.Command(by("tester", "maintenance", payment.Command{Kind: payment.Drain, Participant: 1})); !done || err != nil {
		t.Fatalf("drained: %v, %v", done, err)
	}
}

// TestTallies: every message and every payment is counted once, where it belongs, and
// the payments of canaries are not.
func TestTallies(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := openWith(t, vfs.NewMem(), Options{Config: withCanaries(testConfig(time.Minute)), Clock: clockOf, Registry: registry})
	s := &sink{sent: make(chan string, 10)}
	stop := start(e, s)
	playTallied(t, e, s)
	p := e.PaymentTally()
	timed := sum(p.Latency[:])
	p.Latency = [LatencyBuckets]uint64{}
	if want := (PaymentTally{Received: 5, Succeeded: 1, Declined: 2, Failed: 1, Faults: [payment.FaultCount]uint64{payment.FaultParticipant: 1}}); p != want || timed != 4 {
		t.Errorf("payments %+v, %d timed", p, timed)
	}
	for _, c := range []struct {
		n     route.Participant
		class payment.Class
		want  Tally
		timed uint64
	}{
		{0, payment.ClassDebit, Tally{Asked: 4, Approved: 2, Declined: 1, Failed: 1}, 3},
		{1, payment.ClassCredit, Tally{Asked: 2, Approved: 1, Failed: 1}, 2},
		{3, payment.ClassCredit, Tally{Asked: 1, Approved: 1}, 1},
		{0, payment.ClassCredit, Tally{}, 0}, {99, payment.ClassDebit, Tally{}, 0}, {0, 99, Tally{}, 0},
	} {
		got := e.Tally(c.n, c.class)
		timed := sum(got.Latency[:])
		got.Latency = [LatencyBuckets]uint64{}
		if got != c.want || timed != c.timed {
			t.Errorf("participant %d, %v: %+v, %d timed", c.n, c.class, got, timed)
		}
	}
	standing := e.Standing()
	if standing.Doubtful != 1 || standing.DoubtfulMinor != 100 || standing.MovingMinor != 100 || standing.Oldest == 0 || standing.DeadLetters != 0 {
		t.Errorf("standing %+v", standing)
	}
	commits := e.CommitTally()
	if commits.Groups == 0 || sum(commits.Latency[:]) != commits.Groups || commits.LastAt == 0 || commits.Events < commits.Groups {
		t.Errorf("commits %+v", commits)
	}
	checkMetrics(t, registry)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Gather(); err != nil {
		t.Errorf("after the end: %v", err)
	}
}

// TestSlowLegs: an answer counts as slow from just above a second on.
func TestSlowLegs(t *testing.T) {
	registry := prometheus.NewRegistry()
	e := openWith(t, vfs.NewMem(), Options{Config: testConfig(time.Minute), Clock: clockOf, Registry: registry})
	sent := &sink{sent: make(chan string, 1)}
	stop := start(e, sent)
	submit(t, e, append(links(), push(1))...)
	<-sent.sent
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, n := range []payment.LegNote{
		{Class: payment.ClassDebit, Result: payment.LegAsked},
		{Class: payment.ClassDebit, Result: payment.LegApproved, Took: int64(time.Second)},
		{Class: payment.ClassDebit, Result: payment.LegApproved, Took: int64(time.Second) + 1},
		{Class: payment.ClassDebit, Result: payment.LegDeclined, Took: int64(time.Hour)},
	} {
		e.tallies.leg(&n)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "switchd_legs_slow_total" && len(f.GetMetric()) == 1 && f.GetMetric()[0].GetCounter().GetValue() == 2 {
			return
		}
	}
	t.Error("not two answers are slow")
}

func sum(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// checkMetrics compares what is shown with what playTallied has done.
func checkMetrics(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	exemplars := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if h := m.GetHistogram(); h != nil && h.Schema != nil {
				got[name] = float64(checkHistogram(t, name, h))
				exemplars += len(h.GetExemplars())
			}
		}
	}
	for name, want := range map[string]float64{
		"switchd_payments_total nobody success push": 1, "switchd_payments_total nobody declined push": 2, "switchd_payments_total participant failed push": 1, "switchd_payments_total switch failed push": 0,
		"switchd_payments_total participant deemed push": 0, "switchd_payments_total nobody reversed collect": 0,
		"switchd_payment_duration_seconds push": 4, "switchd_payment_duration_seconds refund": 0,
		"switchd_leg_duration_seconds debit": 3, "switchd_leg_duration_seconds credit": 2,
		"switchd_legs_total debit BANKA approved": 2, "switchd_legs_total debit BANKA declined": 1, "switchd_legs_total debit BANKA failed": 1,
		"switchd_legs_slow_total debit BANKA": 0, "switchd_legs_total debit BANKA unanswered": 0,
		"switchd_payments_in_doubt": 1, "switchd_payments_in_flight_minor": 100, "switchd_dead_letters": 0,
		"switchd_position_used_ratio BANKA": 200.0 / (1 << 40), "switchd_position_used_ratio BANKB": 0, "switchd_positions_net_minor": 0,
		"switchd_drained BANKA": 0, "switchd_drained BANKB": 1,
	} {
		if v, there := got[name]; !there || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, there, want)
		}
	}
	for _, name := range []string{"switchd_payments_total switch success push", "switchd_payments_total nobody failed push", "switchd_position_used_ratio BANKC", "switchd_drained BANKC", "switchd_legs_total credit BANKD approved", "switchd_legs_slow_total credit BANKD", "switchd_legs_total credit BANKA approved"} {
		if _, there := got[name]; there {
			t.Errorf("%s is there", name)
		}
	}
	if got["switchd_payments_in_doubt_oldest_seconds"] <= 0 || got["switchd_commit_duration_seconds"] == 0 || exemplars == 0 {
		t.Errorf("oldest %v s, %v commits, %d exemplars", got["switchd_payments_in_doubt_oldest_seconds"], got["switchd_commit_duration_seconds"], exemplars)
	}
}

// checkHistogram compares both forms of a histogram with each other, and returns its
// count.
func checkHistogram(t *testing.T, name string, h *dto.Histogram) uint64 {
	t.Helper()
	native, i, at := h.GetZeroCount(), 0, int32(0)
	below := map[int]uint64{} // up to 2^k seconds
	for k := firstOctave; k <= lastOctave; k++ {
		below[k] = native
	}
	last := int64(0)
	for _, span := range h.GetPositiveSpan() {
		at += span.GetOffset()
		for range span.GetLength() {
			last += h.GetPositiveDelta()[i]
			i++
			native += uint64(last)
			for k := range below {
				if float64(at)/8 <= float64(k) { // the bucket's upper bound is 2^(at/8)
					below[k] += uint64(last)
				}
			}
			at++
		}
	}
	if native != h.GetSampleCount() || h.GetSchema() != 3 || i != len(h.GetPositiveDelta()) {
		t.Errorf("%s: %d in the native form, %d counted", name, native, h.GetSampleCount())
	}
	for _, b := range h.GetBucket() {
		if math.IsInf(b.GetUpperBound(), 1) {
			continue
		}
		if k := int(math.Log2(b.GetUpperBound())); b.GetCumulativeCount() != below[k] {
			t.Errorf("%s: %d up to %v s in the classic form, %d in the native", name, b.GetCumulativeCount(), b.GetUpperBound(), below[k])
		}
	}
	for _, x := range h.GetExemplars() {
		if l := x.GetLabel(); len(l) != 1 || l[0].GetName() != "payment" || l[0].GetValue() == "" || x.GetTimestamp() == nil {
			t.Errorf("%s has the exemplar %v", name, x)
		}
	}
	return h.GetSampleCount()
}

// TestHistogramForms: whatever was counted, both forms say the same.
func TestHistogramForms(t *testing.T) {
	var s spread
	for i, ns := range []int64{1, 50_000, 61_036, 70_000, 1e6, 1e6, 2e9, 2e9 + 1, 3e9, 128e9, 129e9, 1e15} {
		s.add(stepOf(ns), ns)
		var m dto.Metric
		if err := (&histogram{desc: commitDuration, from: &s}).Write(&m); err != nil {
			t.Fatal(err)
		}
		if n := checkHistogram(t, fmt.Sprint(ns), m.GetHistogram()); n != uint64(i+1) {
			t.Errorf("%d times are counted, want %d", n, i+1)
		}
	}
}

// TestTallyAllocatesNothing: counting costs the writer no allocation, exemplars included.
func TestTallyAllocatesNothing(t *testing.T) {
	counts := new(tallies)
	c := withCanaries(testConfig(time.Minute))
	for i := range c.Participants {
		c.Participants[i].Number = route.Participant(i)
	}
	counts.open(&c)
	p := &payment.Payment{ID: 7, State: payment.Success, CreatedAt: 1}
	at := int64(1)
	if n := testing.AllocsPerRun(100, func() {
		at += exemplarGap
		p.CreatedAt = at - 1e6
		counts.leg(&payment.LegNote{To: 1, Class: payment.ClassCredit, Result: payment.LegApproved, Took: 1e6})
		counts.moved(&payment.Effect{State: payment.Success, Payment: p, At: at})
		counts.commit(3, at, 1e6)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if counts.exemplars.has[payment.Push][classicOf(stepOf(1e6))].id != 7 {
		t.Error("no exemplar")
	}
}

// BenchmarkTally is what an answer and the end of a payment cost to count.
func BenchmarkTally(b *testing.B) {
	counts := new(tallies)
	counts.open(&payment.Config{Participants: []payment.Profile{{Number: 1}}})
	note := payment.LegNote{To: 1, Class: payment.ClassCredit, Result: payment.LegApproved, Took: 3e6}
	p := &payment.Payment{ID: 7, State: payment.Success}
	ef := payment.Effect{State: payment.Success, Payment: p, At: 9e6}
	b.Run("leg", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			counts.leg(&note)
		}
	})
	b.Run("payment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			counts.moved(&ef)
		}
	})
}
