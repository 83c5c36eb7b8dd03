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
		in.turned.add(&ev.Request.Key)
		s.append(func(dst []byte) ([]byte, error) {
			return s.interpreter.RefuseRequest(dst, ev, payment.Busy)
		})
	}
}

// turnedAwayMax bounds what is remembered of requests that were turned away. At
// the highest load they come and go within seconds; a sender repeats within them.
const turnedAwayMax = 8192

// turnedAway remembers the latest requests that were told "busy" without a
// record. A repeat of one that finds room must be told the same: its sender may
// have told its customer so. The zero value is empty.
type turnedAway struct {
	mu   sync.Mutex // guards all; taken for repeats and refusals only
	keys map[payment.RequestKey]struct{}
	ring []payment.RequestKey
	next int
}

func (t *turnedAway) add(key *payment.RequestKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[payment.RequestKey]struct{}{}
	}
	if _, known := t.keys[*key]; known {
		return
	}
	t.keys[*key] = struct{}{}
	if len(t.ring) < turnedAwayMax {
		t.ring = append(t.ring, *key)
		return
	}
	delete(t.keys, t.ring[t.next])
	t.ring[t.next] = *key
	t.next = (t.next + 1) % turnedAwayMax
}

func (t *turnedAway) has(key *payment.RequestKey) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.keys[*key]
	return known
}
