package ingress

import (
	"hash/maphash"
	"sync"
	"time"

	"switchd/switch/payment"
)

const (
	// askGap is the least time between two enquiries about one payment by one
	// participant (domain reference 4.6); the machine's is the same.
	askGap = int64(90 * time.Second)
	// askedMax bounds the payments that are remembered for it: 64 KiB for each
	// participant that asks. It is what may be asked in half a minute at the default
	// rate; at a higher one the machine's own limit holds.
	askedMax = 4096
)

// asked remembers which payments a participant has asked about last. Each has one
// place by its hash: a second payment there lets the first be asked about again,
// which the machine then decides. The zero value is empty.
type asked struct {
	mu    sync.Mutex // guards all
	slots []ask      // none or askedMax
}

// ask is one enquiry that went on.
type ask struct {
	about uint64 // the payment
	at    int64  // UTC ns
}

// sum is the hash of what an enquiry is about. It differs from start to start, so
// that nobody can choose payments that share a place.
func (in *Ingress) sum(about *payment.Reference) uint64 { return maphash.Comparable(in.seed, *about) }

// wait is how many ns the participant must wait until it may ask; 0: none.
func (a *asked) wait(now int64, about uint64) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slots == nil {
		return 0
	}
	k := a.slots[about%askedMax]
	if k.about != about || now-k.at >= askGap {
		return 0
	}
	return min(k.at+askGap-now, askGap)
}

// note remembers an enquiry that goes on.
func (a *asked) note(now int64, about uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slots == nil {
		a.slots = make([]ask, askedMax)
		for i := range a.slots {
			a.slots[i].at = now - askGap // nothing was asked yet
		}
	}
	a.slots[about%askedMax] = ask{about, now}
}

// forget takes back the note of an enquiry that found no room: it was not answered.
func (a *asked) forget(about uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slots != nil && a.slots[about%askedMax].about == about {
		a.slots[about%askedMax] = ask{}
	}
}
