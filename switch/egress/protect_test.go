package egress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
}

// wakeful tells of its wakes.
type wakeful struct {
	*fakeLink
	woken chan struct{}
}

func (w wakeful) Wake() { w.woken <- struct{}{} }

func newProtected(t *testing.T, fails func() error, pins func([]byte) (guard.PIN, bool)) *protectedRig {
	t.Helper()
	pool, err := hsm.NewPool(hsm.Options{Module: struct{ hsm.Module }{}, Clock: func() int64 { return 0 }, Timeout: time.Minute})
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
	r := &protectedRig{wire: &fakeLink{}, events: make(chan payment.Event, 100), woken: make(chan struct{}, 100)}
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
