package faultline

import (
	"net"
	"sync"
)

// Line is one connection through a Proxy. All methods are safe for concurrent use.
type Line struct {
	flows [directions]*flow
	gone  chan struct{} // closed at the end

	mu    sync.Mutex      // guards all below
	ends  [2]*net.TCPConn // near and far; far is nil until the target has accepted
	ended bool
}

func newLine(o *Options, near *net.TCPConn, number uint64, plan [directions]Way) *Line {
	l := &Line{gone: make(chan struct{}), ends: [2]*net.TCPConn{near}}
	for d := range directions {
		l.flows[d] = newFlow(o, l, plan[d], number*uint64(directions)+uint64(d))
	}
	return l
}

// run passes bytes until both directions or the line have ended.
func (l *Line) run(far *net.TCPConn) {
	l.mu.Lock()
	l.ends[1] = far
	ended := l.ended
	l.mu.Unlock()
	if ended {
		reset(far)
		return
	}
	near := l.ends[0]
	var all sync.WaitGroup
	for d, f := range l.flows {
		from, to := near, far
		if Direction(d) == Down {
			from, to = far, near
		}
		all.Go(func() { f.read(from) })
		all.Go(func() { f.write(to) })
	}
	all.Wait()
	l.End(Close)
}

// Change sets how bytes travel in a direction from now on. After and Lose count from
// here. What was taken before keeps its delay. It panics on a way that there cannot be.
func (l *Line) Change(d Direction, w Way) {
	if err := w.validate(); err != nil {
		panic(err)
	}
	l.flows[d].change(w)
}

// Passed is how many bytes have come out at the end of a direction.
func (l *Line) Passed(d Direction) int64 { return l.flows[d].total() }

// End ends the line at once: HalfClose in both directions is Close. What is still on
// its way is lost. After Silence in both directions the connections stay, and the line
// ends when both peers have given up.
func (l *Line) End(how End) {
	switch how {
	case Never:
		return
	case Silence:
		for _, f := range l.flows {
			f.change(Way{Then: Silence})
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	close(l.gone)
	for _, c := range l.ends {
		switch {
		case c == nil:
		case how == Reset:
			reset(c)
		default:
			_ = c.Close()
		}
	}
}

// Ended is closed when the line has ended.
func (l *Line) Ended() <-chan struct{} { return l.gone }

// connected says that the target has accepted: before that nothing can end but all.
func (l *Line) connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ends[1] != nil
}

// closeWrite ends a direction in good order.
func (l *Line) closeWrite(f *flow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	to := l.ends[1]
	if f == l.flows[Down] {
		to = l.ends[0]
	}
	_ = to.CloseWrite() // of a connection that has ended there is nothing to end
}
