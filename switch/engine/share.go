package engine

import (
	"fmt"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// How the queue is shared, between kinds of events and between participants.

// ErrShare is the ErrBusy of an answer whose sender has as many in the queue as one
// participant may have. There is room for those of others.
var ErrShare = fmt.Errorf("%w for answers of one participant", ErrBusy)

// answerReserve is the room above QueueMax for answers: an answer that is lost
// costs a reversal or a doubt, and makes the overload worse that lost it. Requests
// are what overload is turned away by. Above it controlReserve is the room for
// failed sends, and as much again for link events: losing one of those would
// leave the machine with a wrong picture of who is there.
const (
	answerReserve  = 65_536
	controlReserve = 1024
)

// One participant has at most half of the room for answers, whatever it sends. An
// honest one gives no more answers than it was asked for: 18,000 a second are those of
// the largest bank at 20,000 payments a second, and fill its half in 1.8 s in which
// nothing is taken out, longer than a disk stalls that is not broken. (All answers to
// 20,000 payments, 40,000 a second, fill the whole room in that time.) Of that half,
// half is for what messages wait for. The last eighth of the room is for those that
// have few answers in the queue, so that two who flood do not shut the others out.
const (
	answerShare = answerReserve / 2
	strayShare  = answerShare / 2
	answerLast  = answerReserve / 8
	answerFew   = answerReserve / 64
)

// deep is how many times its limit the front of a queue may hold before requests wait
// for answers: a request of each of those that have room brings three. Of a large one
// it is less, since half of the room for answers is for those that come then.
const deep = 4

// frontMost is how many events that is, fewer where the queue is crowded. The caller
// holds mu.
func (q *queue) frontMost() int {
	most := min(deep*q.max, q.max+answerReserve/2)
	if q.crowd.on {
		most = min(most, crowdDeep*q.room)
	}
	return most
}

// Answers that messages wait for are as many as there were messages. Requests have to
// wait for them, or the queue would grow with each that is taken. But stray ones are
// as many as somebody likes: who has frontShare answers among the others' events has
// its further stray ones behind them. Those are taken when nothing else waits, and in
// one batch of behindTurn all the same, because receipts, and answers that are late,
// are stray, too. They do not lift the load, and no request waits for them. That
// answers of one sender can pass each other this way is nothing new: they come over
// several links. (To put all answers of one behind, stray or not, was tried: under
// steady overload those of a large bank grew there until they were lost.)
const behindTurn = 4

func (q *queue) frontShare() int32 { return int32(min(q.max/2, frontShareMax)) }

// frontShareMax bounds it: so many are done in a moment, and several who flood have as
// much each.
const frontShareMax = 4096

// stake is what one participant has in the queue.
type stake struct {
	asks      int32 // requests and enquiries
	enquiries int32 // of them
	front     int32 // answers among the others' events
	behind    int32 // stray answers behind them
}

func (s stake) answers() int32 { return s.front + s.behind }

// limit is how full the queue may be for an event of this kind, unless it is crowded.
func (q *queue) limit(kind payment.Kind) int {
	switch kind {
	case payment.RequestArrived:
		return q.max * 3 / 4
	case payment.EnquiryArrived: // of them alone: never more than a tenth of what there is room for
		return q.max / 10
	case payment.AnswerArrived:
		return q.max + answerReserve
	}
	// Requests are let in whatever answers wait behind, so they come on top of those.
	control := q.max + answerReserve + q.limit(payment.RequestArrived) + q.limit(payment.EnquiryArrived) + controlReserve
	if kind == payment.LinkUp || kind == payment.LinkDown {
		return control + controlReserve
	}
	return control
}

// refuses says why there is no room for an event; nil: there is. What starts work is
// counted by itself: the answers to the requests of one sender must not take the room
// of others. The caller holds mu, as for all below.
func (q *queue) refuses(ev *payment.Event, stray bool) error {
	if q.closed {
		return ErrStopped
	}
	limit, has := q.limit(ev.Kind), q.waiting()
	switch {
	case starts(ev.Kind):
		if q.full(ev.From) {
			return ErrBusy
		}
		if has = q.enquiries; ev.Kind == payment.RequestArrived {
			return nil
		}
		if int(q.stakeOf(ev.From).enquiries) >= limit/2 { // the other half is for others
			return ErrBusy
		}
	case ev.Kind == payment.AnswerArrived:
		own := q.stakeOf(ev.From).answers()
		if own >= answerShare || stray && own >= strayShare {
			return ErrShare
		}
		if own >= answerFew {
			limit -= answerLast
		}
	}
	if has >= limit {
		return ErrBusy
	}
	return nil
}

// starts says that an event of this kind starts something.
func starts(kind payment.Kind) bool {
	return kind == payment.RequestArrived || kind == payment.EnquiryArrived
}

// full says that there is no room for something that a participant starts: for nobody,
// or it has its share of the room already, and enquiries count like requests. A queue
// that is short has room for everyone; in a longer one nobody has more than two fifths,
// so that one alone does not make the switch shed the work of others. In a crowded one
// a participant that has little there finds some room on top.
func (q *queue) full(n route.Participant) bool {
	own := int(q.stakeOf(n).asks)
	switch {
	case q.behindAnswers():
		return true
	case q.asks >= q.room:
		return !q.crowd.on || own >= max(q.room/crowdFew, 1) || q.asks >= q.room+q.room/4
	}
	return q.asks >= q.room/4 && own >= min(q.room*2/5, q.room/max(q.askers, 1))
}

// filled says that there is no room for what anybody starts, but for those that have
// little in a crowded queue. Where all have an equal share, what those leave of the room
// is less than one for each.
func (q *queue) filled() bool { return q.asks+q.askers > q.room || q.behindAnswers() }

// behindAnswers says that requests wait for the answers among which they would be.
func (q *queue) behindAnswers() bool { return q.front.n >= q.frontMost() }

func (q *queue) stakeOf(n route.Participant) stake {
	if int(n) >= len(q.by) {
		return stake{}
	}
	return q.by[n]
}

// come counts an event that comes, and says which row it is for.
func (q *queue) come(ev *payment.Event, stray bool) *row {
	if ev.From == route.Nobody || !starts(ev.Kind) && ev.Kind != payment.AnswerArrived {
		return &q.front
	}
	for int(ev.From) >= len(q.by) { // participants are numbered from 0
		q.by = append(q.by, stake{})
	}
	s := &q.by[ev.From]
	switch {
	case starts(ev.Kind):
		q.ask(s, ev.Kind, 1)
	case stray && (s.behind > 0 || s.front >= q.frontShare()):
		s.behind++
		return &q.behind
	default:
		s.front++
	}
	return &q.front
}

// ask counts a request or an enquiry that comes (by 1) or goes (by -1).
func (q *queue) ask(s *stake, kind payment.Kind, by int32) {
	q.asks += int(by)
	s.asks += by
	switch {
	case s.asks == 0:
		q.askers--
	case s.asks == by:
		q.askers++
	}
	if kind == payment.EnquiryArrived {
		q.enquiries += int(by)
		s.enquiries += by
	}
}

// leave counts the events of a batch off that a row has given.
func (q *queue) leave(r *row, events []payment.Event) {
	r.n -= len(events)
	for i := range events {
		ev := &events[i]
		if ev.From == route.Nobody {
			continue
		}
		switch {
		case starts(ev.Kind):
			q.ask(&q.by[ev.From], ev.Kind, -1)
			if ev.Kind == payment.RequestArrived {
				q.crowd.taken++
			}
		case ev.Kind != payment.AnswerArrived:
		case r == &q.behind:
			q.by[ev.From].behind--
		default:
			q.by[ev.From].front--
		}
	}
}
