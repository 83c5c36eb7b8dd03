package ingress

import (
	"bytes"
	"time"

	"switchd/switch/route"
)

// Table is what of the Options can change while links are up.
type Table struct {
	Participants map[string]Participant // by id
	SmallAmount  int64                  // as in Options
}

// table is a Table at work. It does not change.
type table struct {
	participants map[string]*entry
	byNumber     map[route.Participant]*entry
	small        int64
}

// entry is a participant of a table.
type entry struct {
	Participant
	standing *standing
}

// SetTable changes the participants: who comes is served from here on, and limits
// and timers count at once, also on links that are up. Links of a participant that
// is not there any more, or is read in another way (Dialect, Wire), are signed off,
// wait for what is unanswered on them, and are closed; those that come meanwhile are
// read in the new way. links changes the Links in the same moment. Safe for
// concurrent use.
func (in *Ingress) SetTable(t Table, links func()) {
	in.swap.Lock()
	defer in.swap.Unlock()
	next := &table{participants: map[string]*entry{}, byNumber: map[route.Participant]*entry{}, small: t.SmallAmount}
	for id, p := range t.Participants {
		if p.Guard != nil {
			in.metrics.unproven.WithLabelValues(id, unprovenWrong)
			in.metrics.unproven.WithLabelValues(id, unprovenDown)
		}
		p.Session.Keys = in.o.Hook != nil && p.KeyExchange
		st := in.standing[id]
		if st == nil {
			st = newStanding(id, &p, in.metrics)
			st.memory.doubt(in.suspect[id])
			in.standing[id] = st
		} else {
			st.set(&p)
		}
		e := &entry{p, st}
		next.participants[id], next.byNumber[p.Dialect.Participant()] = e, e
	}
	links()
	in.table.Store(next)
}

// ends says why a link has to end: because of what has become of its participant.
func (t *table) ends(s *link) string {
	switch e := t.participants[s.Link.Participant()]; {
	case e == nil:
		return "participant is not configured any more"
	case e.Dialect != s.Dialect, !sameWire(&e.Participant, &s.Participant):
		return "participant is configured in another way"
	}
	return ""
}

// sameWire says that frames of two versions of a participant stand alike.
func sameWire(a, b *Participant) bool {
	v, w := a.Wire, b.Wire
	return v.Framing == w.Framing && v.Limits == w.Limits && v.Swallow == w.Swallow && v.Dialect == w.Dialect && bytes.Equal(v.Header, w.Header)
}

// RetireMax is how long a link that is to end waits for answers.
const RetireMax = 25 * time.Second

// review looks whether a link is to end, when that may have changed.
func (in *Ingress) review(s *link, now int64) {
	t := in.table.Load()
	if s.leaveBy != 0 || t == s.table && !s.Unwanted() {
		return
	}
	why := t.ends(s)
	if s.table = t; why == "" && s.Unwanted() {
		if why = "not dialled any more"; s.Dismissed() {
			why = "closed by an operator"
		}
	}
	if why == "" {
		return
	}
	in.o.Log.Info("link is to end", "event", "link.ending", "reason", why, "participant", s.Link.Participant(), "link", s.ID())
	s.stand(linkLeaving)
	s.ending = why
	s.leaveBy, s.waiting = now+int64(RetireMax), func() int { return 0 }
	if s.attached {
		s.waiting = in.o.Links.Retire(s.number, s.way)
		in.count(s, false)
	}
}

// awaits says that a link which is to end has answers to come, and time for them.
func (s *link) awaits(now int64) bool {
	return s.leaveBy != 0 && now < s.leaveBy && s.waiting() > 0
}
