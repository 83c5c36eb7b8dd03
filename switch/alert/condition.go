package alert

import (
	"fmt"
	"slices"

	"switchd/switch/view"
)

// condition is one statement of which both are made: the expression for Prometheus, and
// the check of the process. What of is of the process is what the series is of Prometheus.
type condition struct {
	series string // in PromQL
	is     string // >, >=, == or !=
	bound  float64
	of     func(in *Input) float64
	detail string // how the value is told, for Sprintf; empty: not
}

// when makes a row hold on a condition of the whole switch.
func (r Rule) when(c condition) Rule {
	r.Expr = fmt.Sprintf("%s %s %s", c.series, c.is, number(c.bound))
	r.Holds = func(in *Input) []Held {
		v := c.of(in)
		if !compare(v, c.is, c.bound) {
			return nil
		}
		h := Held{}
		if c.detail != "" {
			h.Detail = fmt.Sprintf(c.detail, v)
		}
		return []Held{h}
	}
	return r
}

// words has the row tell what of says, in the place of figures.
func (r Rule) words(of func(in *Input) string) Rule {
	holds := r.Holds
	r.Holds = func(in *Input) []Held {
		all := holds(in)
		for i := range all {
			all[i].Detail = of(in)
		}
		return all
	}
	return r
}

// rose is the condition that a counter has risen by more than so many in five minutes.
// Its selector may have several labels of one counter: by says which stay.
func rose(series string, more float64, of func(l *Lately) int) condition {
	return condition{series, ">", more, func(in *Input) float64 { return float64(of(&in.Lately)) }, "%.0f within 5 minutes"}
}

// added is the increase of counters, each of a switch, within a time.
func added(window string, counters ...string) string {
	all := ""
	for i, c := range counters {
		if i > 0 {
			all += "\n+ "
		}
		all += fmt.Sprintf("sum by (job, instance) (increase(%s[%s]))", c, window)
	}
	return all
}

// whether is a gauge that is 1 or 0.
func whether(series string, of func(in *Input) bool) condition {
	return condition{series: series, is: ">", of: func(in *Input) float64 {
		if of(in) {
			return 1
		}
		return 0
	}}
}

// perParticipant is one statement about each participant, as condition is about the switch.
type perParticipant struct {
	series  string
	is      string
	bound   float64
	drained bool // also those that an operator has drained
	detail  string
	of      func(p *view.Participant, l *Legs) float64 // times scale for the detail
	scale   float64
}

// each makes a row hold for each participant on a condition. Those that are configured no
// more are nobody's concern, and have no series.
func (r Rule) each(c perParticipant) Rule {
	r.By = "participant"
	r.Expr = fmt.Sprintf("%s %s %s", c.series, c.is, number(c.bound))
	if !c.drained {
		r.Expr += "\n" + notDrained
	}
	r.Holds = func(in *Input) []Held {
		var all []Held
		for i := range in.Participants {
			p := &in.Participants[i]
			if p.State == "removed" || !c.drained && p.Drained {
				continue
			}
			if v := c.of(p, in.legsOf(p.ID)); compare(v, c.is, c.bound) {
				h := Held{Participant: p.ID}
				if c.detail != "" {
					h.Detail = fmt.Sprintf(c.detail, v*max(c.scale, 1))
				}
				all = append(all, h)
			}
		}
		return all
	}
	return r
}

// notDrained leaves out the participants that an operator has drained.
const notDrained = "unless on (job, participant) switchd_drained == 1"

// legsOf is what became of the messages to a participant; nothing, if none was sent.
func (in *Input) legsOf(id string) *Legs {
	if at := slices.IndexFunc(in.Legs, func(l Legs) bool { return l.Participant == id }); at >= 0 {
		return &in.Legs[at]
	}
	return &Legs{Participant: id}
}

func compare(v float64, is string, bound float64) bool {
	switch is {
	case ">":
		return v > bound
	case ">=":
		return v >= bound
	case "==":
		return v == bound
	}
	return v != bound
}

// number is a bound as both Prometheus and people read it.
func number(v float64) string {
	if v == float64(int64(v)) {
		return fmt.Sprintf("%d", int64(v))
	}
	return fmt.Sprintf("%g", v)
}
