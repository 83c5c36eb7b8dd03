package sim

import (
	"slices"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// configured takes a new configuration. Breakers that it switches off, or on, begin
// anew; a cap is another one only where the file says another one than before.
func (w *watch) configured(c *payment.Config) {
	for i := range c.Participants {
		p := &c.Participants[i]
		if w.config == nil || i >= len(w.config.Participants) || p.Breaker.Off || w.profile(p.Number).Breaker.Off {
			for _, class := range payment.Classes() {
				delete(w.gates, gateKey{p.Number, class})
			}
		}
		if was := w.purses[p.Number]; !was.known || was.file != p.NetDebitCap {
			w.purses[p.Number] = purse{p.NetDebitCap, p.NetDebitCap, was.owes, true}
		}
	}
	w.config = c
}

// commanded takes what an operator has decided.
func (w *watch) commanded(c *payment.Command) {
	p, known := w.purses[c.Participant]
	switch {
	case !known:
	case c.Kind == payment.SetCap:
		p.most = c.Amount.Minor
		w.purses[c.Participant] = p
	case c.Kind == payment.Drain || c.Kind == payment.Resume:
		w.drained[c.Participant] = c.Kind == payment.Drain
	}
}

// undrained: no money begins to move to or from a participant that an operator has
// drained, whatever starts and reloads have come since.
func (w *watch) undrained(id payment.ID, n route.Participant, what string) {
	if w.drained[n] {
		w.j.violation("drain", id, "a payment begins with a %s at participant %d, which is drained", what, n)
	}
}

// timed are the states that end by a timer which runs from the first message of a
// leg, whatever becomes of the configuration meanwhile.
var timed = map[payment.State]payment.Leg{
	payment.Resolving: payment.LegResolve, payment.AwaitAuth: payment.LegResolve, payment.DebitSent: payment.LegDebit, payment.CreditSent: payment.LegCredit,
}

// inTime: no message is given up before its time, and none is waited for any longer.
func (w *watch) inTime(effects []payment.Effect) {
	for i := range effects {
		ef := &effects[i]
		if ef.Notice != payment.Moved || ef.Cause != payment.Timeout && ef.Cause != payment.Rejected {
			continue
		}
		p, leg := w.all[ef.Payment.ID], timed[ef.From]
		if p != nil && leg != payment.LegRequest && leg == p.leg && !p.rough && w.now < p.until {
			w.j.violation("config", ef.Payment.ID, "a %v is given up %v before its time", leg, time.Duration(p.until-w.now))
		}
	}
	slices.Sort(w.overdue)
	for _, id := range w.overdue {
		if !touches(effects, id) {
			w.j.violation("config", id, "the time of a %v is over since %v, and nothing comes of it", w.all[id].leg, time.Duration(w.now-w.all[id].until))
		}
	}
}

// touches says that something comes of an event for a payment.
func touches(effects []payment.Effect, id payment.ID) bool {
	for i := range effects {
		if p := effects[i].Payment; p != nil && p.ID == id {
			return true
		}
	}
	return false
}

// present: a payment is not begun towards somebody who is not configured any more.
func (w *watch) present(id payment.ID, to route.Participant, what string) {
	if !w.profile(to).Listed() {
		w.j.violation("config", id, "a payment begins with a %s at participant %d, which is not configured any more", what, to)
	}
}

// able: nobody is sent what it cannot take by the configuration in force, even if it
// could when the message came to be owed. A fence that is owed goes on.
func (w *watch) able(ef *payment.Effect, p *pursuit) {
	to := w.profile(ef.To)
	can := true
	switch ef.Leg {
	case payment.LegDebit:
		can = !ef.Repeat || to.RepeatSafe
	case payment.LegStatus:
		can = to.Checks
	case payment.LegUpdate:
		can = to.Updates || p.own
	case payment.LegConfirm:
		can = to.Updates
	}
	if !can {
		w.j.violation("config", ef.Payment.ID, "a %v (a repeat: %v) goes to participant %d, which cannot take it", ef.Leg, ef.Repeat, ef.To)
	}
}

// sayable: no payment begins of an amount that one of the banks could not be told.
func (w *watch) sayable(id payment.ID, p *pursuit, ef *payment.Effect) {
	banks := []route.Participant{route.Participant(p.payeeBank)}
	if ef.Leg == payment.LegDebit {
		banks = append(banks, ef.To)
	}
	for _, n := range banks {
		to := w.profile(n)
		if to.AmountUnit > 1 && p.minor%to.AmountUnit != 0 || to.AmountMax != 0 && p.minor > to.AmountMax {
			w.j.violation("config", id, "a payment of %d begins, participant %d can be told multiples of %d up to %d", p.minor, n, to.AmountUnit, to.AmountMax)
		}
	}
}
