package sim

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// gate is what is known of a breaker: that it has opened, how many have tried since,
// and how many messages in a row were not answered at all.
type gate struct {
	open   bool
	since  int64
	window int64 // when the latest tries began; 0: none yet
	tries  int
	silent int
}

type gateKey struct {
	at    route.Participant
	class payment.Class
}

// classOf is what each leg is judged by.
var classOf = map[payment.Leg]payment.Class{
	payment.LegResolve: payment.ClassResolve, payment.LegDebit: payment.ClassDebit, payment.LegCredit: payment.ClassCredit,
	payment.LegReversal: payment.ClassReversal, payment.LegFence: payment.ClassReversal,
	payment.LegAdvice: payment.ClassAdvice, payment.LegStatus: payment.ClassCheck,
}

func (w *watch) gate(at route.Participant, class payment.Class) *gate {
	g := w.gates[gateKey{at, class}]
	if g == nil {
		g = &gate{}
		w.gates[gateKey{at, class}] = g
	}
	return g
}

// breakerOf is that of a participant, with the defaults of the reference.
func (w *watch) breakerOf(n route.Participant) payment.Breaker {
	b := w.profile(n).Breaker
	if b == (payment.Breaker{}) {
		b = payment.Breaker{InRow: 5, Window: 20, Percent: 50, OpenFor: 30 * time.Second, Closes: 3}
	}
	return b
}

// turned takes the notice that a breaker has turned.
func (w *watch) turned(ef *payment.Effect) {
	g := w.gate(ef.To, ef.Class)
	g.silent = 0
	switch ef.Breaker {
	case payment.BreakerOpen:
		*g = gate{open: true, since: w.now}
	case payment.BreakerClosed:
		*g = gate{}
	}
}

// open: nothing goes through an open breaker before its time is over.
func (w *watch) open(id payment.ID, to route.Participant, class payment.Class) {
	g, b := w.gate(to, class), w.breakerOf(to)
	if g.open && g.window == 0 && w.now < g.since+int64(b.OpenFor) {
		w.j.violation("breaker", id, "a message of class %v goes to participant %d %v after its breaker has opened, for %v", class, to, time.Duration(w.now-g.since), b.OpenFor)
	}
}

// passes: nor do more than may try go afterwards, until enough of them are answered.
func (w *watch) passes(id payment.ID, to route.Participant, class payment.Class) {
	w.open(id, to, class)
	g, b := w.gate(to, class), w.breakerOf(to)
	if !g.open {
		return
	}
	if w.now >= max(g.window, g.since)+int64(b.OpenFor) {
		g.window, g.tries = w.now, 0
	}
	if g.tries++; g.tries > int(b.Closes) {
		w.j.violation("breaker", id, "%d messages of class %v try participant %d while its breaker is half open, of %d that may", g.tries, class, to, b.Closes)
	}
}

// silence: a breaker opens at the latest when as many messages in a row as open it
// were not answered at all.
func (w *watch) silence() {
	for _, key := range w.silent {
		b, g := w.breakerOf(key.at), w.gate(key.at, key.class)
		if !b.Off && !g.open && g.silent >= int(b.InRow) {
			w.j.violation("breaker", 0, "%d messages in a row of class %v to participant %d have no answer, and its breaker is closed", g.silent, key.class, key.at)
			g.silent = 0
		}
	}
}
