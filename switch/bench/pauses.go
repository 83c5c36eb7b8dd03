package bench

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"
)

// pausesPage is where the switch tells its latest syncs and collections, and pausesPoll
// how often it is asked: it remembers as many syncs as a fast disk does in seconds.
const (
	pausesPage    = "/api/v1/pauses"
	pausesPoll    = time.Second
	pausesPageMax = 4096 // syncs that one answer has at most
	pausesTurns   = 16   // answers that are read in one go at most
)

// slowMin is from when on a sync, a stop of the collector or a late timer is remembered
// with its time, as something that may have made answers wait.
const slowMin = 10 * time.Millisecond

// pauses is an answer of the switch: lists of when something ended, and what it took.
type pauses struct {
	Next    uint64  `json:"next"`
	Lost    uint64  `json:"lost"`
	SyncEnd []int64 `json:"sync_end"`
	SyncNs  []int64 `json:"sync_ns"`
	GCEnd   []int64 `json:"gc_end"`
	GCNs    []int64 `json:"gc_ns"`
}

// pausesSince asks for those from a number on.
func (a Admin) pausesSince(ctx context.Context, since uint64) (p pauses, err error) {
	err = a.get(ctx, pausesPage+"?since="+strconv.FormatUint(since, 10), func(r io.Reader) error { return json.NewDecoder(r).Decode(&p) })
	return p, err
}

// syncWatch collects what the switch had to wait for in the window. It belongs to one
// goroutine until that ends.
type syncWatch struct {
	window  func(at int64) bool
	known   bool   // it was told once
	failed  error  // the last question
	next    uint64 // the first sync that was not read
	lastGC  int64  // when the last stop that was read ended
	count   int64  // syncs in the window, with those that were forgotten before they were read
	lost    int64  // of them
	syncs   histogram
	stops   histogram
	slow    intervals // long syncs
	stopped intervals // long stops of the collector
}

func newSyncWatch(window func(at int64) bool) *syncWatch {
	return &syncWatch{window: window, syncs: newHistogram(), stops: newHistogram()}
}

// poll reads what is new.
func (w *syncWatch) poll(ctx context.Context, a Admin) {
	for range pausesTurns {
		p, err := a.pausesSince(ctx, w.next)
		if w.failed = err; err != nil {
			return
		}
		if p.Next < w.next { // it was started again
			w.next, w.known = 0, false
			continue
		}
		w.take(&p)
		if len(p.SyncNs) < pausesPageMax {
			return
		}
	}
}

// take counts an answer.
func (w *syncWatch) take(p *pauses) {
	if w.known && len(p.SyncEnd) > 0 && w.window(p.SyncEnd[0]) {
		w.lost, w.count = w.lost+int64(p.Lost), w.count+int64(p.Lost)
	}
	w.next, w.known = p.Next, true
	for i := range min(len(p.SyncEnd), len(p.SyncNs)) {
		if end, took := p.SyncEnd[i], p.SyncNs[i]; w.window(end) {
			w.count++
			w.syncs.record(took)
			w.slow.note(end, took)
		}
	}
	for i := range min(len(p.GCEnd), len(p.GCNs)) {
		end, took := p.GCEnd[i], p.GCNs[i]
		if end <= w.lastGC {
			continue
		}
		if w.lastGC = end; w.window(end) {
			w.stops.record(took)
			w.stopped.note(end, took)
		}
	}
}

// note remembers what took long.
func (s *intervals) note(end, took int64) {
	if took >= int64(slowMin) {
		s.add(interval{end - took, end})
	}
}

// watchSyncs polls until ctx ends, and once more then.
func (r *run) watchSyncs(ctx context.Context) *syncWatch {
	w := newSyncWatch(r.inWindow)
	for ctx.Err() == nil {
		w.poll(ctx, r.admin())
		pause(ctx, pausesPoll)
	}
	w.poll(context.WithoutCancel(ctx), r.admin())
	return w
}
