package ingress

import (
	"bytes"
	"sync"

	"switchd/session/gnetio"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Bounds of what is noted of one participant.
const (
	unknownMax   = 64 // names of unknown fields and tags
	unmatchedMax = 16 // the latest of each of these
	malformedMax = 16
	speechMax    = 8
)

// noted is what the links of a participant have shown that is not as agreed: kept
// for a diagnosis, in names only. The zero value is empty.
type noted struct {
	mu        sync.Mutex       // guards the rest; taken only for what is not as it should be
	unknown   map[string]*seen // by name
	more      uint64           // sightings of names for which there was no room
	unmatched ring[stray]
	malformed ring[fault]
	speech    ring[spoken]
}

// seen says how often something was seen, and when.
type seen struct {
	first, last int64 // UTC ns
	times       uint64
}

// stray is an answer that has found no leg.
type stray struct {
	at   int64
	link uint64 // 0: found by the machine, which does not know links
	why  string
	key  payment.Answer // its Payment, Leg, STAN and Transmitted count
}

// fault is a message that could not be read.
type fault struct {
	at   int64
	link uint64
	why  string
}

// spoken is what the first bytes of a link look like.
type spoken struct {
	at    int64
	link  uint64
	found gnetio.Diagnosis
}

// ring keeps the latest values.
type ring[T any] struct {
	all  []T
	next int // the oldest, once there are as many as it keeps
}

func (r *ring[T]) add(v T, most int) {
	if len(r.all) < most {
		r.all = append(r.all, v)
		return
	}
	r.all[r.next] = v
	r.next = (r.next + 1) % most
}

// latest calls f for each value, the latest first.
func (r *ring[T]) latest(f func(v *T)) {
	for i := range r.all {
		f(&r.all[(r.next+len(r.all)-1-i)%len(r.all)])
	}
}

// names counts sightings of names, each of which ends with a newline.
func (n *noted) names(now int64, names []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.unknown == nil {
		n.unknown = map[string]*seen{}
	}
	for len(names) > 0 {
		end := bytes.IndexByte(names, '\n')
		s := n.unknown[string(names[:end])]
		switch {
		case s == nil && len(n.unknown) == unknownMax:
			n.more++
		case s == nil:
			n.unknown[string(names[:end])] = &seen{first: now, last: now, times: 1}
		default:
			s.last = now
			s.times++
		}
		names = names[end+1:]
	}
}

// look notes what the message read last has that nobody knows.
func (in *Ingress) look(s *link, now int64) {
	if s.names = s.interpreter.AppendUnknown(s.names[:0]); len(s.names) > 0 {
		s.standing.noted.names(now, s.names)
	}
}

// unmatched counts and notes an answer that names no leg.
func (in *Ingress) unmatched(s *link, now int64, msg *translate.Inbound, a *payment.Answer) {
	in.metrics.unmatched.Inc()
	n := &s.standing.noted
	n.mu.Lock()
	defer n.mu.Unlock()
	n.unmatched.add(stray{now, s.ID(), msg.Note, keyPart(a)}, unmatchedMax)
}

// keyPart is of an answer what must be echoed, and nothing else.
func keyPart(a *payment.Answer) payment.Answer {
	return payment.Answer{Payment: a.Payment, Leg: a.Leg, STAN: a.STAN, Transmitted: a.Transmitted}
}

// Unmatched notes an answer for which the machine has found no leg, or which does
// not echo what its leg carried. Safe for concurrent use; it keeps nothing of a. It
// waits for nobody: its caller is the one writer, which must not queue for a lock with
// the loops on which a participant sends rubbish. Of a flood, one more or less matters
// little.
func (in *Ingress) Unmatched(from route.Participant, a *payment.Answer) {
	e := in.table.Load().byNumber[from]
	if e == nil {
		return
	}
	n := &e.standing.noted
	if !n.mu.TryLock() {
		return
	}
	defer n.mu.Unlock()
	n.unmatched.add(stray{in.o.Clock(), 0, "no leg has this key", keyPart(a)}, unmatchedMax)
}

// Diagnosed notes what a link looks like by its first bytes, for
// gnetio.Options.Diagnosed. Safe for concurrent use.
func (in *Ingress) Diagnosed(l *gnetio.Link, found gnetio.Diagnosis) {
	if e := in.table.Load().participants[l.Participant()]; e != nil {
		n := &e.standing.noted
		n.mu.Lock()
		defer n.mu.Unlock()
		n.speech.add(spoken{in.o.Clock(), l.ID(), found}, speechMax)
	}
}
