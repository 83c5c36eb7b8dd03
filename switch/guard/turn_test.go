package guard

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"switchd/codec/frame"
	"switchd/hsm"
)

// prompt is a module that says that it is prompt, and is not asked.
type prompt struct{ hsm.Module }

func (prompt) Prompt(hsm.Op) bool { return true }

// turned is an Outbound whose turns are the test's, with how often they were asked for.
func turned(t testing.TB, l *link, change func(*OutboundOptions)) (o *Outbound, rings *atomic.Int64) {
	t.Helper()
	p, err := hsm.NewPool(hsm.Options{Module: prompt{}, Clock: func() int64 { return 100 }})
	if err != nil {
		t.Fatal(err)
	}
	rings = new(atomic.Int64)
	options := OutboundOptions{
		Link: l, Framing: frame.BIN2, Limits: frame.Limits{BodyMin: 1}, Scheme: plain{}, Pool: p, Op: hsm.OpMAC,
		Budget: &Budget{Max: 10 << 20}, Ring: func() { rings.Add(1) },
	}
	if change != nil {
		change(&options)
	}
	return NewOutbound(options), rings
}

// TestTurnProtects: what was posted leaves at the link's turn, in order; what is lost is
// told then, with why, and that nothing more will be.
func TestTurnProtects(t *testing.T) {
	var l link
	block := hsm.NewSecret([]byte("PIN"))
	o, rings := turned(t, &l, func(o *OutboundOptions) {
		o.PINs = func(token []byte) (PIN, bool) {
			return PIN{Block: block, Account: hsm.NewSecret(nil)}, string(token) == "known"
		}
	})
	var lost sync.Map
	gone := 0
	p := parcel(&lost, "first", "bad", "second|known", "third|unknown", "late", "last")
	p.Messages[4].NotAfter, p.Messages[5].NotAfter = 100, 101
	p.Gone = func() { gone++ }
	if err := o.Post(p); err != nil {
		t.Fatal(err)
	}
	clear(p.Bytes) // the caller's again
	clear(p.Messages)
	if rings.Load() != 1 || len(l.frames) > 0 || gone > 0 {
		t.Errorf("before its turn: %d rings, %q, gone %d", rings.Load(), l.frames, gone)
	}
	o.Turn()
	if got, want := string(l.frames), "\x00\x05first\x00\x0asecond+PIN\x00\x04last"; got != want || l.wakes != 1 || gone != 1 {
		t.Errorf("%q, not %q; %d wakes, gone %d", got, want, l.wakes, gone)
	}
	for what, want := range map[string]error{"bad": hsm.ErrKey, "third|unknown": ErrPIN, "late": ErrLate} {
		if why, _ := lost.LoadAndDelete(what); why != want {
			t.Errorf("%s: %v", what, why)
		}
	}
	if block.Len() != 0 || o.turns.seal.pin.Zone.Key != "" {
		t.Error("the block is not wiped")
	}
	l.broken = errors.New("it is closed")
	if err := o.Post(parcel(&lost, "one")); err != nil {
		t.Fatal(err)
	}
	o.Turn()
	if why, _ := lost.LoadAndDelete("one"); why != l.broken {
		t.Errorf("%v", why)
	}
	lost.Range(func(what, why any) bool { t.Errorf("%s is lost: %v", what, why); return true })
	if n := o.o.Budget.used.Load(); n != 0 || o.turns.items != 0 || o.turns.bytes != 0 {
		t.Errorf("left: %d of the budget, %d items, %d bytes", n, o.turns.items, o.turns.bytes)
	}
}

