package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"switchd/switch/bench"
)

// benchFault is what a run does to the switch beside a steady load.
type benchFault struct {
	surge            float64
	surgeFor, killAt time.Duration
}

const faultHelp = `With --surge X the rate is X times as high for --surge-for after the window, and then
the steady one again for 5 to 15 s: the report says what rate of success the switch kept,
how many payments it refused, whether each had an answer, and when all was as before.
The rate of the window should be the knee (--find-knee). No limit of a participant or of
an account comes into it: the configuration of --spawn has none, and the accounts hold
more than any run can spend.

With --kill-at T the switch is killed T into the window (kill -9) and started again on
the same folder; all participants connect again. Payments that were in flight are judged
by the books. What was due meanwhile is not sent, and figures of the process are unknown.
`

func (b *benchFault) register(fl *pflag.FlagSet) {
	fl.Float64Var(&b.surge, "surge", 0, "after the window, so many times the rate for --surge-for")
	fl.DurationVar(&b.surgeFor, "surge-for", 10*time.Second, "length of the surge")
	fl.DurationVar(&b.killAt, "kill-at", 0, "with --spawn: kill the switch so long after the begin of the window, and start it again")
}

// check refuses what cannot be meant.
func (b *benchFault) check(spawned bool) error {
	if b.killAt < 0 {
		return fmt.Errorf("--kill-at is %v: it is counted from the begin of the window on", b.killAt)
	}
	if b.killAt > 0 && !spawned {
		return errors.New("--kill-at needs --spawn: bench kills no switch that it has not started")
	}
	return nil
}

// timers are those of the configuration of --spawn. Beside a healthy switch none may
// ever run out; one that was killed leaves work to them, and so does a silent bank.
func (b *benchFault) timers(silence bool) string {
	resolve, total, leg, rest := "60s", "180s", "60s", "backoff_min: 10s"
	if b.killAt > 0 {
		resolve, total, leg, rest = "5s", "15s", "5s", "credit_unknown: 4s, backoff_min: 500ms"
	}
	if silence {
		leg, rest = "3s", "credit_unknown: 4s, backoff_min: 1s, backoff_max: 2s"
	}
	return fmt.Sprintf("{resolve: %s, debit: %s, credit: %s, total: %s, reversal: %s, %s, idle: 60s, echo: 30s}", resolve, leg, leg, total, leg, rest)
}

// apply adds the faults to what the run does.
func (b *benchFault) apply(o *bench.Options, s subject) {
	if b.surge != 0 {
		o.Surge = bench.Surge{Times: b.surge, For: b.surgeFor}
	}
	if b.killAt > 0 {
		o.Kill = bench.Kill{At: b.killAt, Kill: s.kill, Start: s.again}
	}
}

// spawned is a switch that was started by bench, and may be killed and started again. It
// belongs to one goroutine.
type spawned struct {
	file string
	talk io.Writer
	now  *child // nil: it was killed
}

// kill ends it as a power cut of the process would.
func (s *spawned) kill() error {
	c := s.now
	s.now = nil
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	<-c.ended
	return nil
}

// again starts it on the same folder.
func (s *spawned) again(ctx context.Context) (address string, admin bench.Admin, err error) {
	if s.now, err = spawn(ctx, s.file, s.talk); err != nil {
		return "", bench.Admin{}, err
	}
	return s.now.address, s.at(), nil
}

// at is where it is watched.
func (s *spawned) at() bench.Admin {
	return bench.Admin{URL: s.now.admin, PID: s.now.cmd.Process.Pid}
}

// stop ends it in good order.
func (s *spawned) stop() error {
	if s.now == nil {
		return errors.New("the switch was killed and did not start again")
	}
	return s.now.stop()
}
