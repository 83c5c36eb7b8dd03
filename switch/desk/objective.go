package desk

import (
	"time"

	"switchd/switch/alert"
	"switchd/switch/view"
)

// mark is what had been counted at one moment, for the objectives.
type mark struct {
	at            int64
	ends                 // of payments
	counted, slow uint64 // of payments whose time is known
	refused       uint64 // requests that the switch itself has turned away
	notReady      int64  // for how long it was not ready, ns
}

// The windows of an objective: marks are kept every ten seconds, an hour of them.
const (
	markEvery = 10 * time.Second
	fastSpan  = 5 * time.Minute
	slowSpan  = time.Hour
	marksMax  = int(slowSpan/markEvery) + 1
)

// budget keeps the marks, the oldest first. The first is the start.
type budget struct{ marks []mark }

// add takes the mark of a look, and keeps it if the last is old enough.
func (b *budget) add(m mark) {
	if n := len(b.marks); n > 0 && m.at-b.marks[n-1].at < int64(markEvery) {
		return
	}
	if len(b.marks) == marksMax {
		b.marks = b.marks[:copy(b.marks, b.marks[1:])]
	}
	b.marks = append(b.marks, m)
}

// since is what came within a span until now.
func (b *budget) since(now *mark, span time.Duration) mark {
	then := &b.marks[0]
	for i := range b.marks {
		if b.marks[i].at > now.at-int64(span) {
			break
		}
		then = &b.marks[i]
	}
	return mark{
		at: now.at - then.at, ends: now.ends.minus(&then.ends), counted: now.counted - then.counted,
		slow: now.slow - then.slow, refused: now.refused - then.refused, notReady: now.notReady - then.notReady,
	}
}

// burns says how fast each objective's budget is used up.
func (b *budget) burns(now *mark, positionsSum int64) []view.Burn {
	fast, slow := b.since(now, fastSpan), b.since(now, slowSpan)
	all := make([]view.Burn, 0, len(alert.Objectives)+1)
	for i := range alert.Objectives {
		all = append(all, burn(&alert.Objectives[i], &fast, &slow))
	}
	money := view.Burn{Name: "money safety", Goal: 1, Budget: 1, Seconds: slowSpan.Seconds(), Enough: true}
	if positionsSum != 0 {
		money.Fast, money.Slow, money.Budget = 1, 1, -1
	}
	return append(all, money)
}

// burn is that of one objective.
func burn(o *alert.Objective, fast, slow *mark) view.Burn {
	most := 1 - o.Goal
	v := view.Burn{Name: o.Name, Goal: o.Goal, Seconds: min(slowSpan, time.Duration(slow.at)).Seconds(), Enough: true}
	switch o.Name {
	case alert.Success:
		v.Fast, v.Slow, v.Enough = share(fast.ours, fast.ended())/most, share(slow.ours, slow.ended())/most, fast.ended() >= alert.EnoughPayments
	case alert.Latency:
		v.Fast, v.Slow, v.Enough = share(fast.slow, fast.counted)/most, share(slow.slow, slow.counted)/most, fast.counted >= alert.EnoughPayments
	default:
		v.Seconds = slowSpan.Seconds()
		v.Fast, v.Slow = fast.away(fastSpan)/most, slow.away(slowSpan)/most
	}
	v.Budget = 1 - v.Slow
	return v
}

// lastMinute is what became of its payments.
func (b *budget) lastMinute(now *mark) view.Minute {
	m := b.since(now, time.Minute)
	all := m.ended()
	v := view.Minute{Payments: int(all), Success: 1, Declined: share(m.declined, all), Failed: share(m.failed, all), Ours: share(m.ours, all)}
	if all > 0 {
		v.Success = share(m.good, all)
	}
	return v
}

// turnedAway is how many requests the switch itself has turned away a second, in its last
// ten seconds or a little more: what it goes by is counted in steps of some seconds.
func (b *budget) turnedAway(now *mark) float64 {
	m := b.since(now, markEvery)
	if m.at <= 0 {
		return 0
	}
	return float64(m.refused) / (float64(m.at) / float64(time.Second))
}

func share(of, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(of) / float64(all)
}

// away is the share of a span in which the switch was not ready, and of the requests that
// it has turned away. The span is whole however short the process has lived: of the time
// before, nothing bad is known, and the seconds of a start are not an hour.
func (m *mark) away(span time.Duration) float64 {
	away := float64(m.notReady) / float64(span)
	if all := m.refused + m.ended(); all >= alert.EnoughPayments {
		away += share(m.refused, all)
	}
	return min(away, 1)
}
