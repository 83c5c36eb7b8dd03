package egress

import (
	"slices"

	"switchd/session"
	"switchd/switch/guard"
	"switchd/switch/payment"
)

// outlet is one link of a lane. All but staged is guarded by the lane's lock.
type outlet struct {
	link       session.Link
	guard      *guard.Outbound // the link, if its messages are protected; else nil
	voice      *voice          // how messages on it are written; does not change
	gone       bool            // signed off, or closed
	retired    bool            // it is to end: for what has no answer and no other link
	failed     uint64          // the release in which it has taken nothing
	open       int             // messages on it that wait for answers
	unanswered int             // new requests among them
	plain      int             // messages of this group on it that have no answer

	staged *parcel // of the group that is being encoded; writer goroutine only
}

// load is how busy a link is.
func (o *outlet) load() int { return o.open + o.plain }

// spread is by how many messages the links of a participant may differ before a
// group goes on with the least busy one. What one group has for one link is one TLS
// record: sixteen messages in one cost little more than one.
const spread = 16

// creditShare is the part of a window that is kept for credits: a debit that is not
// sent has done no harm, a credit that is not sent has to undo its debit.
const creditShare = 8

// passage is what a message asks of the links of its participant.
type passage struct {
	name    name
	account uint64 // messages about one account keep to one link; 0: about none
	tracked bool   // it has an answer, or an order
	limited bool   // it is a new request: the window counts
	credit  bool
	last    bool // only links that are to end are left for it
}

// passageOf is what the message of ef asks for.
func (l *lane) passageOf(ef *payment.Effect) passage {
	var field payment.TextField
	switch ef.Leg {
	case payment.LegRequest, payment.LegUpdate, payment.LegEnquiry:
		return passage{} // answers and news to senders: nothing of theirs changes by their order
	case payment.LegDebit, payment.LegReversal:
		field = payment.PayerAccount
	default:
		field = payment.PayeeAccount
	}
	leg := &ef.Payment.Legs[ef.Leg]
	p := passage{tracked: true, credit: ef.Leg == payment.LegCredit}
	p.name = l.nameOf(&payment.Answer{Payment: ef.Payment.ID, Leg: ef.Leg, STAN: leg.STAN, Transmitted: leg.Transmitted})
	p.limited = !ef.Repeat && (ef.Leg == payment.LegResolve || ef.Leg == payment.LegDebit || ef.Leg == payment.LegCredit)
	if ef.Leg != payment.LegResolve {
		p.account = accountOf(ef.Payment.Text.Get(field))
	}
	return p
}

// accountOf is a hash; two accounts that share one only share a link. 0: no account.
func accountOf(account []byte) uint64 {
	if len(account) == 0 {
		return 0
	}
	sum := uint64(14695981039346656037) // FNV-1a
	for _, c := range account {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return max(sum, 1)
}

// take finds the link for a message and counts the message on it. Without one, full
// says whether there are links, but no room in their windows. l.mu is held.
func (l *lane) take(p *passage, now int64) (o *outlet, full bool) {
	l.flights.expire(now - int64(l.Unanswered))
	p.last = false
	group, any := l.bestGroup(p)
	if !any && !p.tracked {
		p.last = true
		group, any = l.bestGroup(p)
	}
	if !any {
		return nil, false
	}
	if !p.tracked {
		o = l.least(p, group)
		o.plain++
		return o, false
	}
	if h, held := l.flights.accounts[p.account]; held && p.account != 0 && l.usable(h.outlet) && !h.outlet.retired {
		o = h.outlet
		if p.limited && o.unanswered >= l.room(p) {
			return nil, true
		}
	} else if o = l.least(p, group); o == nil {
		return nil, true
	}
	switch {
	case len(l.flights.index) < flightsMax:
		l.flights.add(now, p.name, p.account, o, p.limited)
	case p.limited:
		return nil, true
	}
	return o, false
}

// drop takes back what take has counted. l.mu is held.
func (l *lane) drop(p *passage, o *outlet) {
	if p.tracked {
		l.flights.landed(p.name)
	} else {
		o.plain--
	}
}

// usable says whether a link may take messages of this group.
func (l *lane) usable(o *outlet) bool { return !o.gone && o.failed != l.release }

// room is how many new requests a link may hold before it takes no more like p.
func (l *lane) room(p *passage) int {
	if p.credit {
		return l.Window
	}
	return l.Window - l.Window/creditShare
}

// bestGroup is the lowest group that has a usable link for p, if there is one.
func (l *lane) bestGroup(p *passage) (group int, any bool) {
	for _, o := range l.links { // in order of their groups
		if l.usable(o) && o.retired == p.last {
			return o.link.Group(), true
		}
	}
	return 0, false
}

// fits says whether a link of a group may take p.
func (l *lane) fits(o *outlet, p *passage, group int) bool {
	return l.usable(o) && o.retired == p.last && o.link.Group() == group && (!p.limited || o.unanswered < l.room(p))
}

// least is the least busy link of a group that has room, or the one that these
// messages have begun with, while that is not much busier. nil: none has room.
func (l *lane) least(p *passage, group int) (best *outlet) {
	n := len(l.links)
	for i := range n {
		if o := l.links[(l.turn+i)%n]; l.fits(o, p, group) && (best == nil || o.load() < best.load()) {
			best = o
		}
	}
	if c := l.current; best != nil && c != nil && l.fits(c, p, group) && c.load() < best.load()+spread {
		return c
	}
	l.current = best
	return best
}

// attach adds a link behind those of its group. l.mu is held.
func (l *lane) attach(link session.Link) {
	at := len(l.links)
	for at > 0 && l.links[at-1].link.Group() > link.Group() {
		at--
	}
	if l.voice != nil { // else its participant was removed, and the link is about to end
		out, _ := link.(*guard.Outbound)
		l.links = slices.Insert(l.links, at, &outlet{link: link, guard: out, voice: l.voice})
	}
}

// find is where a link is in l.links; below 0: it is not attached. l.mu is held.
func (l *lane) find(link session.Link) int {
	return slices.IndexFunc(l.links, func(o *outlet) bool { return o.link == link })
}

// retire marks a link that is to end. nil: it is not attached. l.mu is held.
func (l *lane) retire(link session.Link) *outlet {
	at := l.find(link)
	if at < 0 {
		return nil
	}
	o := l.links[at]
	o.retired = true
	if l.current == o {
		l.current = nil
	}
	return o
}

// detach takes a link out. Accounts that were held to it go to another with their
// next message. l.mu is held.
func (l *lane) detach(link session.Link) {
	at := l.find(link)
	if at < 0 {
		return
	}
	o := l.links[at]
	o.gone = true
	l.links = slices.Delete(l.links, at, at+1)
	if l.current == o {
		l.current = nil
	}
}
