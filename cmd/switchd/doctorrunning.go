package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"switchd/certs"
	"switchd/switch/config"
	"switchd/switch/doctor"
	"switchd/switch/screen"
	"switchd/switch/top"
	"switchd/switch/view"
)

// runningSwitch is what a switch that runs says of itself.
type runningSwitch struct {
	status *status
}

// running asks the switch, if it runs. That it does not is no fault: it may be stopped.
func (f *doctorFlags) running(ctx context.Context, v *examination) *runningSwitch {
	const name = "switch"
	port, err := f.port()
	if err != nil {
		v.add(doctor.Wrong(doctor.Warn, name, "name a way to the admin port", "cannot be asked: %v", err))
		return nil
	}
	s, err := askStatus(ctx, port)
	switch {
	case errors.Is(err, errNoSwitch):
		level := doctor.Warn
		if f.address != "" {
			level = doctor.Bad
		}
		v.add(doctor.Wrong(level, name, "start it, unless it is meant to be stopped: what only a running switch can say was not looked at", "does not run: nothing answers at %s", port.address))
		return nil
	case err != nil:
		v.add(doctor.Wrong(doctor.Bad, name, "look at its log", "does not answer as it should: %v", err))
		return nil
	}
	return &runningSwitch{s}
}

// findings is what a running switch says that is not as it should be.
func (r *runningSwitch) findings() (all []doctor.Finding) {
	o := &r.status.Overview
	all = append(all, doctor.Good("switch", "runs since %s", screen.Clock(o.StartedAt)), sameVersion(o))
	for _, c := range o.Checks {
		switch {
		case !c.OK:
			all = append(all, doctor.Wrong(doctor.Bad, "ready: "+c.Name, "until this is mended no traffic should come here; 'switchd status' and docs/operating.md say more", "%s", c.Error))
		case c.Warning != "":
			all = append(all, doctor.Wrong(doctor.Warn, "ready: "+c.Name, "mend it before it becomes a reason to send traffic elsewhere", "%s", c.Warning))
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

// When something that expires is told.
const (
	expiresSoon = 30 * 24 * time.Hour
	expiresNow  = 7 * 24 * time.Hour
)

// expiries looks at the certificates and revocation lists that a configuration names.
func expiries(cfg *config.Config) (all []doctor.Finding) {
	files := append([]string{cfg.TLS.CA, cfg.TLS.Cert, cfg.AdminAccess.Cert, cfg.AdminAccess.ClientCA, cfg.HSM.PayShield.TLS.CA, cfg.HSM.PayShield.TLS.Cert}, cfg.TLS.CRL...)
	for i := range cfg.Participants {
		s := &cfg.Participants[i].Signature
		files = append(append(files, s.Certificate), s.Certificates...)
	}
	good := 0
	for _, file := range files {
		if file == "" {
			continue
		}
		described, err := certs.Describe(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the configuration's check has said so
		}
		if err != nil {
			all = append(all, doctor.Wrong(doctor.Bad, "certificate", "put a good one there", "%v", err))
			continue
		}
		for i := range described {
			if f := expiry(file, &described[i]); f.Level != doctor.OK {
				all = append(all, f)
			} else {
				good++
			}
		}
	}
	if good > 0 {
		all = append(all, doctor.Good("certificates", "%d certificates and revocation lists are good for more than 30 days", good))
	}
	return all
}

func expiry(file string, d *certs.Description) doctor.Finding {
	name, todo, soon, now := "certificate", "issue another one (docs/certificates.md) and reload", expiresSoon, expiresNow
	if d.Kind == "crl" { // they live for days, not for a year
		name, todo, soon, now = "revocation list", "fetch the next one and reload: when the grace is over, nobody can connect", 24*time.Hour, 0
	}
	left := d.NotAfter.Sub(wall())
	switch what := screen.Dash(d.Subject); {
	case left <= 0:
		return doctor.Wrong(doctor.Bad, name, todo, "%s (%s) has expired %s ago", file, what, screen.Lasts(left))
	case left < now:
		return doctor.Wrong(doctor.Bad, name, todo, "%s (%s) expires in %s", file, what, screen.Lasts(left))
	case left < soon:
		return doctor.Wrong(doctor.Warn, name, todo, "%s (%s) expires in %s", file, what, screen.Lasts(left))
	}
	return doctor.Good(name, "%s", file)
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
