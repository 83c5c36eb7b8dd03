package ingress

import (
	"errors"
	"sync"

	"switchd/switch/engine"
	"switchd/switch/payment"
)

// shed answers the requests that found no room. A repeat gets no answer: its
// original may be under way, and "busy" would be mistaken for its outcome. A
// stopped engine answers nobody: what is said now could not be kept to.
func (in *Ingress) shed(s *link, events []payment.Event, why error) {
	for i := range events {
		ev := &events[i]
		// The first that did not fit may have been too low in priority; try the
		// rest one by one, so that an answer never waits behind a request.
		if i > 0 {
			var n int
			if n, why = in.o.Engine.Submit(events[i : i+1]); n == 1 {
				continue
			}
		}
		in.metrics.shed.Inc()
		if ev.Kind != payment.RequestArrived || ev.Request.Repeat || !errors.Is(why, engine.ErrBusy) {
			continue
		}
		// Its own repeat came first, on another link, and may have found room: that
		// one speaks for both.
		if in.repeats.has(&ev.Request.Key) {
			continue
		}
		in.turned.add(&ev.Request.Key)
		s.turnAway(ev)
	}
}

// turnAway tells the sender of a request "busy", without a record.
func (s *link) turnAway(ev *payment.Event) {
	s.append(func(dst []byte) ([]byte, error) {
		return s.interpreter.RefuseRequest(dst, ev, payment.Busy)
	})
}

// latestMax bounds what is remembered of requests. At the highest load they come
// and go within seconds; a sender repeats within them.
const latestMax = 8192

// latest remembers the keys of the latest requests of one kind: those that were
// told "busy" without a record (a repeat of one that finds room must be told the
// same, because its sender may have told its customer so), and the repeats that
// went in. The zero value is empty.
type latest struct {
	mu   sync.Mutex // guards all; taken for repeats and refusals only
	keys map[payment.RequestKey]struct{}
	ring []payment.RequestKey
	next int
}

func (t *latest) add(key *payment.RequestKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[payment.RequestKey]struct{}{}
	}
	if _, known := t.keys[*key]; known {
		return
	}
	t.keys[*key] = struct{}{}
	if len(t.ring) < latestMax {
		t.ring = append(t.ring, *key)
		return
	}
	delete(t.keys, t.ring[t.next])
	t.ring[t.next] = *key
	t.next = (t.next + 1) % latestMax
}

func (t *latest) has(key *payment.RequestKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.keys[*key]
	return known
}
