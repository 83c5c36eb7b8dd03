package desk

import (
	"context"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// amend shows what an order has changed of a participant without waiting for the next
// look: who has given it looks at once whether it has taken effect. What is counted over
// time stays as the latest look has found it.
func (d *Desk) amend(ctx context.Context, n route.Participant, id string) {
	d.showing.Lock()
	defer d.showing.Unlock()
	was := d.latest.Load()
	if was == nil {
		return
	}
	next, found := *was, false
	drained, position := false, was.positions.Positions
	err := d.o.Engine.Inspect(ctx, func(m *payment.Machine) {
		drained = m.Drained(n)
		position = slices.Clone(position)
		for i := range position {
			if position[i].Participant == id {
				position[i] = positionOf(id, m.Position(n))
			}
		}
	})
	if err != nil { // the next look shows it
		return
	}
	next.positions.Positions = position
	next.participants.Participants = slices.Clone(was.participants.Participants)
	for i := range next.participants.Participants {
		p := &next.participants.Participants[i]
		if p.ID != id {
			continue
		}
		found = true
		p.Drained, p.Position = drained, position[i]
		state, why := stateOf(p, p.State != stateRemoved)
		if state != p.State {
			p.Since = stamp(d.o.Clock())
		}
		p.State, p.Why = state, why
	}
	if found {
		d.show(&next)
	}
}
