package hsm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Pool asks a Module on its own goroutines, so that a slow or hung one never holds
// up who asks. Calls inside the module and calls that wait are bounded; a call above
// that is refused at once, and one that takes too long is given up.
//
// A module that hangs keeps its workers, never more: the calls behind them are given
// up unstarted, so that nothing was done of them.
type Pool struct {
	o       Options
	module  Module // the Options' one, metered
	prompt  [opCount]bool
	queue   chan *job
	base    context.Context // ends with the pool
	end     context.CancelFunc
	busy    atomic.Int64
	up      atomic.Bool  // see probe
	probing atomic.Int64 // 1 while a probe is inside the module
	metrics *metrics

	mu     sync.Mutex // guards closed, and that open does not grow after it
	closed bool
	open   sync.WaitGroup // calls without an answer

	seekers []*seeker // who was refused and waits for room, oldest first; guarded by mu
}

// NewPool makes a pool; Run starts it. Calls before Run wait in the queue.
func NewPool(o Options) (*Pool, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	p := &Pool{o: o, queue: make(chan *job, o.QueueMax)}
	p.base, p.end = context.WithCancel(context.Background())
	p.up.Store(true) // who opened the module has seen that
	p.prompt = promptOf(o.Module)
	p.module = meter(o.Module, o.Clock, newCallMetrics(o.Registry))
	p.metrics = newMetrics(o.Registry, p)
	return p, nil
}

// Run works until ctx is done; then it answers what is open with ErrDown and returns
// when the workers have left the module, or StopMax later with an error that says
// how many have not. It is called once.
func (p *Pool) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.o.Workers {
		workers.Go(p.work)
	}
	if p.o.ProbeEvery > 0 {
		workers.Go(p.watch)
	}
	<-ctx.Done()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.end()
	p.open.Wait()

	idle := make(chan struct{})
	go func() {
		workers.Wait()
		close(idle)
	}()
	patience, cancel := p.o.Deadline(context.Background(), p.o.StopMax)
	defer cancel()
	select {
	case <-idle:
		return nil
	case <-patience.Done():
		return &Fault{Kind: ErrTimeout, Started: true, Cause: fmt.Errorf("%d calls are still inside", p.busy.Load()+p.probing.Load())}
	}
}

// Now is the time by the pool's clock, UTC nanoseconds.
func (p *Pool) Now() int64 { return p.o.Clock() }

// work takes calls until the pool ends. What is left in the queue then is answered
// by the end of its context.
func (p *Pool) work() {
	for {
		select {
		case <-p.base.Done():
			return
		case j := <-p.queue:
			p.left() // before its answer asks for its place again
			if j.state.CompareAndSwap(waiting, started) {
				p.busy.Add(1)
				j.run()
				p.busy.Add(-1)
			}
		}
	}
}

// Call asks the pool's module; op is how metrics name the request. It never blocks and is safe for concurrent use.
//
// An error says that there is no room (ErrDown, NotDone), and answer is not called.
// Otherwise answer is called exactly once, on a goroutine of the pool, and must not
// block. A call that is given up gets a Fault and the zero value; if the module
// answers later nevertheless, its answer is wiped (when it can be) and dropped. run
// may therefore still be reading its inputs then: it is for run to wipe them.
func Call[T any](p *Pool, op Op, run func(context.Context, Module) (T, error), answer func(T, error)) error {
	j, err := p.admit(op)
	if err != nil {
		return err
	}
	var none T
	j.run = func() {
		value, err := run(j.ctx, p.module)
		if err != nil {
			wipe(value)
			value, err = none, settled(err)
		}
		if !j.finish() {
			wipe(value)
			return
		}
		answer(value, err)
		p.open.Done()
	}
	stop := context.AfterFunc(j.ctx, func() {
		if err := j.giveUp(); err != nil {
			answer(none, err)
			p.open.Done()
		}
	})
	j.release = func() {
		stop()
		j.cancel()
	}
	return p.enqueue(j)
}

// wipe wipes a value that nobody gets, if it is one that can be wiped.
func wipe(value any) {
	if w, ok := value.(interface{ Wipe() }); ok {
		w.Wipe()
	}
}

// settled makes a Fault of what a driver says when its context has ended.
func settled(err error) error {
	var f *Fault
	if !errors.As(err, &f) && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return &Fault{Kind: ErrTimeout, Started: true, Cause: err}
	}
	return err
}

// admit makes a job, unless the pool has ended.
func (p *Pool) admit(op Op) (*job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, p.refuse(op, leftStopped, "the pool has stopped")
	}
	p.open.Add(1)
	j := &job{pool: p, op: op, at: p.o.Clock()}
	j.ctx, j.cancel = p.o.Deadline(p.base, p.o.Timeout)
	return j, nil
}

// enqueue hands the job to the workers, or refuses it. A job that was given up in
// between has its answer already.
func (p *Pool) enqueue(j *job) error {
	select {
	case p.queue <- j:
		return nil
	default:
	}
	if j.state.Swap(answered) == answered {
		return nil
	}
	j.release()
	p.open.Done()
	return p.refuse(j.op, leftFull, fmt.Sprintf("%d calls wait already", p.o.QueueMax))
}

func (p *Pool) refuse(op Op, how leaving, why string) error {
	p.metrics.requests[op][how].Inc()
	return &Fault{Kind: ErrDown, Cause: errors.New(why)}
}
