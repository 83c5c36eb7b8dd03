//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"

	"switchd/hsm"
)

// between is a library with a test in front of it.
type between struct {
	cryptoki
	maker  string                        // "": what the library says
	login  atomic.Int64                  // how often the PIN was asked
	before func(p11.SessionHandle) error // of each signature
	finds  func()                        // before each search for the token
	guards func()                        // before each look at how a key is guarded, which comes last of all about it
	wrong  atomic.Int64                  // how often another PIN than the user's was given
}

func (b *between) GetSlotList(present bool) ([]uint, error) {
	if b.finds != nil {
		b.finds()
	}
	return b.cryptoki.GetSlotList(present)
}

func (b *between) GetInfo() (p11.Info, error) {
	i, err := b.cryptoki.GetInfo()
	if b.maker != "" {
		i.ManufacturerID = b.maker
	}
	return i, err
}

func (b *between) GetAttributeValue(s p11.SessionHandle, o p11.ObjectHandle, a []*p11.Attribute) ([]*p11.Attribute, error) {
	if b.guards != nil && a[0].Type == p11.CKA_SENSITIVE {
		b.guards()
	}
	return b.cryptoki.GetAttributeValue(s, o, a)
}

func (b *between) Login(s p11.SessionHandle, user uint, pin string) error {
	b.login.Add(1)
	if pin != userPIN {
		b.wrong.Add(1)
	}
	return b.cryptoki.Login(s, user, pin)
}

func (b *between) SignInit(s p11.SessionHandle, m []*p11.Mechanism, o p11.ObjectHandle) error {
	if b.before != nil {
		if err := b.before(s); err != nil {
			return err
		}
	}
	return b.cryptoki.SignInit(s, m, o)
}

// behind opens the lab's token through b.
func (l *lab) behind(t testing.TB, b *between) (*Module, error) {
	t.Helper()
	lib, err := load(l.o.Library)
	if err != nil {
		t.Fatal(err)
	}
	b.cryptoki = lib
	m, err := open(l.o.withDefaults(), b, func() error { return unload(l.o.Library) })
	if err != nil {
		if e := unload(l.o.Library); e != nil {
			t.Error(e)
		}
		return nil, err
	}
	t.Cleanup(func() { _ = m.Close() }) // a test that has it hang looks at the error itself
	return m, nil
}

var zak = hsm.New{As: "banka/zak", Usage: hsm.MACAlg5, Algorithm: hsm.AES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable}

func codeBy(ref hsm.KeyRef, message string) hsm.MACInput {
	return hsm.MACInput{By: ref, Algorithm: hsm.AESCMAC, Size: 8, Message: []byte(message)}
}

func wants(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, not %v", what, err, want)
	}
}

// TestRestart: what a token has it has after the library was given back and loaded anew;
// a module that is closed says so.
func TestRestart(t *testing.T) {
	l := newLab(t)
	m := l.open(t)
	made := must(t)(m.Generate(ctx, zak))
	code, err := m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "MAC", err, nil)
	wants(t, "close", m.Close(), nil)
	wants(t, "close again", m.Close(), nil)
	_, err = m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "closed", err, hsm.ErrDown)
	if !hsm.NotDone(err) {
		t.Errorf("closed: %v", err)
	}
	m = l.open(t)
	wants(t, "after a restart", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil)
	all, err := m.List(ctx)
	if err != nil || len(all) != 1 || all[0] != made {
		t.Errorf("%+v, not %+v: %v", all, made, err)
	}
	h, err := m.Health(ctx)
	if err != nil || h.Production || !strings.Contains(h.Detail, "token switch") {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestWrongPIN: one error, one try, and none after it: the token is not locked.
func TestWrongPIN(t *testing.T) {
	l := newLab(t)
	right := l.o.PIN
	l.o.PIN = hsm.NewSecret([]byte("999999"))
	b := new(between)
	_, err := l.behind(t, b)
	wants(t, "wrong PIN", err, hsm.ErrDown)
	if err == nil || !hsm.NotDone(err) || !strings.Contains(err.Error(), "refuses the PIN") || strings.Contains(err.Error(), "999999") || b.login.Load() != 1 {
		t.Errorf("%d tries: %v", b.login.Load(), err)
	}
	l.o.PIN = right
	b = new(between)
	m, err := l.behind(t, b)
	if err != nil {
		t.Fatalf("the token is locked: %v", err)
	}
	// The PIN is changed by somebody, and the login lost.
	m.pin = hsm.NewSecret([]byte("999999"))
	lose(t, m)
	for range 20 {
		_, err := m.List(ctx)
		wants(t, "PIN that was changed", err, hsm.ErrDown)
	}
	if n := b.login.Load(); n != 2 {
		t.Errorf("the token was asked %d times", n)
	}
}

// behindWithKey is a module of two sessions with a key, behind calls that can be held up.
func behindWithKey(t *testing.T) (*Module, *between) {
	t.Helper()
	l := newLab(t)
	l.o.Sessions = 2
	b := new(between)
	m, err := l.behind(t, b)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(m.Generate(ctx, zak))
	return m, b
}

// TestCloseWhileLoggingIn: who is logging in while the module is closed does so with the
// PIN as it is, not with what is left of it, which would cost one of the token's tries;
// then the PIN is wiped, and nobody logs in any more.
func TestCloseWhileLoggingIn(t *testing.T) {
	m, b := behindWithKey(t)
	inside, free := make(chan struct{}), make(chan struct{})
	b.finds = func() {
		inside <- struct{}{}
		<-free
	}
	lose(t, m)
	var logging sync.WaitGroup
	logging.Go(func() {
		_, err := m.MAC(ctx, codeBy(zak.As, "0800"))
		wants(t, "the call that logged in", err, nil)
	})
	<-inside
	if err := m.Close(); err == nil {
		t.Error("closed, though a call is inside")
	}
	if m.pin.Len() == 0 {
		t.Error("the PIN was wiped while it was in use")
	}
	close(free)
	logging.Wait()
	b.finds = nil
	if n, wrong := b.login.Load(), b.wrong.Load(); n != 2 || wrong != 0 {
		t.Errorf("%d logins, %d of them with another PIN", n, wrong)
	}
	if m.pin.Len() != 0 {
		t.Error("the PIN is there still")
	}
	m.login.Store(0) // as when the login is lost
	_, err := m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "closed", err, hsm.ErrDown)
	err = m.enter()
	wants(t, "who comes to log in after that", err, hsm.ErrDown)
	if n := b.login.Load(); n != 2 {
		t.Errorf("%d logins", n)
	}
	wants(t, "unload", unload(m.o.Library), nil) // which a module that hung does not do
}

