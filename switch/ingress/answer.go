package ingress

import (
	"errors"

	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// An answer that ends nothing costs as much as one that does: a place in the queue, a
// record, a step of the machine. What a participant owes the switch bounds those that
// are of use; nothing bounds what it sends twice, or to nothing. It is told apart in
// two places, each of which is cheap and none of which knows all: the egress knows at
// the rim which messages wait for an answer, but not receipts, nor the messages of
// before a restart; the machine knows which answers were of use, but only afterwards.
// So an answer that no message waits for takes a place of a bucket, and every answer
// that was of use makes room for one. What has a place goes to the engine as stray.
//
// That bounds what a participant sends in vain to what it sends to some purpose, and
// the bucket. And it takes nothing from an honest one. An answer that is awaited
// always goes on. So does the final answer after one that said "not yet", a receipt, a
// second answer from a bank that sends all of them twice: there are as many that are
// of use. What is left are late answers, later than egress.Lane.Unanswered, and those
// after a restart, and for those the bucket has room: of all that may be under way on
// sixteen links with their usual windows at once, and then of a thousand a second.
var unawaited = Rate{Rate: 1000, Burst: 65_536}

// answer takes an answer, and says whether its event goes on with the others of the
// burst: one that a message waits for. Another one goes on by itself, or is gone as if
// the line had lost it. The link stays: other answers on it may be of use.
func (in *Ingress) answer(s *link, now int64, ev *payment.Event) bool {
	if in.o.Links.Answered(s.number, &ev.Answer) {
		return true
	}
	if s.standing.buckets[classAnswer].take(now) > 0 {
		in.away(s, now, classAnswer, causeRate)
		return false
	}
	if s.strayed == len(s.strays) {
		s.strays = append(s.strays, payment.Event{})
	}
	*ev, s.strays[s.strayed] = s.strays[s.strayed], *ev // with their text buffers, which are reused
	s.strayed++
	return false
}

// submitStray hands over what no message waits for. For that there is less room, and
// it may wait behind what others send.
func (in *Ingress) submitStray(s *link) {
	if s.strayed == 0 {
		return
	}
	taken, err := in.o.Engine.SubmitStray(s.strays[:s.strayed])
	for range s.strayed - taken {
		in.metrics.shed.Inc()
		if errors.Is(err, engine.ErrShare) {
			in.away(s, in.o.Clock(), classAnswer, causeShare)
		}
	}
	s.strayed = 0
}

// Useful takes note of an answer that has ended or moved something. Safe for
// concurrent use.
func (in *Ingress) Useful(from route.Participant) {
	if e := in.table.Load().byNumber[from]; e != nil {
		e.standing.buckets[classAnswer].give()
	}
}
