package sim

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// watch follows the process event by event, to judge what the order within a group
// decides: which payment was let in, and what was under way then. It sees each event
// once, live or when a start replays it, and the messages that come of it. What it
// counts as under way certainly is; what may have ended already it leaves out.
type watch struct {
	j       *judge
	seq     uint64 // of the latest event
	stale   bool   // it was seen before
	now     int64
	load    payment.Load
	config  *payment.Config // in force
	purses  map[route.Participant]purse
	drained map[route.Participant]bool // by an operator
	started uint64                     // when the process was started last
	all     map[payment.ID]*pursuit
	gates   map[gateKey]*gate
	minutes map[minute]int // payments that were begun under load
	silent  []gateKey      // whose messages this event has shown to have no answer
	overdue []payment.ID   // whose time is over by this event
}

// pursuit is one request and what has been done about it.
type pursuit struct {
	from      route.Participant
	at        int64
	minor     int64
	own       bool // model B
	load      payment.Load
	unlisted  bool // its sender was not configured any more
	drained   bool // or drained
	payer     payer
	kind      payment.Type
	foreign   bool          // in a currency that no limit is about
	most      int64         // for one payment, when its request came; 0: any
	original  payment.ID    // of a refund
	limit     payment.Limit // that it fell under when it began, or was declined
	counted   account       // where it counted; without a limit: nowhere
	purpose   string
	payeeBank int // that it is meant for

	asked     bool   // a message has gone to a PSP or a bank
	begun     uint64 // the event by which its money began to move; 0: not yet
	counts    bool   // it certainly counts towards its payer's day
	waits     bool   // it certainly waits for an answer
	leg       payment.Leg
	to        route.Participant
	until     int64 // it waits at least so long
	end       int64 // of the time for the start of its credit
	rough     bool  // until is only a lower bound
	throttled bool  // of a minute: the payer has used it up when it was declined

	declined bool

	closed uint64 // the event that has ended it, and whether it failed; known at the end
	failed bool
}

// payer is one account, minute one account in one minute.
type (
	payer struct {
		bank    int
		account string
	}
	minute struct {
		payer
		at int64
	}
)

func newWatch(j *judge) watch {
	return watch{j: j, all: map[payment.ID]*pursuit{}, gates: map[gateKey]*gate{}, purses: map[route.Participant]purse{}, drained: map[route.Participant]bool{}, minutes: map[minute]int{}}
}

// before takes an event that is about to be stepped.
func (w *watch) before(ev *payment.Event) {
	if w.stale = ev.Seq <= w.seq; w.stale {
		return
	}
	w.seq, w.now, w.overdue, w.silent = ev.Seq, ev.At, w.overdue[:0], w.silent[:0]
	switch ev.Kind {
	case payment.RequestArrived:
		w.requested(ev)
	case payment.AnswerArrived:
		w.answered(ev)
	case payment.SendFailed:
		w.notSent(ev.Answer.Payment, ev.Answer.Leg)
	case payment.Tick:
		w.expired()
	case payment.LoadChanged:
		w.load = ev.Load
	case payment.ConfigChanged:
		w.configured(ev.Config)
	case payment.CommandGiven:
		w.commanded(ev.Command)
	case payment.Recovered:
		w.recovered()
	}
}

// after takes what came of it.
func (w *watch) after(m *payment.Machine, effects []payment.Effect) {
	if w.stale {
		return
	}
	w.funds(m)
	w.inTime(effects)
	for i := range effects {
		switch ef := &effects[i]; {
		case ef.Notice == payment.BreakerTurned:
			w.turned(ef)
		case ef.Notice == payment.Moved && ef.State == payment.Declined:
			w.declined(ef.Payment.ID)
		case ef.Send && ef.Payment != nil:
			w.sent(ef)
		}
	}
	w.silence()
}

// acceptTimer is how long a payment may take from its acceptance by the payer's bank.
const acceptTimer = int64(12 * time.Second)

// profile is that of a participant now.
func (w *watch) profile(n route.Participant) *payment.Profile { return &w.config.Participants[n] }

func (w *watch) requested(ev *payment.Event) {
	q := &ev.Request
	p := &pursuit{from: ev.From, at: ev.At, minor: q.Amount.Minor, own: q.Model == payment.ModelB, load: w.load, unlisted: !w.profile(ev.From).Listed(), drained: w.drained[ev.From], end: ev.At + int64(w.profile(ev.From).Timers.Total)}
	if p.kind = q.Type; p.kind == payment.Collect {
		p.end = expiryOf(ev)
	}
	if q.AcceptedAt != 0 {
		p.end = min(p.end, q.AcceptedAt+acceptTimer)
	}
	w.all[payment.ID(ev.Seq)] = p
	if a := w.j.w.banks[ev.From].sender.orders[stanOf(q.Key.STAN, &ev.Text)]; a != nil {
		p.payer, p.payeeBank, p.purpose = payer{a.from, a.payer}, a.to, a.purpose
	}
	p.foreign = q.Amount.Currency != currency
	if o := w.all[q.Original.Payment]; o != nil {
		p.original, p.payeeBank = q.Original.Payment, o.payer.bank
	}
	if l := w.category(p); l != nil {
		p.most = l.PerPayment
	}
}

// notSent: a message has not left, so that nothing waits for its answer.
func (w *watch) notSent(id payment.ID, leg payment.Leg) {
	if p := w.all[id]; p != nil && p.leg == leg {
		p.waits, p.counts = false, false
	}
}

