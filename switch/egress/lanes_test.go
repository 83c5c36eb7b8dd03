package egress

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// namedDialect writes its name in front of each message.
type namedDialect struct{ name string }

func (d *namedDialect) Participant() route.Participant { return 0 }
func (d *namedDialect) Open() translate.Interpreter    { return namedWriter{plainWriter{}, d.name} }

type namedWriter struct {
	plainWriter
	name string
}

func (w namedWriter) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	return w.plainWriter.Compose(append(dst, w.name+" "...), ef)
}

// stage is an egress whose messages are numbered, and what could not be sent.
type stage struct {
	e      *Egress
	sent   int
	failed []payment.ID
}

func newStage(lanes ...Lane) *stage {
	s := new(stage)
	s.e = New(Options{
		Lanes: lanes, Clock: func() int64 { return 100 }, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Submit: func(events []payment.Event) (int, error) {
			for _, ev := range events {
				s.failed = append(s.failed, ev.Answer.Payment)
			}
			return len(events), nil
		},
	})
	return s
}

func (s *stage) encode(leg payment.Leg, to int) payment.ID {
	s.sent++
	s.e.Encode(&payment.Effect{Send: true, To: routeOf(to), Leg: leg, At: int64(s.sent), Payment: &payment.Payment{ID: payment.ID(s.sent)}})
	return payment.ID(s.sent)
}

func (s *stage) send(leg payment.Leg, to int) payment.ID {
	id := s.encode(leg, to)
	s.e.Release()
	return id
}

// said counts the messages on a link by the names of their dialects.
func (l *fakeLink) said(name string) int { return bytes.Count(l.frames, []byte(name+" message")) }

// TestLanesChange: links keep the dialect that they began with, those that come have
// the new one. One that is retired gets nothing more that wants an answer.
func TestLanesChange(t *testing.T) {
	old, young := Lane{Dialect: &namedDialect{"old"}}, Lane{Dialect: &namedDialect{"new"}}
	s := newStage(old)
	a, b := &fakeLink{}, &fakeLink{}
	s.e.Attach(0, a)
	first := s.send(payment.LegDebit, 0)
	s.e.SetLanes([]Lane{young})
	s.send(payment.LegDebit, 0) // its end has not been decided yet
	waiting := s.e.Retire(0, a)
	told := s.send(payment.LegDebit, 0)
	s.send(payment.LegRequest, 0) // there is no other link
	if a.said("old") != 3 || len(s.failed) != 1 || s.failed[0] != told || waiting() != 2 || s.e.Links(0) != 0 {
		t.Errorf("%d messages in the old dialect, %v failed, %d wait, %d links", a.said("old"), s.failed, waiting(), s.e.Links(0))
	}
	s.e.Attach(0, b)
	s.send(payment.LegCredit, 0)
	s.send(payment.LegRequest, 0)
	if a.said("old") != 3 || b.said("new") != 2 || s.e.Links(0) != 1 {
		t.Errorf("%d in the old dialect, %d in the new", a.said("old"), b.said("new"))
	}
	s.e.Answered(0, &payment.Answer{Payment: first, Leg: payment.LegDebit}) // on whatever link
	if waiting() != 1 {
		t.Errorf("%d wait after an answer", waiting())
	}
	s.e.Detach(0, a)
	s.e.Detach(0, b)
	if told := s.e.Retire(0, a); told() != 0 || len(s.failed) != 1 {
		t.Errorf("%d wait on a link that is gone; failed %v", told(), s.failed)
	}
}

// TestMoveKeepsDialects: what was written for a link in one dialect never leaves on
// a link that has another.
func TestMoveKeepsDialects(t *testing.T) {
	s := newStage(Lane{Dialect: &namedDialect{"old"}})
	a, b, c := &fakeLink{}, &fakeLink{}, &fakeLink{}
	s.e.Attach(0, a)
	s.encode(payment.LegDebit, 0)
	s.e.SetLanes([]Lane{{Dialect: &namedDialect{"new"}}})
	s.e.Attach(0, b)
	a.broken = true
	s.e.Release()
	if len(s.failed) != 1 || len(b.frames) != 0 {
		t.Errorf("%v failed, the new link has %q", s.failed, b.frames)
	}
	s.encode(payment.LegDebit, 0)
	s.e.Attach(0, c)
	b.broken = true
	s.e.Release()
	if len(s.failed) != 1 || c.said("new") != 1 {
		t.Errorf("%v failed, the other link has %q", s.failed, c.frames)
	}
}

