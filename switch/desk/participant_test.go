package desk

import (
	"slices"
	"testing"
	"time"

	"switchd/session/gnetio"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// TestEarliestCertificate: links without a certificate have none that ends.
func TestEarliestCertificate(t *testing.T) {
	links := []gnetio.LinkInfo{{Participant: "BANKA", Expires: 9}, {Participant: "BANKA"}, {Participant: "BANKA", Expires: 7}, {Participant: "BANKB", Expires: 1}, {Participant: "BANKC"}}
	for id, want := range map[string]int64{"BANKA": 7, "BANKB": 1, "BANKC": 0} {
		if got := earliest(links, id); got != want {
			t.Errorf("%s: %d, want %d", id, got, want)
		}
	}
}

// TestRateAfterAStall: looks that are long apart, since the writer did not answer, change no
// rate, neither at that look nor later, and neither of the trend.
func TestRateAfterAStall(t *testing.T) {
	w, p := newWatcher(nil), &insideParticipant{Profile: &payment.Profile{Number: 1}}
	var all counts
	var v view.Participant
	for now := int64(1); w.looks < 4*pointLooks; w.looks++ {
		v = view.Participant{}
		w.lately(p, &v, &all, now*int64(time.Second), 1)
		if w.looks > 0 && v.Latest.PerSecond != 100 {
			t.Errorf("look %d: %v a second in the latest %v s", w.looks, v.Latest.PerSecond, v.Latest.Seconds)
		}
		seconds := int64(1)
		if w.looks == pointLooks+2 {
			seconds = 30
		}
		now += seconds
		all.good += uint64(100 * seconds)
	}
	if want := []float64{100, 100, 100}; !slices.Equal(v.TrendTPS, want) {
		t.Errorf("the trend is %v", v.TrendTPS)
	}
}

// TestUntoldByParticipant: who has to call a bank sees which, and about how much money.
func TestUntoldByParticipant(t *testing.T) {
	r := newRig(t)
	r.open(1)           // a debit that is not answered: BANKA is asked
	credit := r.open(2) // a credit that is not answered: BANKB is
	r.submit(answer(0, credit, payment.LegDebit, payment.OK, "00"))
	r.expect(payment.LegCredit)
	r.watch.look(t.Context())
	told := func(when string, want [2]view.Participant) {
		t.Helper()
		all, err := r.Participants(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			got, want := &all.Participants[i], &want[i]
			if got.Latest.Open != want.Latest.Open || got.Latest.InDoubt != want.Latest.InDoubt || got.InDoubtMinor != want.InDoubtMinor {
				t.Errorf("%s, %s: %d open, %d in doubt, %d; want %d, %d, %d", when, got.ID, got.Latest.Open, got.Latest.InDoubt, got.InDoubtMinor, want.Latest.Open, want.Latest.InDoubt, want.InDoubtMinor)
			}
		}
	}
	waits := view.Participant{Latest: view.Sample{Open: 1}}
	told("in time", [2]view.Participant{waits, waits})
	r.late(2 * time.Minute)
	r.settle()
	r.watch.look(t.Context())
	doubted := view.Participant{Latest: view.Sample{InDoubt: 1}, InDoubtMinor: 12_345}
	told("too late", [2]view.Participant{doubted, doubted})
	r.submit(answer(1, credit, payment.LegCredit, payment.OK, "ACSC"))
	r.settle()
	r.pass(time.Second)
	r.watch.look(t.Context())
	told("answered", [2]view.Participant{doubted, {}})
}

// TestOrderShowsAtOnce: an order's effect on a participant does not wait for the next look.
func TestOrderShowsAtOnce(t *testing.T) {
	r := newRig(t, func(o *Options) { o.TwoPerson = false })
	r.settle()
	r.watch.look(t.Context())
	is := func(state string, drained bool) {
		t.Helper()
		p, err := r.Participant(t.Context(), "BANKB")
		if err != nil || p.State != state || p.Drained != drained {
			t.Errorf("%+v %v", p, err)
		}
		all, _ := r.Participants(t.Context())
		if i := slices.IndexFunc(all.Participants, func(p view.Participant) bool { return p.ID == "BANKB" }); all.Participants[i].State != state {
			t.Errorf("%s in the list", all.Participants[i].State)
		}
	}
	is(stateUp, false)
	do := func(o view.Order) {
		t.Helper()
		o.Participant, o.Reason = "BANKB", "a test"
		if _, err := r.Do(t.Context(), omar, o); err != nil {
			t.Fatal(err)
		}
	}
	before := r.latest.Load()
	do(view.Order{Command: "drain"})
	is(stateDrained, true)
	if before.participants.Participants[1].Drained {
		t.Error("the picture that readers hold was changed")
	}
	do(view.Order{Command: "resume"})
	is(stateUp, false)
	do(view.Order{Command: "set-cap", Amount: "5.00"})
	if p, _ := r.Positions(t.Context()); p.Positions[1].Cap != 500 || p.Positions[0].Cap == 500 {
		t.Errorf("%+v", p)
	}
	if p, _ := r.Participant(t.Context(), "BANKB"); p.Position.Cap != 500 {
		t.Errorf("%+v", p)
	}
}