// answered: whatever a participant says, its message may have come to an end; and
// any no may be the end of the payment.
func (w *watch) answered(ev *payment.Event) {
	key, _, known := w.j.legOf(ev, w.config)
	p := w.all[key.id]
	if !known || p == nil {
		return
	}
	if p.leg == key.leg {
		p.waits = false
	}
	a := &ev.Answer
	clearYes := a.Outcome == payment.OK && (a.Minor == p.minor || a.Minor == payment.AmountNotStated) && key.leg != payment.LegReversal && key.leg != payment.LegFence
	p.counts = p.counts && clearYes
	if clearYes && p.asksPayer() && !p.declined {
		p.payer = payerOf(ev)
	}
	if class, judged := classOf[key.leg]; judged {
		w.gate(ev.From, class).silent = 0
	}
}

// expired: the time of what waits may be over.
func (w *watch) expired() {
	//tidy:unordered each counts by itself
	for id, p := range w.all {
		if !p.waits || p.until > w.now {
			continue
		}
		p.waits = false
		p.counts = p.counts && !p.own
		if p.rough {
			continue
		}
		w.overdue = append(w.overdue, id)
		if p.asksPayer() { // who says nothing of its bank
			continue
		}
		if repeats := p.leg == payment.LegDebit && w.profile(p.to).RepeatSafe; !repeats {
			w.gate(p.to, classOf[p.leg]).silent++
			w.silent = append(w.silent, gateKey{p.to, classOf[p.leg]})
		}
	}
}

// recovered: of what was under way only look-ups, debits that may be repeated and
// credits that are posted on confirmation still are.
func (w *watch) recovered() {
	w.started, w.load = w.seq, payment.LoadNormal
	//tidy:unordered each is judged by itself
	for _, p := range w.all {
		if !p.waits {
			continue
		}
		profile := w.profile(p.to)
		switch p.leg {
		case payment.LegDebit:
			p.waits = profile.RepeatSafe && w.now < p.end
			p.until = min(p.until, p.end)
		case payment.LegCredit:
			p.waits = profile.Posting == payment.PostOnConfirm
		}
		p.rough = true
	}
}

// sent takes a message that the machine gives out.
func (w *watch) sent(ef *payment.Effect) {
	p := w.all[ef.Payment.ID]
	if p == nil {
		return
	}
	w.able(ef, p)
	class, judged := classOf[ef.Leg]
	switch {
	case ef.Leg == payment.LegRequest:
		p.waits = false
	case ef.Leg == payment.LegResolve || ef.Leg == payment.LegDebit || ef.Leg == payment.LegCredit:
		if !ef.Repeat {
			w.starts(ef.Payment.ID, p, ef, class)
		}
	case judged:
		p.waits = p.waits && ef.Leg != payment.LegReversal
		w.passes(ef.Payment.ID, ef.To, class)
	}
}

// starts judges the first message of a leg that a payment begins with or goes on
// by, and notes that it waits.
func (w *watch) starts(id payment.ID, p *pursuit, ef *payment.Effect, class payment.Class) {
	if !p.asked {
		w.admitted(id, p)
	}
	p.asked = true
	begins := ef.Leg == payment.LegDebit || ef.Leg == payment.LegCredit && p.own
	switch {
	case begins:
		w.begins(id, p, ef)
	case p.kind == payment.Collect && ef.Leg == payment.LegResolve:
		w.asks(id, p, ef.To)
	case ef.Leg == payment.LegResolve:
		w.room(id, ef.To, ef.Leg)
		w.passes(id, ef.To, class)
		w.present(id, ef.To, "resolution")
		w.undrained(id, ef.To, "resolution")
	default: // a credit whose debit is done: its payment has had its turn when it began
		w.open(id, ef.To, class)
	}
	p.waits, p.leg, p.to, p.rough = true, ef.Leg, ef.To, false
	p.until = w.timer(ef, p)
}

// begins judges the first message that moves a payment's money.
func (w *watch) begins(id payment.ID, p *pursuit, ef *payment.Effect) {
	p.at, p.begun, p.counts = w.now, w.seq, true
	if p.kind == payment.Collect { // its time begins when its payer has approved
		p.end = w.now + int64(w.profile(p.from).Timers.Total)
	}
	w.limits(id, p)
	w.givesBack(id, p)
	w.sayable(id, p, ef)
	payee := route.Participant(p.payeeBank)
	if p.kind == payment.Push {
		w.present(id, payee, "credit")
	}
	w.undrained(id, payee, "credit")
	w.room(id, payee, payment.LegCredit)
	w.passes(id, payee, payment.ClassCredit)
	if ef.Leg == payment.LegDebit {
		w.undrained(id, ef.To, "debit")
		w.room(id, ef.To, payment.LegDebit)
		w.passes(id, ef.To, payment.ClassDebit)
	}
}

// timer is until when a participant may answer the first message of a leg.
func (w *watch) timer(ef *payment.Effect, p *pursuit) int64 {
	switch t := &w.profile(ef.To).Timers; ef.Leg {
	case payment.LegDebit:
		return w.now + int64(t.Debit)
	case payment.LegCredit:
		return w.now + int64(t.Credit)
	default:
		if p.kind == payment.Collect {
			return p.end
		}
		return min(w.now+int64(t.Resolve), p.end)
	}
}
