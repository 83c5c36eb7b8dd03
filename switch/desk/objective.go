package desk

import (
	"time"

	"switchd/switch/view"
)

// The objectives of the whole switch, as the alerts have them.
const (
	goalSuccess      = 0.99
	goalLatency      = 0.99
	goalAvailability = 0.999
	slowPayment      = 2 * time.Second
	enoughPayments   = 100 // below that a share says nothing
)

// mark is what had been counted at one moment, for the objectives.
type mark struct {
	ended, bad        uint64 // payments
	counted, slow     uint64 // of payments whose time is known
	refused           uint64 // requests that the switch itself has turned away
	seconds, notReady uint64 // looks, and those at which it was not ready
}

// The windows of an objective: marks are kept every ten seconds, an hour of them.
const (
	markEvery = 10 // looks
	fastMarks = 30 // five minutes
	marksMax  = 361
)

// budget keeps the marks, the oldest first.
type budget struct {
	marks []mark
	looks int
}

// add takes the mark of a look; one of ten is kept.
func (b *budget) add(m mark) {
	if b.looks%markEvery == 0 {
		if len(b.marks) == marksMax {
			b.marks = b.marks[:copy(b.marks, b.marks[1:])]
		}
		b.marks = append(b.marks, m)
	}
	b.looks++
}

// since is what came from so many kept marks ago, or from the oldest, until now.
func (b *budget) since(now *mark, marks int) mark {
	then := b.marks[max(0, len(b.marks)-marks)]
	return mark{
		ended: now.ended - then.ended, bad: now.bad - then.bad, slow: now.slow - then.slow, refused: now.refused - then.refused,
		seconds: now.seconds - then.seconds, notReady: now.notReady - then.notReady, counted: now.counted - then.counted,
	}
}

// burns says how fast each objective's budget is used up.
func (b *budget) burns(now *mark, positionsSum int64) []view.Burn {
	fast, slow := b.since(now, fastMarks), b.since(now, marksMax)
	all := []view.Burn{
		burn("success", goalSuccess, share(fast.bad, fast.ended), share(slow.bad, slow.ended), fast.ended >= enoughPayments),
		burn("latency", goalLatency, share(fast.slow, fast.counted), share(slow.slow, slow.counted), fast.counted >= enoughPayments),
		burn("availability", goalAvailability, fast.away(), slow.away(), true),
	}
	money := view.Burn{Name: "money safety", Goal: 1, Budget: 1, Enough: true}
	if positionsSum != 0 {
		money.Fast, money.Slow, money.Budget = 1, 1, -1
	}
	return append(all, money)
}

func burn(name string, goal, fast, slow float64, enough bool) view.Burn {
	most := 1 - goal
	return view.Burn{Name: name, Goal: goal, Fast: fast / most, Slow: slow / most, Budget: 1 - slow/most, Enough: enough}
}

func share(of, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(of) / float64(all)
}

// away is the share of the time in which the switch was not ready, and of the requests
// that it has turned away.
func (m *mark) away() float64 {
	away := share(m.notReady, m.seconds)
	if all := m.refused + m.ended; all >= enoughPayments {
		away += share(m.refused, all)
	}
	return min(away, 1)
}
