package sim

import (
	"fmt"
	"time"
)

// sender is a participant in its other role: it asks for payments and repeats what
// is not answered.
type sender struct {
	stan   uint32
	orders map[uint32]*asked // by the trace number of the request
}

// asked is a request and what became of it.
type asked struct {
	order
	told   told // of the payment that it asks for
	other  told // of what was asked for under the same reference, one unit dearer
	tries  int
	others int

	twin      bool     // it asks for the same payment as another request
	update    string   // the result of the update that followed, with its UPI code
	enquiries []string // the results of enquiries
}

// about is what an answer is about.
func (a *asked) about(m *message) *told { return a.of(m.minor) }

// of is what was asked for with an amount.
func (a *asked) of(minor int64) *told {
	if minor == a.minor {
		return &a.told
	}
	return &a.other
}

// told is what a sender was told of a request.
type told struct {
	result string // of the first answer; empty: none yet
	upi    string
	first  []byte // its bytes
	rim    bool   // the link itself has answered, without a record: once the sender has heard it, it must not repeat

	// Of model B.
	held     bool   // the sender has debited its customer
	undone   bool   // and has given the money back
	final    string // the first word that was final
	followed bool   // it asks until it hears one
}

// said is the result of the first answer with its UPI code; empty: none yet.
func (t *told) said() string {
	if t.result == "" {
		return ""
	}
	return t.result + "/" + t.upi
}

// duplicate says that the switch knew the reference, with another content.
func (t *told) duplicate() bool { return t.result == "94" }

func newSender() sender { return sender{orders: map[uint32]*asked{}} }

// request sends the request for a new payment.
func (w *world) request() {
	b := w.banks[w.rng.IntN(len(w.banks))]
	if traits := &w.swarm.traits[b.number]; traits.onConfirm && !traits.xml { // ISO 8583 knows no receipt for an answer
		b = w.banks[0]
	}
	switch share := w.rng.Float64(); {
	case share < w.swarm.collects:
		w.collect(b)
		return
	case share < w.swarm.collects+w.swarm.refunds && w.refund(b):
		return
	}
	a := w.newOrder(b)
	a.uetr = fmt.Sprintf("%08x-0000-4000-8000-%012x", b.number, w.sent)
	a.own = b.book.traits.xml && w.rng.IntN(3) > 0
	if w.rng.IntN(8) == 0 {
		a.from = w.rng.IntN(len(w.banks)) // the payer's bank is not the one that asks
	}
	a.payer, a.payee = fmt.Sprintf("P%03d", w.rng.IntN(w.swarm.payers)), accountOf(a.to)
	if w.rng.Float64() < w.swarm.vpaShare {
		a.vpa = "user@" + profile(a.to).Handles[0]
	}
	switch w.rng.IntN(60) { // what cannot be paid
	case 0:
		a.vpa = "user@nowhere"
	case 1:
		a.currency = 840
	case 2:
		a.payer, a.from = a.payee, a.to
	}
	b.ask(a)
	if b.book.traits.xml && w.chance(faultTwin) {
		b.twin(a)
	}
}

// newOrder is the next request of a participant.
func (w *world) newOrder(b *bank) *asked {
	w.sent++
	b.sender.stan++
	a := &asked{order: order{
		stan: b.sender.stan, transmitted: transmitted(w.now), minor: 1 + w.rng.Int64N(amountMax), currency: currency,
		from: int(b.number), to: w.rng.IntN(len(w.banks)), at: w.now, purpose: purposes[w.rng.IntN(len(purposes))],
	}}
	copy(a.rrn[:], fmt.Sprintf("R%011d", w.sent))
	b.sender.orders[a.stan] = a
	return a
}

// twin has a participant ask for a payment that it has asked for already, as for
// another one: only the UETR tells.
func (b *bank) twin(a *asked) {
	b.sender.stan++
	again := &asked{order: a.order, twin: true}
	again.stan = b.sender.stan
	b.sender.orders[again.stan] = again
	b.w.agenda.add(b.w.now+b.w.upTo(time.Minute), func() {
		again.at = b.w.now
		b.ask(again)
	})
}

// transmitted is DE7 of a time.
func transmitted(now int64) uint32 {
	t := time.Unix(0, now).UTC()
	return uint32(((int(t.Month())*100+t.Day())*100+t.Hour())*10_000 + t.Minute()*100 + t.Second())
}

func accountOf(bank int) string { return fmt.Sprintf("ACC%d", bank) }

// ask sends a request, and again until it is answered.
func (b *bank) ask(a *asked) {
	w := b.w
	hangs := a.other.held && a.other.result == "" // money, on the answer to the other content
	if a.told.result != "" && !hangs && (a.told.rim || !w.chance(faultDuplicate)) {
		return
	}
	o := a.order
	tries := &a.tries
	if a.other.result == "" && (w.chance(faultConflict) || hangs && a.told.result != "") {
		tries = &a.others
		o.minor++
	}
	o.repeat = *tries > 0
	if o.own {
		b.hold(a, o.minor)
	}
	if b.out(framed(b.framing, nil, func(dst []byte) ([]byte, error) { return b.speak.request(dst, &o) })) {
		*tries++
	}
	gap := int64(10*time.Second) + w.upTo(20*time.Second)
	if w.chance(faultDuplicate) {
		gap = w.upTo(100 * time.Millisecond)
	}
	w.agenda.add(w.now+gap, func() { b.ask(a) })
	if !a.collect && w.chance(faultEnquiry) { // no slip asks
		w.agenda.add(w.now+w.upTo(5*time.Minute), func() { b.enquire(a) })
	}
}

// enquire asks what became of a request.
func (b *bank) enquire(a *asked) {
	b.out(framed(b.framing, nil, func(dst []byte) ([]byte, error) { return b.speak.enquire(dst, &a.order) }))
}
