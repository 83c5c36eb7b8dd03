package verdict

import (
	"fmt"
	"slices"
	"time"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// justStarted is how long after a start nobody is blamed for not being there yet.
const justStarted = 30 * time.Second

// rise is a switch after its start, until participants have had time to come, or one has.
type rise struct {
	started string
	young   bool     // the start is a moment ago; else nobody has come ever since
	awaited []string // participants that have not signed on since
}

// newRise says who is awaited: nobody, once there was time and somebody has come.
func newRise(o *view.Overview, all []view.Participant) *rise {
	r := &rise{started: o.StartedAt}
	began, err := time.Parse(time.RFC3339Nano, o.StartedAt)
	now, failed := time.Parse(time.RFC3339Nano, o.At)
	if err != nil || failed != nil {
		return r
	}
	r.young = now.Sub(began) < justStarted
	come := false
	for i := range all {
		p := &all[i]
		if never := p.Since == o.StartedAt && p.LinksUp == 0; never && p.State == "down" {
			r.awaited = append(r.awaited, p.ID)
		} else if !never {
			come = true
		}
	}
	if come && !r.young {
		r.awaited = nil
	}
	return r
}

// others are the participants that are not awaited.
func (r *rise) others(all []view.Participant) []view.Participant {
	if len(r.awaited) == 0 {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		if slices.Contains(r.awaited, all[i].ID) {
			all[i].State = stateAwaited
		}
	}
	return all
}

// stateAwaited is the state of a participant that is awaited: it is neither up nor in trouble.
const stateAwaited = "awaited"

// text says who is awaited; empty: nobody.
func (r *rise) text() string {
	if len(r.awaited) == 0 {
		return ""
	}
	who := named(r.awaited)
	if r.young {
		return fmt.Sprintf("The switch has just started, at %s UTC. Not there yet: %s.", screen.Clock(r.started), who)
	}
	return fmt.Sprintf("Nobody has signed on since the start at %s UTC. Awaited: %s.", screen.Clock(r.started), who)
}
