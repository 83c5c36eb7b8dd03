package faultline

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	// pieceBytes is how much is read at once.
	pieceBytes = 4096
	// lookEvery is how often a flow that waits looks at the clock. The clock may be
	// made up, so that no timer knows when it will strike.
	lookEvery = time.Millisecond
)

// flow is one direction of a line. One goroutine reads, one writes.
type flow struct {
	o      *Options
	line   *Line
	chance *rand.Rand // reader only
	last   int64      // when the piece before is due; reader only
	free   int64      // when the rate lets the next byte pass; writer only
	queue  chan piece

	mu     sync.Mutex // guards all below
	way    Way
	passed int64 // since the way was set
	lost   int64 // since the way was set
	sum    int64 // passed since the start
	struck bool  // Then has happened
}

// piece is what was read at once; without bytes the end of the stream.
type piece struct {
	bytes []byte
	due   int64
	cut   bool // the end was a reset
}

func newFlow(o *Options, l *Line, w Way, number uint64) *flow {
	return &flow{
		o: o, line: l, way: w,
		chance: rand.New(rand.NewPCG(o.Seed, number)),
		queue:  make(chan piece, o.HeldMax/pieceBytes),
	}
}

func (f *flow) change(w Way) {
	f.mu.Lock()
	f.way, f.passed, f.lost, f.struck = w, 0, 0, false
	f.mu.Unlock()
	f.look()
}

func (f *flow) total() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sum
}

// read takes what comes until the end of the stream or of the line.
func (f *flow) read(from *net.TCPConn) {
	defer close(f.queue)
	f.look() // a way may end a line before its first byte
	for {
		p := piece{bytes: make([]byte, pieceBytes)}
		n, err := from.Read(p.bytes)
		p.bytes, p.due = p.bytes[:n], f.due()
		if n > 0 && !f.put(p) {
			return
		}
		if err != nil {
			f.put(piece{due: p.due, cut: !errors.Is(err, io.EOF)})
			return
		}
	}
}

// put queues a piece; false when the line has ended.
func (f *flow) put(p piece) bool {
	select {
	case f.queue <- p:
		return true
	case <-f.line.gone:
		return false
	}
}

// due is when what has come now may come out: never before what came before it.
func (f *flow) due() int64 {
	f.mu.Lock()
	delay, jitter := f.way.Delay, f.way.Jitter
	f.mu.Unlock()
	if jitter > 0 {
		delay += time.Duration(f.chance.Int64N(int64(jitter) + 1))
	}
	f.last = max(f.last, f.o.Clock()+int64(delay))
	return f.last
}

// write passes the pieces on when they are due. It goes on taking them when the
// receiver has gone, so that the sender is not held up by it.
func (f *flow) write(to *net.TCPConn) {
	for p := range f.queue {
		if !f.wait(p.due) {
			return
		}
		if len(p.bytes) == 0 {
			f.finish(to, p.cut)
			return
		}
		f.pass(to, p.bytes)
	}
}

// wait waits until the clock says t; false when the line has ended.
func (f *flow) wait(t int64) bool {
	for f.o.Clock() < t {
		look := time.NewTimer(lookEvery)
		select {
		case <-look.C:
		case <-f.line.gone:
			look.Stop()
			return false
		}
	}
	return true
}

// pass sends b, or loses what is to be lost of it.
func (f *flow) pass(to *net.TCPConn, b []byte) {
	for len(b) > 0 {
		n, lose, rate := f.share(len(b))
		if n == 0 || !lose && rate > 0 && !f.wait(f.free) {
			return
		}
		if !lose {
			_, _ = to.Write(b[:n]) // a receiver that is gone is the other direction's news
			if rate > 0 {
				f.free = max(f.free, f.o.Clock()) + int64(n)*int64(time.Second)/int64(rate)
			}
		}
		f.count(n, lose)
		b = b[n:]
		f.look()
	}
}

// share says how many of the next n bytes go one way, and whether they are lost.
func (f *flow) share(n int) (count int, lose bool, rate int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &f.way
	most := int64(n)
	switch {
	case f.struck:
		return n, true, 0
	case w.Then == Never:
	case f.passed < w.After:
		most = min(most, w.After-f.passed)
	default:
		return int(min(most, w.Lose-f.lost)), true, 0
	}
	if w.Segment > 0 {
		most = min(most, int64(w.Segment))
	}
	if w.Rate > 0 { // a hundredth of a second at a time
		most = min(most, int64(max(1, w.Rate/100)))
	}
	return int(most), false, w.Rate
}

func (f *flow) count(n int, lose bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lose {
		f.lost += int64(n)
		return
	}
	f.passed += int64(n)
	f.sum += int64(n)
}

// look has the end of the way happen when its time has come.
func (f *flow) look() {
	f.mu.Lock()
	w := f.way
	due := w.Then != Never && !f.struck && f.passed >= w.After && f.lost >= w.Lose && f.line.connected()
	f.struck = f.struck || due
	f.mu.Unlock()
	if !due {
		return
	}
	switch w.Then {
	case HalfClose:
		f.line.closeWrite(f)
	case Reset, Close:
		f.line.End(w.Then)
	}
}

// silent says that the receiver must not hear of the end.
func (f *flow) silent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.struck
}

// finish passes the end of the stream on.
func (f *flow) finish(to *net.TCPConn, cut bool) {
	switch {
	case f.silent():
	case cut:
		f.line.End(Reset)
	default:
		_ = to.CloseWrite()
	}
}
