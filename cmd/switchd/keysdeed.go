package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// keyDeed is one action on the keys. Its detail holds no secret.
type keyDeed struct {
	action, detail string
	name           hsm.KeyRef
	// approvals is how many officers must prove who they are; nil for one.
	approvals func(*officers) int
	// create says that the deed makes the key file, which is opened by nobody before.
	create bool
	// ready looks and asks; what it refuses was never begun. work does it, once the
	// audit file says that it is begun.
	// It may say more of the deed in detail and about.
	ready func(*keyDesk) error
	work  func(context.Context, *keyDesk) (hsm.KeyInfo, error)
}

// keyDesk is where a deed is done: one at a time, by those who have proven who they are.
type keyDesk struct {
	place       keyPlace
	flags       *keysFlags
	ask         *asker
	talk        io.Writer
	now         func() int64
	audit       *keyAudit
	people      *officers
	module      *soft.Module // nil until the deed create has made it
	who, second string
	detail      string      // of the deed, for the audit file
	about       hsm.KeyInfo // the key as it is before
}

// do does a deed, and has all of it in the audit file.
func (f *keysFlags) do(c *cobra.Command, deed keyDeed) (info hsm.KeyInfo, err error) {
	p, err := f.find()
	if err != nil {
		return info, err
	}
	d := &keyDesk{place: p, flags: f, ask: newAsker(c), talk: c.ErrOrStderr(), now: clock}
	return d.do(c.Context(), &deed)
}

func (d *keyDesk) do(ctx context.Context, deed *keyDeed) (info hsm.KeyInfo, err error) {
	d.detail = deed.detail
	if err := d.enter(deed); err != nil {
		return info, err
	}
	defer func() { err = errors.Join(err, d.leave()) }()
	if err := d.prepare(ctx, deed); err != nil {
		return info, d.refuse(deed, 0, err)
	}
	if d.about.Ref == "" {
		d.about = d.newest(ctx, deed.name)
	}
	begun, err := d.note(d.event(deed, keyStarted, d.about))
	if err != nil {
		return info, fmt.Errorf("nothing was done, because it could not be written down: %w", err)
	}
	info, err = deed.work(ctx, d)
	if err != nil {
		return info, d.refuse(deed, begun.Seq, err)
	}
	e := d.event(deed, keyDone, info)
	e.Of = begun.Seq
	if _, err := d.note(e); err != nil {
		return info, fmt.Errorf("it was done, but the audit file does not say so yet, the next 'switchd keys' that changes something will: %w", err)
	}
	fmt.Fprintf(d.talk, "audit %s\n", d.audit.head())
	return info, nil
}

// enter opens the audit file; while it is open, nobody else does a deed.
func (d *keyDesk) enter(deed *keyDeed) (err error) {
	if !deed.create {
		if err := d.place.there(); err != nil {
			return err
		}
	}
	if err := d.named(deed); err != nil {
		return err
	}
	if d.audit, err = openKeyAudit(d.place.audit()); err != nil {
		if errors.Is(err, errAudit) {
			err = fmt.Errorf("%w. Nothing is changed beside an audit file that proves nothing: keep it for those who look into it, and move it away; a new one begins with the next change", err)
		}
		return err
	}
	err = d.named(deed) // again: somebody may have changed the officers until just now
	if err == nil {
		err = d.audit.mend(login(), d.now())
	}
	if err != nil {
		return errors.Join(err, d.audit.close())
	}
	return nil
}

// named says whose tokens are needed, before anything is asked or written.
func (d *keyDesk) named(deed *keyDeed) (err error) {
	if d.people, err = readOfficers(d.place.officers()); err != nil {
		return err
	}
	need := 1
	if deed.approvals != nil {
		need = deed.approvals(d.people)
	}
	d.who, d.second = d.flags.officer, d.flags.second
	if need < 2 {
		d.second = ""
	}
	if need < 1 {
		d.who = ""
	}
	for _, name := range []string{d.who, d.second} {
		if name != "" && (!officerName.MatchString(name) || looksSecret(name)) {
			return usageError{errors.New("--officer and --second want names of officers")}
		}
	}
	return d.enough(need)
}

// enough refuses a deed for which nobody, or one too few, has come.
func (d *keyDesk) enough(need int) error {
	switch {
	case need > 0 && len(d.people.Officers) == 0:
		return usageError{errors.New("there is no officer yet: 'switchd keys officer add NAME' makes the first")}
	case need > 0 && d.who == "":
		return usageError{errors.New("who are you? Name yourself with --officer, and your token with --token-file, or be asked for it")}
	case need == 2 && d.second == "":
		return usageError{errors.New("two officers must agree: name the other one with --second and --second-token-file")}
	case need == 2 && d.second == d.who:
		return usageError{errors.New("two officers must agree, and --officer and --second are the same one")}
	}
	return nil
}

