package bench

import (
	"testing"

	"switchd/codec/frame"
)

// answerOf is the frame of a yes to own payment n.
func (l *link) answerOf(t *testing.T, n, amount int64) []byte {
	t.Helper()
	body := compose(t, l.at.Dialect, mtiPosting.Response(), map[int]string{
		4: string(digits(nil, uint64(amount), 12)), 11: string(digits(nil, uint64(n), 6)), 37: "ABC" + string(digits(nil, uint64(n), 9)), 39: "00",
	}, nil)
	b, err := l.at.Framing.End(append(l.at.Framing.Begin(nil), body...), 0, frame.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAnsweredAfterKill: a payment that was in flight at a kill, and is answered by the
// switch that was started again, does not stand for one that is still waited for.
func TestAnsweredAfterKill(t *testing.T) {
	l := newLink(t, 2, 0)
	r := l.run
	for n := int64(1); n <= 4; n++ {
		r.open.open(n, 10, &order{payer: 0, payee: 1, amount: 800})
		r.sent.Add(1)
	}
	burst := func(numbers ...int64) {
		t.Helper()
		var b []byte
		for _, n := range numbers {
			b = append(b, l.answerOf(t, n, 800)...)
		}
		if used, err := l.burst(b, 20*ms); err != nil || used != len(b) {
			t.Fatalf("%d of %d bytes, %v", used, len(b), err)
		}
	}
	burst(1)
	r.lastBefore.Store(4)
	burst(2) // sent before the switch was killed, read after
	// Payments 3 and 4 are in flight.
	r.out.report.InFlight = 2
	r.out.at = interval{10, 20}
	r.sent.Add(-2)
	r.moved.Store(&Admin{})
	for n := int64(5); n <= 6; n++ {
		r.open.open(n, 10, &order{payer: 0, payee: 1, amount: 800})
		r.sent.Add(1)
	}
	burst(3, 5)
	if open := r.sent.Load() - r.answered.Load(); open != 1 {
		t.Errorf("%d payments are waited for, want the one that was sent after the kill", open)
	}
	if l.tally.answered != 4 || l.tally.before != 1 || l.tally.told[1] != 4*800 {
		t.Errorf("%+v", l.tally)
	}
	burst(6)
	if r.sent.Load() != r.answered.Load() {
		t.Errorf("%d sent, %d answered", r.sent.Load(), r.answered.Load())
	}
	f := &facts{last: Sample{Answered: r.answered.Load()}}
	if r.begunAgain(f); f.last.Answered != 6 {
		t.Errorf("%d payments were achieved, want all six: four answered and two in flight", f.last.Answered)
	}
}