// lose closes all sessions of the token, as a library does that was restarted.
func lose(t testing.TB, m *Module) {
	t.Helper()
	if err := m.lib.(interface{ all() *p11.Ctx }).all().CloseAllSessions(uint(m.slot.Load())); err != nil {
		t.Fatal(err)
	}
}

func (b *between) all() *p11.Ctx { return b.cryptoki.(*p11.Ctx) }

// TestSessionsLost: calls go on with new sessions and a new login, one for all.
func TestSessionsLost(t *testing.T) {
	b := new(between)
	m, err := newLab(t).behind(t, b)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(m.Generate(ctx, zak))
	code, err := m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "MAC", err, nil)
	for round := range 3 {
		lose(t, m)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { wants(t, "after all sessions were lost", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil) })
		}
		all.Wait()
		if n := b.login.Load(); n != int64(round+2) {
			t.Errorf("round %d: %d logins", round, n)
		}
	}
	// An error of the device: the session is given up, and the call made again.
	var failed atomic.Bool
	b.before = func(p11.SessionHandle) error {
		if failed.CompareAndSwap(false, true) {
			return p11.Error(p11.CKR_DEVICE_ERROR)
		}
		return nil
	}
	wants(t, "a device that failed once", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil)
	b.before = func(p11.SessionHandle) error { return p11.Error(p11.CKR_DEVICE_ERROR) }
	err = m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code)
	wants(t, "a device that fails", err, hsm.ErrDown)
	b.before = nil
	wants(t, "a device that works again", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil)
}

// TestTokenRemoved: without the token calls fail, none panics, and none says that a code
// is wrong or right; when it is back, they go on by themselves.
func TestTokenRemoved(t *testing.T) {
	l := newLab(t)
	b := new(between)
	m, err := l.behind(t, b)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(m.Generate(ctx, zak))
	code, err := m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "MAC", err, nil)
	gone := func(p11.SessionHandle) error { return p11.Error(p11.CKR_TOKEN_NOT_PRESENT) }
	b.before = gone
	for range 3 {
		wants(t, "without the token", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), hsm.ErrDown)
	}
	b.before = nil
	wants(t, "with the token", m.VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil)
	wants(t, "close", m.Close(), nil)

	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(l.dir, away); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(l.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Open(l.o)
	wants(t, "opened without the token", err, hsm.ErrDown)
	if err == nil || !strings.Contains(err.Error(), `no token "switch"`) {
		t.Errorf("opened without the token: %v", err)
	}
	if err := errors.Join(os.Remove(l.dir), os.Rename(away, l.dir)); err != nil {
		t.Fatal(err)
	}
	wants(t, "back", l.open(t).VerifyMAC(ctx, codeBy(zak.As, "0800"), code), nil)
}

// TestRetiredAtOnce: who has read about a key before it was retired, and comes to
// remember it after that, does not: the key's end counts at once in this process.
func TestRetiredAtOnce(t *testing.T) {
	b := new(between)
	m, err := newLab(t).behind(t, b)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(m.Generate(ctx, zak))
	inside, free := make(chan struct{}), make(chan struct{})
	var slow atomic.Bool
	b.guards = func() {
		if slow.CompareAndSwap(false, true) {
			close(inside)
			<-free
		}
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		_, err := m.MAC(ctx, codeBy(zak.As, "0800"))
		wants(t, "who was inside", err, nil)
	})
	<-inside
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: zak.As, Number: 1}), nil)
	close(free)
	reading.Wait()
	_, err = m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "retired", err, hsm.ErrKey)
}