// prepare proves who is there, opens the keys, and has the deed look and ask.
func (d *keyDesk) prepare(ctx context.Context, deed *keyDeed) (err error) {
	if err := d.proven(d.who, d.flags.token, "--token-file"); err != nil {
		return err
	}
	if err := d.proven(d.second, d.flags.secondToken, "--second-token-file"); err != nil {
		return err
	}
	if !deed.create {
		if d.module, err = d.place.open(d.ask, false); err != nil {
			return err
		}
	}
	if err := d.recover(ctx); err != nil {
		return err
	}
	if err := d.sweep(ctx); err != nil {
		return err
	}
	return deed.ready(d)
}

// proven asks for an officer's token and compares it.
func (d *keyDesk) proven(name, file, flag string) error {
	if name == "" {
		return nil
	}
	token, err := d.ask.secretText(file, flag, "token of "+name)
	if err != nil {
		return err
	}
	defer clear(token)
	return d.people.proves(name, token)
}

// event is what is written of a deed.
func (d *keyDesk) event(deed *keyDeed, outcome string, of hsm.KeyInfo) keyEvent {
	return keyEvent{
		Officer: d.who, Second: d.second, Account: login(), Action: deed.action, Name: deed.name,
		Version: of.Version, KCV: of.KCV.String(), Outcome: outcome, Detail: d.detail,
	}
}

// note writes an event.
func (d *keyDesk) note(e keyEvent) (*keyEvent, error) { return d.audit.append(e, d.now()) }

// refuse writes down how a deed has failed, and gives its error.
func (d *keyDesk) refuse(deed *keyDeed, of uint64, err error) error {
	outcome := keyRefused
	var usage usageError
	if of != 0 && !hsm.NotDone(err) && !errors.As(err, &usage) {
		outcome = keyFailed
	}
	e := d.event(deed, outcome, hsm.KeyInfo{})
	if e.Of = of; of == 0 && errors.Is(err, errToken) {
		// Who it was is not known: the names are only what was claimed.
		e.Officer, e.Second = "", ""
		e.Detail = fmt.Sprintf("claimed to be %s", d.claimed())
	}
	if e.Detail != "" {
		e.Detail += ": "
	}
	e.Detail += shorten(err.Error())
	if _, fault := d.note(e); fault != nil {
		err = errors.Join(err, fault)
	}
	return err
}

func (d *keyDesk) claimed() string {
	if d.second != "" {
		return d.who + " and " + d.second
	}
	return d.who
}

// shorten bounds what an error adds to an event.
func shorten(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}

// newest is the newest key of a name, zero without one.
func (d *keyDesk) newest(ctx context.Context, name hsm.KeyRef) hsm.KeyInfo {
	if d.module == nil || name == "" {
		return hsm.KeyInfo{}
	}
	all, err := d.module.List(ctx)
	if err != nil {
		return hsm.KeyInfo{}
	}
	for _, k := range all {
		if k.Ref == name {
			return k
		}
	}
	return hsm.KeyInfo{}
}

// recover says of a deed whose process was ended before it could, how it ended; and of
// an audit file that is new beside keys, that it is.
func (d *keyDesk) recover(ctx context.Context) error {
	last, account := d.audit.open, login()
	switch {
	case d.audit.last.Seq == 0 && d.module != nil:
		all, err := d.module.List(ctx)
		if err != nil {
			return err
		}
		_, err = d.note(keyEvent{Account: account, Action: "audit", Outcome: keyDone,
			Detail: fmt.Sprintf("begun beside %s and %s that were there before", count(len(all), "key"), count(len(d.people.Officers), "officer"))})
		return err
	case last.Seq == 0:
		return nil
	}
	e := keyEvent{Account: account, Action: last.Action, Name: last.Name, Outcome: keyFound, Of: last.Seq}
	now := d.newest(ctx, last.Name)
	e.Version, e.KCV = now.Version, now.KCV.String()
	e.Detail = "its process was ended before it could say how: "
	switch {
	case d.module == nil:
		e.Detail += "there is no key file"
		if _, err := os.Lstat(d.place.keys); err == nil {
			e.Detail = strings.Replace(e.Detail, "no key file", "a key file", 1)
		}
	case last.Name == "":
		e.Detail += "the officers are " + d.people.names()
	case now.Version == 0:
		e.Detail += "there is no key of that name"
	default:
		e.Detail += fmt.Sprintf("version %d is %s, it was %d before", now.Version, now.State, last.Version)
	}
	_, err := d.note(e)
	return err
}

// leave gives back what a deed has opened.
func (d *keyDesk) leave() error {
	var err error
	if d.module != nil {
		err = d.module.Close()
	}
	return errors.Join(err, d.audit.close())
}
