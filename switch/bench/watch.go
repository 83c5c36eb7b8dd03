package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Watching says what looks at the switch while it is loaded, so that a run can tell
// what being looked at costs.
type Watching struct {
	Consoles int           // that hold a live page open at once; 0: nothing is watched; at most 64
	Page     string        // of the admin port, a stream of events
	Span     time.Duration // how long they look, and then as long do not, in turns; default a quarter of the window, 1s to 5s
}

const watchersMax = 64

// WatchCost is what being looked at costs. Spans with and without lie next to each
// other in one run, so that what else the machine does falls on both.
type WatchCost struct {
	Consoles  int      `json:"consoles"`
	Scrapes   int      `json:"scrapes"`  // of the metrics
	Messages  int64    `json:"messages"` // that the consoles got
	Spans     int      `json:"spans"`    // with consoles; there are as many without
	Watched   *float64 `json:"watched_cpu_us_per_payment"`
	Unwatched *float64 `json:"unwatched_cpu_us_per_payment"`
	Ratio     *float64 `json:"ratio"`           // median of the ratios of neighbours
	Within    *bool    `json:"within_budget"`   // the ratio is at most WatchBudget; a noisy machine may say otherwise
	Fault     string   `json:"fault,omitempty"` // why a console saw nothing
}

// WatchBudget is the ratio that being looked at may cost.
const WatchBudget = 1.05

// span is what lies between two looks at the CPU time.
type span struct {
	cpu      time.Duration
	payments int64
	known    bool
}

// cost is the CPU time of a payment in microseconds.
func (s span) cost() float64 { return float64(s.cpu) / float64(time.Microsecond) / float64(s.payments) }

// watch has consoles look at the switch in every second span of the window, and
// returns what that cost. It returns when the window or ctx ends.
func (r *run) watch(ctx context.Context) *WatchCost {
	w := &watcher{run: r, cost: WatchCost{Consoles: r.o.Watching.Consoles}}
	pauseUntil(ctx, r.o.Clock, r.from.Load())
	var with, without []span
	for at := r.from.Load(); at+2*int64(r.o.Watching.Span) <= r.to.Load() && ctx.Err() == nil; {
		for _, watched := range [...]bool{false, true} {
			at += int64(r.o.Watching.Span)
			s := w.span(ctx, at, watched)
			if watched {
				with = append(with, s)
			} else {
				without = append(without, s)
			}
		}
	}
	w.cost.sum(with, without)
	return &w.cost
}

// sum compares the spans.
func (c *WatchCost) sum(with, without []span) {
	var ratios []float64
	var all [2]span
	for i := range with {
		a, b := without[i], with[i]
		if !a.known || !b.known || a.payments == 0 || b.payments == 0 || a.cpu == 0 {
			continue
		}
		ratios = append(ratios, b.cost()/a.cost())
		all[0].cpu, all[0].payments = all[0].cpu+a.cpu, all[0].payments+a.payments
		all[1].cpu, all[1].payments = all[1].cpu+b.cpu, all[1].payments+b.payments
	}
	if c.Spans = len(ratios); c.Spans == 0 {
		return
	}
	slices.Sort(ratios)
	c.Ratio = when(true, (ratios[(len(ratios)-1)/2]+ratios[len(ratios)/2])/2)
	c.Within = new(*c.Ratio <= WatchBudget)
	c.Unwatched, c.Watched = when(true, all[0].cost()), when(true, all[1].cost())
}

// watcher is the consoles of one run.
type watcher struct {
	run  *run
	mu   sync.Mutex // guards cost
	cost WatchCost
}

// span looks, or does not, until the given time.
func (w *watcher) span(ctx context.Context, until int64, watched bool) span {
	r := w.run
	looking, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	if watched {
		for range w.cost.Consoles {
			all.Go(func() { w.console(looking) })
		}
		all.Go(func() { w.scrape(looking) })
	}
	begin, answered := r.o.Admin.cpu(ctx), r.answered.Load()
	pauseUntil(ctx, r.o.Clock, until)
	end := r.o.Admin.cpu(ctx)
	s := span{cpu: end.cpu - begin.cpu, payments: r.answered.Load() - answered, known: begin.known && end.known}
	stop()
	all.Wait()
	return s
}

// scrape reads the metrics once a second, as Prometheus does at its fastest.
func (w *watcher) scrape(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := w.run.o.Admin.metrics(ctx); err == nil {
			w.note(func(c *WatchCost) { c.Scrapes++ })
		}
		pause(ctx, time.Second)
	}
}

func (w *watcher) note(f func(*WatchCost)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.cost)
}

// console reads a live page, as a browser that shows it.
func (w *watcher) console(ctx context.Context) {
	err := w.run.o.Admin.stream(ctx, w.run.o.Watching.Page, func() { w.note(func(c *WatchCost) { c.Messages++ }) })
	if err != nil && ctx.Err() == nil {
		w.note(func(c *WatchCost) { c.Fault = err.Error() })
	}
}

// stream reads a stream of events until ctx ends; each calls got.
func (a Admin) stream(ctx context.Context, page string, got func()) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+page, nil)
	if err != nil {
		return err
	}
	q.Header.Set("Accept", "text/event-stream")
	answer, err := a.do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		return fmt.Errorf("%s: %s, %s", page, answer.Status, kind)
	}
	buffer, ended := make([]byte, 64<<10), false // an empty line ends an event
	for {
		n, err := answer.Body.Read(buffer)
		for _, b := range buffer[:n] {
			if b == '\n' && ended {
				got()
			}
			ended = b == '\n'
		}
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%s: the stream has ended", page)
		case err != nil:
			return err
		}
	}
}

// pauseUntil waits until a time, or the end of ctx.
func pauseUntil(ctx context.Context, clock func() int64, at int64) {
	for now := clock(); now < at && ctx.Err() == nil; now = clock() {
		pause(ctx, time.Duration(at-now))
	}
}

// watchFault is why a console saw nothing.
func watchFault(c *WatchCost) string {
	if c == nil {
		return ""
	}
	return c.Fault
}
