package desk

import (
	"fmt"
	"strings"

	"switchd/ledger"
	"switchd/session/gnetio"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// The states of a participant, the gravest first.
const (
	stateRemoved  = "removed"
	stateDrained  = "drained"
	stateDown     = "down"
	stateDegraded = "degraded"
	stateUp       = "up"
)

// degradedShare is the share of messages that failed lately from which on a participant
// is degraded, if there were enough to say so.
const (
	degradedShare  = 0.05
	degradedEnough = 20
)

// participants fills in the health of all participants, their positions and breakers.
func (w *watcher) participants(next *picture, in *inside, now int64, seconds float64, classes []payment.Class, links []gnetio.LinkInfo) {
	force := w.d.o.Force()
	money := force.Money()
	next.participants = view.Participants{At: stamp(now), Participants: []view.Participant{}}
	next.breakers.Breakers = []view.Breaker{}
	next.positions = view.Positions{Currency: money.Code, Exponent: money.Exponent, Sum: in.sum, Positions: []view.Position{}}
	configured := map[string]*config.Participant{}
	for i := range force.Participants {
		configured[force.Participants[i].ID] = &force.Participants[i]
	}
	for i := range in.participants {
		p := &in.participants[i]
		c := configured[p.ID]
		v := view.Participant{
			ID: p.ID, Institution: p.Institution, Roles: []string{}, Drained: p.drained,
			LinksUp: p.links, Position: p.position, DebugUntil: w.d.debugged.until(p.ID, now),
		}
		if c != nil {
			v.Dialect, v.Roles, v.LinksWanted = c.Dialect, rolesOf(c), linksWanted(c)
		}
		v.Certificate = stamp(earliest(links, p.ID))
		all, tallies := w.d.participantCounts(p.Number, classes)
		v.Breakers = breakersOf(p, classes, tallies)
		w.lately(p, &v, &all, now, seconds)
		v.Latest.InDoubt, v.InDoubtMinor = p.untold.Payments, p.untold.Minor
		for k := range p.health {
			v.Latest.Open += p.health[k].InFlight
		}
		w.judge(p, &v, c != nil, now)
		next.participants.Participants = append(next.participants.Participants, v)
		next.breakers.Breakers = append(next.breakers.Breakers, v.Breakers...)
		next.positions.Positions = append(next.positions.Positions, v.Position)
	}
}

func rolesOf(c *config.Participant) []string {
	roles := []string{}
	if c.PSP {
		roles = append(roles, "psp")
	}
	if c.Bank {
		roles = append(roles, "bank")
	}
	return roles
}

// linksWanted is how many links the switch makes to a participant.
func linksWanted(c *config.Participant) (n int) {
	for _, dial := range c.Links.Dial {
		n += max(dial.Links, 1)
	}
	return n
}

// earliest is when the first certificate of a participant's links expires; 0: none has one.
func earliest(links []gnetio.LinkInfo, id string) (at int64) {
	for i := range links {
		if l := &links[i]; l.Participant == id && l.Expires != 0 && (at == 0 || l.Expires < at) {
			at = l.Expires
		}
	}
	return at
}

func positionOf(id string, p ledger.Position) view.Position {
	v := view.Position{Participant: id, Posted: p.Posted, Reserved: p.Reserved, Cap: p.Cap}
	if used := p.Used(); used > 0 && p.Cap > 0 {
		v.Used = float64(used) / float64(p.Cap)
	}
	return v
}

func breakersOf(p *insideParticipant, classes []payment.Class, tallies []engine.Tally) []view.Breaker {
	all := make([]view.Breaker, len(classes))
	for i, c := range classes {
		h, t := p.health[i], &tallies[i]
		all[i] = view.Breaker{
			Participant: p.ID, Class: c.String(), State: h.Breaker.String(), InFlight: h.InFlight, Limit: h.Limit,
			Asked: t.Asked, Approved: t.Approved, Declined: t.Declined, Failed: t.Failed + t.Unanswered,
		}
	}
	return all
}

// lately fills in what happened in the latest seconds, and the trend.
func (w *watcher) lately(p *insideParticipant, v *view.Participant, all *counts, now int64, seconds float64) {
	h := w.past[p.Number]
	if h == nil {
		h = &past{point: taken{*all, now}}
		w.past[p.Number] = h
	}
	if len(h.looks) > pointLooks {
		h.looks = h.looks[:copy(h.looks, h.looks[1:])]
	}
	h.looks = append(h.looks, taken{*all, now})
	lately := all.minus(&h.looks[0].counts)
	v.Latest = lately.sample(now, h.looks[0].seconds(now, seconds))
	if w.looks > 0 && w.looks%pointLooks == 0 {
		point := all.minus(&h.point.counts)
		success, tps := -1.0, 0.0
		if point.ended() > 0 {
			s := point.sample(now, h.point.seconds(now, seconds*pointLooks))
			success, tps = s.Success, s.PerSecond
		}
		h.trend, h.tps, h.point = pushed(h.trend, success), pushed(h.tps, tps), taken{*all, now}
	}
	// Pictures share them: they are only ever replaced.
	v.Trend, v.TrendTPS = h.trend, h.tps
	if v.Trend == nil {
		v.Trend, v.TrendTPS = []float64{}, []float64{}
	}
}

// pushed is a new list with one more value, without the oldest if it was full.
func pushed(all []float64, one float64) []float64 {
	if len(all) == pointsMax {
		all = all[1:]
	}
	return append(append(make([]float64, 0, len(all)+1), all...), one)
}

// judge says how a participant is, why, and since when.
func (w *watcher) judge(p *insideParticipant, v *view.Participant, configured bool, now int64) {
	v.State, v.Why = stateOf(v, configured)
	h := w.past[p.Number]
	if h.state != v.State {
		h.state, h.since = v.State, now
		if w.looks == 0 {
			h.since = w.d.started
		}
	}
	v.Since = stamp(h.since)
}

// stateOf is the state of a participant, and why in one sentence.
func stateOf(v *view.Participant, configured bool) (state, why string) {
	var open []string
	for i := range v.Breakers {
		if b := &v.Breakers[i]; b.State != payment.BreakerClosed.String() {
			open = append(open, fmt.Sprintf("%s (%s)", b.Class, b.State))
		}
	}
	enough := v.Latest.PerSecond*v.Latest.Seconds >= degradedEnough
	switch {
	case !configured:
		return stateRemoved, "it is not configured any more"
	case v.Drained:
		return stateDrained, "an operator has drained it: it takes part in no new payment"
	case v.LinksUp == 0:
		return stateDown, "no link of it is signed on"
	case len(open) > 0:
		return stateDegraded, "it is not asked, or only tried, for: " + strings.Join(open, ", ")
	case enough && v.Latest.Failed >= degradedShare:
		return stateDegraded, fmt.Sprintf("%.0f %% of the messages to it failed in the latest %.0f seconds", 100*v.Latest.Failed, v.Latest.Seconds)
	case v.LinksWanted > v.LinksUp:
		return stateDegraded, fmt.Sprintf("%d of %d links are signed on", v.LinksUp, v.LinksWanted)
	}
	return stateUp, ""
}
