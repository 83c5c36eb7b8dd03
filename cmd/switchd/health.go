package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"switchd/switch/admin"
	"switchd/switch/config"
)

// checks are the conditions under which traffic should be sent to this switch. Each
// looks at work that was done, or at what would keep it from being done.
func (n *node) checks() []admin.Check {
	return []admin.Check{
		{Name: "recovered", Run: alone(n.recovered)},
		{Name: "writer", Run: alone(n.live)},
		{Name: "commits", Run: func() (string, error) { return "", n.stall.check(clock(), n.health().CommitAge) }},
		{Name: "disk", Run: n.checkDisk},
		{Name: "second-disk", Run: func() (string, error) { return failoverWarning(n.data.journal.Failover(), n.data.second), nil }},
		{Name: "clock-jump", Run: func() (string, error) { return checkClock(n.health(), clockSet(), n.engine.Ahead()) }},
		{Name: "links", Run: func() (string, error) {
			if n.linksUp() == 0 {
				return "", errors.New("no participant is signed on")
			}
			return "", nil
		}},
		{Name: "module", Run: func() (string, error) {
			return judgeModule(n.security.pool == nil || n.security.pool.Up(), n.conf.inForce.Load().Participants)
		}},
		{Name: "certificates", Run: func() (string, error) {
			label, until := n.trust.First()
			return certificateWarning(n.health(), label, until.Sub(time.Unix(0, clock()))), nil
		}},
		{Name: "configuration", Run: func() (string, error) {
			if n.conf.fallback.Load() {
				return "the file was not good at the start: what was in force last is", nil
			}
			return "", nil
		}},
		{Name: "canary", Run: func() (string, error) {
			if n.canary == nil {
				return "", nil
			}
			return n.canary.Check()
		}},
		{Name: "accepting", Run: func() (string, error) {
			if n.leaving.Load() || n.ingress.Draining() {
				return "", errors.New("the switch is draining")
			}
			return "", nil
		}},
	}
}

// health is from when on something is told, by the configuration in force.
func (n *node) health() *config.Health { return &n.conf.inForce.Load().Health }

// alone makes a check of a condition that has no warning.
func alone(condition func() error) func() (string, error) {
	return func() (string, error) { return "", condition() }
}

// recovered says whether the journal is replayed and the first group of this start committed.
func (n *node) recovered() error {
	select {
	case <-n.engine.Ready():
		return nil
	default:
		return errors.New("the journal is replayed; the first commit of this start is under way")
	}
}

// started says whether the start is over: participants can connect.
func (n *node) started() error {
	if n.isOpen() {
		return nil
	}
	if err := n.recovered(); err != nil {
		return err
	}
	return errors.New("the participants' port is being opened")
}

func (n *node) checkDisk() (string, error) { return n.disk.Warning(), n.disk.Check() }

// stall is how long events have waited without any commit. The heartbeat looks, whether
// the writer answers or not.
type stall struct {
	groups uint64       // that were committed when it last looked; the heartbeat's
	since  atomic.Int64 // when it first saw that; 0: nothing waits, or commits go on
}

// look takes how many events wait, and how many groups have been committed.
func (s *stall) look(now int64, waiting int, groups uint64) {
	switch {
	case waiting == 0 || groups != s.groups:
		s.groups = groups
		s.since.Store(0)
	case s.since.Load() == 0:
		s.since.Store(now)
	}
}

func (s *stall) check(now int64, most time.Duration) error {
	if lasts := s.lasts(now, most); lasts > 0 {
		return fmt.Errorf("events wait, and nothing has been committed for %v", lasts.Round(time.Second))
	}
	return nil
}

// lasts is for how long it has lasted; 0: not longer than it may.
func (s *stall) lasts(now int64, most time.Duration) time.Duration {
	if since := s.since.Load(); since != 0 && now-since > int64(most) {
		return time.Duration(now - since)
	}
	return 0
}

// checkClock judges by how much the clock was set since the start, and how far the journal
// was ahead of it then. The switch's own time goes on evenly, but certificates and what it
// writes into messages are judged by others' clocks.
func checkClock(h *config.Health, set, ahead time.Duration) (string, error) {
	switch {
	case max(set, -set) > h.ClockStep:
		return "", fmt.Errorf("the system's clock was set by %v since the start, and the switch goes by the time of before: look which is right, and restart it", set.Round(time.Millisecond))
	case max(set, -set) > h.ClockWarning:
		return fmt.Sprintf("the system's clock was set by %v since the start; the switch goes by the time of before until it is restarted", set.Round(time.Millisecond)), nil
	case ahead > time.Minute:
		return fmt.Sprintf("the journal was %v ahead of the clock at the start, and goes on in its own time", ahead.Round(time.Second)), nil
	}
	return "", nil
}

// judgeModule judges a security module that does not answer: who needs none is served all
// the same, so that it is a failure only if nobody is left.
func judgeModule(up bool, all []config.Participant) (string, error) {
	if up {
		return "", nil
	}
	need := 0
	for i := range all {
		if p := &all[i]; p.MAC.Key != "" || p.Signature.Key != "" { // with PINs alone the other payments work
			need++
		}
	}
	if need == len(all) {
		return "", errors.New("the security module does not answer, and every participant needs it")
	}
	return fmt.Sprintf("the security module does not answer: %d of %d participants need it", need, len(all)), nil
}

// certificateWarning is of the certificate that ends first.
func certificateWarning(h *config.Health, label string, left time.Duration) string {
	switch {
	case label == "" || left > certificatesSoon(h):
		return ""
	case left <= 0:
		return label + " has expired"
	}
	return fmt.Sprintf("%s expires in %v", label, left.Round(time.Minute))
}

// certificatesSoon is from when on the end of a certificate is near.
func certificatesSoon(h *config.Health) time.Duration {
	return time.Duration(h.Certificates) * 24 * time.Hour
}
