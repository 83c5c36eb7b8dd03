package main

import (
	"errors"
	"sync"
)

// errStopping answers a question that comes when the stores are being closed.
var errStopping = errors.New("the switch is stopping")

// readers are those who read the stores beside the engine for a moment: the pages of
// the admin port. The engine closes the stores, also when it fails while the pages
// are still served, and a store must not be closed under a reader.
type readers struct {
	mu      sync.RWMutex // held by each reader; it guards stopped
	stopped bool
}

// read runs f if the stores are open, and keeps them open until it returns. Safe for
// concurrent use.
func (r *readers) read(f func() (any, error)) (any, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.stopped {
		return nil, errStopping
	}
	return f()
}

// stop waits for those who read, and lets nobody else begin.
func (r *readers) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}
