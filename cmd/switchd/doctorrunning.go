package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"

	"switchd/switch/config"
	"switchd/switch/doctor"
	"switchd/switch/screen"
	"switchd/switch/top"
	"switchd/switch/view"
)

// runningSwitch is what a switch that runs says of itself.
type runningSwitch struct {
	answers bool    // one does, whatever it says
	status  *status // nil: it says nothing of itself
}

// running asks the switch, if it runs. That it does not is no fault: it may be stopped.
func (f *doctorFlags) running(ctx context.Context, v *examination) runningSwitch {
	const name = "switch"
	port, err := f.port()
	if err != nil {
		v.add(doctor.Wrong(doctor.Warn, name, "name the switch in another way: what only a running switch can say was not looked at", "cannot be asked: %v", err))
		return runningSwitch{}
	}
	defer port.client.CloseIdleConnections()
	if err = port.rising(ctx); err == nil {
		var s *status
		if s, err = askStatus(ctx, port); err == nil {
			return runningSwitch{true, s}
		}
	}
	found, answers := f.silent(port, err)
	v.add(found)
	return runningSwitch{answers: answers}
}

// errStarting is wrapped by what a switch says that is not there yet.
var errStarting = errors.New("starting")

// errStranger is wrapped by the error about a port that somebody has who is no switch.
var errStranger = errors.New("what answers is no switch")

// rising asks whether the start of a switch is over, for which it needs no login. That
// who answers is a switch is seen by that, too.
func (p *adminPort) rising(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	answer, err := p.requestAs(ctx, http.MethodGet, "/startupz", nil, "application/json")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	var health struct {
		OK     bool         `json:"ok"`
		Checks []view.Check `json:"checks"`
	}
	switch json.Unmarshal(text, &health) {
	case nil:
		if len(health.Checks) == 0 {
			return errStranger
		}
	default:
		if err := p.refusal(answer.StatusCode, text); errors.As(err, new(usageError)) {
			return err // it speaks TLS
		}
		return errStranger
	}
	if !health.OK {
		return fmt.Errorf("%w: %s", errStarting, health.Checks[0].Error)
	}
	return nil
}

// silent is about a switch that has not said how it is, and whether there is one.
func (f *doctorFlags) silent(port *adminPort, err error) (found doctor.Finding, answers bool) {
	const name = "switch"
	switch {
	case errors.Is(err, errStarting):
		return doctor.Wrong(doctor.Warn, name, "come back when that is over: what only a running switch can say was not looked at", "%v", err), true
	case errors.Is(err, errNoLogin):
		return doctor.Wrong(doctor.Warn, name, "name --token-file (or $"+tokenFileEnv+"), or --cert and --key: what only a running switch can say was not looked at", "runs, and wants to know who asks"), true
	case errors.Is(err, syscall.ECONNREFUSED):
		level := doctor.Warn
		if f.address != "" {
			level = doctor.Bad
		}
		return doctor.Wrong(level, name, "start it, unless it is meant to be stopped: what only a running switch can say was not looked at", "does not run: nothing listens at %s", port.address), false
	case errors.Is(err, context.DeadlineExceeded):
		return doctor.Wrong(doctor.Bad, name, "look who has the port (ss -ltnp); if it is the switch, it hangs: keep what its log says, and start it anew", "somebody listens at %s, and has not answered for %s", port.address, screen.Lasts(adminWait)), false
	case errors.Is(err, errNoSwitch), errors.Is(err, errStranger):
		return doctor.Wrong(doctor.Bad, name, "look who has the port (ss -ltnp): end that, or give the switch another port in admin", "the admin port %s is taken by something that is no switch", port.address), false
	}
	return doctor.Wrong(doctor.Bad, name, "see that --config and --admin mean this switch; if they do, look at its log", "does not answer as it should: %v", err), true
}

