//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// Module is a token. All methods are safe for concurrent use.
type Module struct {
	o       Options
	lib     cryptoki
	release func() error
	soft    bool // SoftHSM: what needs this process's memory is done

	places  chan *session // all sessions that no call has
	closed  chan struct{}
	closing sync.Once
	login   atomic.Uint64 // the number of the login that counts; 0: there is none
	slot    atomic.Uint64 // of the token

	door    chan struct{} // guards what follows while somebody logs in, or Close wipes the PIN
	pin     hsm.Secret
	anchor  p11.SessionHandle // keeps the login
	logins  uint64
	refused error // the PIN was

	writing chan struct{} // one change of keys at a time
	mu      sync.Mutex    // guards what follows; never held in a call of the library
	rings   map[hsm.KeyRef]*ring
	changes uint64 // how often all were forgotten
}

var _ hsm.Keeper = (*Module)(nil)

// Open loads the library and logs in to the token.
func Open(o Options) (*Module, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	lib, err := load(o.Library)
	if err != nil {
		return nil, err
	}
	m, err := open(o, lib, func() error { return unload(o.Library) })
	if err != nil {
		return nil, errors.Join(err, unload(o.Library))
	}
	return m, nil
}

// open logs in to the token of a library that is ready, which release gives back.
func open(o Options, lib cryptoki, release func() error) (*Module, error) {
	info, err := lib.GetInfo()
	if err != nil {
		return nil, fmt.Errorf("hsm/pkcs11: library: %w", err)
	}
	m := &Module{
		o: o, lib: lib, release: release, pin: hsm.CopySecret(o.PIN.Reveal()), soft: strings.HasPrefix(info.ManufacturerID, "SoftHSM"),
		places: make(chan *session, o.Sessions), closed: make(chan struct{}), door: make(chan struct{}, 1),
		writing: make(chan struct{}, 1), rings: map[hsm.KeyRef]*ring{},
	}
	m.o.PIN = hsm.Secret{}
	for range o.Sessions {
		m.places <- &session{m: m}
	}
	if err := m.with(context.Background(), func(*session) error { return nil }); err != nil {
		m.pin.Wipe()
		return nil, fmt.Errorf("hsm/pkcs11: token: %w", err)
	}
	return m, nil
}

// Close ends the sessions and wipes the PIN. It does not wait for calls that are inside
// the library, which might hang: it says so, and they end with the process; one that is
// logging in wipes the PIN when it has done so. It may be called again.
func (m *Module) Close() error {
	var err error
	m.closing.Do(func() {
		close(m.closed)
		m.wipe()
		for range m.o.Sessions {
			select {
			case s := <-m.places:
				if s.login != 0 {
					_ = m.lib.CloseSession(s.handle) // all end with the library
				}
			default:
				err = errors.New("hsm/pkcs11: closed with calls inside the library")
			}
		}
		if err == nil {
			_ = m.lib.CloseSession(m.anchor) // as above
			err = m.release()
		}
	})
	return err
}

// isClosed tells whether Close has been called.
func (m *Module) isClosed() bool {
	select {
	case <-m.closed:
		return true
	default:
		return false
	}
}

// wipe wipes the PIN, unless somebody is behind the door: who leaves it then does.
func (m *Module) wipe() {
	select {
	case m.door <- struct{}{}:
		m.pin.Wipe()
		<-m.door
	default:
	}
}

// leave opens the door for the next. It looks only then whether the module was closed: if
// it is closed later, Close finds the door open.
func (m *Module) leave() {
	<-m.door
	if m.isClosed() {
		m.wipe()
	}
}

// Health tells which token answers. One that is no SoftHSM may be used in production,
// since what would need this process's memory is refused.
func (m *Module) Health(ctx context.Context) (hsm.Health, error) {
	h := hsm.Health{Driver: "pkcs11", Production: !m.soft}
	err := m.with(ctx, func(s *session) error {
		t, err := m.lib.GetTokenInfo(uint(m.slot.Load()))
		if err != nil {
			return err
		}
		if t.Flags&p11.CKF_TOKEN_INITIALIZED == 0 || strings.TrimRight(t.Label, " \x00") != m.o.Token {
			return away(errors.New("another token is in the place of the one that was there"))
		}
		h.Detail = fmt.Sprintf("%s %s, token %s, serial number %s, firmware %d.%d",
			trim(t.ManufacturerID), trim(t.Model), trim(t.Label), trim(t.SerialNumber), t.FirmwareVersion.Major, t.FirmwareVersion.Minor)
		return nil
	})
	return h, err
}

func trim(text string) string { return strings.Trim(text, " \x00") }

// inMemory refuses, with any token but SoftHSM, what would have clear PINs or keys in
// the memory of this process.
func (m *Module) inMemory(what string) error {
	if m.soft {
		return nil
	}
	return fmt.Errorf("%w: PKCS#11 does not %s; in this process's memory it is done with SoftHSM only", hsm.ErrDenied, what)
}
