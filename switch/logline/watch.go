package logline

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
)

// watchedMax bounds the participants that are watched at a time.
const watchedMax = 32

// ErrWatched refuses one more participant to be watched.
var ErrWatched = errors.New("too many participants are watched")

// watchlist is whose debug lines are written, and until when. Who is on it leaves it
// by himself: a time that is over is no time.
type watchlist struct {
	clock func() int64
	mu    sync.Mutex                       // one change at a time
	until atomic.Pointer[map[string]int64] // never changed, only replaced; nil: nobody
}

// has says whether a participant is watched. While nobody is it costs one load.
func (w *watchlist) has(participant string) bool {
	m := w.until.Load()
	if m == nil {
		return false
	}
	until, on := (*m)[participant]
	return on && w.clock() < until
}

// any says whether somebody is watched, for the price of a look: every debug line that is
// left out asks. It forgets everybody when all their times are over.
func (w *watchlist) any() bool {
	m := w.until.Load()
	if m == nil {
		return false
	}
	now := w.clock()
	for _, until := range *m {
		if now < until {
			return true
		}
	}
	w.until.CompareAndSwap(m, nil)
	return false
}

// list is who is watched now, and until when. It forgets those whose time is over.
func (w *watchlist) list() map[string]int64 {
	m, now := w.until.Load(), w.clock()
	if m == nil {
		return nil
	}
	left := maps.Clone(*m)
	maps.DeleteFunc(left, func(_ string, until int64) bool { return until <= now })
	switch {
	case len(left) == 0:
		w.until.CompareAndSwap(m, nil)
	case len(left) < len(*m):
		w.until.CompareAndSwap(m, &left)
	}
	return left
}

// set watches a participant until a time, or no longer if that is over.
func (w *watchlist) set(participant string, until int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		before, m := w.until.Load(), maps.Clone(w.list())
		if m == nil {
			m = map[string]int64{}
		}
		if delete(m, participant); until > w.clock() {
			m[participant] = until
		}
		if len(m) > watchedMax {
			return fmt.Errorf("%w: %d are, which is as many as can be", ErrWatched, watchedMax)
		}
		after := &m
		if len(m) == 0 {
			after = nil
		}
		if w.until.CompareAndSwap(before, after) {
			return nil
		}
	}
}
