package crash

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// TestHonestRun: without any crash the oracle has nothing to say, the script reaches
// what payments can come to, and the same seed makes the same messages, so that a
// cut of a sweep can be repeated alone.
func TestHonestRun(t *testing.T) {
	var first []message
	for range 2 {
		s := newScript(*seedFlag, 500)
		fs := vfs.NewCrashableMem()
		r := newRun(s, place{fs: fs})
		r.restarts, r.flushes = []int{100, 300}, 7
		if err := r.play(); err != nil {
			t.Fatal(err)
		}
		for _, f := range r.o.faults {
			t.Error(f)
		}
		v := judge(fs, s, r.moment(func() {}))
		if why := v.broken(); why != "" || v.payments != len(s.plans) || v.open != 0 {
			t.Errorf("%d payments, %d open: %s", v.payments, v.open, why)
		}
		all := r.at.post.soFar()
		for i := range first {
			if i >= len(all) || first[i] != all[i] {
				t.Errorf("the same seed has made %d other messages, from the %d. on: %+v", len(all), i, first[i])
				break
			}
		}
		first = all
	}
	states, legs := map[payment.State]int{}, map[payment.Leg]int{}
	for _, m := range first {
		legs[m.leg]++
		if m.leg == payment.LegRequest && !m.repeat {
			states[m.state]++
		}
	}
	t.Logf("answers in %v, messages %v", states, legs)
	for _, s := range []payment.State{payment.Success, payment.Declined, payment.CreditUnknown, payment.DebitRevSent} {
		if states[s] == 0 {
			t.Errorf("nobody is answered in %v", s)
		}
	}
	for leg := payment.LegRequest; leg < payment.LegEnquiry; leg++ {
		if legs[leg] == 0 {
			t.Errorf("no message of %v", leg)
		}
	}
}
