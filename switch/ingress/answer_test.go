package ingress

import (
	"strings"
	"testing"
	"time"

	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// answers has a link give so many answers, and returns how many of them went on.
func (r *bench) answers(s *link, n int) int {
	ref := translate.Reference(2, payment.LegDebit)
	body := r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"})
	before := r.engine.kinds[payment.AnswerArrived]
	for range n {
		r.answer(s, body, "")
	}
	return r.engine.kinds[payment.AnswerArrived] - before
}

// TestAnswersInVain: a flood of answers that nothing waits for is bounded; what waits
// is answered all the same, and on other lines nothing is lost.
func TestAnswersInVain(t *testing.T) {
	r := newBench(t, Limits{})
	b := &r.a.standing.buckets[classAnswer]
	for range unawaited.Burst - 10 {
		b.take(r.now)
	}
	if n := r.answers(r.a, 100); n != 100 || r.engine.stray != 0 {
		t.Errorf("%d of 100 answers that are awaited went on, %d as stray", n, r.engine.stray)
	}
	r.links.stray = true
	if n := r.answers(r.a, 8) + r.answers(r.a2, 20); n != 10 || r.engine.stray != 10 {
		t.Errorf("%d answers that nothing waits for went on, want the 10 that there is room for; %d as stray", n, r.engine.stray)
	}
	if n := r.answers(r.b, 20); n != 20 {
		t.Errorf("%d of 20 answers of another went on", n)
	}
	r.now += int64(5 * time.Millisecond)
	if n := r.answers(r.a, 20); n != 5 {
		t.Errorf("%d answers went on after 5 ms, want 5", n)
	}
	r.links.stray = false
	if n := r.answers(r.a, 100); n != 100 {
		t.Errorf("%d of 100 answers that are awaited went on beside the flood", n)
	}
	if got := r.limited("BANKA", classAnswer, causeRate); got != 33 || r.limited("BANKB", classAnswer, causeRate) != 0 {
		t.Errorf("%v answers of one are counted, want 33, and %v of the other", got, r.limited("BANKB", classAnswer, causeRate))
	}
	if log := r.log.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "class=answers limit=rate") {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestUsefulAnswersMakeRoom: whoever sends no more in vain than to some purpose, say
// each answer twice, or receipts, is never over the limit, and one that did saves
// nothing up.
func TestUsefulAnswersMakeRoom(t *testing.T) {
	r := newBench(t, Limits{})
	r.links.stray = true
	number := r.a.number
	goesOn := func() bool {
		r.a.strayed = 0
		if r.in.answer(r.a, r.now, new(payment.Event)) {
			t.Fatal("a stray answer goes on as an awaited one")
		}
		return r.a.strayed == 1
	}
	for i := range 3 * unawaited.Burst {
		if !goesOn() {
			t.Fatalf("answer %d that was of use is held against the next", i)
		}
		r.in.Useful(number)
	}
	r.in.Useful(route.Nobody)
	n := 0
	for goesOn() {
		n++
	}
	if n != unawaited.Burst {
		t.Errorf("then %d go on in vain, want %d", n, unawaited.Burst)
	}
	r.in.Useful(number)
	if !goesOn() || goesOn() {
		t.Error("one that was of use makes room for none, or for two")
	}
}

// TestAnswersAboveTheShare of the engine's queue are counted, and told of.
func TestAnswersAboveTheShare(t *testing.T) {
	r := newBench(t, Limits{})
	r.engine.full = engine.ErrShare
	if n := r.answers(r.a, 3); n != 0 {
		t.Errorf("%d went on", n)
	}
	r.links.stray = true
	r.answers(r.a, 2)
	r.engine.full = engine.ErrBusy
	r.answers(r.a, 1)
	r.links.stray = false
	r.answers(r.a, 3)
	if got := r.limited("BANKA", classAnswer, causeShare); got != 5 || !strings.Contains(r.log.String(), "class=answers limit=share") {
		t.Errorf("%v answers are counted, want 5; the log says:\n%s", got, r.log.String())
	}
	if got := r.counted("switchd_messages_shed_total"); got != 9 {
		t.Errorf("%v messages without room are counted, want 9", got)
	}
}
