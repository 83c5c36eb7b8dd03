package sim

import (
	"bytes"
	"maps"
	"slices"

	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// purse is what a participant may owe: the cap that the latest file with another one
// has set, or the latest command since; and what it owes.
type purse struct {
	file, most, owes int64
	known            bool
}

// funds: after each event the positions sum to zero, the reservations are not
// negative, everybody's cap is the one that was set last, and nobody who owes more
// than that, because it was lowered, comes to owe more yet.
func (w *watch) funds(m *payment.Machine) {
	if sum := m.PositionSum(); sum != 0 {
		w.j.violation("books", 0, "positions sum to %d", sum)
	}
	if w.config == nil {
		return
	}
	for i := range w.config.Participants {
		n := route.Participant(i)
		at, p := m.Position(n), w.purses[n]
		if at.Cap != p.most {
			w.j.violation("books", 0, "participant %d has the cap %d, %d was set last", n, at.Cap, p.most)
		}
		if owes := at.Reserved - at.Posted; at.Reserved < 0 || owes > max(p.most, p.owes) {
			w.j.violation("books", 0, "participant %d has %+v and owed %d before: over its cap", n, at, p.owes)
		} else {
			p.owes = owes
		}
		w.purses[n] = p
	}
}

// exception is what the comparison of a participant's statement with the switch's
// own books brings to light: one leg that the two see differently.
type exception struct {
	bank  route.Participant
	id    payment.ID
	minor int64 // what is in the participant's book and should not be
	why   bool  // the participant has broken its contract about this leg
}

// books: conservation to the unit. What the rows say of each payment makes the
// positions; each participant's own book is its position, but for exceptions; and
// every exception is explained by a lie of that participant, and nothing else.
func (j *judge) books() {
	want := make([]ledger.Position, len(j.w.banks))
	settled := map[payment.ID]bool{} // of those that a sender has debited itself
	expected := map[route.Participant]map[reference]int64{}
	for n := range j.w.banks {
		expected[route.Participant(n)] = map[reference]int64{}
	}
	j.w.rows.payments(func(p *payment.Payment) {
		if p.State != payment.Success && p.State != payment.Deemed {
			return
		}
		want[p.PayerBank].Posted -= p.Amount.Minor
		if p.Model == payment.ModelB {
			settled[p.ID] = true
		} else {
			expected[p.PayerBank][translate.Reference(p.ID, payment.LegDebit)] = -p.Amount.Minor
		}
		want[p.PayeeBank].Posted += p.Amount.Minor
		expected[p.PayeeBank][translate.Reference(p.ID, payment.LegCredit)] = p.Amount.Minor
	})
	for n, b := range j.w.banks {
		j.holds(b, settled)
		at := j.w.node.m.Position(route.Participant(n))
		if at.Posted != want[n].Posted || at.Reserved != 0 {
			j.violation("books", 0, "participant %d: position %+v, its payments say %d", n, at, want[n].Posted)
		}
		var unexplained int64
		for _, x := range reconcile(b, expected[route.Participant(n)]) {
			unexplained += x.minor
			if !x.why {
				j.violation("books", x.id, "%s has %d in its book that the switch knows nothing of, and it has not lied", b.name(), x.minor)
			}
		}
		if b.book.net-unexplained != at.Posted {
			j.violation("books", 0, "%s: its book says %d, its position %d, exceptions explain %d", b.name(), b.book.net, at.Posted, unexplained)
		}
	}
}

// holds: what a sender has debited itself (model B) stays debited if and only if the
// payment is settled.
func (j *judge) holds(b *bank, settled map[payment.ID]bool) {
	for stan := range b.sender.stan {
		a := b.sender.orders[stan+1]
		for _, minor := range [...]int64{a.minor, a.minor + 1} {
			t := a.of(minor)
			if !t.held {
				continue
			}
			id := j.requests[requestKey{b.number, a.stan, minor}]
			if kept := !t.undone; kept != settled[id] {
				j.violation("books", id, "%s has debited %d itself, given back: %v, and the payment is settled: %v (trace number %d)", b.name(), minor, t.undone, settled[id], a.stan)
			}
		}
	}
}

// reconcile compares a participant's statement with what the switch expects, leg
// by leg.
func reconcile(b *bank, expected map[reference]int64) []exception {
	var found []exception
	note := func(ref reference, minor int64, l *leg) {
		if minor == 0 {
			return
		}
		id, _, _ := translate.ParseReference(ref[:])
		found = append(found, exception{bank: b.number, id: id, minor: minor, why: l != nil && l.lied()})
	}
	for _, ref := range b.book.known {
		l := b.book.legs[ref]
		note(ref, int64(l.stands())*l.signed()-expected[ref], l)
		delete(expected, ref)
	}
	for _, ref := range slices.SortedFunc(maps.Keys(expected), compareReferences) { // that it was never asked to post
		note(ref, -expected[ref], b.book.legs[ref])
	}
	return found
}

func compareReferences(a, b reference) int { return bytes.Compare(a[:], b[:]) }

// lied says that the participant has broken its contract about this leg.
func (l *leg) lied() bool {
	for f, broke := range l.broke {
		if broke && lies[f] {
			return true
		}
	}
	return false
}
