//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"strings"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// session is one at a time in the hands of one call.
type session struct {
	m      *Module
	handle p11.SessionHandle
	login  uint64 // Module.login when it was opened; 0: it is not open
	begun  bool   // the call has begun to change keys, and is not made again
}

var errClosed = away(errors.New("the module is closed"))

// place waits for a free place among the sessions.
func (m *Module) place(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, &hsm.Fault{Kind: hsm.ErrTimeout, Cause: err}
	}
	if m.isClosed() { // a place may be free all the same: of a call that Close has not waited for
		return nil, errClosed
	}
	select {
	case s := <-m.places:
		return s, nil
	case <-m.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, &hsm.Fault{Kind: hsm.ErrTimeout, Cause: ctx.Err()}
	}
}

// with makes a call in a session. If the session, the login or what was remembered of
// the keys turns out to be gone, it makes it once more with new ones: f begins anew.
func (m *Module) with(ctx context.Context, f func(*session) error) error {
	s, err := m.place(ctx)
	if err != nil {
		return err
	}
	defer func() { m.places <- s }()
	for again := false; ; again = true {
		if err := s.open(ctx); err != nil {
			return err
		}
		s.begun = false
		err := f(s)
		if !isToken(err) {
			return err
		}
		s.drop(err) // an operation may be half done in it
		m.forget()
		if again || s.begun || !is(err, lost) && !is(err, stale) {
			return told(err)
		}
	}
}

// open opens the session if it is not, with the token that is there now.
func (s *session) open(ctx context.Context) error {
	m := s.m
	if s.login != 0 && s.login == m.login.Load() {
		return nil
	}
	select {
	case m.door <- struct{}{}:
		defer m.leave()
	case <-ctx.Done():
		return &hsm.Fault{Kind: hsm.ErrTimeout, Cause: ctx.Err()}
	}
	if s.login != 0 {
		_ = m.lib.CloseSession(s.handle) // of a login that is gone
		s.login = 0
	}
	for entered := false; ; entered = true {
		if m.login.Load() == 0 {
			if err := m.enter(); err != nil {
				return err
			}
		}
		handle, err := m.lib.OpenSession(uint(m.slot.Load()), p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
		if err == nil {
			s.handle, s.login = handle, m.login.Load()
			if err = s.entered(); err == nil {
				return nil
			}
			_ = m.lib.CloseSession(handle) // that it has no login is what counts
		}
		m.login.Store(0)
		s.login = 0
		if entered {
			return away(err)
		}
	}
}

// entered fails if the session has no login. A token without one hides its keys: it
// would say that there are none, and no word of the login.
func (s *session) entered() error {
	i, err := s.m.lib.GetSessionInfo(s.handle)
	if err == nil && i.State != p11.CKS_RW_USER_FUNCTIONS {
		err = p11.Error(p11.CKR_USER_NOT_LOGGED_IN)
	}
	return err
}

// drop gives up the session, and the login of all if that is gone.
func (s *session) drop(err error) {
	_ = s.m.lib.CloseSession(s.handle) // it may be gone already
	if is(err, lost) {
		s.m.login.CompareAndSwap(s.login, 0)
	}
	s.login = 0
}

// enter finds the token and logs in, in a session that stays open: a login ends with
// the last session. A PIN that was refused is not tried again, whoever asks. The
// caller is behind the door.
func (m *Module) enter() error {
	switch {
	case m.refused != nil:
		return m.refused
	case m.isClosed(): // there is no PIN any more, and none must be tried
		return errClosed
	}
	slot, err := m.find()
	if err != nil {
		return away(err)
	}
	_ = m.lib.CloseSession(m.anchor) // of the login before; it may be gone
	anchor, err := m.lib.OpenSession(slot, p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	if err != nil {
		return away(err)
	}
	err = m.lib.Login(anchor, p11.CKU_USER, string(m.pin.Reveal()))
	if is(err, refusedPIN) {
		m.refused = away(fmt.Errorf("the token refuses the PIN, and is not asked again: %w", err))
		err = m.refused
	} else if err != nil && !errors.Is(err, p11.Error(p11.CKR_USER_ALREADY_LOGGED_IN)) {
		err = away(err)
	} else {
		err = nil
	}
	if err != nil {
		_ = m.lib.CloseSession(anchor) // that there is no login is what counts
		return err
	}
	m.slot.Store(uint64(slot))
	m.anchor = anchor
	m.logins++
	m.login.Store(m.logins)
	return nil
}

// find is the slot of the one token that has the label.
func (m *Module) find() (uint, error) {
	slots, err := m.lib.GetSlotList(true)
	if err != nil {
		return 0, err
	}
	var found []uint
	for _, slot := range slots {
		if t, err := m.lib.GetTokenInfo(slot); err == nil && strings.TrimRight(t.Label, " \x00") == m.o.Token {
			found = append(found, slot)
		}
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("there is no token %q", m.o.Token)
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("there are %d tokens %q", len(found), m.o.Token)
}