// TestHang: a library that hangs keeps a session and no more; who waits for one is told
// when its time is over, and through a pool everybody is.
func TestHang(t *testing.T) {
	m, b := behindWithKey(t)
	inside, free := make(chan struct{}), make(chan struct{})
	b.before = func(p11.SessionHandle) error {
		inside <- struct{}{}
		<-free
		return nil
	}
	var hanging sync.WaitGroup
	hang := func() {
		hanging.Go(func() {
			_, err := m.MAC(ctx, codeBy(zak.As, "0800"))
			wants(t, "the call that hung", err, nil)
		})
		<-inside
	}
	hang()
	_, err := m.KCV(ctx, zak.As)
	wants(t, "beside a call that hangs", err, nil)
	hang()
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err = m.KCV(short, zak.As)
	wants(t, "no session is left", err, hsm.ErrTimeout)
	if !hsm.NotDone(err) {
		t.Errorf("no session is left: %v", err)
	}
	if err := m.Close(); err == nil {
		t.Error("closed, though calls are inside")
	}
	close(free)
	hanging.Wait()
	wants(t, "unload", unload(m.o.Library), nil) // which a module that hung does not do
}

// TestHundred: many callers with few sessions get their own answers.
func TestHundred(t *testing.T) {
	l := newLab(t)
	l.o.Sessions = 4
	m := l.open(t)
	must(t)(m.Generate(ctx, zak))
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			in := codeBy(zak.As, fmt.Sprint("message ", n))
			code, err := m.MAC(ctx, in)
			if err == nil {
				err = m.VerifyMAC(ctx, in, code)
			}
			wants(t, "a caller", err, nil)
			in.Message = []byte("another's")
			wants(t, "another's message", m.VerifyMAC(ctx, in, code), hsm.ErrVerify)
		})
	}
	all.Wait()
}

// TestHardware: with a token that is not SoftHSM nothing is done that would have a PIN or
// a key in this process's memory, and it may be used in production.
func TestHardware(t *testing.T) {
	l := newLab(t)
	m, err := l.behind(t, &between{maker: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	zpk := hsm.New{As: "zpk", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable}
	must(t)(m.Generate(ctx, zpk))
	must(t)(m.Generate(ctx, zak))
	pin := hsm.EncryptedPIN{Under: "zpk", Format: hsm.ISO4, Block: hsm.NewSecret(make([]byte, 16)), Account: hsm.NewSecret([]byte("4012345678909"))}
	_, translate := m.TranslatePIN(ctx, hsm.Translation{In: "zpk", Out: "zpk", Change: hsm.FormatChange{From: hsm.ISO4, To: hsm.ISO4}, Block: pin.Block, Account: pin.Account})
	_, imports := m.ImportKey(ctx, hsm.Import{As: "new", Under: "zpk", Want: []hsm.Usage{hsm.MACAlg5}})
	_, exports := m.ExportKey(ctx, hsm.Exporting{What: zak.As, Under: "zpk", Version: 'D'})
	_, components := m.ImportComponents(ctx, hsm.Components{})
	_, pair := m.ImportPair(ctx, hsm.New{}, hsm.Secret{})
	_, x919 := m.Generate(ctx, hsm.New{As: "x919", Usage: hsm.MACAlg3, Algorithm: hsm.TDES, Bits: 128, Mode: hsm.MACBothWays, Export: hsm.Exportable})
	for what, err := range map[string]error{
		"PIN": translate, "PVV": m.VerifyPVV(ctx, hsm.PVVCheck{Input: pin, By: "zpk"}), "import": imports, "export": exports, "components": components, "pair": pair, "X9.19": x919,
		"offset": m.VerifyOffset(ctx, hsm.OffsetCheck{Input: pin, By: "zpk", Table: "1234567890123456", Validation: hsm.NewSecret([]byte("1122334455667788"))}),
	} {
		wants(t, what, err, hsm.ErrDenied)
	}
	_, err = m.MAC(ctx, codeBy(zak.As, "0800"))
	wants(t, "MAC", err, nil)
	if h, err := m.Health(ctx); err != nil || !h.Production {
		t.Errorf("%+v, %v", h, err)
	}

	// No secret key comes from elsewhere, so no record has to grow by those that are gone.
	for range 3 {
		must(t)(m.Rotate(ctx, hsm.Rotation{Ref: zak.As}))
	}
	wants(t, "retire", m.Retire(ctx, hsm.KeyVersion{Ref: zak.As, Number: 3}), nil)
	wants(t, "delete", m.Delete(ctx, hsm.KeyVersion{Ref: zak.As, Number: 3}), nil)
	wants(t, "records", m.with(ctx, func(s *session) error {
		keys, err := s.load(zak.As)
		if err == nil && (len(keys) != 1 || len(keys[0].past) > 0) {
			t.Errorf("%d keys, the newest with %d in its record", len(keys), len(keys[0].past))
		}
		return err
	}), nil)
}
