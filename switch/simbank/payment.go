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
	ErrNoFunds    = errors.New("simbank: the payer's account cannot pay it")
)

// payment is one own payment, from sending to the end of the run.
type payment struct {
	id         string // by which its answer finds it
	stan, rrn  string
	model      string
	txnID      string
	amount     int64
	leg        Leg      // own debit, in model B
	subject    *subject // to ask about it; nil where the switch cannot be asked
	intended   int64    // when it should have left: latency counts from here
	sentAt     int64
	request    any    // what an answer is held against; nil once closed
	body       []byte // nil once closed
	nextAt     int64  // when to repeat or give up
	repeats    int
	answered   bool
	byUpdate   bool // the first word was meant as the last
	forged     bool // first sent with a wrong code, or none
	told       string
	code, upi  string
	answerID   string
	proof      uint64 // hash of the first answer
	final      string // the last word after a deemed one
	finalCode  string
	finalProof uint64
	done       chan struct{} // closed with the first answer or when given up; only for Send
}

// payments are the own payments of a participant.
type payments struct {
	openMax, max int

	mu      sync.Mutex          // guards all below
	all     []*payment          // in the order they were sent, for the report
	byID    map[string]*payment // all: a second answer finds its payment, too
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
		byID:    make(map[string]*payment),
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

// begin takes a place for a payment that is about to be sent, if reserve agrees.
func (p *payments) begin(own *payment, reserve func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.open) >= p.openMax || len(p.all) >= p.max {
		return ErrFull
	}
	if err := reserve(); err != nil {
		return err
	}
	p.all = append(p.all, own)
	p.byID[own.id] = own
	p.open[own] = struct{}{}
	p.counts.Sent++
	return nil
}

// taken is what a word about a payment has changed.
type taken struct {
	own     *payment // nil: no such payment
	request []byte   // of a payment that is answered now, for a repeat on purpose
	news    string   // the outcome, when it is another than before
}

// take notes what the switch says about a payment. The first word is its answer
// and closes it; after a deemed one another may follow, the last. What comes
// beyond that must be the same as before.
func (p *payments) take(t *told, now int64) taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.byID[t.id]
	if own == nil {
		return taken{}
	}
	// A hash stands for the answer: 64 bits are plenty to tell two answers
	// apart, and a million payments need not keep their bytes.
	proof := maphash.Bytes(p.seed, t.content)
	if own.answered {
		return taken{own: own, news: p.further(own, t, proof)}
	}
	if own.body == nil { // given up before: it is answered after all
		p.counts.Unanswered--
	} else if !t.echoes(own.request) {
		p.counts.Mismatches++
	}
	own.answered, own.byUpdate, own.proof = true, t.later, proof
	own.told, own.code, own.upi, own.answerID = t.outcome, t.code, t.upi, t.in
	own.name(t)
	p.lags.add(now - own.intended)
	switch own.told {
	case outcomeSuccess:
		p.counts.Success++
	case outcomeDeemed:
		p.counts.Deemed++
	default:
		p.counts.Declined++
	}
	request := own.body
	p.close(own)
	return taken{own: own, request: request, news: own.told}
}

// further takes a word about a payment that has its answer and gives the outcome
// if that is new. REQUIRES: mu held.
func (p *payments) further(own *payment, t *told, proof uint64) string {
	own.name(t)
	switch {
	case proof == own.proof, own.final != "" && proof == own.finalProof:
	case t.later && own.told == outcomeDeemed && own.final == "" && t.outcome != outcomeDeemed:
		own.final, own.finalCode, own.finalProof = t.outcome, t.code, proof
		return own.final
	case t.outcome == outcomeDeemed && own.byUpdate:
		// The last word came first; this is the answer that it came before.
	case t.later && own.told == t.outcome:
		// The same said again in a message of another kind.
	case own.told == outcomeDeclined && t.outcome == outcomeDeclined && (own.forged || unrecorded[own.code]):
		// Told no because it did not prove itself; its repeat does, and is on
		// the record, with another code.
	default:
		p.counts.Mismatches++
	}
	return ""
}

// unrecorded are the codes of a switch that cannot tell whose a request is: the code
// of the message is wrong, or cannot be checked.
var unrecorded = map[string]bool{"63": true, "96": true}

// name takes the transaction id from whatever has it first.
func (own *payment) name(t *told) {
	if own.txnID == "" {
		own.txnID = t.txnID
	}
}

// undecided reports whether a payment still waits for its last word.
func (p *payments) undecided(own *payment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return own.told == outcomeDeemed && own.final == ""
}

// find is the payment of an id, or nil. What changes of it is for mu.
func (p *payments) find(id string) *payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[id]
}

// What a payer is told. A deemed payment has no word from the payee's side; the
// switch settles it as a success, or takes it back and says so.
const (
	outcomeSuccess    = "success"
	outcomeDeclined   = "declined"
	outcomeDeemed     = "deemed"
	outcomeUnanswered = "unanswered"
)

func (own *payment) outcome() string {
	if !own.answered {
		return outcomeUnanswered
	}
	return own.told
}

// close drops what only an open payment needs. REQUIRES: mu held.
func (p *payments) close(own *payment) {
	if _, open := p.open[own]; open && own.done != nil {
		close(own.done)
	}
	delete(p.open, own)
	own.body, own.request = nil, nil
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// due gives the requests to send again now and gives up payments that had all of theirs.
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
