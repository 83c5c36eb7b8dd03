package sim

import (
	"switchd/switch/payment"
	"switchd/switch/route"
)

// consent is what is known of a payer's approval: the first clear word of its PSP on
// the record counts, if it comes in time.
type consent struct {
	needed bool
	until  int64
	said   bool
	yes    bool
	payer  payer
}

// end is until when there may be one.
func (c *consent) end() int64 {
	if c.needed {
		return c.until
	}
	return 0
}

// heard takes an answer of the payer's PSP. yes: it approves of the amount.
func (c *consent) heard(ev *payment.Event, yes bool) {
	if !c.needed || c.said || ev.Answer.Outcome == payment.Pending {
		return
	}
	c.said, c.yes, c.payer = true, yes && ev.At < c.until, payerOf(ev)
}

// payerOf is whom an approval names: its PSP's customer, or that of another bank.
func payerOf(ev *payment.Event) payer {
	p := payer{int(ev.From), string(ev.Text.Get(payment.PayerAccount))}
	if ifsc := ev.Text.Get(payment.PayerIFSC); len(ifsc) > 3 {
		p.bank = int(ifsc[3] - 'A')
	}
	return p
}

// consented: nobody is debited for a collect that was not approved, in time, for the
// amount, by whoever was asked; and nobody but who has approved.
func (j *judge) consented(id payment.ID, f *fact, m *message) {
	switch c := &f.collect; {
	case !c.needed:
	case !c.yes:
		j.violation("collect", id, "a debit leaves for a collect whose payer has not approved")
	case m.payer != c.payer.account:
		j.violation("collect", id, "a debit of %s leaves for a collect that %s has approved", m.payer, c.payer.account)
	}
}

// asksPayer says that the payment is a collect, and that its payer is asked.
func (p *pursuit) asksPayer() bool {
	return p.kind == payment.Collect && p.leg == payment.LegResolve
}

// asks: nobody keeps more collects waiting than its part of the room, and no PSP is
// asked that is not configured any more.
func (w *watch) asks(id payment.ID, p *pursuit, to route.Participant) {
	w.present(id, to, "collect")
	w.undrained(id, to, "collect")
	most := max(1, w.config.OpenMax/openShare)
	if n := w.waiting(func(q *pursuit) bool { return q != p && q.from == p.from && q.asksPayer() }); n >= most {
		w.j.violation("load", id, "a collect of participant %d is taken, and %d of it wait for approval already, of %d that may", p.from, n, most)
	}
}

// openShare is the part of the room that one participant's collects may take.
const openShare = 4
