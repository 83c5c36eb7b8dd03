package sim

import (
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// once: each participant has applied each reference at most once and taken it back
// at most once, unless it has lost its memory; and it was told the right amount.
func (j *judge) once() {
	for _, b := range j.w.banks {
		for _, ref := range b.book.known {
			l := b.book.legs[ref]
			id, _, _ := translate.ParseReference(ref[:])
			if (l.stands() > 1 || l.stands() < 0) && !l.lied() {
				j.violation("once", id, "%s has posted %d times and taken back %d times", b.name(), l.posted, l.undone)
			}
			if f := j.facts[id]; f != nil && f.amount != 0 && l.minor != notStated && l.minor != f.amount {
				j.violation("once", id, "%s was told %d, the request says %d", b.name(), l.minor, f.amount)
			}
		}
	}
}

// oneOf: each debit and each credit leaves once, and again only marked as a repeat.
func (j *judge) oneOf(id payment.ID, f *fact, m *message) {
	if m.kind != debit && m.kind != credit || m.repeat {
		return
	}
	leg := payment.LegDebit
	if m.kind == credit {
		leg = payment.LegCredit
	}
	if f.sent[leg]++; f.sent[leg] > 1 {
		j.violation("once", id, "a second %v leaves that is not marked as a repeat", m.kind)
	}
}
