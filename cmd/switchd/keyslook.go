package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// keyLook is an action that shows something of the keys and changes none, so that it
// needs no officer and works beside a running switch.
type keyLook struct {
	action string
	name   hsm.KeyRef // of the one key that is shown, if it is one
	// find looks it up; its detail is for the audit file, and from a small set. show
	// prints what was found, once it is written down that it was looked for.
	find func(context.Context, *soft.Module) (detail string, err error)
	show func() error
}

// look looks, and has it in the audit file.
func (f *keysFlags) look(c *cobra.Command, l keyLook) error {
	p, err := f.find()
	if err != nil {
		return err
	}
	m, err := p.open(newAsker(c), true)
	if err != nil {
		return err
	}
	detail, err := l.find(c.Context(), m)
	if err = errors.Join(err, m.Close()); err != nil {
		return hint(err)
	}
	e := keyEvent{Account: login(), Action: l.action, Name: l.name, Outcome: keyDone, Detail: detail}
	if err := noteLook(p.audit(), e, clock()); err != nil {
		// Who sees to a full disk or a damaged audit file has to look, and sees no secret.
		fmt.Fprintf(c.ErrOrStderr(), "warning: this is not in the audit file: %v\n", err)
	}
	return l.show()
}

// noteLook writes down a look, unless the same was done by the same account on the same
// day (UTC): a program that looks every minute must not bury what people have done.
func noteLook(path string, e keyEvent, at int64) error {
	today, seen := time.Unix(0, at).UTC().Format(time.DateOnly), false
	err := readInto(new(keyChain), path, func(was *keyEvent) error {
		seen = seen || was.At[:min(len(today), len(was.At))] == today && was.Action == e.Action && was.Name == e.Name &&
			was.Account == e.Account && was.Detail == e.Detail && was.Outcome == e.Outcome
		return nil
	})
	if seen || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	a, err := openKeyAudit(path)
	if err != nil {
		return err
	}
	_, err = a.append(context.Background(), e, at)
	return errors.Join(err, a.close())
}