// TestTurnKeepsHeaders: a message leaves under the header that it named, whatever the
// caller does with its bytes meanwhile, and under the link's if it named none.
func TestTurnKeepsHeaders(t *testing.T) {
	var l link
	o, _ := turned(t, &l, func(o *OutboundOptions) { o.Framing = frame.NAC })
	var lost sync.Map
	header := []byte("\x60\x11\x11\x22\x22")
	p := parcel(&lost, "one", "two")
	p.Messages[0].Header, p.Messages[1].Header = header, header[:5:5]
	if err := o.Post(p); err != nil {
		t.Fatal(err)
	}
	clear(header)
	o.Turn()
	if got, want := string(l.frames), "\x00\x08\x60\x11\x11\x22\x22one\x00\x08\x60\x11\x11\x22\x22two"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestTurnIsBounded: in what waits, by messages, bytes and the budget of others, and in
// what one turn does; the rest rings again.
func TestTurnIsBounded(t *testing.T) {
	var l link
	o, rings := turned(t, &l, func(o *OutboundOptions) { o.Limits.BodyMax = 1 << 16 })
	var lost sync.Map
	large := parcel(&lost, strings.Repeat("x", 40<<10))
	many := parcel(&lost, strings.Split(strings.Repeat("y,", itemsMax), ",")[:itemsMax]...)
	for range 3 {
		if err := o.Post(large); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Post(many); !errors.Is(err, ErrFull) {
		t.Errorf("too many messages: %v", err)
	}
	huge := Parcel{Bytes: make([]byte, bytesMax), Messages: []Message{{End: bytesMax}}}
	if err := o.Post(huge); !errors.Is(err, ErrFull) {
		t.Errorf("too many bytes: %v", err)
	}
	o.o.Budget.used.Add(10<<20 - 125<<10)
	if err := o.Post(large); !errors.Is(err, ErrFull) {
		t.Errorf("no budget: %v", err)
	}
	was := rings.Load()
	if o.Turn(); len(l.frames) != 2*(2+40<<10) || rings.Load() != was+1 {
		t.Errorf("one turn: %d bytes, %d rings", len(l.frames), rings.Load()-was)
	}
	if o.Turn(); len(l.frames) != 3*(2+40<<10) || rings.Load() != was+1 {
		t.Errorf("two turns: %d bytes, %d rings", len(l.frames), rings.Load()-was)
	}
	o.o.Budget.used.Store(0)
	if err := o.Post(many); err != nil {
		t.Errorf("room for all messages: %v", err)
	}
	o.Turn()
	if n := len(o.turns.waiting); n > 0 || cap(o.turns.waiting) > waitingKept {
		t.Errorf("%d parcels wait, in room for %d", n, cap(o.turns.waiting))
	}
}

// TestTurnInStretches: a large parcel leaves in stretches. What is too late by the time
// that those before it took does not leave, a turn ends within it, and the next one goes
// on there.
func TestTurnInStretches(t *testing.T) {
	const messages = 10 * stretch
	var l link
	var now atomic.Int64
	now.Store(100)
	p, err := hsm.NewPool(hsm.Options{Module: prompt{}, Clock: func() int64 { return now.Add(1) }}) // each look takes time
	if err != nil {
		t.Fatal(err)
	}
	o, rings := turned(t, &l, func(o *OutboundOptions) { o.Pool = p })
	var lost []int
	gone := 0
	long := Parcel{Lost: func(i int, why error) {
		if lost = append(lost, i); !errors.Is(why, ErrLate) {
			t.Errorf("message %d: %v", i, why)
		}
	}, Gone: func() { gone++ }}
	size := turnBytes / (4 * stretch) // four stretches are a turn
	for i := range messages {
		long.Bytes = append(long.Bytes, bytes.Repeat([]byte{byte(i / stretch)}, size)...)
		long.Messages = append(long.Messages, Message{End: len(long.Bytes)})
	}
	long.Messages[0].NotAfter, long.Messages[messages-1].NotAfter = 105, 105
	if err := o.Post(long); err != nil {
		t.Fatal(err)
	}
	was := rings.Load()
	if o.Turn(); len(l.frames) != 4*stretch*(2+size) || rings.Load() != was+1 || gone > 0 {
		t.Errorf("one turn: %d bytes, %d rings, gone %d", len(l.frames), rings.Load()-was, gone)
	}
	o.Turn()
	if o.Turn(); len(l.frames) != (messages-1)*(2+size) || gone != 1 || len(lost) != 1 || lost[0] != messages-1 {
		t.Errorf("all turns: %d bytes, gone %d, lost %v", len(l.frames), gone, lost)
	}
	for i := range messages - 1 {
		if got := l.frames[i*(2+size)+2]; got != byte(i/stretch) {
			t.Fatalf("message %d is of stretch %d", i, got)
		}
	}
	if n := o.o.Budget.used.Load(); n != 0 || o.turns.items != 0 || o.turns.bytes != 0 {
		t.Errorf("left: %d of the budget, %d items, %d bytes", n, o.turns.items, o.turns.bytes)
	}
	if err := o.Post(long); err != nil {
		t.Fatal(err)
	}
	lost, l.frames = nil, nil
	now.Store(0)
	o.Turn()
	o.turns.waiting[0].Lost = func(i int, why error) {
		if lost = append(lost, i); !errors.Is(why, ErrClosed) {
			t.Errorf("message %d: %v", i, why)
		}
	}
	if o.Close(); len(lost) != 6*stretch || lost[0] != 4*stretch || gone != 2 {
		t.Errorf("closed within a parcel: %d lost, gone %d", len(lost), gone)
	}
}

// TestClosedLinkLosesWhatWaits, and takes nothing more.
func TestClosedLinkLosesWhatWaits(t *testing.T) {
	var l link
	o, _ := turned(t, &l, func(o *OutboundOptions) {
		o.PINs = func([]byte) (PIN, bool) { t.Error("a block is taken"); return PIN{}, false }
	})
	var lost sync.Map
	gone := 0
	for range 2 {
		p := parcel(&lost, "one|token", "two")
		p.Gone = func() { gone++ }
		if err := o.Post(p); err != nil {
			t.Fatal(err)
		}
	}
	o.Close()
	for _, what := range []string{"one|token", "two"} {
		if why, _ := lost.Load(what); why != ErrClosed {
			t.Errorf("%s: %v", what, why)
		}
	}
	if err := o.Post(parcel(&lost, "three")); !errors.Is(err, ErrClosed) || gone != 2 || len(l.frames) > 0 {
		t.Errorf("%v, gone %d, %q", err, gone, l.frames)
	}
	o.Turn()
	if n := o.o.Budget.used.Load(); n != 0 {
		t.Errorf("%d bytes are left", n)
	}
}

// TestTurnsAtOnce: parcels of several goroutines leave each in its order while turns are
// under way.
func TestTurnsAtOnce(t *testing.T) {
	const senders, each = 4, 1000
	var l link
	o, _ := turned(t, &l, nil)
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := range each {
				p := Parcel{Bytes: []byte{byte(s), byte(i), byte(i >> 8)}, Messages: []Message{{End: 3}}}
				for o.Post(p) != nil {
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	for open := true; open; {
		select {
		case <-ended:
			open = false
		default:
		}
		o.Turn()
	}
	var next [senders]int
	for at := 0; at < len(l.frames); at += 5 {
		s, i := l.frames[at+2], int(l.frames[at+3])|int(l.frames[at+4])<<8
		if i != next[s] {
			t.Fatalf("sender %d: %d where %d is due", s, i, next[s])
		}
		next[s]++
	}
	if next != [senders]int{each, each, each, each} {
		t.Errorf("%v", next)
	}
}

// TestPromptWithoutPool: when the pool has ended nothing is protected or checked but what
// is exempt.
func TestPromptWithoutPool(t *testing.T) {
	p, err := hsm.NewPool(hsm.Options{Module: prompt{}, Clock: func() int64 { return 100 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Run(ctx); err != nil {
		t.Fatal(err)
	}
	var l link
	o, _ := turned(t, &l, func(o *OutboundOptions) { o.Pool, o.Scheme = p, exempting{} })
	var lost sync.Map
	if err := o.Post(parcel(&lost, "message", "exempt")); err != nil {
		t.Fatal(err)
	}
	o.Turn()
	why, _ := lost.Load("message")
	if err, _ := why.(error); !errors.Is(err, hsm.ErrDown) || !hsm.NotDone(err) || string(l.frames) != "\x00\x06exempt" {
		t.Errorf("%v, %q", why, l.frames)
	}
	in := NewInbound(InboundOptions{Scheme: exempting{}, Pool: p, Op: hsm.OpVerifyMAC})
	if _, err := in.Now([]byte("message")); !in.Prompt() || !errors.Is(err, hsm.ErrDown) {
		t.Errorf("prompt: %v, %v", in.Prompt(), err)
	}
	if got, err := in.Now([]byte("exempt")); err != nil || string(got) != "exempt" {
		t.Errorf("%q, %v", got, err)
	}
}

// exempting is plain but for one word.
type exempting struct{ plain }

func (exempting) Exempt(message []byte) bool { return string(message) == "exempt" }

// TestLargeRoomsAreNotKept, whichever it is.
func TestLargeRoomsAreNotKept(t *testing.T) {
	for name, grow := range map[string]func(*kept){
		"bytes":    func(k *kept) { k.Bytes = make([]byte, 0, keptMax+1) },
		"named":    func(k *kept) { k.named = make([]byte, 0, keptMax+1) },
		"frames":   func(k *kept) { k.frames = make([]byte, 0, keptMax+1) },
		"messages": func(k *kept) { k.Messages = make([]Message, 0, keptItems+1) },
	} {
		k := new(kept)
		if !k.small() {
			t.Fatal("an empty one is too large")
		}
		if grow(k); k.small() {
			t.Errorf("%s: it is kept", name)
		}
	}
}

// TestTurnAllocates nothing of its own.
func TestTurnAllocates(t *testing.T) {
	if raced {
		t.Skip("the race detector makes a sync.Pool forget some of what it is given")
	}
	var l link
	o, _ := turned(t, &l, nil)
	p := Parcel{Gone: func() {}, Lost: func(int, error) {}}
	for range 16 {
		p.Bytes = append(p.Bytes, "a message"...)
		p.Messages = append(p.Messages, Message{End: len(p.Bytes)})
	}
	turn := func() {
		l.frames = l.frames[:0]
		for range 3 {
			if err := o.Post(p); err != nil {
				t.Fatal(err)
			}
		}
		o.Turn()
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n > 0 {
		t.Errorf("%v allocations for 48 messages", n)
	}
}
