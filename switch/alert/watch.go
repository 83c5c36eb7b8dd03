package alert

import (
	"slices"
	"time"

	"switchd/switch/view"
)

// Watch remembers since when conditions hold. One goroutine at a time may use it.
type Watch struct {
	endedMax int
	since    map[identity]*held
	ended    []view.Ended // the latest first
}

// identity tells alerts apart: figures in their sentences change.
type identity struct{ name, participant, what string }

// held is a condition that holds.
type held struct {
	since  time.Time
	alert  view.Alert
	firing bool // it has lasted as long as its row wants
}

// NewWatch remembers at most so many alerts that have ended.
func NewWatch(endedMax int) *Watch {
	return &Watch{endedMax: endedMax, since: make(map[identity]*held)}
}

// Look evaluates and says what fires: the conditions that have lasted as long as their
// rows want, in every Look of that time.
func (w *Watch) Look(in Input) view.Alerts {
	firing := []view.Alert{}
	seen := make(map[identity]bool)
	for _, f := range evaluate(&in) {
		id := identity{f.alert.Name, f.alert.Participant, f.what}
		seen[id] = true
		h := w.since[id]
		if h == nil {
			h = &held{since: in.Now}
			w.since[id] = h
		}
		h.alert = f.alert
		h.alert.Since = h.since.UTC().Format(time.RFC3339)
		if h.firing = h.firing || in.Now.Sub(h.since) >= f.rule.For; h.firing {
			firing = append(firing, h.alert)
		}
	}
	w.forget(seen, in.Now)
	return view.Alerts{Firing: firing, Ended: slices.Clone(w.ended)}
}

// forget ends what holds no more.
func (w *Watch) forget(seen map[identity]bool, now time.Time) {
	var ended []view.Ended
	for id, h := range w.since {
		if seen[id] {
			continue
		}
		delete(w.since, id)
		if h.firing {
			ended = append(ended, view.Ended{Alert: h.alert, Until: now.UTC().Format(time.RFC3339)})
		}
	}
	slices.SortFunc(ended, func(a, b view.Ended) int {
		return slices.Compare([]string{a.Name, a.Participant, a.Summary}, []string{b.Name, b.Participant, b.Summary})
	})
	w.ended = slices.Concat(ended, w.ended)
	w.ended = w.ended[:min(len(w.ended), w.endedMax)]
	if w.ended == nil {
		w.ended = []view.Ended{}
	}
}
