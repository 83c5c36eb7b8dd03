package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"switchd/ledger"
	"switchd/switch/payment"
)

// run brings the switch up, works until ctx ends or something fails, and then stops in the
// order that loses nothing: listeners first, so that what links still say is taken; then the
// engine, which commits and steps everything it was given. started is called when
// participants can connect.
//
// Goroutines: this one (waits), the engine's sequencer and writer, gnetio's loops
// and handshake workers, the admin server, the heartbeat, the watches of the disks,
// retention, the desk, the canary, what tells of traces, the workers of the security module.
func (n *node) run(ctx context.Context, started func()) error {
	offered, err := n.listenAdmin()
	if err != nil {
		return n.fall(err)
	}
	failed, fail := context.WithCancel(ctx)
	defer fail()
	rim, rimCtx := errgroup.WithContext(failed)
	rim.Go(func() error { return n.admin.Run(rimCtx) })
	if err = n.rise(rimCtx); err == nil {
		err = n.offer(offered)
	}
	if err != nil {
		fail()
		return n.fall(cmp.Or(rim.Wait(), err)) // the port first: it shows what the stores say of themselves
	}
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	var core errgroup.Group
	core.Go(func() error {
		defer fail()
		return n.engine.Run(engineCtx, n.sink())
	})
	stopSecurity := n.startSecurity(ctx)
	rim.Go(func() error { return n.beat(rimCtx) })
	rim.Go(func() error { return n.disk.Run(rimCtx) })
	rim.Go(func() error { return n.data.second.Run(rimCtx) })
	rim.Go(func() error { return n.tracing.run(rimCtx) })
	for _, job := range []func(context.Context) error{n.retainer.Run, n.desk.Run} {
		rim.Go(func() error {
			select {
			case <-n.engine.Ready():
				return job(rimCtx)
			case <-rimCtx.Done():
				return nil
			}
		})
	}
	rim.Go(func() error {
		select {
		case <-n.engine.Ready():
		case <-rimCtx.Done():
			return nil
		}
		if err := n.listen(); err != nil {
			return err
		}
		rim.Go(func() error { return n.trust.Run(rimCtx, func() { n.server.CloseLinks(n.trust.Reject) }) })
		rim.Go(func() error { return n.runCanary(rimCtx) })
		n.keepStart() // before a signal is listened to: it would keep what that has replaced
		close(n.open)
		n.conf.metrics.accepted(clock())
		n.log.Info("ready", "event", "switch.ready", "listen", n.server.Addr(), "admin", n.admin.URL())
		started()
		return n.server.Run(rimCtx)
	})
	err = rim.Wait()
	stopEngine()
	return errors.Join(err, core.Wait(), stopSecurity())
}

// drainPoll is how often a drain looks whether everything has ended.
const drainPoll = 20 * time.Millisecond

// drain ends the work in good order: no new payments, wait for the open ones (at
// most limit), sign off. It returns how many payments are still open; they are in
// the journal, and the next start goes on with them.
//
// The sign-off comes last: a payment that is half done needs the links of both its
// banks, and a bank that is signed off first would have it undone.
func (n *node) drain(ctx context.Context, limit time.Duration) int {
	n.ingress.Drain()
	n.holdCanary()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	n.waitOpen(ctx, clock())
	if n.isOpen() {
		n.server.Leave() // or those that are signed off would be dialled again
	}
	n.ingress.SignOff()
	signOff, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOffLimit)
	defer cancel()
	waitFor(signOff, func() bool { return n.linksUp() == 0 })
	left := 0
	_ = n.engine.Inspect(context.WithoutCancel(ctx), func(m *payment.Machine) { left = m.OpenCount() }) // a stopped engine has said why
	return left
}

// isOpen says that participants can connect.
func (n *node) isOpen() bool {
	select {
	case <-n.open:
		return true
	default:
		return false
	}
}

// signOffLimit is how long links may take to answer a sign-off.
const signOffLimit = 2 * time.Second

// waitOpen waits until all payments from before a time are closed and all others
// decided, or ctx ends. It does not wait for receipts of what was refused since:
// under load there is always one on its way.
func (n *node) waitOpen(ctx context.Context, before int64) {
	waitFor(ctx, func() bool {
		open := 0
		err := n.engine.Inspect(ctx, func(m *payment.Machine) {
			m.OpenPayments(func(p *payment.Payment) {
				if p.Open() && (p.CreatedAt < before || !p.State.Final()) {
					open++
				}
			})
		})
		return err == nil && open == 0
	})
}

// waitFor polls until done or the end of ctx.
func waitFor(ctx context.Context, done func() bool) bool {
	tick := time.NewTicker(drainPoll)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

func (n *node) linksUp() int {
	up := 0
	for _, p := range n.engine.Config().Participants {
		up += n.egress.Links(p.Number)
	}
	return up
}

// heartbeat is the time of the last proof that the writer works.
type heartbeat struct{ at atomic.Int64 }

const (
	beatEvery = time.Second
	beatStale = 10 * time.Second // longer without a beat: the loop does not turn
)

// beat asks the writer for a sign of life every second, and passes it on to the
// service manager: one whose writer hangs has the switch started anew. Whether commits
// go on it looks first and waits no longer than that for the writer, who himself waits
// for a disk that hangs.
func (n *node) beat(ctx context.Context) error {
	every := n.manager.beatEvery()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		n.stall.look(clock(), n.engine.Uncommitted(), n.engine.CommitTally().Groups)
		asked, cancel := context.WithTimeout(ctx, every)
		err := n.engine.Inspect(asked, func(*payment.Machine) {})
		cancel()
		if err == nil {
			n.lastSeen.at.Store(clock())
			n.manager.alive()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (n *node) live() error {
	if at := n.lastSeen.at.Load(); at != 0 && clock()-at > int64(beatStale) {
		return fmt.Errorf("the writer has not answered for %v", time.Duration(clock()-at).Round(time.Second))
	}
	return nil
}

// summary is the state of the switch in numbers, for /api/v1/summary and demo.
type summary struct {
	Payments     uint64            `json:"payments"`
	States       map[string]uint64 `json:"states"` // how many have ever entered each
	Open         int               `json:"open"`
	PositionsSum int64             `json:"positions_sum"`
	Participants []participantView `json:"participants"`
}

type participantView struct {
	ID       string       `json:"id"`
	Links    int          `json:"links"`
	Position positionView `json:"position"`
}

// positionView is a participant's position, in minor units.
type positionView struct {
	Posted   int64 `json:"posted"`
	Reserved int64 `json:"reserved"`
	Cap      int64 `json:"cap"`
}

func viewPosition(p ledger.Position) positionView { return positionView{p.Posted, p.Reserved, p.Cap} }

// summary asks the engine; it has a second to answer. Nothing is known of a switch
// that gives none: an empty summary would say that no payment is open.
func (n *node) summary(ctx context.Context) (summary, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s := summary{States: map[string]uint64{}}
	err := n.engine.Inspect(ctx, func(m *payment.Machine) {
		totals := m.Totals()
		for _, state := range payment.States() {
			s.States[state.String()] = totals.Of(state)
		}
		s.Payments, s.Open, s.PositionsSum = totals.Of(payment.Received), m.OpenCount(), m.PositionSum()
		for _, p := range m.Config().Participants {
			if p.Canary {
				continue
			}
			s.Participants = append(s.Participants, participantView{ID: p.ID, Links: m.LinkCount(p.Number), Position: viewPosition(m.Position(p.Number))})
		}
	})
	if err != nil {
		return summary{}, fmt.Errorf("the engine has not answered: %w", err)
	}
	return s, nil
}
