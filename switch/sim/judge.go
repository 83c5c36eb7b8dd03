package sim

import (
	"bytes"
	"fmt"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// violation is a promise that was not kept.
type violation struct {
	check   string     // which checker saw it
	payment payment.ID // 0: none in particular
	text    string
}

// judge watches a run and knows what the switch may and may not do. It learns from
// four things only: the records that an fsync has covered, the bytes that leave the
// process, the participants' own books, and at the end the rows of the state store.
// The checkers share these facts; each is a file check_*.go.
type judge struct {
	w          *world
	violations []violation
	requests   map[requestKey]payment.ID // what each request has made
	facts      map[payment.ID]*fact
	traces     map[traceKey]legKey  // what participants without references answer to
	turned     map[requestKey]*node // which process has told a sender "busy" without a record
	readers    []speaker            // one for each participant
	shadow     shadow
	watch      watch
	config     *payment.Config            // in force for what is durable
	deaf       map[route.Participant]bool // who has not been asked for receipts all the time
	said       bytes.Buffer               // the process's log
	calmFrom   int64                      // the process's time at the begin of the liveness phase
	msg        message
	event      payment.Event
}

// fact is what is known of one payment while it runs.
type fact struct {
	amount    int64                           // of the durable request; 0: there is none
	debitYes  bool                            // durable: the payer's bank has debited
	creditNo  bool                            // durable: the payee's bank has not credited and will not
	confirm   bool                            // a confirmation has left the process
	credit    bool                            // a credit has left the process
	reversal  bool                            // a reversal has left the process
	own       bool                            // model B: the sender has debited its customer itself
	onConfirm bool                            // the payee's bank posts on confirmation
	rejected  bool                            // the payee's bank was told not to post
	refused   bool                            // model B: the sender was told no
	promised  bool                            // model B: it was told yes
	deemed    bool                            // an advice of a deemed credit has left the process
	yesLate   bool                            // durable: the payee's bank says that it has credited, after the debit was given back
	alarms    int                             // exceptions that the switch has reported
	receipts  [payment.LegEnquiry + 1]receipt // by leg
	sent      [payment.LegEnquiry + 1]int     // messages that were not marked as repeats, of debits and credits
	collect   consent
}

// requestKey tells requests apart, for the texts of violations.
type requestKey struct {
	from  route.Participant
	stan  uint32
	minor int64
}

type traceKey struct {
	bank              route.Participant
	stan, transmitted uint32
}

type legKey struct {
	id  payment.ID
	leg payment.Leg
}

func newJudge(w *world) *judge {
	j := &judge{w: w, facts: map[payment.ID]*fact{}, requests: map[requestKey]payment.ID{}, traces: map[traceKey]legKey{}, turned: map[requestKey]*node{}, deaf: map[route.Participant]bool{}}
	for _, b := range w.banks {
		j.readers = append(j.readers, newSpeaker(w, b.number))
	}
	j.shadow.start()
	j.watch = newWatch(j)
	return j
}

// violationsMax is enough: what follows the first is mostly its consequence.
const violationsMax = 20

func (j *judge) violation(check string, id payment.ID, format string, args ...any) {
	if len(j.violations) < violationsMax {
		j.violations = append(j.violations, violation{check, id, fmt.Sprintf(format, args...)})
	}
}

// broken says that the run need not go on.
func (j *judge) broken() bool { return len(j.violations) > 0 }

func (j *judge) at(id payment.ID) *fact {
	f := j.facts[id]
	if f == nil {
		f = &fact{}
		j.facts[id] = f
	}
	return f
}

// durable takes a record of the journal that an fsync has covered.
func (j *judge) durable(record []byte) {
	ev := &j.event
	if err := payment.DecodeEvent(record, ev); err != nil {
		j.violation("replay", 0, "a record cannot be read: %v", err)
		return
	}
	switch ev.Kind {
	case payment.RequestArrived:
		j.requested(ev)
	case payment.AnswerArrived:
		j.answered(ev)
	case payment.ConfigChanged:
		j.configured(ev.Config)
	}
	j.replayed(ev)
}

// configured takes a configuration.
func (j *judge) configured(c *payment.Config) {
	j.config = c
	for i := range c.Participants {
		if !c.Participants[i].Receipts {
			j.deaf[c.Participants[i].Number] = true
		}
	}
}

// requested notes a request. The first of several with one key and content is the
// payment.
func (j *judge) requested(ev *payment.Event) {
	f := j.at(payment.ID(ev.Seq))
	f.amount = ev.Request.Amount.Minor
	f.collect = consent{needed: ev.Request.Type == payment.Collect, until: expiryOf(ev)}
	if f.own = ev.Request.Model == payment.ModelB; f.own {
		f.debitYes = true
	}
	key := requestKey{ev.From, stanOf(ev.Request.Key.STAN, &ev.Text), ev.Request.Amount.Minor}
	if id, known := j.requests[key]; known {
		j.facts[id].receipts[payment.LegRequest].asked++
	} else {
		j.requests[key] = payment.ID(ev.Seq)
	}
}

// answered notes what an answer proves.
func (j *judge) answered(ev *payment.Event) {
	key, byTrace, known := j.legOf(ev, j.config)
	f := j.facts[key.id]
	if !known || f == nil {
		return
	}
	a, profile := &ev.Answer, &j.config.Participants[ev.From]
	yes := f.isYes(a)
	if toldLegs[key.leg] && a.Outcome == payment.OK {
		j.acknowledged(f, key.leg)
		return
	}
	switch key.leg {
	case payment.LegDebit:
		f.debitYes = f.debitYes || (yes && !slices.Contains(profile.AmbiguousDebit, a.Code))
	case payment.LegStatus:
		f.creditNo = f.creditNo || (saysNo[a.Outcome] && profile.Binding)
	case payment.LegFence:
		f.creditNo = f.creditNo || fences[a.Outcome]
	case payment.LegResolve:
		f.collect.heard(ev, yes)
	case payment.LegCredit:
		f.credited(a, profile, yes, byTrace)
	}
}

// isYes says that an answer approves of the amount of the request.
func (f *fact) isYes(a *payment.Answer) bool {
	return a.Outcome == payment.OK && (a.Minor == f.amount || a.Minor == payment.AmountNotStated)
}

// toldLegs are those of messages that can be acknowledged, not answered.
var toldLegs = map[payment.Leg]bool{payment.LegRequest: true, payment.LegUpdate: true, payment.LegConfirm: true}

// credited takes an answer to a credit, if it is a clear one.
func (f *fact) credited(a *payment.Answer, profile *payment.Profile, yes, byTrace bool) {
	if unclear[a.Outcome] || slices.Contains(profile.AmbiguousCredit, a.Code) {
		return
	}
	f.creditNo = f.creditNo || a.Outcome != payment.OK
	f.yesLate = f.yesLate || (yes && (f.reversal || f.refused) && !f.onConfirm && !byTrace)
}

// mayStand says that a credit has left, and that nothing durable says that it is
// not posted and will not be.
func (f *fact) mayStand() bool { return f.credit && !f.creditNo && !(f.onConfirm && !f.confirm) }

// unclear are the answers to a credit that prove nothing.
var unclear = map[payment.Outcome]bool{payment.Unreadable: true, payment.Pending: true, payment.Duplicate: true}

// saysNo are the answers to a status enquiry by which a bank says that it has not
// posted a credit; fences are those to a fence by which it promises never to.
var (
	saysNo = map[payment.Outcome]bool{payment.NotDone: true, payment.DoNotHonourPayee: true}
	fences = map[payment.Outcome]bool{payment.OK: true, payment.OriginalNotFound: true, payment.NotDone: true}
)

// legOf is what an answer answers: by its reference, or by its numbers where a
// participant's answers need none under the configuration in force.
func (j *judge) legOf(ev *payment.Event, config *payment.Config) (key legKey, byTrace, known bool) {
	a := &ev.Answer
	if a.Payment != 0 {
		return legKey{a.Payment, a.Leg}, false, true
	}
	if match := config.Participants[ev.From].Match; match.Reference || match == (payment.Match{}) {
		return key, true, false
	}
	key, known = j.traces[traceKey{ev.From, a.STAN, a.Transmitted}]
	return key, true, known
}

// left takes a message that the egress has handed to a link: it has left.
func (j *judge) left(to route.Participant, body []byte) {
	m := &j.msg
	if !j.readers[to].read(body, m) {
		j.violation("wire", 0, "a message to participant %d cannot be read", to)
		return
	}
	j.early(m)
	j.tells(to, m)
	j.turns(to, m)
	if m.kind == reply || m.kind == enquiryReply { // the rest is judged when it arrives
		if m.kind == reply && m.named {
			j.repeats(to, 0, m)
		}
		return
	}
	id, leg, ok := translate.ParseReference(m.ref[:])
	if !ok {
		j.violation("wire", 0, "a %v to participant %d has no reference of ours", m.kind, to)
		return
	}
	f := j.at(id)
	j.traces[traceKey{to, m.stan, m.transmitted}] = legKey{id, sentLeg(m.kind, leg)}
	j.oneOf(id, f, m)
	switch m.kind {
	case debit:
		j.debits(id, f)
		j.consented(id, f, m)
	case credit:
		f.onConfirm = j.w.swarm.traits[to].onConfirm
		j.credits(id, f)
	case reversal:
		j.reverses(id, f)
	case advice:
		j.advises(id, f)
	case confirm:
		j.confirms(id, f, m)
		j.repeats(to, id, m)
	case update:
		j.repeats(to, id, m)
	}
}

// sentLeg is the leg of a message whose reference names the leg it is about.
func sentLeg(k kind, named payment.Leg) payment.Leg {
	switch k {
	case reversal:
		return payment.LegReversal
	case advice:
		return payment.LegAdvice
	case status:
		return payment.LegStatus
	case fence:
		return payment.LegFence
	case confirm:
		return payment.LegConfirm
	case update:
		return payment.LegUpdate
	}
	return named
}

// rim takes an answer that the link itself gave.
func (j *judge) rim(to route.Participant, body []byte) {
	m := &j.msg
	if !j.readers[to].read(body, m) {
		j.violation("wire", 0, "an answer of the rim to participant %d cannot be read", to)
		return
	}
	if m.kind == reply {
		if a := j.w.banks[to].sender.orders[m.stan]; a != nil {
			a.about(m).rim = true
			if m.result == resultBusy {
				j.turned[requestKey{to, m.stan, m.minor}] = j.w.node
			}
		}
	}
}

// peace is the begin of the liveness phase.
func (j *judge) peace() {
	j.calmFrom = max(j.w.clock.read(j.w.now), j.shadow.m.LastAt())
	if j.w.node != nil {
		j.calmFrom = max(j.calmFrom, j.w.node.clock())
	}
}

// end is judgement at the end of a run.
func (j *judge) end() {
	if j.broken() {
		return
	}
	if !j.w.drained() {
		j.undrained()
		return
	}
	j.finals()
	j.books()
	j.once()
	j.refunds()
	j.answers()
	j.alarms()
	j.withinLimits()
	j.secrets()
	j.replay("at the end", j.w.rows)
}
