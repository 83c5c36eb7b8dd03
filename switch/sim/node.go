package sim

import (
	"time"

	"switchd/switch/egress"
	"switchd/switch/journal"
	"switchd/switch/mutant"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// node is the process: machine, egress and links around the journal and the state
// store, which outlive it. It does what switch/engine does with its two goroutines,
// one thing after another: group what waits, stamp it, append it, and when it is
// durable step it, store the rows and release the effects.
type node struct {
	w       *world
	m       *payment.Machine
	egress  *egress.Egress
	doors   []*door
	turned  map[payment.RequestKey]bool // told "busy" without a record, as in switch/ingress
	repeats map[payment.RequestKey]bool // that have come, as there
	asked   map[about]int64             // when an enquiry went on last, as there
	ladder  ladder

	config   *payment.Config // in force, or about to be at a start
	changing bool            // another one is on its way
	table    table

	queue   []payment.Event
	pipe    []*group // appended and not stepped yet
	syncAt  int64    // when the group before will be durable
	woken   int64    // when sequence runs next; 0: not at all
	busy    int64    // no group before this time
	ahead   int64    // the journal's time before the clock's at the start
	lastAt  int64
	ticking bool
	stepped uint64
	effects []payment.Effect
	group   journal.Group
}

// group is one group on its way from the log to the machine.
type group struct {
	events  []payment.Event
	records [][]byte
	last    uint64
}

// pipeDepth is how many groups may be between append and step, as in the engine.
const pipeDepth = 3

// clock is the time of events.
func (n *node) clock() int64 { return n.w.clock.read(n.w.now) + n.ahead }

// idle says that nothing is open or under way.
func (n *node) idle() bool {
	_, due := n.m.NextDeadline()
	return len(n.queue) == 0 && len(n.pipe) == 0 && n.m.OpenCount() == 0 && !due
}

// submit takes events as the engine's ring does, and says how many.
func (n *node) submit(events []payment.Event) (int, error) {
	for i := range events {
		if len(n.queue) >= n.limit(events[i].Kind) {
			n.w.count(faultRingFull)
			return i, errBusy
		}
		ev := events[i]
		ev.Text = payment.Text{}
		ev.Text.CopyFrom(&events[i].Text)
		n.queue = append(n.queue, ev)
	}
	n.wake(n.w.now)
	return len(events), nil
}

// limit is how full the ring may be for an event of this kind. The reserve for
// answers is smaller than the engine's, so that it is used up sometimes.
func (n *node) limit(kind payment.Kind) int {
	size := n.w.swarm.queueMax
	switch {
	case kind == payment.RequestArrived:
		return size * 3 / 4
	case kind == payment.EnquiryArrived:
		return max(size/10, 1)
	case kind == payment.AnswerArrived && !n.w.calm:
		return 4 * size
	}
	return 1 << 20
}

// wake has sequence run at a time.
func (n *node) wake(at int64) {
	if n.woken != 0 && n.woken <= at {
		return
	}
	n.woken = max(at, 1)
	n.w.agenda.add(at, func() {
		if n.w.node == n && n.woken == max(at, 1) {
			n.woken = 0
			n.sequence()
		}
	})
}

// look wakes the process's sequencer: its clock has changed.
func (w *world) look() {
	if w.node != nil {
		w.node.wake(w.now)
	}
}

// sequence makes a group of what waits and appends it.
func (n *node) sequence() {
	w := n.w
	if len(n.pipe) >= pipeDepth { // apply wakes it again
		return
	}
	tick := n.tickDue()
	if len(n.queue) == 0 && !tick && !n.ladder.tells() {
		return
	}
	if w.now < n.busy {
		n.wake(n.busy)
		return
	}
	n.busy = w.now + int64(w.swarm.commitGap)
	events := n.queue
	n.queue = nil
	if tick {
		n.ticking = true
		events = append(events, payment.Event{Kind: payment.Tick, From: route.Nobody})
	}
	if n.ladder.closedAt = w.now; n.ladder.tells() {
		events = append(events, n.ladder.tell())
	}
	w.point(beforeAppend)
	if w.chance(faultStoreError) {
		panic(crashed{})
	}
	g := n.append(events)
	w.point(afterAppend)
	n.pipe = append(n.pipe, g)
	if mutant.Is(mutant.RowsFirst) {
		n.m.Flush(w.rows)
		w.rows.commit(g.last)
	}
	if mutant.Is(mutant.SkipBarrier) {
		n.apply(g)
		return
	}
	n.syncAt = max(n.syncAt, w.now+w.upTo(w.swarm.syncTime))
	if w.chance(faultSlowSync) {
		n.syncAt += w.upTo(3 * time.Second)
	}
	w.agenda.add(n.syncAt, func() {
		if w.node == n {
			n.apply(g)
		}
	})
}

// tickDue says whether a deadline has passed, and sees to the next look.
func (n *node) tickDue() bool {
	at, due := n.m.NextDeadline()
	if !due || n.ticking {
		return false
	}
	if at <= n.clock() {
		return true
	}
	if n.w.clock.frozen == 0 {
		n.lookAt(n.w.now + at - n.clock())
	}
	return false
}

// lookAt has the deadline looked at again. It does not keep a run from ending.
func (n *node) lookAt(at int64) {
	if n.woken != 0 && n.woken <= at {
		return
	}
	n.woken = at
	n.w.agenda.addBackground(at, func() {
		if n.w.node == n && n.woken == at {
			n.woken = 0
			n.sequence()
		}
	})
}

// append stamps events and appends them as one group.
func (n *node) append(events []payment.Event) *group {
	n.lastAt = max(n.lastAt, n.clock())
	g := &group{events: events, records: make([][]byte, len(events))}
	jg := &n.group // the log keeps a copy
	jg.Reset(n.w.log.Next())
	jg.At(n.lastAt)
	for i := range events {
		events[i].Seq, events[i].At = jg.Next(), n.lastAt
		g.records[i] = payment.AppendEvent(nil, &events[i])
		jg.Add(g.records[i])
	}
	g.last = jg.Next() - 1
	if _, err := n.w.log.Append(jg); err != nil {
		panic(err)
	}
	return g
}

// apply makes the oldest group take effect, after its fsync.
func (n *node) apply(g *group) {
	w := n.w
	if !mutant.Is(mutant.SkipBarrier) {
		w.durable(g.last, g.records)
	}
	w.point(beforeStep)
	n.pipe = n.pipe[1:]
	ticked := false
	var config *payment.Config
	for i := range g.events {
		ev := &g.events[i]
		ticked = ticked || ev.Kind == payment.Tick
		if ev.Kind == payment.ConfigChanged {
			config = ev.Config
		}
		if mutant.Is(mutant.Restamp) {
			ev.At++
		}
		w.judge.watch.before(ev)
		n.effects = n.m.Step(ev, n.effects[:0])
		w.judge.watch.after(n.m, n.effects)
		n.stepped = ev.Seq
		n.send()
		w.point(midStep)
	}
	w.point(afterStep)
	if w.chance(faultStoreError) {
		panic(crashed{})
	}
	n.store(g.last)
	w.point(afterStore)
	n.egress.Release()
	w.point(afterRelease)
	if ticked {
		n.ticking = false
	}
	if config != nil {
		n.changed(config)
	}
	n.wake(w.now)
}

// send hands the messages of the last step to the egress.
func (n *node) send() {
	for j := range n.effects {
		if n.effects[j].Send {
			n.egress.Encode(&n.effects[j])
		}
	}
}

// durable notes that an fsync has covered the log up to last.
func (w *world) durable(last uint64, records [][]byte) {
	w.synced = last
	for _, r := range records {
		w.trace.bytes(w.now, 'e', r)
		w.judge.durable(r)
	}
}

// store writes the rows of everything up to applied.
func (n *node) store(applied uint64) {
	n.m.Flush(n.w.rows)
	n.w.rows.commit(applied)
	if states := n.w.rows.states(); n.w.rng.IntN(n.w.swarm.flushEvery) == 0 {
		n.w.rows.flushed(n.w.rng.IntN(states))
	}
}
