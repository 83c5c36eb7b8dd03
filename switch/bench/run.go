package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// run is one run of load at work.
type run struct {
	o        *Options
	stations []*station
	links    []*link
	open     *ring
	tag      string // of this run's references

	from, to atomic.Int64 // the window, 0 until it is fixed
	answered atomic.Int64 // without those that answers after a kill are of
	sent     atomic.Int64 // without those that were in flight at a kill

	fail    context.CancelCauseFunc // ends the run: a link or the pacer has failed
	closing atomic.Bool             // links end because the run does
	readers sync.WaitGroup
	writers sync.WaitGroup

	gate       sync.Mutex            // held by the pacer while it sends; guards gone and skipped of out, and last
	last       int64                 // number of the last payment that was sent
	out        outage                // when the switch is killed
	lastBefore atomic.Int64          // last at that moment; 0: it was not killed
	moved      atomic.Pointer[Admin] // where the switch is since then
	cut        context.CancelFunc    // ends the writers of the links

	gaps    gaps      // without answers
	lagging intervals // in which the pacer was late
	late    histogram // of the pacer: from due to sent, of the window; pacer only until it ends
	overrun int64     // payments that found the ring full, so were not sent; pacer only
	overran histogram // of them, from due to the end of the window, of the window; pacer only until it ends

	surgeLate histogram // late, of the surge and the time after it; pacer only
	surgeSent int64     // payments that left while it lasted; pacer only
}

// inWindow says whether a payment that was due then is measured.
func (r *run) inWindow(due int64) bool { return due >= r.from.Load() && due < r.to.Load() }

// admin is where the switch gives its figures now.
func (r *run) admin() Admin {
	if moved := r.moved.Load(); moved != nil {
		return *moved
	}
	return r.o.Admin
}

// startDelay is the time from the last preparation to the first payment.
const startDelay = 50 * time.Millisecond

// Run connects all participants, loads the switch, waits for what is open and
// compares the books. The error says that the run could not begin; whatever goes
// wrong after that is in the report, which is then not valid. When ctx ends it
// sends no more, waits a moment for what is open, and returns.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	// The links outlive ctx: what is open should still get its answers.
	work, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	defer fail(nil)
	r := &run{o: &o, open: newRing(o.openRing()), tag: tagOf(o.Clock()), fail: fail, late: newHistogram(), overran: newHistogram(), surgeLate: newHistogram()}
	for i := range o.Participants {
		r.stations = append(r.stations, newStation(i, o.Participants[i], &o))
	}
	defer r.hangUp()
	if err := r.connect(ctx, work); err != nil {
		return nil, err
	}
	before, err := r.firstSummary(ctx)
	if err != nil {
		return nil, fmt.Errorf("the switch's admin port: %w", err)
	}
	f := r.loadUntil(ctx, work)
	f.before = before
	if ctx.Err() != nil {
		o.Drain = min(o.Drain, interruptedDrain)
	}
	r.settle(work, f)
	f.failure = r.cutShort(f, errors.Join(ctx.Err(), context.Cause(work)))
	r.hangUp()
	return r.report(f), nil
}

// firstSummary is the switch's word before the load. One that has just started may be too
// busy to look for a moment.
func (r *run) firstSummary(ctx context.Context) (*Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, signOnLimit)
	defer cancel()
	for {
		s, err := r.o.Admin.Summary(ctx)
		if !errors.Is(err, errEmpty) || ctx.Err() != nil {
			return s, err
		}
		pause(ctx, settlePoll)
	}
}

// interruptedDrain is how long a run that is told to stop may wait for what is
// open: without it the switch would have to.
const interruptedDrain = 5 * time.Second

// loadUntil loads until the end of the schedule, of ctx or of work.
func (r *run) loadUntil(ctx, work context.Context) *facts {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(work, stop)()
	return r.load(ctx, work)
}

// tagOf makes the first characters of all references of a run from its time, so
// that two runs against one switch do not repeat each other's.
func tagOf(now int64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	tag, v := make([]byte, referenceTagBytes), uint64(now)/uint64(time.Second)
	for i := range tag {
		tag[i] = digits[v%36]
		v /= 36
	}
	return string(tag)
}

