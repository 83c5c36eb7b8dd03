package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"switchd/hsm"
)

// recover says of each deed whose process was ended before it could, how it ended. None
// of them can be at work: the key file is open for changes, which it is for one process.
// Who makes a key file has none open, and beside another that is in use could only guess:
// she says it of those who were at making it, as she has the desk.
func (d *keyDesk) recover(ctx context.Context) error {
	for _, last := range slices.Clone(d.audit.open) {
		if d.module == nil && last.Action != createAction {
			continue
		}
		e := d.found(ctx, &last)
		if isOfficerDeed(last.Action) {
			e.Officers = d.people.digest()
		}
		if _, err := d.note(e); err != nil {
			return err
		}
	}
	if d.module == nil { // an officer's deed may be among those that have no outcome
		return nil
	}
	return d.strangers()
}

// found is how a deed has ended, by what there is now.
func (d *keyDesk) found(ctx context.Context, last *keyEvent) keyEvent {
	e := keyEvent{Account: login(), Participant: last.Participant, Action: last.Action, Name: last.Name, Outcome: keyFound, Of: last.Seq}
	now := d.newest(ctx, last.Name)
	if last.Action == retireAction || last.Action == deleteAction {
		now = d.version(ctx, last.Name, last.Version)
	}
	e.Version, e.KCV = now.Version, now.KCV.String()
	var how string
	switch {
	case last.Action == createAction:
		how = "there is no key file"
		if _, err := os.Lstat(d.place.keys); err == nil {
			how = "there is a key file"
		}
	case last.Participant != "":
		e.Version = 0
		e.KCV, how = foundOf(ctx, d.module, last)
	case last.Name == "":
		how = "the officers are " + d.people.names()
	case now.Version != 0 && now.Version == last.Version:
		how = fmt.Sprintf("version %d is %s", now.Version, now.State)
	case now.Version != 0:
		how = fmt.Sprintf("version %d is %s, it was %d before", now.Version, now.State, last.Version)
	case last.Version != 0:
		e.Version, e.KCV = last.Version, last.KCV
		how = fmt.Sprintf("version %d is not there", last.Version)
	default:
		how = "there is no key of that name"
	}
	e.Detail = "its process was ended before it could say how: " + how
	return e
}

// newest is the newest key of a name, zero without one.
func (d *keyDesk) newest(ctx context.Context, name hsm.KeyRef) hsm.KeyInfo {
	return d.version(ctx, name, 0)
}

// version is one of the keys that a name has had, 0 the newest; zero without it.
func (d *keyDesk) version(ctx context.Context, name hsm.KeyRef, number uint32) hsm.KeyInfo {
	if d.module == nil || name == "" {
		return hsm.KeyInfo{}
	}
	all, err := d.module.List(ctx)
	if err != nil {
		return hsm.KeyInfo{}
	}
	at := slices.IndexFunc(all, func(k hsm.KeyInfo) bool { return k.Ref == name && (number == 0 || k.Version == number) })
	if at < 0 {
		return hsm.KeyInfo{}
	}
	return all[at]
}

// strangers says when the officers are not those whom these commands have made so: who
// can write to their file needs nobody's approval, but is seen.
func (d *keyDesk) strangers() error {
	now := d.people.digest()
	if now == cmp.Or(d.audit.officers, noOfficers) {
		return nil
	}
	detail := "the file of officers was changed by something else than these commands, or is older than this file: there are " + d.people.names()
	if len(d.people.Officers) == 0 {
		detail = "the file of officers was taken away or emptied by something else than these commands"
	}
	fmt.Fprintf(d.talk, "warning: %s\n", detail)
	_, err := d.note(keyEvent{Account: login(), Action: "officers", Outcome: keyFound, Officers: now, Detail: detail})
	return err
}
