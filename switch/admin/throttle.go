package admin

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of failed logins.
const (
	failuresAtOnce = 10              // of one address, and then
	failuresEvery  = 6 * time.Second // one more each so long
	failuresFrom   = 1024            // addresses that are remembered; one more takes the place of the oldest
)

// throttle counts failures by address. Each address has room for some, which comes back
// with time.
type throttle struct {
	mu sync.Mutex // guards the rest
	by map[netip.Prefix]*room
}

// room is what an address has left.
type room struct {
	left int
	at   int64 // when it was last counted up
}

func newThrottle() *throttle { return &throttle{by: map[netip.Prefix]*room{}} }

// take counts a failure, and says whether there was room for it.
func (t *throttle) take(from netip.Prefix, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.by[from]
	if r == nil {
		if len(t.by) >= failuresFrom {
			t.forget()
		}
		r = &room{left: failuresAtOnce, at: now}
		t.by[from] = r
	}
	if back := (now - r.at) / int64(failuresEvery); back > 0 {
		r.left, r.at = int(min(int64(r.left)+back, failuresAtOnce)), r.at+back*int64(failuresEvery)
	}
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}

// forget drops the address that was counted up longest ago. t.mu is held.
func (t *throttle) forget() {
	var oldest netip.Prefix
	at := int64(-1)
	for from, r := range t.by {
		if at < 0 || r.at < at {
			oldest, at = from, r.at
		}
	}
	delete(t.by, oldest)
}
