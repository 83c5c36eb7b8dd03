package ingress

import (
	"errors"
	"fmt"
)

// RateMax bounds Rate.Rate and Rate.Burst.
const RateMax = 1_000_000

// Rate is how many messages of one class a participant may send, over all its links.
type Rate struct {
	Rate  int // a second, up to RateMax; 0: the default of the class, negative: no limit
	Burst int // at once, up to RateMax; default: those of a second
}

// Limits are the volume limits of one participant by the class of message. Answers,
// receipts, confirmations, the answers to reversals, and network messages have none:
// they end work, or keep a link. (Answers that end nothing: answer.go.)
type Limits struct {
	// Requests are payments, refunds, collects, and their repeats. Default none: what
	// the switch can take is known by its queue, what a participant may send by a
	// contract.
	Requests Rate
	// Enquiries ask what became of a payment. Default 100 a second, 200 at once: a
	// participant with 1,000 payments a second of which one in ten is in doubt may ask
	// about each every 90 s (domain reference 4.6), which is 1,000 * 0.1 * 90 / 90.
	// More than that is a program that asks instead of waiting.
	Enquiries Rate
	// Others are all other messages that ask something, such as look-ups of addresses.
	// Default as for enquiries.
	Others Rate
}

// class is what a limit is about.
type class uint8

const (
	classRequest class = iota
	classEnquiry
	classOther
	classAnswer
	classUnproven
	classCount
)

// classNames are label values.
var classNames = [classCount]string{"requests", "enquiries", "others", "answers", "unproven"}

// cause is why a message was turned away.
type cause uint8

const (
	causeRate  cause = iota // more than the participant may send
	causeGap                // an enquiry about a payment that was asked about just before
	causeLoad               // the switch sheds load
	causeShare              // its sender has its share of the engine's queue
	causeCount
)

// causeNames are label values.
var causeNames = [causeCount]string{"rate", "gap", "load", "share"}

// causes are those that there are for a class.
var causes = [classCount][]cause{
	classRequest: {causeRate, causeLoad}, classEnquiry: {causeRate, causeGap, causeLoad}, classOther: {causeRate}, classAnswer: {causeRate, causeShare}, classUnproven: {causeRate},
}

// defaultAsking is the default of Limits.Enquiries and Limits.Others, and what there may
// be of repeats while new payments are held, and of messages that are provably not their
// sender's.
var defaultAsking = Rate{Rate: 100, Burst: 200}

// byClass gives the rates with their defaults.
func (l *Limits) byClass() [classCount]Rate {
	all := [classCount]Rate{classRequest: l.Requests, classEnquiry: l.Enquiries, classOther: l.Others, classAnswer: unawaited}
	for c := range all {
		r := &all[c]
		if r.Rate == 0 && class(c) != classRequest {
			if r.Burst == 0 {
				r.Burst = defaultAsking.Burst
			}
			r.Rate = defaultAsking.Rate
		}
		if r.Burst == 0 {
			r.Burst = r.Rate
		}
	}
	return all
}

// Validate lists all that is wrong with limits.
func (l *Limits) Validate() error {
	var faults []error
	for c, r := range [classCount]Rate{classRequest: l.Requests, classEnquiry: l.Enquiries, classOther: l.Others} {
		if r.Rate > RateMax || r.Burst < 0 || r.Burst > RateMax {
			faults = append(faults, fmt.Errorf("%s: rate %d, burst %d: up to %d, and no burst below 0", classNames[c], r.Rate, r.Burst, RateMax))
		}
		if r.Rate == 0 && r.Burst != 0 && class(c) == classRequest {
			faults = append(faults, fmt.Errorf("%s: a burst of %d without a rate", classNames[c], r.Burst))
		}
	}
	return errors.Join(faults...)
}

// SetLimits gives a participant other limits from now on. What it has used stays
// used. Safe for concurrent use.
func (in *Ingress) SetLimits(participant string, l Limits) {
	if e := in.table.Load().participants[participant]; e != nil {
		e.standing.limit(&l)
	}
}

func (st *standing) limit(l *Limits) {
	for c, r := range l.byClass() {
		st.buckets[c].set(r)
	}
}

// away counts a message that was turned away, and has a line in the log about its
// participant now and then. Load is a matter of the switch, which has a line of its
// own about each step.
func (in *Ingress) away(s *link, now int64, c class, why cause) {
	st := s.standing
	st.away[c][why].Inc()
	if why == causeLoad {
		return
	}
	if times, due := st.limits.tell(now, limitGap); due {
		in.o.Log.Warn("participant over a limit", "event", "participant.limited", "participant", s.Link.Participant(), "class", classNames[c], "limit", causeNames[why], "times", times)
	}
}
