package iso8583

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"switchd/codec/frame"
	codec "switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/switch/guard"
)

// legs is the way of push payments through the guards of two links: of each four messages
// come, and four leave, one of them with a PIN block.
type legs struct {
	t     testing.TB
	in    *guard.Inbound
	out   *guard.Outbound
	came  []byte
	block []byte
	text  guard.Parcel // of messages that leave, with a PIN in each fourth
	lost  chan error
	gone  sync.WaitGroup // parcels
	done  sync.WaitGroup // messages that came, where Now does not say it
}

// workers hides that a module is prompt.
type workers struct{ hsm.Module }

// sink is a link that takes all.
type sink struct{ bytes int }

func (s *sink) Queue(frames []byte) error    { s.bytes += len(frames); return nil }
func (*sink) AppendHeader(dst []byte) []byte { return dst }
func (*sink) Group() int                     { return 0 }
func (*sink) Wake()                          {}

func newLegs(t testing.TB, c MAC, m hsm.Module, payments int) *legs {
	t.Helper()
	start := time.Now()
	pool, err := hsm.NewPool(hsm.Options{Module: m, Clock: func() int64 { return int64(time.Since(start)) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- pool.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	s := spec(t, "iso87-binary")
	scheme, err := New(Options{Spec: s, MAC: c, Zone: guard.Zone{Key: "bankb/zpk"}})
	if err != nil {
		t.Fatal(err)
	}
	l := &legs{t: t, lost: make(chan error, 100)}
	plain := long(t, s)
	if l.came, err = scheme.Open().Protect(ctx, m, nil, plain, nil); err != nil {
		t.Fatal(err)
	}
	if l.block, err = hex.DecodeString(sent); err != nil {
		t.Fatal(err)
	}
	for i := range 4 * payments {
		l.text.Bytes = append(l.text.Bytes, plain...)
		l.text.Messages = append(l.text.Messages, guard.Message{End: len(l.text.Bytes)})
		if i%4 == 2 {
			l.text.Messages[i].Token = []byte("a token")
		}
	}
	l.text.Lost = func(_ int, why error) { l.lost <- why }
	l.text.Gone = l.gone.Done
	account := []byte("5555555551234567")
	l.in = guard.NewInbound(guard.InboundOptions{Scheme: scheme, Pool: pool, Op: hsm.OpVerifyMAC, Done: func(all []guard.Checked) {
		for i := range all {
			l.checked(all[i].Message, all[i].Err)
			l.done.Done()
		}
	}})
	l.out = guard.NewOutbound(guard.OutboundOptions{
		Link: &sink{}, Framing: frame.BIN2, Limits: frame.Limits{}.WithDefaults(), Scheme: scheme, Pool: pool, Op: hsm.OpMAC, Ring: func() {},
		PINs: func([]byte) (guard.PIN, bool) {
			return guard.PIN{Zone: guard.Zone{Key: "banka/zpk"}, Block: hsm.CopySecret(l.block), Account: hsm.CopySecret(account)}, true
		},
	})
	return l
}

// long is a request of 180 bytes.
func long(t testing.TB, s *codec.Spec) []byte {
	t.Helper()
	var w codec.Writer
	w.Begin(s, nil, 0x0200)
	w.SetUint(3, 400000)
	w.SetUint(11, 77)
	w.SetString(48, "003122"+strings.Repeat("x", 122))
	w.SetString(102, "4000123412341234")
	b, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (l *legs) checked(message []byte, err error) {
	if err != nil || !bytes.Equal(message, l.came) {
		l.lost <- err
	}
}

// pay has all payments come and leave.
func (l *legs) pay() {
	if l.in.Prompt() {
		for range l.text.Messages {
			l.checked(l.in.Now(l.came))
		}
	} else {
		l.done.Add(len(l.text.Messages))
		all := make([]guard.Received, len(l.text.Messages))
		for i := range all {
			all[i].Body = bytes.Clone(l.came)
		}
		if !l.in.Add(all) {
			l.t.Fatal("no room")
		}
	}
	l.gone.Add(1)
	if err := l.out.Post(l.text); err != nil {
		l.t.Fatal(err)
	}
	l.out.Turn()
	l.gone.Wait()
	l.done.Wait()
	select {
	case why := <-l.lost:
		l.t.Fatal(why)
	default:
	}
}

// TestLegsAllocate little: of a payment four codes, and a PIN block with what it is bound
// to, which are taken from the vault in the test too.
func TestLegsAllocate(t *testing.T) {
	const payments = 8
	for _, c := range []MAC{x919, cmac} {
		l := newLegs(t, c, module(t), payments)
		if !l.in.Prompt() {
			t.Fatal("the software module is not asked where the caller is")
		}
		l.pay()
		const codes, vault, block, again = 4, 6, 3, 4 // again: what is used again is made anew at times, with the race detector often
		if n := testing.AllocsPerRun(100, l.pay) / payments; n > codes+vault+block+again {
			t.Errorf("%s: %v allocations for a payment, above %d", c.Algorithm, n, codes+vault+block+again)
		}
	}
}

// BenchmarkLegs is what codes and a PIN cost a push payment, eight of which come at a
// time: on the goroutine of the link, and by the pool's workers.
func BenchmarkLegs(b *testing.B) {
	const payments = 8
	for _, c := range []MAC{x919, cmac} {
		for _, by := range []string{"link", "workers"} {
			b.Run(c.Algorithm.String()+"/"+by, func(b *testing.B) {
				var m hsm.Module = module(b)
				if by == "workers" {
					m = workers{m}
				}
				l := newLegs(b, c, m, payments)
				b.ReportAllocs()
				for n := 0; n < b.N; n += payments { // an operation is a payment
					l.pay()
				}
			})
		}
	}
}
