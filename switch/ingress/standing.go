package ingress

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/session"
	"switchd/switch/guard"
)

// standing is where a participant stands whatever the link.
type standing struct {
	mu     sync.Mutex // guards shared, which the links' automatons use from several loops
	shared *session.Participant

	buckets [classCount]bucket
	// heldRepeats are those that may go on while new payments are held. Each is a
	// record, if only of a decline, and the disk has no room for as many as somebody
	// likes. What is over hears nothing, and comes again.
	heldRepeats bucket
	memory      memory
	asked       asked
	away        [classCount][causeCount]prometheus.Counter // nil where there is no such cause
	limits      line                                       // in the log: over a limit
	bad         line                                       // malformed
	doubtful    line                                       // not proven
	unchecked   guard.Budget                               // what has come and waits for the module
	unsealed    guard.Budget                               // what is to leave and does
	noted       noted
	arrived     [kindCount]prometheus.Counter // messages, by what they are
	links       [linkStates]prometheus.Gauge  // by where they stand
}

func newStanding(id string, p *Participant, m *metrics) *standing {
	st := &standing{shared: session.NewParticipant(p.Session), memory: memory{seed: maphash.MakeSeed()}}
	st.unchecked.Max, st.unsealed.Max = guardedMax, guardedMax
	st.limit(&p.Limits)
	st.heldRepeats.set(defaultAsking)
	for c, all := range causes {
		for _, why := range all {
			st.away[c][why] = m.limited.WithLabelValues(id, classNames[c], causeNames[why])
		}
	}
	for k := range st.arrived {
		st.arrived[k] = m.messages.WithLabelValues(id, kindClasses[k])
	}
	for state := range st.links {
		st.links[state] = m.links.WithLabelValues(id, linkStateLabels[state])
	}
	return st
}

// guardedMax bounds the bytes of a participant that wait for the module, each way, on
// all its links.
const guardedMax = 64 << 20

// set gives the participant other limits and timers. What it has used stays used.
func (st *standing) set(p *Participant) {
	st.limit(&p.Limits)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.shared.Set(p.Session)
}

// The time from one log line about a participant to the next: one that floods, with
// whatever, must neither fill the log nor keep the lines about others out of it.
const (
	limitGap     = int64(time.Minute)
	malformedGap = int64(time.Second)
)

// line spaces log lines.
type line struct {
	last atomic.Int64 // when one was written
	more atomic.Int64 // times since then
}

// tell says whether a line is due, and for how many times it stands. Safe for
// concurrent use.
func (l *line) tell(now, gap int64) (times int64, due bool) {
	l.more.Add(1)
	last := l.last.Load()
	if last != 0 && now-last < gap || !l.last.CompareAndSwap(last, now) {
		return 0, false
	}
	return l.more.Swap(0), true
}
