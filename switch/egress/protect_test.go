package egress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/switch/guard"
	"switchd/switch/payment"
	"switchd/switch/translate"
	dialect8583 "switchd/switch/translate/iso8583"
)

// marked protects by a mark, or fails as it is told to.
type marked struct{ fails func() error }

func (g marked) Open() guard.Guard { return g }
func (g marked) Check(context.Context, hsm.Module, []byte) ([]byte, error) {
	return nil, hsm.ErrVerify
}
func (g marked) Protect(_ context.Context, _ hsm.Module, dst, message []byte, pin *guard.PIN) ([]byte, error) {
	if err := g.fails(); err != nil {
		return dst, err
	}
	dst = append(dst, message...)
	if pin != nil {
		dst = append(dst, pin.Block.Reveal()...)
	}
	return append(dst, "MARK"...), nil
}

// protectedRig is an egress with one link that protects.
type protectedRig struct {
	*Egress
	wire   *fakeLink
	link   *guard.Outbound
	events chan payment.Event
	woken  chan struct{}
	now    atomic.Int64 // of the module's pool
}

// wakeful tells of its wakes.
type wakeful struct {
	*fakeLink
	woken chan struct{}
}

func (w wakeful) Wake() { w.woken <- struct{}{} }

func newProtected(t *testing.T, fails func() error, pins func([]byte) (guard.PIN, bool)) *protectedRig {
	t.Helper()
	r := &protectedRig{wire: &fakeLink{}, events: make(chan payment.Event, 100), woken: make(chan struct{}, 100)}
	pool, err := hsm.NewPool(hsm.Options{Module: struct{ hsm.Module }{}, Clock: r.now.Load, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- pool.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	spec, err := iso8583.Builtin("iso87-npci")
	if err != nil {
		t.Fatal(err)
	}
	dir := &translate.Directory{Institution: "999999", Currency: 356, Institutions: []string{"100001"}}
	r.Egress = New(Options{
		Clock: func() int64 { return 100 }, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Lanes: []Lane{{Dialect: &dialect8583.Dialect{Spec: spec, Directory: dir}, Framing: frame.BIN2, Limits: frame.Limits{}.WithDefaults()}},
		Submit: func(events []payment.Event) (int, error) {
			for _, e := range events {
				r.events <- e
			}
			return len(events), nil
		},
	})
	r.link = guard.NewOutbound(guard.OutboundOptions{
		Link: wakeful{r.wire, r.woken}, Framing: frame.BIN2, Limits: frame.Limits{}.WithDefaults(),
		Scheme: marked{fails}, Pool: pool, Op: hsm.OpMAC, PINs: pins,
	})
	r.Attach(0, r.link)
	return r
}

func fine() error { return nil }

// TestPINBlocksThatNobodyTakes are wiped as soon as that is known: of a debit that goes
// to a link without protection, or nowhere, and of a payment that has ended before it.
func TestPINBlocksThatNobodyTakes(t *testing.T) {
	r := newProtected(t, func() error { return &hsm.Fault{Kind: hsm.ErrDown} }, nil)
	dropped := make(chan string, 10)
	r.o.Drop = func(token []byte) {
		if len(token) > 0 {
			dropped <- string(token)
		}
	}
	encode := func(token string, leg payment.Leg, to int, state payment.State) {
		ef := effect(7, leg, to)
		ef.Payment.State = state
		ef.Payment.Text.Set(payment.PINToken, []byte(token))
		r.Encode(ef)
		clear(ef.Payment.Text.Get(payment.PINToken)) // the effect is its owner's again
		r.Release()
	}
	encode("asked first", payment.LegResolve, 0, payment.Resolving)
	encode("not yet known", payment.LegRequest, 0, payment.DebitSent)
	encode("is with its debit", payment.LegReversal, 0, payment.Declined)
	for _, c := range []struct {
		token string
		leg   payment.Leg
		state payment.State
	}{
		{"not protected", payment.LegDebit, payment.DebitSent}, // the module fails: it may not have been taken
		{"declined", payment.LegRequest, payment.Declined},
	} {
		encode(c.token, c.leg, 0, c.state)
		if got := <-dropped; got != c.token {
			t.Errorf("%s is wiped, want %s", got, c.token)
		}
	}
	r.Detach(0, r.link)
	encode("no link", payment.LegDebit, 0, payment.DebitSent)
	r.Attach(0, &fakeLink{})
	encode("a link without codes", payment.LegDebit, 0, payment.DebitSent)
	if a, b := <-dropped, <-dropped; a != "no link" || b != "a link without codes" || len(dropped) != 0 {
		t.Errorf("%s, %s, and %d more", a, b, len(dropped))
	}
}

// TestLostFindsItsOwn: a message that comes again meanwhile is on its way, whatever
// becomes of the first one.
func TestLostFindsItsOwn(t *testing.T) {
	f, a, b := newFlights(), &outlet{}, &outlet{}
	n := name{1, 2}
	f.add(10, n, 0, a, false)
	f.add(20, n, 0, a, false)
	f.withdraw(n, a, 10)
	f.withdraw(n, b, 20)
	if a.open != 1 {
		t.Errorf("%d messages are on their way", a.open)
	}
	if f.withdraw(n, a, 20); a.open != 0 || f.landed(n) {
		t.Errorf("%d messages are on their way after that one was taken back", a.open)
	}
}

// TestProtectedLink: messages are protected, then framed, and one hand-over is still
// one wake; the debit has its PIN block, and no other message has.
func TestProtectedLink(t *testing.T) {
	asked := make(chan string, 10)
	r := newProtected(t, fine, func(token []byte) (guard.PIN, bool) {
		asked <- string(token)
		return guard.PIN{Block: hsm.NewSecret([]byte("BLOCK")), Account: hsm.NewSecret(nil)}, true
	})
	for i, leg := range []payment.Leg{payment.LegDebit, payment.LegReversal, payment.LegRequest} {
		ef := effect(payment.ID(i+1), leg, 0)
		ef.Payment.Text.Set(payment.PINToken, []byte("token"))
		r.Encode(ef)
	}
	r.Release()
	<-r.woken
	if n := frames(t, r.wire.frames); n != 3 || strings.Count(string(r.wire.frames), "MARK") != 3 || strings.Count(string(r.wire.frames), "BLOCKMARK") != 1 {
		t.Errorf("%d frames: %q", n, r.wire.frames)
	}
	if got := <-asked; got != "token" || len(asked) != 0 || len(r.events) != 0 || len(r.woken) != 0 {
		t.Errorf("asked for %q and %d more, %d events, %d more wakes", got, len(asked), len(r.events), len(r.woken))
	}
}

// TestUnprotectedIsProvenUnsent: what is not protected does not leave, and the payment
// is told why.
func TestUnprotectedIsProvenUnsent(t *testing.T) {
	for want, fails := range map[payment.Outcome]error{
		payment.HSMDown:   &hsm.Fault{Kind: hsm.ErrTimeout, Started: true},
		payment.PINBlock:  fmt.Errorf("%w: %w", guard.ErrPIN, hsm.ErrKey),
		payment.NoOutcome: errors.New("something else"),
	} {
		r := newProtected(t, func() error { return fails }, nil)
		r.Encode(effect(7, payment.LegDebit, 0))
		r.Encode(effect(8, payment.LegRequest, 0)) // is asked for again
		r.Release()
		a := (<-r.events).Answer
		if a.Payment != 7 || a.Leg != payment.LegDebit || a.STAN != 9 || a.Outcome != want {
			t.Errorf("%v: %+v", fails, a)
		}
		if len(r.wire.frames) != 0 {
			t.Errorf("%v: %d bytes have left", fails, len(r.wire.frames))
		}
		// It does not count as being on its way any more.
		l := r.lane(0)
		l.mu.Lock()
		if o := l.links[0]; o.open != 0 || o.unanswered != 0 {
			t.Errorf("%v: %d messages, %d requests wait for answers", fails, o.open, o.unanswered)
		}
		l.mu.Unlock()
	}
}

// TestHeldUpTooLong: what the module has held past its time does not leave, and the
// payment says that it was the module.
func TestHeldUpTooLong(t *testing.T) {
	r := newProtected(t, fine, nil)
	r.now.Store(150)
	for i, until := range []int64{150, 151} {
		ef := effect(payment.ID(7+i), payment.LegDebit, 0)
		ef.NotAfter = until
		r.Encode(ef)
	}
	r.Release()
	if a := (<-r.events).Answer; a.Payment != 7 || a.Outcome != payment.HSMDown {
		t.Errorf("%+v", a)
	}
	<-r.woken
	if n := frames(t, r.wire.frames); n != 1 || len(r.events) != 0 {
		t.Errorf("%d have left, %d more are told", n, len(r.events))
	}
}

// TestPINIsGone: a debit whose block the vault does not have any more stays here.
func TestPINIsGone(t *testing.T) {
	r := newProtected(t, fine, func([]byte) (guard.PIN, bool) { return guard.PIN{}, false })
	ef := effect(7, payment.LegDebit, 0)
	ef.Payment.Text.Set(payment.PINToken, []byte("of another process"))
	r.Encode(ef)
	r.Release()
	if a := (<-r.events).Answer; a.Payment != 7 || a.Outcome != payment.PINBlock {
		t.Errorf("%+v", a)
	}
}

// TestProtectedLinkThatBreaks: a link that ends while the module works takes nothing.
func TestProtectedLinkThatBreaks(t *testing.T) {
	r := newProtected(t, fine, nil)
	r.wire.broken = true
	r.Encode(effect(7, payment.LegCredit, 0))
	r.Release()
	if a := (<-r.events).Answer; a.Payment != 7 || a.Leg != payment.LegCredit || a.Outcome != payment.NoOutcome {
		t.Errorf("%+v", a)
	}
}

// TestRefusedKeyIsTold: a key that the module does not have, or that is for something
// else, is nobody's PIN: the payment says that the module fails, and the log which key, once
// in a while.
func TestRefusedKeyIsTold(t *testing.T) {
	r := newProtected(t, func() error { return fmt.Errorf("%w: there is no key banka/zpk", hsm.ErrKey) }, nil)
	var log bytes.Buffer
	r.o.Log = slog.New(slog.NewTextHandler(&log, nil))
	for id := range payment.ID(3) {
		r.Encode(effect(id+1, payment.LegDebit, 0))
		r.Release()
		if a := (<-r.events).Answer; a.Outcome != payment.HSMDown {
			t.Errorf("payment %d: %+v", a.Payment, a)
		}
	}
	if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "there is no key banka/zpk") {
		t.Errorf("the log says:\n%s", said)
	}
}
