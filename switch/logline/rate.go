package logline

import (
	"sync"
	"time"
)

// bound is how many lines of each event have been written within the current second.
// The times are those of the lines.
type bound struct {
	max int
	mu  sync.Mutex // guards the rest
	of  map[string]*window
	due int // events with lines that were left out and not told of yet
}

// window is one second of one event.
type window struct {
	second        int64
	lines, hidden int
}

// left is what was left out of an event.
type left struct {
	event string
	lines int
}

// take says whether a line of an event may be written, and what is to be told of the
// seconds that are over. The map has one entry for each event of the table, and one
// for all others.
func (b *bound) take(event string, at time.Time) (ok bool, over []left) {
	b.mu.Lock()
	defer b.mu.Unlock()
	second := at.Unix()
	over = b.over(func(w *window) bool { return w.second != second })
	w := b.of[event]
	if w == nil {
		w = &window{}
		b.of[event] = w
	}
	if w.second != second {
		*w = window{second: second}
	}
	if w.lines < b.max {
		w.lines++
		return true, over
	}
	if w.hidden++; w.hidden == 1 {
		b.due++
	}
	return false, over
}

// over takes out what was left out in windows that have ended. b.mu is held.
func (b *bound) over(ended func(*window) bool) (all []left) {
	if b.due == 0 {
		return nil
	}
	for event, w := range b.of {
		if w.hidden > 0 && ended(w) {
			all = append(all, left{event, w.hidden})
			w.hidden = 0
			b.due--
		}
	}
	return all
}

// rest takes out all that was left out and not told.
func (b *bound) rest() []left {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over(func(*window) bool { return true })
}
