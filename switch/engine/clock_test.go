package engine

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
)

// TestClockFarBehind: a start whose clock is more than a day behind the journal is
// refused, and records nothing, unless somebody has said that it is right. One that is
// ahead by any time is not.
func TestClockFarBehind(t *testing.T) {
	fs := vfs.NewMem()
	if err := start(openOn(t, fs, testConfig(time.Minute)), &sink{})(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		off     time.Duration
		accept  bool
		refused bool
	}{{-25 * time.Hour, false, true}, {-25 * time.Hour, true, false}, {-23 * time.Hour, false, false}, {1000 * time.Hour, false, false}} {
		j, s := stores(t, fs, nil)
		next := j.Next()
		e, err := Open(Options{
			Log: j, State: s, Config: testConfig(time.Minute), Logger: slog.New(slog.DiscardHandler), AcceptClock: c.accept,
			Clock: func() int64 { return clockOf() + int64(c.off) },
		})
		if errors.Is(err, ErrClockBehind) != c.refused || !c.refused && err != nil {
			t.Errorf("%v, accepted %v: %v", c.off, c.accept, err)
		}
		if err == nil {
			if err := start(e, &sink{})(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if j.Next() != next {
			t.Errorf("%v: something was recorded", c.off)
		}
		if err := errors.Join(j.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// deadlines is a sink that tells by when debits, and answers to senders, must have left.
type deadlines struct{ debits, answers chan int64 }

func (d deadlines) Encode(ef *payment.Effect) {
	switch ef.Leg {
	case payment.LegDebit:
		d.debits <- ef.NotAfter
	case payment.LegRequest:
		d.answers <- ef.NotAfter
	}
}
func (deadlines) Release() {}

// TestNotAfterIsByTheClock: whoever sends looks at the clock, which may be behind the
// time of payments; a debit must not leave once it has been taken back.
func TestNotAfterIsByTheClock(t *testing.T) {
	fs := vfs.NewMem()
	at := clockOf()
	if err := start(openAt(t, fs, testConfig(time.Minute), func() int64 { return at + int64(time.Hour) }), &sink{})(); err != nil {
		t.Fatal(err)
	}
	for i, ahead := range []time.Duration{time.Hour, 0} {
		now := at + int64(time.Hour-ahead)
		e := openAt(t, fs, testConfig(time.Minute), func() int64 { return now })
		d := deadlines{make(chan int64, 10), make(chan int64, 10)}
		stop := start(e, d)
		if _, err := e.Submit(append(links(), push(uint32(1+i)))); err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(<-d.debits - now); got <= 0 || got > time.Minute {
			t.Errorf("the journal is %v ahead: a debit may leave for %v", ahead, got)
		}
		nowhere := push(uint32(11 + i))
		nowhere.Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001"))
		if _, err := e.Submit([]payment.Event{nowhere}); err != nil {
			t.Fatal(err)
		}
		if got := <-d.answers; got != 0 {
			t.Errorf("the journal is %v ahead: an answer, which may always leave, may until %d", ahead, got)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}
