package payment

import "switchd/switch/route"

// Near is the leg that an answer without a match comes nearest to.
type Near struct {
	Payment ID
	Leg     Leg
	SentAt  int64 // 0: never sent
	To      route.Participant
	Agrees  Match // the parts of the participant's key that the answer echoes
	Differs Match // and those that it does not
}

// score is how much of the key an answer echoes. A reference says most: nothing else
// names a leg alone. The time alone says nothing: many legs have it.
func (n *Near) score() (s int) {
	for _, part := range [...]struct {
		echoed bool
		weight int
	}{{n.Agrees.Reference, 4}, {n.Agrees.STAN, 2}, {n.Agrees.Transmitted, 1}} {
		if part.echoed {
			s += part.weight
		}
	}
	return s
}

// better says that n is nearer than another; of two alike the one that was sent last.
func (n *Near) better(than *Near) bool {
	a, b := n.score(), than.score()
	switch {
	case a != b:
		return a > b
	case n.SentAt != than.SentAt:
		return n.SentAt > than.SentAt
	case n.Payment != than.Payment:
		return n.Payment > than.Payment
	}
	return n.Leg > than.Leg
}

// Nearest says for each of some answers of a participant that had no match which leg
// it comes nearest to: that which it names, if it was ever sent or is anybody's;
// else one that waits for an answer of this participant and has a part of the key.
// Of the payments in memory it looks at most at so many; the answers are to be few.
// Payment 0: none is near. It changes nothing.
func (m *Machine) Nearest(from route.Participant, answers []Answer, most int) []Near {
	near := make([]Near, len(answers))
	match := m.matchOf(from)
	//tidy:unordered better is a total order, and who asks for fewer than all takes what he gets
	for _, p := range m.open {
		if most--; most < 0 {
			break
		}
		for leg := range legCount {
			l := &p.Legs[leg]
			if l.SentAt == 0 || l.Answer != NoOutcome || p.Target(leg) != from {
				continue
			}
			for i := range answers {
				if c := p.near(leg, &answers[i], match); c.score() > 1 && (near[i].Payment == 0 || c.better(&near[i])) {
					near[i] = c
				}
			}
		}
	}
	for i := range answers {
		a := &answers[i]
		if a.Payment == 0 || near[i].Agrees.Reference {
			continue
		}
		if p := m.byID(a.Payment); p != nil {
			near[i] = p.near(a.Leg, a, match)
		}
	}
	return near
}

// matchOf is by what the answers of a participant find their leg.
func (m *Machine) matchOf(n route.Participant) Match {
	if match := m.at(n).profile.Match; match != (Match{}) {
		return match
	}
	return Match{Reference: true, Transmitted: true, STAN: true}
}

// near compares an answer with a leg, by the parts of a key.
func (p *Payment) near(leg Leg, a *Answer, match Match) Near {
	l := &p.Legs[leg]
	n := Near{Payment: p.ID, Leg: leg, SentAt: l.SentAt, To: p.Target(leg)}
	for _, part := range [...]struct {
		counts, echoed  bool
		agrees, differs *bool
	}{
		{match.Reference, a.Payment == p.ID && a.Leg == leg, &n.Agrees.Reference, &n.Differs.Reference},
		{match.STAN, a.STAN == l.STAN && l.STAN != 0, &n.Agrees.STAN, &n.Differs.STAN},
		{match.Transmitted, a.Transmitted == l.Transmitted, &n.Agrees.Transmitted, &n.Differs.Transmitted},
	} {
		*part.agrees, *part.differs = part.counts && part.echoed, part.counts && !part.echoed
	}
	return n
}
