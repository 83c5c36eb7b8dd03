package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"switchd/switch/payment"
	"switchd/switch/state"
)

// Feed serves the readers of one switch. Make it with New.
type Feed struct {
	o       Options
	metrics *metrics

	open    atomic.Int64 // readers, for Wake
	mu      sync.Mutex   // guards the rest
	readers map[*reader]bool
	places  places
}

// New returns a feed without readers.
func New(o Options) (*Feed, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	f := &Feed{o: o, readers: map[*reader]bool{}, places: newPlaces()}
	f.metrics = newMetrics(o.Registry, f)
	return f, nil
}

// Wake tells the readers that there is something new. It never blocks, and costs
// nothing when nobody reads. Safe for concurrent use.
func (f *Feed) Wake() {
	if f.open.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		select {
		case r.kick <- struct{}{}:
		default:
		}
	}
}

// Lag is how many events the slowest reader is behind. Safe for concurrent use.
func (f *Feed) Lag() (most uint64) {
	applied := f.o.Source.Applied()
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range f.readers {
		if read := r.read.Load(); applied > read {
			most = max(most, applied-read)
		}
	}
	return most
}

// Stream answers an ask until the reader is gone, ctx ends, or all that was asked for is
// told. An error that comes before anything is written wraps one of package view; what
// comes later ends the stream: the reader goes on where it is. Safe for concurrent use.
func (f *Feed) Stream(ctx context.Context, a Ask, w http.ResponseWriter) error {
	q, err := f.understand(&a)
	if err != nil {
		return err
	}
	r := &reader{feed: f, question: q, w: w, control: http.NewResponseController(w), kick: make(chan struct{}, 1), at: q.from}
	if q.from.seq < f.o.Source.TidingsFrom() {
		return r.gone()
	}
	r.cursor = f.o.Source.Tidings(q.from.seq)
	r.read.Store(q.from.seq - 1)
	if err := f.enter(r); err != nil {
		return err
	}
	defer f.leave(r)
	return r.run(ctx)
}

// reader is one stream. It belongs to the goroutine of its request.
type reader struct {
	question
	feed    *Feed
	w       http.ResponseWriter
	control *http.ResponseController
	cursor  *state.TidingsCursor
	kick    chan struct{}
	read    atomic.Uint64 // the last event that it has been told all of

	at    place  // of the next tiding that it has not been told
	seen  place  // of the next tiding of the cursor
	lines int    // that were written
	page  []byte // of the answer
	over  bool   // all that was asked for is told
}

// run tells until the end.
func (r *reader) run(ctx context.Context) error {
	kind := "application/x-ndjson"
	if r.sse {
		kind = "text/event-stream"
	}
	r.w.Header().Set("Content-Type", kind)
	r.w.Header().Set("X-Accel-Buffering", "no") // a proxy in between must not wait for more
	r.w.WriteHeader(http.StatusOK)
	beat := time.NewTicker(r.feed.o.Heartbeat)
	defer beat.Stop()
	r.mark("heartbeat") // where it is, before there is anything to tell
	for {
		if err := r.write(); err != nil {
			return err
		}
		more, err := r.advance()
		switch {
		case errors.Is(err, state.ErrTidingsGone):
			r.page = put(r.page, r.sse, "gone", "", mark{Event: "gone", First: r.feed.o.Source.TidingsFrom()})
			return r.write()
		case err != nil:
			return err
		case r.over:
			r.mark("end")
			return r.write()
		}
		if !r.wait(ctx, beat, more) {
			return nil
		}
	}
}

// wait returns when there may be something to tell: at once when there is more. It
// reports false at the end of ctx.
func (r *reader) wait(ctx context.Context, beat *time.Ticker, more bool) bool {
	kick := r.kick
	if more {
		kick = full
	}
	select {
	case <-beat.C: // also a reader for whom there is much to pass over hears where it is
		r.mark("heartbeat")
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	case <-kick:
	}
	if more {
		return true
	}
	// One look for all groups of a moment: each takes the lock that the writer needs.
	gather := time.NewTimer(r.feed.o.Gather)
	defer gather.Stop()
	select {
	case <-gather.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// full is a kick that is always there.
var full = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// mark tells where the reader is.
func (r *reader) mark(event string) {
	next := r.at.String()
	r.page = put(r.page, r.sse, event, next, mark{Event: event, Next: next})
}

// pageKept is how much of a page's room a reader keeps.
const pageKept = 32 << 10

// write sends the page. It waits for a slow reader, and only it does.
func (r *reader) write() error {
	if len(r.page) == 0 {
		return nil
	}
	_, err := r.w.Write(r.page)
	if r.page = r.page[:0]; cap(r.page) > pageKept {
		r.page = nil // it has come from far behind: what it does now needs less
	}
	if err == nil {
		err = r.control.Flush()
	}
	return err
}

// advance reads the next page of tidings. It reports false when there is none yet.
func (r *reader) advance() (more bool, err error) {
	before := r.at
	err = r.feed.o.Read(func() error {
		read, err := r.cursor.Page(func(row []byte) error { return payment.EachTiding(row, r.take) })
		if err == nil && !r.over && r.at.seq <= read {
			r.at = place{seq: read + 1}
		}
		return err
	})
	if errors.Is(err, errOver) {
		err = nil
	}
	if err == nil && r.at.seq > r.until {
		r.end()
	}
	r.read.Store(r.at.seq - 1)
	return r.at != before, err
}

// end notes that all up to the last event that was asked for is told. Where that is before
// the place at which the reader has begun, it stays there: it must not be told again.
func (r *reader) end() {
	r.over, r.at = true, r.from
	if end := (place{seq: r.until + 1}); r.from.before(end) {
		r.at = end
	}
}

// errOver ends the reading of a page.
var errOver = errors.New("over")

// take tells a tiding, if it is for the reader and was not told before.
func (r *reader) take(t *payment.Tiding) error {
	if t.Seq != r.seen.seq {
		r.seen = place{seq: t.Seq}
	}
	at := r.seen
	r.seen.n++
	if at.before(r.at) {
		return nil
	}
	if t.Seq > r.until {
		r.end()
		return errOver
	}
	r.at = r.seen
	if !concerns(t, r.who) {
		return nil
	}
	l := lineOf(t, at, r.who)
	r.page = put(r.page, r.sse, l.Event, l.Next, l)
	r.feed.metrics.lines.Inc()
	if r.lines++; r.lines == r.limit {
		r.over = true
		return errOver
	}
	return nil
}

// gone answers who asks for what is no longer kept.
func (r *reader) gone() error {
	first := r.feed.o.Source.TidingsFrom()
	r.w.Header().Set("Content-Type", "application/json")
	r.w.WriteHeader(http.StatusGone)
	return json.NewEncoder(r.w).Encode(struct {
		Error string `json:"error"`
		First uint64 `json:"first"`
	}{fmt.Sprintf("from %s: the first event that is kept is %d", r.from, first), first})
}
