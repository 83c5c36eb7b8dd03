package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"switchd/switch/config"
	"switchd/switch/desk"
	"switchd/switch/engine"
	"switchd/switch/view"
)

// A reload moves caps as a command does, so it needs as many persons: what changes one, or
// brings a participant with one, waits for a second person, who approves that file and no
// other. A signal does not wait: whoever may send one may also start the switch again by
// another file, or without users. Its deed says so.

// The deeds of a reload, as Changes has them.
const (
	deedReload       = "reload"
	deedReloadFailed = "reload-failed"
)

// capsChanged has a text for each cap that is not what it was: of whom, from what, to what.
func capsChanged(old, next *config.Config) (all []string) {
	was, money := map[string]int64{}, next.Money().Numeric
	for i := range old.Participants {
		was[old.Participants[i].ID] = old.Participants[i].NetDebitCap
	}
	for i := range next.Participants {
		p := &next.Participants[i]
		before, known := was[p.ID]
		if before == p.NetDebitCap {
			continue
		}
		from := "none"
		if known {
			from = config.AmountText(before, money)
		}
		all = append(all, fmt.Sprintf("%s %s -> %s", p.ID, from, config.AmountText(p.NetDebitCap, money)))
	}
	return all
}

// basisOf is what a second person approves: that one configuration follows the other.
func basisOf(old *accepted, next *config.Config) string {
	k := newKept(next, 0, "", "")
	return old.kept.SHA256 + " " + k.SHA256
}

// deedBytes is room for a deed of a reload: its record has its kind as well.
const deedBytes = 140 - len(deedReload+": ")

// decideReload has a reload take effect, or wait for a second person, or neither in a dry run.
func (n *node) decideReload(ctx context.Context, p *plan, o *reloading, r *reloaded) (err error) {
	old := n.conf.inForce.Load()
	caps, basis := capsChanged(old.Config, p.cfg), basisOf(old, p.cfg)
	r.TwoPerson = len(caps) > 0 && !o.signal && o.approver == "" && n.desk.Bounds(o.caller)
	switch {
	case o.DryRun:
		return nil
	case r.TwoPerson:
		r.Approval, err = n.proposeReload(ctx, o, n.reloadWords(r, o, caps), basis)
		return err
	case o.approver != "" && o.basis != basis:
		return fmt.Errorf("%w: the file has changed since it was approved", view.ErrConflict)
	}
	err = n.carryReload(ctx, p, o, n.reloadDeeds(r, o, caps))
	r.Applied = err == nil
	return err
}

// reloadHead is what a reload does, but for caps.
func (n *node) reloadHead(r *reloaded, o *reloading, caps []string) string {
	how := ""
	if o.signal && len(caps) > 0 && n.cfg.AdminAccess.Users != "" && n.cfg.AdminAccess.TwoPerson {
		how = ", by one person (a signal)"
	}
	return fmt.Sprintf("Take the configuration of %s%s: changes %d", filepath.Base(n.conf.file), how, len(r.Changes)+r.More)
}

// reloadDeeds are the deeds of a reload: all caps are in them, however many there are.
func (n *node) reloadDeeds(r *reloaded, o *reloading, caps []string) []string {
	deeds := []string{n.reloadHead(r, o, caps)}
	between := "; caps "
	for _, change := range caps {
		last := &deeds[len(deeds)-1]
		if len(*last)+len(between)+len(change) <= deedBytes {
			*last += between + change
		} else {
			deeds = append(deeds, "And caps "+change)
		}
		between = ", "
	}
	return deeds
}

// capsNamed is how many caps the words for a second person name. All stand on the page of
// the configuration.
const capsNamed = 20

// reloadWords are what a second person is asked to approve.
func (n *node) reloadWords(r *reloaded, o *reloading, caps []string) string {
	more := ""
	if beyond := len(caps) - capsNamed; beyond > 0 {
		caps, more = caps[:capsNamed], fmt.Sprintf(", and %d more", beyond)
	}
	return n.reloadHead(r, o, caps) + "; caps " + strings.Join(caps, ", ") + more
}

// proposeReload has a reload wait for a second person.
func (n *node) proposeReload(ctx context.Context, o *reloading, text, basis string) (uint64, error) {
	then := reloading{reloadOrder: o.reloadOrder, caller: o.caller, basis: basis}
	done, err := n.desk.Propose(ctx, o.caller, desk.Proposal{
		Kind: deedReload, Text: text, Reason: o.Reason, Operator: o.Operator,
		Basis: n.basisNow,
		Act: func(ctx context.Context, approver string) error {
			then.approver = approver
			_, err := n.reload(ctx, then)
			switch {
			case errors.Is(err, errReloading):
				return fmt.Errorf("%w: %w: %w", view.ErrBusy, err, engine.ErrBusy) // it waits on
			case err != nil:
				return reloadFault{err}
			}
			return nil
		},
	})
	return done.Approval, err
}

// basisNow is what would be approved now; empty: the file is not good.
func (n *node) basisNow() string {
	next, err := config.Load(n.conf.file, known())
	if err != nil {
		return ""
	}
	return basisOf(n.conf.inForce.Load(), next)
}

// takeNoted takes a configuration so that the journal tells what has become of it: what is
// not good is found before there is a deed, and what fails behind one has a deed of its own.
// The files of users are looked at all the time, so it is no matter that they are taken first.
func takeNoted(note func(kind, text string) error, deeds []string, people, apply func() error) error {
	if err := people(); err != nil {
		return err
	}
	for _, deed := range deeds {
		if err := note(deedReload, deed); err != nil {
			return err
		}
	}
	err := apply()
	if err != nil {
		err = errors.Join(err, note(deedReloadFailed, "The configuration was not taken as a whole: the log says why"))
	}
	return err
}