// connect opens and signs on all links, one after the other: how many handshakes a
// switch can do at once is another benchmark.
func (r *run) connect(ctx, work context.Context) error {
	work, r.cut = context.WithCancel(work)
	for _, s := range r.stations {
		for range r.o.Links {
			l, err := r.dial(ctx, s)
			if err != nil {
				return err
			}
			s.links, r.links = append(s.links, l), append(r.links, l)
			if err := r.serve(ctx, work, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// serve starts the goroutines of a link that is connected, and signs it on.
func (r *run) serve(ctx, work context.Context, l *link) error {
	r.readers.Go(func() { r.ended(l, "read", l.read()) })
	r.writers.Go(func() { r.ended(l, "write", l.write(work)) })
	if err := l.signOn(ctx); err != nil {
		return errors.Join(err, context.Cause(work))
	}
	return nil
}

// ended ends the run when a link does so by itself.
func (r *run) ended(l *link, doing string, err error) {
	if err != nil && !r.closing.Load() {
		r.fail(fmt.Errorf("link of %s lost: %s: %w", l.at.ID, doing, err))
	}
}

// hangUp closes all links and waits for their goroutines.
func (r *run) hangUp() {
	r.closing.Store(true)
	r.fail(nil)
	for _, l := range r.links {
		l.conn.Close()
	}
	r.readers.Wait()
	r.writers.Wait()
}

// begin fixes what is due when, and what of it is measured, for a load that starts then.
func (r *run) begin(start int64) *facts {
	from := start + int64(r.o.Warmup)
	to := from + int64(r.o.Duration)
	r.from.Store(from)
	r.to.Store(to)
	all := r.o.plan(start)
	return &facts{plan: all, measured: all.firstAfter(to) - all.firstAfter(from)}
}

// load sends the payments and takes samples at both ends of the window.
func (r *run) load(ctx, work context.Context) *facts {
	start := r.o.Clock() + int64(startDelay)
	f := r.begin(start)
	all, from, to := f.plan, r.from.Load(), r.to.Load()

	pacing := make(chan int64, 1)
	paceCtx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { pacing <- r.pace(paceCtx, all) }()
	watched := make(chan *WatchCost, 1)
	if r.o.Watching.Consoles > 0 {
		go func() { watched <- r.watch(paceCtx) }() // ends with the window
	} else {
		watched <- nil
	}
	observed := r.observe(paceCtx)
	r.until(ctx, start, from)
	first := make(chan Sample, 1)
	go func() { first <- r.sample(ctx) }() // a switch that is slow to answer must not move the end of the window
	var beside sync.WaitGroup
	if r.o.Beside != nil {
		beside.Go(func() { r.o.Beside(ctx) })
	}
	r.killAt(ctx, work, start, from)
	r.until(ctx, start, to)
	f.ended = r.o.Clock()
	f.last = r.sample(ctx)
	f.first = <-first
	observed(f)
	r.until(ctx, start, all.until)
	if r.o.Surge.Times != 0 {
		f.over = r.sample(ctx)
	}
	beside.Wait()
	// A generator that could not keep up is late with the rest; it is not to go on
	// for ever with what can no longer become valid.
	late := time.AfterFunc(r.o.Drain, stop)
	defer late.Stop()
	f.unsent = <-pacing
	f.watched = <-watched
	return f
}

// sample takes one of the machine and the switch.
func (r *run) sample(ctx context.Context) Sample {
	return r.admin().sample(ctx, r.o.Clock, &r.answered)
}

// cutShort says of a run that was ended when that was: a window that has not been there
// has figures that mean nothing. Nil stays nil.
func (r *run) cutShort(f *facts, why error) error {
	into := time.Duration(f.ended - r.from.Load()).Round(10 * time.Millisecond)
	switch {
	case why == nil:
		return nil
	case into <= 0:
		return fmt.Errorf("before the window began: %w", why)
	case f.ended < r.to.Load():
		return fmt.Errorf("%v into the window of %v: %w", into, r.o.Duration, why)
	}
	return why
}

// killAt kills the switch at its time, if the run is to do so.
func (r *run) killAt(ctx, work context.Context, start, from int64) {
	if r.o.Kill.At == 0 {
		return
	}
	r.until(ctx, start, from+int64(r.o.Kill.At))
	if ctx.Err() != nil {
		return
	}
	if err := r.kill(ctx, work); err != nil {
		r.fail(err)
	}
}

// until waits until the given time, telling how far the run is.
func (r *run) until(ctx context.Context, start, at int64) {
	for {
		now := r.o.Clock()
		if now >= at || ctx.Err() != nil {
			break
		}
		if now > start {
			p := Progress{Elapsed: time.Duration(now - start), Measured: now >= r.from.Load(), Sent: r.sent.Load(), Answered: r.answered.Load()}
			p.Open = max(p.Sent-p.Answered, 0) // the two are not of one moment
			r.o.Progress(p)
		}
		pause(ctx, min(time.Duration(at-now), time.Second))
	}
}

// settlePoll is how often the end of a run looks whether everything has ended.
const settlePoll = 20 * time.Millisecond

// settle waits until the participants have all answers and the switch has nothing
// open, but not for ever, and takes the switch's last word.
func (r *run) settle(ctx context.Context, f *facts) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Drain)
	defer cancel()
	for r.answered.Load() < r.sent.Load() && ctx.Err() == nil {
		pause(ctx, settlePoll)
	}
	f.drained = r.o.Clock()
	for {
		s, err := r.admin().Summary(ctx)
		if err == nil {
			f.after, f.afterErr = s, nil
		} else if f.after == nil {
			f.afterErr = err
		}
		if err == nil && s.Open == 0 || ctx.Err() != nil {
			return
		}
		pause(ctx, settlePoll)
	}
}

// pause sleeps for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
