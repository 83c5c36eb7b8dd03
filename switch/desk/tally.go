package desk

import (
	"time"

	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// latency counts times by the buckets of the engine.
type latency = [engine.LatencyBuckets]uint64

// between is what came to counters from one look to a later one.
func between(older, newer *latency) (d latency) {
	for i := range newer {
		d[i] = newer[i] - older[i]
	}
	return d
}

// quantile is the time below which a share of those counted is, in ms: between the
// bounds of its bucket as if they were spread evenly in it. Of times above all bounds
// the last bound is said. 0: nothing was counted.
func quantile(counts *latency, share float64) float64 {
	var all uint64
	for _, n := range counts {
		all += n
	}
	if all == 0 {
		return 0
	}
	rank, below := share*float64(all), 0.0
	for i, n := range counts {
		if n == 0 || below+float64(n) < rank {
			below += float64(n)
			continue
		}
		low := int64(0)
		if i > 0 {
			low = engine.LatencyBound(i - 1)
		}
		high := engine.LatencyBound(i)
		if i == len(counts)-1 {
			high = low
		}
		return (float64(low) + (rank-below)/float64(n)*float64(high-low)) / float64(time.Millisecond)
	}
	return 0
}

// above is how many took longer than a time that is a bound of the buckets, of all.
func above(counts *latency, limit time.Duration) (n, all uint64) {
	for i, c := range counts {
		all += c
		if i > 0 && engine.LatencyBound(i-1) >= int64(limit) {
			n += c
		}
	}
	return n, all
}

// ends counts how payments, or messages to a participant, have ended.
type ends struct {
	good, declined, failed uint64
	ours                   uint64 // of those that failed: by the switch's own fault; of payments only
}

func (e *ends) ended() uint64 { return e.good + e.declined + e.failed }

func (e *ends) minus(older *ends) ends {
	return ends{e.good - older.good, e.declined - older.declined, e.failed - older.failed, e.ours - older.ours}
}

// counts is what became of payments, or of messages to a participant, and how long it took.
type counts struct {
	ends
	latency latency
}

func (c *counts) minus(older *counts) counts {
	return counts{c.ends.minus(&older.ends), between(&older.latency, &c.latency)}
}

// sample shows them as what happened within so many seconds.
func (c *counts) sample(at int64, seconds float64) view.Sample {
	s := view.Sample{At: at / int64(time.Second), Seconds: seconds, Success: 1, P50: quantile(&c.latency, 0.5), P99: quantile(&c.latency, 0.99)}
	if all := float64(c.ended()); all > 0 {
		s.PerSecond = all / seconds
		s.Success, s.Declined, s.Failed = float64(c.good)/all, float64(c.declined)/all, float64(c.failed)/all
	}
	return s
}

// paymentCounts are those of all payments. What is given back because the payee's bank has
// declined it is declined; what is given back for another reason, or deemed, has failed:
// its sender did not get what he has asked for, or does not know.
func paymentCounts(t *engine.PaymentTally) counts {
	ours := t.Faults[payment.FaultSwitch]
	return counts{ends{t.Succeeded, t.Declined + t.Faults[payment.FaultNobody], t.Faults[payment.FaultParticipant] + ours, ours}, t.Latency}
}

// participantCounts are those of the messages of all classes to a participant.
func (d *Desk) participantCounts(n route.Participant, classes []payment.Class) (all counts, tallies []engine.Tally) {
	tallies = make([]engine.Tally, len(classes))
	for i, c := range classes {
		t := d.o.Engine.Tally(n, c)
		tallies[i] = t
		all.good += t.Approved
		all.declined += t.Declined
		all.failed += t.Failed + t.Unanswered
		for b, n := range t.Latency {
			all.latency[b] += n
		}
	}
	return all, tallies
}
