package engine

import "time"

// A queue is crowded when more comes than is taken, and goes on coming. Its room is
// then what is taken in a short time, and a request that finds none is told "busy" at
// once: what is let in is done soon, and the work goes to what is let in.
//
// Without that a queue that is large enough for a burst is a place to wait for seconds:
// all that is let in is late, payers ask again and banks' timers end, and the switch
// spends its time on what nobody waits for any more.
//
// A burst, or a disk that stalls for half a second as shared ones do, makes no crowd:
// what came meanwhile is done within the second after it. Answers, failed sends and
// events of links are no crowd's business: each ends work.

const (
	// crowdWait is how long the oldest event has waited in a queue that gets crowded,
	// and crowdAfter for how long that has been so at every look.
	crowdWait  = int64(200 * time.Millisecond)
	crowdAfter = int64(time.Second)
	// crowdRoom is in what time the requests are taken that a crowded queue has room for.
	crowdRoom = int64(100 * time.Millisecond)
	// A queue is not crowded any more when for crowdLeave no request was refused and
	// nothing has waited for crowdCalm. Between the two nothing changes.
	crowdCalm  = int64(50 * time.Millisecond)
	crowdLeave = int64(time.Second)
	// crowdWindow is the least time over which the rate of taking is measured.
	crowdWindow = int64(100 * time.Millisecond)
	// crowdLeast is the room that there is whatever the rate is: that of a machine that
	// stood still for a moment must not lock everybody out.
	crowdLeast = 256
	// crowdBurst is the room that there is in a queue that is not crowded, or what is taken
	// in a second, if that is more: on a small machine a large queue would be a place to
	// wait for many seconds before it is known to be crowded.
	crowdBurst = 8192
	// crowdFew is the part of the room up to which a participant's requests are few: it
	// finds room in a crowd of others, a fourth on top of the room, all such together.
	crowdFew = 64
	// crowdDeep is how many times its room for requests the front of a crowded queue may
	// hold: a payment is four events, or six where banks want confirmations.
	crowdDeep = 6
)

// crowding says whether a queue is crowded, and how much room it has then. Time comes in.
type crowding struct {
	on      bool
	since   int64 // since when all looks have found a long wait; 0: the last one has not
	calm    int64 // when it was last not calm
	refused bool  // a request was, since the last look
	nobody  bool  // one for which there was no room for anybody, since the last look
	scarce  int64 // when that was last so, or something had waited for crowdWait

	rate   int64 // requests that are taken in a second, when there are enough
	window int64 // when the window of the rate began; 0: never
	taken  int   // requests in it
	ran    bool  // the queue has run empty in it
	short  bool  // a request was refused in it
}

// look takes how long the oldest event has waited, and says whether the crowd has come
// or gone.
func (c *crowding) look(now, wait int64) (turned bool) {
	c.measure(now)
	refused := c.refused
	if c.nobody || wait >= crowdWait {
		c.scarce = now
	}
	c.refused, c.nobody = false, false
	switch {
	case c.on:
		if refused || wait >= crowdCalm {
			c.calm = now
		}
		if now-c.calm < crowdLeave {
			return false
		}
		c.on, c.since = false, 0
	case wait < crowdWait:
		c.since = 0
		return false
	case c.since == 0:
		c.since = now
		return false
	case now-c.since < crowdAfter:
		return false
	default:
		c.on, c.calm = true, now
	}
	return true
}

// measure keeps the rate of taking. It goes up fast and down slowly, because too
// little room leaves the switch without work and too much is only a longer wait. In a
// window in which the queue ran empty the rate was that of what came, and says nothing;
// if requests were refused in it all the same, there was too little room. (A commit takes
// all that waits, up to GroupEventsMax, so the queue runs empty also where the writer is
// what limits: the room grows then until more waits than one commit takes. To look whether
// the commit had to wait for the one before it would not tell either: with a slow disk
// each does, and the room has to grow there, or it would never be more than 256.)
func (c *crowding) measure(now int64) {
	passed := now - c.window
	if passed < crowdWindow && c.window != 0 {
		return
	}
	const up, down, more = 2, 8, 4
	is := int64(float64(c.taken) * float64(time.Second) / float64(max(passed, crowdWindow)))
	switch {
	case c.window == 0:
	case is > c.rate:
		c.rate += (is - c.rate + up - 1) / up
	case !c.ran:
		c.rate -= (c.rate - is) / down
	case c.on && c.short:
		c.rate += max(c.rate/more, 1)
	}
	c.rate = min(c.rate, crowdRateMax)
	c.window, c.taken, c.ran, c.short = now, 0, false, false
}

// crowdRateMax bounds the rate: so many requests nobody takes.
const crowdRateMax = 10_000_000

// room is for how many requests there is room, up to a limit.
func (c *crowding) room(limit int) int {
	if !c.on {
		return min(limit, max(crowdBurst, int(c.rate)))
	}
	takes := int(float64(c.rate) * float64(crowdRoom) / float64(time.Second))
	return min(max(takes, crowdLeast), limit)
}

// turnedAway notes that a request was refused for want of room: for want of any, or of
// what its sender has a share in. Both keep the crowd, or it would come and go under one
// who floods, and others would wait behind the flood each time it comes.
func (c *crowding) turnedAway(nobody bool) {
	c.refused, c.short = true, true
	c.nobody = c.nobody || nobody
}

// sheds says whether what can be asked again is to leave its room to payments. Where only
// those are refused that have their share already, there is room for that of the others.
func (c *crowding) sheds(now int64) bool { return c.on && now-c.scarce < crowdLeave }