// TestLanesComeAndGo: a participant that is removed is written to no more, one that
// comes is.
func TestLanesComeAndGo(t *testing.T) {
	lane := Lane{Dialect: &namedDialect{"any"}}
	s := newStage(lane)
	a, b := &fakeLink{}, &fakeLink{}
	s.e.Attach(0, a)
	early := s.send(payment.LegCredit, 1)
	s.e.Attach(1, &fakeLink{})
	if len(s.failed) != 1 || s.failed[0] != early || s.e.Links(1) != 0 || s.e.Retire(1, b)() != 0 {
		t.Errorf("a participant without a lane: failed %v, %d links", s.failed, s.e.Links(1))
	}
	s.failed = nil
	s.e.SetLanes([]Lane{{}, lane})
	s.e.Attach(0, &fakeLink{}) // was on its way
	s.send(payment.LegCredit, 0)
	s.e.Attach(1, b)
	s.send(payment.LegCredit, 1)
	if len(a.frames) != 0 || b.said("any") != 1 || len(s.failed) != 1 || s.e.Links(0) != 1 {
		t.Errorf("removed: %q; new: %q; failed %v; %d links", a.frames, b.frames, s.failed, s.e.Links(0))
	}
	s.e.SetLanes([]Lane{lane, {}})
	s.send(payment.LegCredit, 0)
	if a.said("any") != 1 {
		t.Errorf("back: %q", a.frames)
	}
}

// countingLink counts messages; its loops may be several.
type countingLink struct {
	mu  sync.Mutex // guards n
	n   int
	bad int // messages of which one is not whole
}

func (l *countingLink) Queue(frames []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(frames) > 0 {
		body, size, err := frame.BIN2.Next(frames, frame.Limits{})
		if err != nil || size == 0 || !bytes.Contains(body, []byte(" message ")) {
			l.bad++
			return nil
		}
		frames, l.n = frames[size:], l.n+1
	}
	return nil
}
func (*countingLink) Wake()                          {}
func (*countingLink) Group() int                     { return 0 }
func (*countingLink) AppendHeader(dst []byte) []byte { return dst }

// TestLanesRace: lanes change and links come, retire and go while messages leave;
// each message leaves or is told.
func TestLanesRace(t *testing.T) {
	lane := func(i int) Lane { return Lane{Dialect: &namedDialect{fmt.Sprint("d", i)}, Window: 1 + i%100} }
	s := newStage(lane(0))
	stable := &countingLink{}
	s.e.Attach(0, stable)
	const turns = 2000
	var work sync.WaitGroup
	var others []*countingLink
	work.Go(func() {
		for i := range turns {
			s.e.SetLanes([]Lane{lane(i), {}})
		}
	})
	work.Go(func() {
		for range turns {
			l := &countingLink{}
			others = append(others, l)
			s.e.Attach(0, l)
			waiting := s.e.Retire(0, l)
			_ = waiting()
			s.e.Detach(0, l)
			s.e.Links(0)
		}
	})
	work.Go(func() {
		for id := range payment.ID(turns) {
			s.e.Answered(0, &payment.Answer{Payment: id, Leg: payment.LegDebit})
		}
	})
	for range turns {
		s.send(payment.LegDebit, 0)
	}
	work.Wait()
	left, bad := stable.n, stable.bad
	for _, l := range others {
		left, bad = left+l.n, bad+l.bad
	}
	if left+len(s.failed) != turns || bad != 0 {
		t.Errorf("%d left and %d were told of %d, %d are not whole", left, len(s.failed), turns, bad)
	}
}
