package simbank

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
)

// Errors of originating a payment.
var (
	ErrNotReady   = errors.New("simbank: not signed on")
	ErrFull       = errors.New("simbank: too many open payments, or the report is full")
	ErrUnanswered = errors.New("simbank: no answer, repeats included")
)

// payment is one own payment, from sending to the end of the run.
type payment struct {
	stan, rrn string
	txnID     string
	amount    int64
	intended  int64 // when it should have left: latency counts from here
	sentAt    int64
	request   message // empty once closed
	body      []byte  // nil once closed
	nextAt    int64   // when to repeat or give up
	repeats   int
	answered  bool
	code, upi string
	proof     uint64        // hash of the first answer's bytes
	done      chan struct{} // closed with the first answer or when given up; only for Send
}

// payments are the own payments of a participant.
type payments struct {
	openMax, max int

	mu      sync.Mutex          // guards all below
	all     []*payment          // in the order they were sent, for the report
	byRRN   map[string]*payment // all: a second answer finds its payment, too
	open    map[*payment]struct{}
	changed chan struct{} // holds one: open has shrunk
	seed    maphash.Seed
	next    int64 // RRN of the next payment
	stan    int
	lags    latencies
	counts  Stats
}

// newPayments starts the RRNs at the time of day in microseconds: the twelve
// digits come round after eleven days, so a participant that starts again does
// not use one twice within the 24 hours in which they must differ.
func newPayments(o Options) *payments {
	return &payments{
		openMax: o.OpenMax,
		max:     o.PaymentsMax,
		byRRN:   make(map[string]*payment),
		open:    make(map[*payment]struct{}),
		changed: make(chan struct{}, 1),
		seed:    maphash.MakeSeed(),
		next:    o.Clock() / 1000,
		stan:    int(o.Clock() / 1000 % 999_999),
	}
}

// stanNext is the next trace number, 000001-999999.
func (p *payments) stanNext() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stanLocked()
}

func (p *payments) stanLocked() string {
	p.stan = p.stan%999_999 + 1
	return fmt.Sprintf("%06d", p.stan)
}

// number gives a payment its STAN and RRN. Those of a payment that then cannot
// begin are lost, which harms nobody.
func (p *payments) number(own *payment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own.stan = p.stanLocked()
	own.rrn = fmt.Sprintf("%012d", p.next%1_000_000_000_000)
	p.next++
}

// begin takes a place for a payment that is about to be sent.
func (p *payments) begin(own *payment) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.open) >= p.openMax || len(p.all) >= p.max {
		return ErrFull
	}
	p.all = append(p.all, own)
	p.byRRN[own.rrn] = own
	p.open[own] = struct{}{}
	p.counts.Sent++
	return nil
}

// take counts an answer: the first closes the payment, each later one must be
// the same bytes. It reports whether a payment was waiting for it, and its body
// for a repeat on purpose.
func (p *payments) take(m message, body []byte, now int64) (first []byte, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.byRRN[m.de[37]]
	if own == nil || own.stan != m.de[11] {
		return nil, false
	}
	// A hash stands for the first answer: 64 bits are plenty to tell two
	// answers apart, and a million payments need not keep their bytes.
	proof := maphash.Bytes(p.seed, body)
	if own.answered {
		if proof != own.proof {
			p.counts.Mismatches++
		}
		return nil, true
	}
	if own.body == nil { // given up before: it is answered after all
		p.counts.Unanswered--
	} else if !echoed(own.request, m) {
		p.counts.Mismatches++
	}
	own.answered, own.proof = true, proof
	own.code, own.upi, own.txnID = m.de[39], m.tag["013"], m.tag["002"]
	p.lags.add(now - own.intended)
	switch own.outcome() {
	case "success":
		p.counts.Success++
	case "deemed":
		p.counts.Deemed++
	default:
		p.counts.Declined++
	}
	first = own.body
	p.close(own)
	return first, true
}

// echoed holds an answer against its request: a PSP finds its payment by these.
func echoed(request, answer message) bool {
	for _, id := range []int{3, 4, 7, 11, 32, 37, 49, 102} {
		if request.de[id] != answer.de[id] {
			return false
		}
	}
	return true
}

// outcome of an answered payment. 68 with BT is deemed: the payee's side has not
// said, and the switch settles it as a success.
func (own *payment) outcome() string {
	switch {
	case !own.answered:
		return "unanswered"
	case own.code == "00":
		return "success"
	case own.code == "68" && own.upi == "BT":
		return "deemed"
	}
	return "declined"
}

// close drops what only an open payment needs. REQUIRES: mu held.
func (p *payments) close(own *payment) {
	if _, open := p.open[own]; open && own.done != nil {
		close(own.done)
	}
	delete(p.open, own)
	own.body, own.request = nil, message{}
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// due gives the requests to repeat now and gives up payments that had all of theirs.
// Without a link (ready false) a repeat waits and is not used up.
func (p *payments) due(now, again int64, repeatsMax int, ready bool) [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out [][]byte
	for own := range p.open {
		switch {
		case own.nextAt > now:
		case own.repeats >= repeatsMax:
			p.counts.Unanswered++
			p.close(own)
		case ready:
			own.repeats++
			own.nextAt = again
			p.counts.Repeats++
			out = append(out, own.body)
		}
	}
	return out
}

// repeated counts a repeat on purpose.
func (p *payments) repeated() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Repeats++
}

// waiting is how many payments have no answer and are not given up.
func (p *payments) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

func (p *payments) stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.counts
	s.Open = int64(len(p.open))
	return s
}
