package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"switchd/codec/frame"
	"switchd/hsm"
)

// link notes what it is given.
type link struct {
	mu     sync.Mutex
	frames []byte
	wakes  int
	broken error
}

func (l *link) Queue(frames []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	l.frames = append(l.frames, frames...)
	return nil
}
func (l *link) AppendHeader(dst []byte) []byte { return dst }
func (l *link) Group() int                     { return 0 }
func (l *link) Wake() {
	l.mu.Lock()
	l.wakes++
	l.mu.Unlock()
}

func outbound(t *testing.T, l *link, pins func([]byte) (PIN, bool)) *Outbound {
	f, err := frame.Parse("BIN2")
	if err != nil {
		t.Fatal(err)
	}
	return NewOutbound(OutboundOptions{Link: l, Framing: f, Limits: frame.Limits{BodyMin: 1}, Scheme: plain{}, Pool: pool(t, nil), Op: hsm.OpMAC, PINs: pins})
}

// parcel has messages; "x|token" has a PIN block. What is lost is noted.
func parcel(lost *sync.Map, messages ...string) Parcel {
	p := Parcel{Lost: func(i int, why error) { lost.Store(messages[i], why) }}
	for _, m := range messages {
		text, token, _ := strings.Cut(m, "|")
		p.Bytes = append(p.Bytes, text...)
		p.Messages = append(p.Messages, Message{End: len(p.Bytes), Token: []byte(token)})
	}
	return p
}

// posted posts a parcel and waits until all of it has left or is lost.
func (o *Outbound) posted(t *testing.T, l *link, p Parcel) {
	t.Helper()
	if err := o.Post(p); err != nil {
		t.Fatal(err)
	}
	for range 2 { // when the second is gone, all that came before is
		gone := make(chan struct{})
		if err := o.Post(Parcel{Bytes: []byte("bad"), Messages: []Message{{End: 3}}, Lost: func(int, error) { close(gone) }}); err != nil {
			t.Fatal(err)
		}
		<-gone
	}
}

func TestOutboundProtectsAndFrames(t *testing.T) {
	var l link
	block := hsm.NewSecret([]byte("PIN"))
	o := outbound(t, &l, func(token []byte) (PIN, bool) {
		return PIN{Block: block, Account: hsm.NewSecret(nil)}, string(token) == "known"
	})
	var lost sync.Map
	o.posted(t, &l, parcel(&lost, "first", "bad", "second|known", "third|unknown", "last"))
	if got, want := string(l.frames), "\x00\x05first\x00\x0asecond+PIN\x00\x04last"; got != want || l.wakes == 0 {
		t.Errorf("%q, not %q; %d wakes", got, want, l.wakes)
	}
	why, _ := lost.Load("bad")
	if err, _ := why.(error); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("bad: %v", why)
	}
	if why, _ := lost.Load("third|unknown"); why != ErrPIN {
		t.Errorf("third: %v", why)
	}
	if block.Len() != 0 {
		t.Error("the block is not wiped")
	}
	l.broken = errors.New("it is closed")
	o.posted(t, &l, parcel(&lost, "late"))
	if why, _ := lost.Load("late"); why != l.broken {
		t.Errorf("late: %v", why)
	}
}

func TestInboundChecksInOrder(t *testing.T) {
	var got []string
	ended := make(chan struct{})
	in := NewInbound(InboundOptions{Scheme: plain{}, Pool: pool(t, nil), Op: hsm.OpVerifyMAC, Done: func(all []Checked) {
		for _, c := range all {
			got = append(got, fmt.Sprintf("%s %v", c.Message, c.Err))
			if string(c.Message) == "end" {
				close(ended)
			}
		}
	}})
	if !in.Add([][]byte{[]byte("a"), []byte("bad")}) || !in.Add([][]byte{[]byte("end")}) {
		t.Fatal("refused")
	}
	<-ended
	if want := "a <nil>,bad hsm: verification failed,end <nil>"; strings.Join(got, ",") != want {
		t.Errorf("%q, not %q", got, want)
	}
	if in.Add([][]byte{make([]byte, 9<<20)}) {
		t.Error("9 MiB are taken")
	}
}

// TestInboundWithoutModule: what a pool without room does not take comes back as it
// came, with the reason.
func TestInboundWithoutModule(t *testing.T) {
	p, err := hsm.NewPool(hsm.Options{Module: struct{ hsm.Module }{}, Clock: func() int64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan []Checked, 1)
	in := NewInbound(InboundOptions{Scheme: plain{}, Pool: p, Op: hsm.OpVerifyMAC, Done: func(all []Checked) { done <- all }})
	if !in.Add([][]byte{[]byte("a"), []byte("b")}) {
		t.Fatal("refused")
	}
	if got := <-done; len(got) != 2 || string(got[1].Message) != "b" || !errors.Is(got[1].Err, hsm.ErrDown) {
		t.Errorf("%v", got)
	}
}

// wrapped is plain behind a word.
type wrapped struct{ plain }

func (wrapped) Unwrap(body []byte) []byte { return bytes.TrimPrefix(body, []byte("sealed:")) }

// TestRefusedMessageCanBeNamed: what is not proven is unwrapped, so that a refusal can
// say what it refuses.
func TestRefusedMessageCanBeNamed(t *testing.T) {
	done := make(chan []Checked, 1)
	in := NewInbound(InboundOptions{Scheme: failingScheme{}, Pool: pool(t, nil), Op: hsm.OpVerify, Done: func(all []Checked) { done <- all }})
	in.Add([][]byte{[]byte("sealed:message")})
	if all := <-done; string(all[0].Message) != "message" || !errors.Is(all[0].Err, hsm.ErrVerify) {
		t.Errorf("%q, %v", all[0].Message, all[0].Err)
	}
}

// failingScheme proves nothing.
type failingScheme struct{ wrapped }

func (f failingScheme) Open() Guard { return f }
func (failingScheme) Check(context.Context, hsm.Module, []byte) ([]byte, error) {
	return nil, hsm.ErrVerify
}

// TestLateMessageStays: what the module has not protected in time does not leave.
func TestLateMessageStays(t *testing.T) {
	var l link
	o := outbound(t, &l, nil)
	o.o.Pool = pool(t, func(p *hsm.Options) { p.Clock = func() int64 { return 100 } })
	var lost sync.Map
	p := parcel(&lost, "late", "first", "never")
	p.Messages[0].NotAfter, p.Messages[1].NotAfter = 100, 101
	o.posted(t, &l, p)
	if why, _ := lost.Load("late"); why != ErrLate {
		t.Errorf("late: %v", why)
	}
	if got, want := string(l.frames), "\x00\x05first\x00\x05never"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
