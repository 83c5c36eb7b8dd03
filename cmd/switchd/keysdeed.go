package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

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
	alone       *os.File // locked: one deed at a time
	audit       *keyAudit
	people      *officers
	module      *soft.Module // nil until the deed create has made it
	who, second string       // who she says that she is, and who agrees
	proven      []string     // those of them who have proven it
	detail      string       // of the deed, for the audit file
	about       hsm.KeyInfo  // the key as it is before
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
	if e.Of = begun.Seq; isOfficerDeed(deed.action) {
		e.Officers = d.people.digest()
	}
	if _, err := d.note(e); err != nil {
		return info, fmt.Errorf("it was done, but the audit file does not say so yet, the next 'switchd keys' that changes something will: %w", err)
	}
	fmt.Fprintf(d.talk, "audit %s\n", d.audit.head())
	return info, nil
}

// enter takes the desk, at which nobody else does a deed then, and opens the audit file.
func (d *keyDesk) enter(deed *keyDeed) (err error) {
	if !deed.create {
		if err := d.place.there(); err != nil {
			return err
		}
	}
	if err := d.named(deed); err != nil {
		return err
	}
	if d.alone, err = takeDesk(d.place.desk()); err != nil {
		return err
	}
	if d.audit, err = openKeyAudit(d.place.audit()); err != nil {
		if errors.Is(err, errAudit) {
			err = fmt.Errorf("%w. Nothing is changed beside an audit file that proves nothing: keep it for those who look into it, and move it away; a new one begins with the next change", err)
		}
		return errors.Join(err, leaveDesk(d.alone))
	}
	if err = d.named(deed); err != nil { // again: somebody may have changed the officers until just now
		return errors.Join(err, d.leave())
	}
	return nil
}

// leaveDesk gives the desk back, at once: closing alone leaves it to a process that this
// one is just starting, for a moment.
func leaveDesk(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// takeDesk locks the file that one deed at a time has, until leaveDesk.
func takeDesk(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		return f, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("another 'switchd keys' is at work: try again when it has ended")
	}
	return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
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
		return usageError{errors.New("there is no officer yet: she makes her token with 'switchd keys officer enrol NAME', and is added by its fingerprint")}
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
	if err := d.prove(d.who, d.flags.token, "--token-file"); err != nil {
		return err
	}
	if err := d.prove(d.second, d.flags.secondToken, "--second-token-file"); err != nil {
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

// prove asks for an officer's token and compares it.
func (d *keyDesk) prove(name, file, flag string) error {
	if name == "" {
		return nil
	}
	token, err := d.ask.secretText(file, flag, "token of "+name)
	if err != nil {
		return err
	}
	defer clear(token)
	if err := d.people.proves(name, token); err != nil {
		return err
	}
	d.proven = append(d.proven, name)
	return nil
}

// event is what is written of a deed. It names as officers only those who have proven
// that they are.
func (d *keyDesk) event(deed *keyDeed, outcome string, of hsm.KeyInfo) keyEvent {
	e := keyEvent{
		Account: login(), Action: deed.action, Name: deed.name,
		Version: of.Version, KCV: of.KCV.String(), Outcome: outcome, Detail: d.detail,
	}
	if len(d.proven) > 0 {
		e.Officer = d.proven[0]
	}
	if len(d.proven) > 1 {
		e.Second = d.proven[1]
	}
	return e
}

// note writes an event.
func (d *keyDesk) note(e keyEvent) (*keyEvent, error) {
	return d.audit.append(context.Background(), e, d.now())
}

// refuse writes down how a deed has failed, and gives its error.
func (d *keyDesk) refuse(deed *keyDeed, of uint64, err error) error {
	outcome := keyRefused
	var usage usageError
	if of != 0 && !hsm.NotDone(err) && !errors.As(err, &usage) {
		outcome = keyFailed
	}
	people := ""
	if outcome == keyFailed && isOfficerDeed(deed.action) {
		if people = d.peopleNow(); people == cmp.Or(d.audit.officers, noOfficers) {
			outcome, err = keyRefused, fmt.Errorf("nothing was changed: %w", err)
		}
	}
	e := d.event(deed, outcome, hsm.KeyInfo{})
	e.Officers = people
	if e.Of = of; d.claimed() != "" { // who it was is not known
		e.Detail = "claimed to be " + d.claimed()
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

// peopleNow is the digest of the officers who are in the file, "" if nobody can say.
func (d *keyDesk) peopleNow() string {
	all, err := readOfficers(d.place.officers())
	if err != nil {
		return ""
	}
	return all.digest()
}

// claimed are the names that nobody has proven to be hers.
func (d *keyDesk) claimed() string {
	var names []string
	for _, name := range []string{d.who, d.second} {
		if name != "" && !slices.Contains(d.proven, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// shorten bounds what an error adds to an event.
func shorten(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}

func isOfficerDeed(action string) bool { return strings.HasPrefix(action, "officer ") }

// leave gives back what a deed has opened.
func (d *keyDesk) leave() error {
	var err error
	if d.module != nil {
		err = d.module.Close()
	}
	return errors.Join(err, d.audit.close(), leaveDesk(d.alone))
}
