package sim

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// Operators come when the trouble is over: they decide about dead letters, and what
// has ended long ago is forgotten, as switch/retention has it.

// operatorsAfter is when they come, from the begin of the liveness phase. Nobody
// asks any more then for what was answered.
const operatorsAfter = 10 * time.Minute

// restedFor is how long a payment must have ended to be forgotten: no late answer,
// repeat or enquiry about it is on its way.
const restedFor = int64(6 * time.Minute)

func (w *world) operate() {
	w.agenda.add(w.now+int64(operatorsAfter)+w.upTo(20*time.Minute), func() {
		if w.node == nil {
			return
		}
		w.rows.payments(func(p *payment.Payment) {
			if p.DeadLetter {
				w.count(faultCommand)
				w.command([...]payment.CommandKind{payment.Settle, payment.WriteOff, payment.Retry}[w.rng.IntN(3)], p.ID)
			}
		})
		if w.swarm.forgets {
			w.count(faultForget)
			w.command(payment.Forget, w.firstKept())
		}
	})
}

// command has an operator decide.
func (w *world) command(kind payment.CommandKind, id payment.ID) {
	ev := payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: kind, Payment: id, Participant: route.Nobody}}
	ev.Text.Set(payment.Reason, []byte("simulated"))
	ev.Text.Set(payment.Operator, []byte("op"))
	_, _ = w.node.submit([]payment.Event{ev})
}

// firstKept is the first payment that must not be forgotten: it has not ended long
// ago, or whoever has asked for it does not know yet how it did.
func (w *world) firstKept() (first payment.ID) {
	now := w.node.clock()
	w.rows.payments(func(p *payment.Payment) {
		a := w.banks[p.RequestedBy()].sender.orders[stanOf(p.Key.STAN, &p.Text)]
		if first == 0 && (p.Open() || now-p.ClosedAt < restedFor || a == nil || a.wants()) {
			first = p.ID
		}
	})
	if first == 0 {
		return payment.ID(w.judge.shadow.seq)
	}
	return first
}

// wants says that a sender still waits for a word on its request.
func (a *asked) wants() bool {
	return a.told.wants() || a.other.wants() || a.told.result == ""
}

func (t *told) wants() bool { return t.held && t.final == "" }
