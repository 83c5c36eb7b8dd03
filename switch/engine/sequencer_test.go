package engine

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
)

// slowLog is a log whose groups become durable when the test says so.
type slowLog struct {
	journal.Log
	appended chan int      // events of each group
	permit   chan struct{} // lets one group become durable
}

type slowTicket struct{ permit chan struct{} }

func (t slowTicket) Wait() error { <-t.permit; return nil }

func (l *slowLog) Append(g *journal.Group) (journal.Ticket, error) {
	if _, err := l.Log.Append(g); err != nil {
		return nil, err
	}
	l.appended <- g.Count()
	return slowTicket{l.permit}, nil
}

func openSlow(t *testing.T, o Options) (*Engine, *slowLog) {
	t.Helper()
	s, err := state.Open("state", state.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	l := &slowLog{Log: journal.NewMemory(), appended: make(chan int, 1000), permit: make(chan struct{}, 1000)}
	o.Log, o.State, o.Config = l, s, testConfig(time.Minute)
	if o.Clock == nil {
		o.Clock = clockOf
	}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return e, l
}

// answers are events that belong to nothing.
func answers(n int) []payment.Event {
	events := make([]payment.Event, n)
	for i := range events {
		events[i].Kind = payment.AnswerArrived
	}
	return events
}

// TestGroupsWaitForTheDisk: behind a group on its way go full groups only, and no
// more than GroupsMax; all else is one group when the disk is ready.
func TestGroupsWaitForTheDisk(t *testing.T) {
	e, l := openSlow(t, Options{GroupEventsMax: 16, GroupsMax: 3})
	l.permit <- struct{}{} // the configuration
	stop := start(e, &sink{})
	expect := func(want int) {
		t.Helper()
		if got := <-l.appended; got != want {
			t.Errorf("a group of %d events, want %d", got, want)
		}
	}
	expect(1)
	submit(t, e, answers(1)...)
	expect(1)                    // at once
	submit(t, e, answers(5)...)  // wait for it
	submit(t, e, answers(40)...) // two full groups do not, the rest does
	expect(16)
	expect(16)
	l.permit <- struct{}{}      // of the first
	submit(t, e, answers(3)...) // 16 wait: a third full one
	expect(16)
	submit(t, e, answers(100)...) // no more than three are on their way
	for range 3 {
		if len(l.appended) > 0 {
			t.Error("a fourth group was appended")
		}
		l.permit <- struct{}{}
		expect(16)
	}
	for range 100 {
		l.permit <- struct{}{}
	}
	expect(16)
	expect(16)
	expect(16)
	expect(4)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestClockThatStandsStill: a wait for company ends by the timer, whatever the clock
// of events says.
func TestClockThatStandsStill(t *testing.T) {
	e, l := openSlow(t, Options{Clock: func() int64 { return 1e18 }})
	for range cap(l.permit) {
		l.permit <- struct{}{}
	}
	stop := start(e, &sink{})
	<-l.appended
	for range 50 { // far more than there can be in no time
		submit(t, e, answers(40)...)
		for n := 0; n < 40; {
			n += <-l.appended
		}
	}
	if e.pace.want() <= 40 {
		t.Errorf("the pacer wants %d events, so that nothing has waited", e.pace.want())
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}
