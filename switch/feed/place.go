package feed

import (
	"fmt"

	"switchd/switch/route"
	"switchd/switch/view"
)

// Why a reader has found no place.
const (
	fullOfOne  = "participant" // as many read the events of that participant as may
	fullShared = "shared"      // all places are taken but those that are kept for others
)

// places counts readers. The first that a participant has itself needs none of the shared
// places: so nobody can lock another one out, and there are never more readers than
// participants and shared places.
type places struct {
	own    map[route.Participant]int // readers that are the participant's
	others map[route.Participant]int // of its events, by those who may read anyone's
	shared int                       // places of those two that are taken
}

func newPlaces() places {
	return places{own: map[route.Participant]int{}, others: map[route.Participant]int{}}
}

func (p *places) of(q *question) map[route.Participant]int {
	if q.own {
		return p.own
	}
	return p.others
}

// take takes a place, or says why there is none.
func (p *places) take(q *question, o *Options) (why string) {
	all := p.of(q)
	kept := q.own && all[q.who] == 0
	switch {
	case all[q.who] >= o.OfOne:
		return fullOfOne
	case !kept && p.shared >= o.Shared:
		return fullShared
	}
	if all[q.who]++; !kept {
		p.shared++
	}
	return ""
}

// free gives a place back.
func (p *places) free(q *question) {
	all := p.of(q)
	if all[q.who]--; all[q.who] == 0 {
		delete(all, q.who)
	}
	if !q.own || all[q.who] > 0 {
		p.shared--
	}
}

// Usage is how many read, of how many that may. Safe for concurrent use.
func (f *Feed) Usage() (readers, most int) {
	participants := len(f.o.Config().Participants)
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.readers), participants + f.o.Shared
}

func (f *Feed) enter(r *reader) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch why := f.places.take(&r.question, &f.o); why {
	case fullOfOne:
		f.metrics.refused.WithLabelValues(why).Inc()
		return fmt.Errorf("%w: %d readers of the events of %s are as many as may be", view.ErrBusy, f.o.OfOne, r.name)
	case fullShared:
		f.metrics.refused.WithLabelValues(why).Inc()
		return fmt.Errorf("%w: %d readers of events beside one of each participant are as many as may be", view.ErrBusy, f.o.Shared)
	}
	f.readers[r] = true
	f.open.Add(1)
	return nil
}

func (f *Feed) leave(r *reader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places.free(&r.question)
	delete(f.readers, r)
	f.open.Add(-1)
}
