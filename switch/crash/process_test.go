package crash

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// post is where the messages of the switch arrive; what is in it is acknowledged.
// It outlives the processes.
type post struct {
	mu    sync.Mutex // guards all: the engine's writer appends, hooks and tests read
	heard []message
	step  int
	dead  bool // the process is gone: whatever it still does, nobody hears it
}

// soFar is all messages up to now. They never change.
func (p *post) soFar() []message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[:len(p.heard):len(p.heard)]
}

func (p *post) at(step int) {
	p.mu.Lock()
	p.step = step
	p.mu.Unlock()
}

func (p *post) add(some []message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return
	}
	for i := range some {
		some[i].step = p.step
	}
	p.heard = append(p.heard, some...)
}

// outlet is the engine's sink. Nothing is heard before Release.
type outlet struct {
	post  *post
	group []message
	mark  uint32 // of the marker in the group; 0: none
	marks chan uint32
}

// Encode takes an effect.
func (o *outlet) Encode(ef *payment.Effect) {
	if ef.Leg == payment.LegEnquiry {
		o.mark = ef.Request.Key.STAN
		return
	}
	o.group = append(o.group, messageOf(ef))
}

// Release lets everything be heard that was encoded.
func (o *outlet) Release() {
	o.post.add(o.group)
	o.group = o.group[:0]
	if o.mark != 0 {
		o.marks <- o.mark
		o.mark = 0
	}
}

// place is where a process runs: a file system and what the process is given.
type place struct {
	fs    vfs.FS
	clock *atomic.Int64
	post  *post
	fatal func(error)                   // default: panic
	log   func(journal.Log) journal.Log // puts something around the journal; nil: nothing
}

// process is a running switch without its rim.
type process struct {
	e      *engine.Engine
	store  *state.Store
	out    *outlet
	cancel context.CancelFunc
	done   chan error // Run's error, once
	marker uint32
}

// keys seal what is on disk in all tests here.
var keys = func() *seal.Keys {
	k, err := seal.New([32]byte{1}, seal.Key{ID: 1, Secret: [32]byte{2}})
	if err != nil {
		panic(err)
	}
	return k
}()

var quiet = slog.New(slog.DiscardHandler)

// refusal is why a process does not start.
type refusal struct{ error }

// Unwrap is the reason.
func (r refusal) Unwrap() error { return r.error }

// boot starts a process.
func boot(at place) (*process, error) {
	p, err := open(at)
	if err != nil {
		return nil, refusal{err}
	}
	return p, nil
}

func open(at place) (*process, error) {
	log, err := journal.OpenPebble("journal", journal.Options{FS: at.fs, Log: quiet, Fatal: at.fatal})
	if err != nil {
		return nil, err
	}
	store, err := state.Open("state", state.Options{FS: at.fs, Log: quiet, Fatal: at.fatal, Keys: keys})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	around := journal.Log(log)
	if at.log != nil {
		around = at.log(log)
	}
	e, err := engine.Open(engine.Options{
		Log: around, State: store, Config: config(), Clock: at.clock.Load, Logger: quiet, Keys: keys,
		GapMax: -1, GroupEventsMax: 1024, // a group is what one step submits
	})
	if err != nil {
		return nil, errors.Join(err, store.Close(), log.Close())
	}
	p := &process{e: e, store: store, out: &outlet{post: at.post, marks: make(chan uint32, 16)}, done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.done <- e.Run(ctx, p.out) }()
	select {
	case <-e.Ready():
		return p, nil
	case err := <-p.done:
		p.done <- err
		cancel()
		return nil, errors.Join(errors.New("it stopped before it was ready"), err)
	}
}

// atOnce is how many events are submitted at once: beyond a tenth of its length the
// queue takes no enquiry, and so no marker.
const atOnce = 700

// submit hands events over, up to atOnce of them as one group, and waits until they
// have taken effect.
func (p *process) submit(events []payment.Event) error {
	for len(events) > atOnce {
		if err := p.group(events[:atOnce:atOnce]); err != nil {
			return err
		}
		events = events[atOnce:]
	}
	return p.group(events)
}

// group hands events over. An enquiry about nothing at their end is answered behind
// everything else.
func (p *process) group(events []payment.Event) error {
	p.marker++
	ask := payment.Event{Kind: payment.EnquiryArrived, From: plain}
	ask.Request.Key = payment.RequestKey{From: plain, STAN: p.marker, Other: 1}
	ask.Request.Original.Payment = 1 << 62
	events = append(events, ask)
	if taken, err := p.e.Submit(events); taken != len(events) {
		return p.why(fmt.Errorf("took %d of %d events: %w", taken, len(events), err))
	}
	for {
		select {
		case m := <-p.out.marks:
			if m == p.marker {
				return nil
			}
		case err := <-p.done:
			p.done <- err
			return errors.Join(errors.New("it stopped"), err)
		}
	}
}

// why adds the reason of a process that has stopped.
func (p *process) why(err error) error {
	select {
	case stop := <-p.done:
		p.done <- stop
		return errors.Join(err, stop)
	default:
		return err
	}
}

// inspect runs f on the machine between two groups.
func (p *process) inspect(f func(*payment.Machine)) error {
	err := p.e.Inspect(context.Background(), f)
	if errors.Is(err, engine.ErrStopped) { // Run says why
		err = <-p.done
		p.done <- err
		return errors.Join(errors.New("it stopped"), err)
	}
	return err
}

// stop ends the process as an operator does.
func (p *process) stop() error {
	p.cancel()
	return <-p.done
}

// links are all participants signing on.
func links() (events []payment.Event) {
	for n := range participants {
		events = append(events, payment.Event{Kind: payment.LinkUp, From: route.Participant(n)})
	}
	return events
}
