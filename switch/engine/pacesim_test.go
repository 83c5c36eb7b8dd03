package engine

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Times of the model, in nanoseconds.
const (
	us = int64(time.Microsecond)
	ms = int64(time.Millisecond)
	s  = int64(time.Second)

	hopNanos   = 20 * us   // from one goroutine to another
	timerNanos = 1060 * us // what a Go timer below a millisecond takes
	forever    = int64(1 << 62)
)

// flight is a group between append and the notice that it is durable.
type flight struct {
	came     []int64 // its events
	appended int64
	known    int64 // when the sequencer hears that it is durable
}

// model is a sequencer with a pacer over a model of Pebble's write-ahead log: one
// fsync at a time, and each takes what was appended before it began.
type model struct {
	p      pacer
	limits Options
	chance *rand.Rand
	disk   func(now int64) int64 // how long an fsync takes that begins now

	now     int64
	queue   []int64  // when each waiting event came
	flying  []flight // oldest first
	syncing int      // so many of flying are in the fsync under way, or were in one
	syncEnd int64    // of the fsync under way

	enough int   // so many waiting events wake the sequencer
	alarm  int64 // the timer does

	groups    []int   // events of each group
	latencies []int64 // of each event, from arrival until it is known to be durable
	syncs     int
	queueMax  int
	held      [holdCount]int
	why       hold
}

func newModel(disk func(now int64) int64) *model {
	m := &model{limits: Options{}.withDefaults(), chance: rand.New(rand.NewPCG(1, 2)), disk: disk, syncEnd: forever, alarm: forever, enough: 1}
	m.p = newPacer(&m.limits)
	return m
}

// steady is a disk that always takes so long, give or take a tenth.
func steady(nanos int64) func(int64) int64 {
	chance := rand.New(rand.NewPCG(3, 4))
	return func(int64) int64 { return nanos*9/10 + chance.Int64N(nanos/5+1) }
}

// random is the time to the next of so many events a second, which come by chance.
func (m *model) random(rate float64) func() int64 {
	return func() int64 { return int64(m.chance.ExpFloat64() * 1e9 / rate) }
}

// load lets events come for a while, and returns when all of them are durable.
func (m *model) load(nanos int64, gap func() int64) {
	end := m.now + nanos
	next := m.now + gap()
	for {
		if next >= end {
			next = forever
		}
		known := forever
		if m.syncing > 0 {
			known = m.flying[0].known
		}
		at := min(next, m.syncEnd, known, m.alarm)
		if at == forever {
			m.now = max(m.now, end)
			return
		}
		switch m.now = at; at {
		case m.syncEnd:
			m.sync()
			continue
		case known:
			m.land()
		case next:
			next += gap()
			m.queue = append(m.queue, m.now)
			m.queueMax = max(m.queueMax, len(m.queue))
			if len(m.queue) < m.enough {
				continue
			}
		}
		m.turn()
	}
}

// sync begins the fsync of all that was appended.
func (m *model) sync() {
	m.syncEnd = forever
	if m.syncing == len(m.flying) {
		return
	}
	m.syncs++
	m.syncEnd = m.now + m.disk(m.now)
	for ; m.syncing < len(m.flying); m.syncing++ {
		m.flying[m.syncing].known = m.syncEnd + hopNanos
	}
}

// land takes note of all that is durable.
func (m *model) land() {
	for m.syncing > 0 && m.flying[0].known <= m.now {
		f := m.flying[0]
		m.flying, m.syncing = m.flying[1:], m.syncing-1
		for _, came := range f.came {
			m.latencies = append(m.latencies, m.now-came)
		}
	}
}

// turn is the loop of the sequencer.
func (m *model) turn() {
	for {
		why, enough, until := m.p.decide(m.now, len(m.queue), len(m.flying))
		if why != holdNone {
			m.why, m.enough, m.alarm = why, enough, forever
			if until > 0 {
				m.alarm = max(until, m.now+timerNanos)
			}
			return
		}
		n := min(len(m.queue), m.limits.GroupEventsMax)
		m.p.closed(m.now, n)
		m.flying = append(m.flying, flight{came: slices.Clone(m.queue[:n]), appended: m.now})
		m.queue = append(m.queue[:0], m.queue[n:]...)
		m.groups = append(m.groups, n)
		m.held[m.why%hold(holdCount)]++ // to have waited for events is to have waited for nothing
		m.why = holdNone
		if m.syncEnd == forever {
			m.sync()
		}
	}
}

// quantile of the latencies.
func (m *model) quantile(q float64) int64 {
	sorted := slices.Sorted(slices.Values(m.latencies))
	return sorted[int(q*float64(len(sorted)-1))]
}
