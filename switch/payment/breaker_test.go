package payment

import (
	"testing"
	"time"
)

// TestBreakerWindow: half of the last twenty open it as well, and not before there
// were twenty.
func TestBreakerWindow(t *testing.T) {
	s := Breaker{}.withDefaults()
	var b breaker
	for i := range 40 {
		opens := b.note(i%2 == 1, &s)
		if want := i >= 19 && i%2 == 1; opens != want {
			t.Fatalf("after %d results, every second a failure: opens %v", i+1, opens)
		}
	}
	b = breaker{}
	for i := range 1001 {
		if b.note(i%3 == 0, &s) {
			t.Fatalf("a third of failures opens it after %d", i+1)
		}
	}
	for i := range 5 {
		if opens := b.note(true, &s); opens != (i == 4) {
			t.Fatalf("failure %d in a row: opens %v", i+1, opens)
		}
	}
}

// TestBreakerTries: tries that nobody answers do not keep it half-open for ever.
func TestBreakerTries(t *testing.T) {
	m := newStepper().m
	m.now, m.out = 1000, nil
	for range 5 {
		m.result(1, ClassDebit, true)
	}
	if !m.blocked(1, ClassDebit) || m.blocked(1, ClassCredit) || m.blocked(0, ClassDebit) {
		t.Fatal("five failures in a row block this class at this participant")
	}
	for round := range 3 {
		m.now += int64(30 * time.Second)
		for i := range 3 {
			if m.blocked(1, ClassDebit) {
				t.Fatalf("round %d: try %d is blocked", round, i+1)
			}
			m.try(1, ClassDebit)
		}
		if !m.blocked(1, ClassDebit) {
			t.Fatalf("round %d: a fourth may try", round)
		}
	}
	m.result(1, ClassDebit, true)
	if h := m.Health(1, ClassDebit); h.Breaker != BreakerOpen {
		t.Fatalf("a failed try leaves it %v", h.Breaker)
	}
}

// TestFlow follows a bank that gets slow and recovers: answers of the usual time
// let its limit grow as far as it is used, slow ones bring it down.
func TestFlow(t *testing.T) {
	var s Flow
	f := flow{}
	run := func(answers int, took time.Duration) int {
		for range answers {
			f.inFlight = int32(f.most(&s)) - 1 // used to the limit
			f.learn(int64(took), &s)
		}
		return f.most(&s)
	}
	start := f.most(&s)
	healthy := run(2000, 20*time.Millisecond)
	slow := run(300, 14*time.Second)
	again := run(20_000, 20*time.Millisecond)
	t.Logf("at first %d, healthy %d, slow %d, again %d", start, healthy, slow, again)
	if start != flowStart || healthy <= start || slow != flowMin || again <= start {
		t.Error("the limit does not follow the answer time")
	}
	idle := flow{}
	for range 1001 {
		idle.learn(int64(20*time.Millisecond), &s)
	}
	if idle.most(&s) != flowStart {
		t.Errorf("a limit that nobody needs has moved to %d", idle.most(&s))
	}
}

func TestRoot(t *testing.T) {
	for n := int64(1); n < 70_000; n++ {
		if r := root(n); r*r > n || (r+1)*(r+1) <= n {
			t.Fatalf("root of %d is %d", n, r)
		}
	}
}
