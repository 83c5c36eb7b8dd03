package sim

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/egress"
	"switchd/switch/engine"
	"switchd/switch/mutant"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// crashed is the panic that ends the process at a point.
type crashed struct{}

// point is a place in the process's work at which it can die.
type point uint8

const (
	atOnce       point = iota // between two things
	beforeAppend              // stamped, not appended
	afterAppend               // appended, not synced
	beforeStep                // durable, nothing done
	midStep                   // some events of the group stepped
	afterStep                 // all stepped, no row stored
	afterStore                // rows stored, nothing released
	midRelease                // some of the messages on a link
	afterRelease              // all released
	midReplay                 // at the start, while the journal is replayed
	pointCount
)

// armed says where the process will die: at the skip-th time that it comes there.
type armed struct {
	point point
	skip  int
}

// arm has the process die soon.
func (w *world) arm() {
	if w.calm || w.node == nil {
		return
	}
	w.armed = armed{point(w.rng.IntN(int(pointCount))), 1 + w.rng.IntN(20)}
	switch w.armed.point {
	case atOnce:
		w.armed = armed{}
		panic(crashed{})
	case midReplay: // first there must be something to replay
		panic(crashed{})
	}
}

// point is called wherever the process may die.
func (w *world) point(p point) {
	if w.armed.skip == 0 || w.armed.point != p {
		return
	}
	if w.armed.skip--; w.armed.skip == 0 {
		panic(crashed{})
	}
}

// crash ends the process. Of what no fsync has covered, any part may be on the disk
// all the same, and the last group half; of the state store an earlier state is.
func (w *world) crash() {
	w.count(faultCrash)
	w.node = nil
	next := w.log.Next()
	lost := w.synced + 1 + w.rng.Uint64N(next-w.synced)
	tail := 0
	if w.rng.IntN(2) == 0 {
		tail = 1 + w.rng.IntN(400)
	}
	w.log.Crash(lost, tail)
	w.rows.crash(w.rng.IntN(w.rows.states()))
	for _, c := range w.conns {
		c.broken()
	}
	w.conns = w.conns[:0]
	w.agenda.add(w.now+w.upTo(10*time.Second), w.boot)
}

// boot starts the process from what is on the disk, as engine.Open does.
func (w *world) boot() {
	if w.log.Reopen() {
		w.count(faultTorn)
	}
	w.judge.watch.seq = min(w.judge.watch.seq, w.log.Next()-1) // what was stepped and is lost did not happen
	if err := w.reread(); err != nil {
		w.judge.violation("restore", 0, "%v", err)
		return
	}
	n := &node{
		w: w, m: payment.New(w.rows), turned: map[payment.RequestKey]bool{}, repeats: map[payment.RequestKey]bool{},
		asked: map[about]int64{}, ladder: ladder{moved: w.now, closedAt: w.now},
	}
	n.egress = egress.New(egress.Options{
		Submit: n.submit, Clock: n.clock, Log: w.quiet(), Registry: prometheus.NewRegistry(),
	})
	if err := n.restore(); err != nil {
		w.judge.violation("restore", 0, "%v", err)
		return
	}
	n.lastAt = n.m.LastAt()
	n.ahead = max(0, n.lastAt-w.clock.read(w.now))
	w.node = n
	if w.log.Next() > 1 {
		n.queue = append(n.queue, payment.Event{Kind: payment.Recovered, From: route.Nobody})
	}
	var err error
	if n.config, n.changing, err = engine.Merge(n.m.Config(), w.file.listed()); err != nil {
		w.judge.violation("config", 0, "a start refuses the file: %v", err)
		return
	}
	if n.changing {
		n.queue = append(n.queue, payment.Event{Kind: payment.ConfigChanged, From: route.Nobody, Config: n.config})
	}
	n.take(n.config)
	n.wake(w.now)
}

// reread shows the judge what is durable after all, though no fsync was waited for.
func (w *world) reread() error {
	var survived [][]byte
	err := w.log.Replay(w.synced+1, func(_ uint64, record []byte) error {
		survived = append(survived, bytes.Clone(record))
		return nil
	})
	w.durable(w.log.Next()-1, survived)
	return err
}

// restore loads the machine from its rows and replays what the log has after them.
func (n *node) restore() error {
	w := n.w
	if err := n.m.Restore(w.rows.snapshot()); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	var ev payment.Event
	err := w.log.Replay(w.rows.applied+1, func(seq uint64, record []byte) error {
		if err := payment.DecodeEvent(record, &ev); err != nil {
			return fmt.Errorf("record %d: %w", seq, err)
		}
		if ev.Seq != seq {
			return fmt.Errorf("record %d says that it is %d", seq, ev.Seq)
		}
		if mutant.Is(mutant.SkipReplay) {
			return nil
		}
		w.judge.watch.before(&ev)
		n.effects = n.m.Step(&ev, n.effects[:0])
		w.judge.watch.after(n.m, n.effects)
		if mutant.Is(mutant.ReplaySends) {
			n.send()
		}
		if seq%16 == 0 {
			n.store(seq)
			w.point(midReplay)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	n.stepped = w.log.Next() - 1
	n.store(n.stepped)
	w.judge.restored(w.rows)
	return nil
}

var errBusy = errors.New("the ring is full")
