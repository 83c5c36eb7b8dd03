package engine

import "time"

// A commit costs an fsync and the hand-overs around it, however many events share
// it. So a sequencer can be wrong in two ways: with many small groups, which eat
// the CPU, and with groups that wait although nothing is to be gained. The pacer
// finds its way between them by three rules, which measure and need no tuning:
//
//   - One group is on its way to the disk. What comes meanwhile is the next group;
//     it closes when the one before is durable. So a slow disk makes large groups
//     and not a long queue, and a fast one makes short waits. To append a small
//     group behind the one in the disk would not help it, since Pebble's next fsync
//     begins only when this one ends; but what comes after it would then wait for
//     one fsync more (measured on a model: 2.5 fsyncs on average in place of 1.5).
//   - A full group goes out behind another, up to GroupsMax: nothing is left to
//     wait for, and its preparation overlaps with the fsync before it.
//   - When the disk is faster than the events, a group waits for company: for as
//     many events as are expected within a part of GapMax. The part grows with the
//     rate, from nothing to all of it, so that low load does not wait and high load
//     pays for a bounded number of commits. It waits for a number of events and not
//     for a time: the event that makes the number up wakes the sequencer when it
//     comes, and a burst is its own company, while a timer of 100 us takes 1 ms
//     (Go's poller sleeps whole milliseconds). GapMax ends a wait that the rate
//     of the past has promised too much for.
//
// An event that comes to an idle sequencer, after more than GapMax without a
// commit, is committed at once, whatever came before.

// hold is what a group waits for.
type hold uint8

// The holds of a group. What the last of them was is counted.
const (
	holdNone    hold = iota // for nothing: close it
	holdCompany             // for more events to share the commit
	holdDisk                // for the group before it to be durable
	holdEvents              // there is no event
	holdCount   = int(holdEvents)
)

var holdNames = [holdCount]string{"none", "company", "disk"}

// never is a number of events that never wait.
const never = int(^uint(0) >> 1)

// rateGaps is over how many GapMax the rate of events is smoothed.
const rateGaps = 8

// pacer says when the sequencer closes a group. It has no clock: times come in,
// UTC nanoseconds. It belongs to the sequencer.
type pacer struct {
	groupEventsMax int
	groupsMax      int
	gapMax         int64 // negative: no wait for company
	busyEvents     float64

	closedAt int64   // when the last group was closed
	company  float64 // events that come within gapMax, at the rate of the last moments
}

func newPacer(o *Options) pacer {
	return pacer{
		groupEventsMax: o.GroupEventsMax, groupsMax: o.GroupsMax,
		gapMax: int64(o.GapMax), busyEvents: float64(o.BusyEvents),
	}
}

// decide says what the events that wait have to wait for. Unless that is nothing,
// it is to be asked again when enough events wait, when until has come (0: never),
// or when a group has become durable.
func (p *pacer) decide(now int64, waiting, onWay int) (why hold, enough int, until int64) {
	switch {
	case waiting == 0:
		return holdEvents, 1, 0
	case onWay >= p.groupsMax:
		return holdDisk, never, 0
	case waiting >= p.groupEventsMax:
		return holdNone, 0, 0
	case onWay > 0:
		return holdDisk, p.groupEventsMax, 0
	}
	// A clock that was set back ends a wait as well.
	if want := p.want(); waiting < want && now >= p.closedAt && now < p.closedAt+p.gapMax {
		return holdCompany, want, p.closedAt + p.gapMax
	}
	return holdNone, 0, 0
}

// want is how many events make a group that need not wait for more.
func (p *pacer) want() int {
	part := min(p.company/p.busyEvents, 1)
	return min(int(part*p.company), p.groupEventsMax)
}

// closed takes note of a group that was closed.
func (p *pacer) closed(now int64, events int) {
	gap := max(now-p.closedAt, int64(time.Microsecond))
	p.closedAt = now
	if p.gapMax < 0 {
		return
	}
	company := float64(events) * float64(p.gapMax) / float64(gap)
	// A gap counts for as much as it is of the time that is looked back at.
	p.company += (company - p.company) * float64(gap) / float64(gap+rateGaps*p.gapMax)
}
