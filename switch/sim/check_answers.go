package sim

import (
	"bytes"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// told takes an answer to a request as it arrives. The first one counts; each
// further one must be the same, byte for byte.
func (j *judge) told(b *bank, a *asked, m *message) {
	if a == nil || (m.minor != a.minor && m.minor != a.minor+1) {
		j.violation("answers", 0, "%s is answered what it never asked (trace number %d)", b.name(), m.stan)
		return
	}
	t := a.about(m)
	if t.result == "" || t.rim && (t.result == m.result && t.upi == m.upi || a.reused(m) || a.overtaken(m)) { // the rim knows no ids of a record
		t.result, t.upi, t.first = m.result, m.upi, bytes.Clone(m.body)
		return
	}
	if !bytes.Equal(t.first, m.body) {
		j.violation("answers", j.requests[requestKey{b.number, m.stan, m.minor}], "%s was told %s/%s, then %s/%s (trace number %d)", b.name(), t.result, t.upi, m.result, m.upi, m.stan)
	}
}

// busy takes a request that the rim turns away. A repeat gets no answer there: its
// original may be under way, and "busy" would be taken for its outcome.
func (j *judge) busy(ev *payment.Event) {
	if ev.Request.Repeat {
		j.violation("answers", 0, "a repeat is told busy without a record (trace number %d)", ev.Request.Key.STAN)
	}
}

// turns: of a request that the rim has told busy nobody is told anything else, but
// that its reference is another's by now, which is a no as well. A restart forgets
// which those were: whoever was told must not repeat.
func (j *judge) turns(to route.Participant, m *message) {
	a := j.w.banks[to].sender.orders[m.stan]
	if m.kind != reply || m.result == resultBusy || a != nil && a.reused(m) {
		return
	}
	if by := j.turned[requestKey{to, m.stan, m.minor}]; by != nil && by == j.w.node {
		j.violation("answers", j.requests[requestKey{to, m.stan, m.minor}], "participant %d is told %s/%s of what the rim has told busy (trace number %d)", to, m.result, m.upi, m.stan)
	}
}

// reused says that a sender is told of one content of a reference that it has used for
// another one as well.
func (a *asked) reused(m *message) bool { return m.result == resultDuplicate && a.others > 0 }

// overtaken says the same the other way round: what the rim has told, busy, comes
// behind what was told of the repeat, on a link that holds everything back.
func (a *asked) overtaken(m *message) bool {
	return m.result == resultBusy && a.about(m).duplicate() && a.others > 0
}

// enquired takes the answer to an enquiry.
func (j *judge) enquired(b *bank, a *asked, m *message) {
	if a == nil {
		j.violation("answers", 0, "%s gets an answer to an enquiry that it never made", b.name())
		return
	}
	a.enquiries = append(a.enquiries, m.result+"/"+m.upi)
}

// updated takes the final word on a request. There is one; repeats say the same.
func (j *judge) updated(b *bank, a *asked, m *message) {
	said := m.result + "/" + m.upi
	switch {
	case a == nil:
		j.violation("answers", 0, "%s gets an update about what it never asked for", b.name())
	case a.update != "" && a.update != said:
		j.violation("answers", 0, "%s was updated to %s, then to %s (trace number %d)", b.name(), a.update, said, a.stan)
	default:
		a.update = said
	}
}

// answers: every sender was answered, and no answer contradicts the final state.
func (j *judge) answers() {
	j.w.rows.payments(func(p *payment.Payment) {
		b := j.w.banks[p.RequestedBy()]
		a := b.sender.orders[stanOf(p.Key.STAN, &p.Text)]
		if a == nil {
			j.violation("answers", p.ID, "a payment that nobody asked for")
			return
		}
		t, other := &a.told, &a.other
		if p.Amount.Minor != a.minor {
			t, other = other, t
		}
		if other.result != "" && !other.duplicate() && !other.rim {
			j.violation("answers", p.ID, "%s was told %s/%s of what it asked for under a known reference", b.name(), other.result, other.upi)
		}
		j.contradicts(p, b, a, t)
	})
	for _, b := range j.w.banks {
		for stan := range b.sender.stan {
			if a := b.sender.orders[stan+1]; a.told.result == "" {
				j.violation("answers", 0, "%s was never answered (trace number %d)", b.name(), a.stan)
			}
		}
	}
}

// contradicts: what a sender was told, was told later and was told when it asked
// agrees with the final state.
func (j *judge) contradicts(p *payment.Payment, b *bank, a *asked, t *told) {
	moved := p.State == payment.Success || p.State == payment.Deemed
	claims := []struct{ how, said string }{{"was updated to", a.update}, {"was told", t.said()}}
	for _, said := range a.enquiries {
		if said != unknownPayment {
			claims = append(claims, struct{ how, said string }{"has asked and was told", said})
		}
	}
	for _, c := range claims {
		if c.said != "" && !agrees(c.said, moved) {
			j.violation("answers", p.ID, "%s %s %s, the payment is %v", b.name(), c.how, c.said, p.State)
		}
	}
	if !moved && t.upi == "BT" && a.update == "" && p.Model == payment.ModelB && !j.deaf[b.number] {
		j.violation("answers", p.ID, "%s was told deemed, the payment is %v, and no update came", b.name(), p.State)
	}
}

// What is told of a payment that has not ended yet, or is not known yet.
const (
	deemedDone     = "68/BT"
	stillOpen      = "09/01"
	notNow         = "09/" // of the rim: ask again later
	unknownPayment = "25/U48"
)

func agrees(said string, moved bool) bool {
	return said == deemedDone || said == stillOpen || said == notNow || (said == "00/00") == moved
}
