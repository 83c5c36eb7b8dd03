package sim

import "time"

// In model B a participant debits its own customer before it asks for the payment.
// Its money hangs on the answer: it keeps it in doubt, and gives it back on a clear
// no. While it is told that the end is still to come it waits for the update, and
// asks.

// hold debits the sender's own customer, once for each content of a request.
func (b *bank) hold(a *asked, minor int64) {
	if t := a.of(minor); !t.held {
		t.held = true
		b.book.net -= minor
	}
}

// heard acts on what the sender was told of a request that it has debited itself.
func (b *bank) heard(a *asked, m *message) {
	if a == nil || !a.own {
		return
	}
	t := a.about(m)
	switch {
	case t.final != "" || !t.held:
	case m.result == resultPending, m.result == resultDeemed:
		if m.kind == reply {
			b.follow(a, t)
		}
	case m.kind == enquiryReply && m.result == resultUnknown:
	case m.result == resultDone:
		t.final = m.result
	default:
		t.final, t.undone = m.result, true
		b.book.net += m.minor
	}
}

// follow asks what became of a request, until it is final: the update may be lost.
func (b *bank) follow(a *asked, t *told) {
	if t.followed {
		return
	}
	t.followed = true
	b.followOn(a, t)
}

func (b *bank) followOn(a *asked, t *told) {
	w := b.w
	w.agenda.add(w.now+int64(100*time.Second)+w.upTo(time.Minute), func() {
		if t.final == "" {
			b.enquire(a)
			b.followOn(a, t)
		}
	})
}
