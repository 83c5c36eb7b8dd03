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

// received is messages as they came.
func received(messages ...string) (all []Received) {
	for _, m := range messages {
		all = append(all, Received{Body: []byte(m)})
	}
	return all
}

// TestInboundDoesNotCheckTheStale: of what has waited too long the module is asked about
// what tells, and not about what asks.
func TestInboundDoesNotCheckTheStale(t *testing.T) {
	done := make(chan []Checked, 4)
	in := NewInbound(InboundOptions{Scheme: plain{}, Op: hsm.OpVerifyMAC, Done: func(all []Checked) { done <- all }, Pool: pool(t, func(o *hsm.Options) {
		o.Clock = func() int64 { return 10 * StaleAfter }
	})})
	all := received("an old answer", "an old request", "a request")
	all[1].Asks, all[2].Asks, all[2].At = true, true, 9*StaleAfter
	all[1].Header = []byte("its own")
	if !in.Add(all) {
		t.Fatal("refused")
	}
	var got []Checked
	for len(got) < 3 {
		got = append(got, <-done...)
	}
	if got[0].Err != nil || got[2].Err != nil {
		t.Errorf("the answer: %v, the new request: %v", got[0].Err, got[2].Err)
	}
	if c := got[1]; !errors.Is(c.Err, hsm.ErrDown) || !hsm.NotDone(c.Err) || string(c.Message) != "an old request" || string(c.Header) != "its own" {
		t.Errorf("the old request: %q %q %v", c.Header, c.Message, c.Err)
	}
}

// TestOutboundDoesNotProtectTheLate: its PIN block is not even taken; and a message goes
// under its own header.
func TestOutboundDoesNotProtectTheLate(t *testing.T) {
	var l link
	f, err := frame.Parse("NAC")
	if err != nil {
		t.Fatal(err)
	}
	o := NewOutbound(OutboundOptions{Link: &l, Framing: f, Limits: frame.Limits{BodyMin: 1}, Scheme: plain{}, Op: hsm.OpMAC,
		Pool: pool(t, func(o *hsm.Options) { o.Clock = func() int64 { return 100 } }),
		PINs: func([]byte) (PIN, bool) { t.Error("a block is taken"); return PIN{}, false }})
	var lost sync.Map
	p := parcel(&lost, "late|token", "in time")
	p.Messages[0].NotAfter, p.Messages[1].NotAfter, p.Messages[1].Header = 100, 101, []byte("\x60\x11\x11\x22\x22")
	o.posted(t, &l, p)
	if why, _ := lost.Load("late|token"); why != ErrLate {
		t.Errorf("late: %v", why)
	}
	if got := string(l.frames); got != "\x00\x0c\x60\x11\x11\x22\x22in time" {
		t.Errorf("%q has left", got)
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
	if !in.Add(received("a", "bad")) || !in.Add(received("end")) {
		t.Fatal("refused")
	}
	<-ended
	if want := "a <nil>,bad hsm: verification failed,end <nil>"; strings.Join(got, ",") != want {
		t.Errorf("%q, not %q", got, want)
	}
	if in.Add(received(string(make([]byte, 9<<20)))) {
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
	if !in.Add(received("a", "b")) {
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
	in.Add(received("sealed:message"))
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