// findings is what a running switch says that is not as it should be.
func (r *runningSwitch) findings() (all []doctor.Finding) {
	o := &r.status.Overview
	all = append(all, doctor.Good("switch", "runs since %s", screen.Clock(o.StartedAt)), sameVersion(o))
	for _, c := range o.Checks {
		switch {
		case !c.OK:
			all = append(all, doctor.Wrong(doctor.Bad, "ready: "+c.Name, toMend(c.Name)+"; until then no traffic should come here", "%s", c.Error))
		case c.Warning != "":
			all = append(all, doctor.Wrong(doctor.Warn, "ready: "+c.Name, toMend(c.Name)+", before it becomes a reason to send traffic elsewhere", "%s", c.Warning))
		}
	}
	if o.Ready {
		all = append(all, doctor.Good("ready", "all %d checks hold", len(o.Checks)))
	}
	all = append(all, money(o)...)
	if o.LoadStep > 0 {
		all = append(all, doctor.Wrong(doctor.Warn, "load", "'switchd limit ls' says what is full", "sheds at step %d: %s", o.LoadStep, o.LoadSheds))
	}
	if len(r.status.Troubled) == 0 {
		all = append(all, doctor.Good("participants", "all are up, %s", links(o)))
	}
	for i := range r.status.Troubled {
		p := &r.status.Troubled[i]
		level := doctor.Warn
		if p.State == "down" {
			level = doctor.Bad
		}
		if p.State == "removed" {
			continue
		}
		all = append(all, doctor.Wrong(level, "participant "+p.ID, "'switchd participant show "+p.ID+"' and 'switchd link ls --participant "+p.ID+"' say more; call the bank if it is not ours", "%s: %s", p.State, screen.Dash(p.Why)))
	}
	for i := range o.Alerts {
		a := &o.Alerts[i]
		level := doctor.Warn
		if a.Severity == "page" {
			level = doctor.Bad
		}
		all = append(all, doctor.Wrong(level, "alert "+a.Name, a.Todo+" (docs/runbooks/"+a.Runbook+".md)", "%s", a.Summary))
	}
	return all
}

// toMend is what to do about a check of readiness.
func toMend(check string) string {
	todo := map[string]string{
		"writer":        "look at the disk and the log (docs/runbooks/commit-slow.md); a writer that stays silent wants a restart",
		"commits":       "look at the disk of data_dir: it does not take what is written (docs/runbooks/nothing-committed.md)",
		"disk":          "make room on the disk of data_dir (docs/runbooks/disk-low.md)",
		"second-disk":   "see why the disk of data_dir is slow, or make room on the second one (docs/runbooks/second-disk.md)",
		"clock-jump":    "look which clock is right, set it, and restart the switch (docs/runbooks/clock.md)",
		"links":         "see why no participant has a link: 'switchd participant ls'",
		"module":        "bring the security module back (docs/runbooks/module-down.md)",
		"certificates":  "issue another one and reload (docs/certificates.md)",
		"configuration": "mend the file ('switchd check-config'), then 'switchd config reload'",
		"canary":        "see why payments do not go: 'switchd status', 'switchd limit ls'",
		"accepting":     "wait for the end of the drain, and start the switch again",
	}[check]
	if todo == "" {
		return "'switchd status' and docs/operating.md say more"
	}
	return todo
}

func links(o *view.Overview) string {
	return screen.Count(o.LinksUp) + " links signed on"
}

// money is what a person must look at.
func money(o *view.Overview) (all []doctor.Finding) {
	if o.PositionsSum != 0 {
		all = append(all, doctor.Wrong(doctor.Bad, "positions", "a fault of the switch: take a support bundle and call for help", "they sum up to %s instead of 0", top.Money(o, o.PositionsSum)))
	}
	if o.DeadLetters > 0 {
		all = append(all, doctor.Wrong(doctor.Warn, "dead letters", "'switchd deadletter ls' lists them: a person must decide", "%d", o.DeadLetters))
	}
	if o.InDoubt > 0 {
		all = append(all, doctor.Wrong(doctor.Warn, "in doubt", "the switch asks the banks by itself; if it grows, a bank does not answer", "%d payments, %s, the oldest for %s", o.InDoubt, top.Money(o, o.InDoubtMinor), screen.Lasts(time.Duration(o.OldestInDoubt*float64(time.Second)))))
	}
	return all
}

// sameVersion compares the binary with the one that runs.
func sameVersion(o *view.Overview) doctor.Finding {
	const name = "version"
	is := build()
	if o.Version != is.Version || o.Commit != is.Commit {
		return doctor.Wrong(doctor.Warn, name, "restart the switch if its binary was replaced, or use the binary that runs", "%s runs, this binary is %s", buildText(o.Version, o.Commit), buildText(is.Version, is.Commit))
	}
	return doctor.Good(name, "the running switch is this binary, %s", buildText(is.Version, is.Commit))
}

// isThere says whether a file is there.
func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// loginFinding says whether operators have to show who they are.
func loginFinding(cfg *config.Config) doctor.Finding {
	const name = "admin port"
	switch a := &cfg.AdminAccess; {
	case a.Users == "":
		return doctor.Wrong(doctor.Warn, name, "name users in admin_access: then operators show who they are, roles count, and two persons decide about money", "everybody on this machine may do everything at %s", cfg.Admin)
	case !a.TwoPerson:
		return doctor.Wrong(doctor.Warn, name, "remove admin_access.two_person: false", "one person alone changes caps and decides about dead letters")
	}
	return doctor.Good(name, "operators show who they are, two persons decide about money")
}
