package desk

import (
	"context"

	"switchd/switch/payment"
	"switchd/switch/view"
)

// limitsOf is what is bounded in the machine and at the rim.
func (d *Desk) limitsOf(in *inside) view.Limits {
	force, rim := d.o.Force(), d.o.Links.Usage()
	reached, money := d.o.Reached(), force.Money()
	all := []view.Limit{
		{Name: "open payments", Unit: view.UnitPayments, Used: int64(in.open), Max: int64(force.Config.Limits.OpenPayments)},
		{Name: "links", Unit: view.UnitLinks, Used: int64(rim.Links), Max: int64(rim.LinksMax), Reached: reached.Links},
		{Name: "connections without a handshake", Unit: view.UnitConnections, Used: int64(rim.HalfOpen), Max: int64(rim.HalfOpenMax), Reached: reached.HalfOpen},
	}
	classes := payment.Classes()
	for i := range in.participants {
		p := &in.participants[i]
		for k, h := range p.health {
			if h.Limit > 0 {
				all = append(all, view.Limit{Name: "messages in flight: " + classes[k].String(), Participant: p.ID, Unit: view.UnitMessages, Used: int64(h.InFlight), Max: int64(h.Limit)})
			}
		}
		all = append(all, view.Limit{Name: "net debit cap", Participant: p.ID, Unit: view.UnitMinor, Used: max(0, p.position.Reserved-p.position.Posted), Max: p.position.Cap})
	}
	return view.Limits{Currency: money.Code, Exponent: money.Exponent, Limits: append(all, d.o.Limits()...)}
}

// Links is the links of a participant, or of all ("").
func (d *Desk) Links(_ context.Context, participant string) (view.Links, error) {
	if participant != "" {
		if _, err := d.number(participant); err != nil {
			return view.Links{}, err
		}
	}
	v := view.Links{Links: []view.Link{}}
	for _, l := range d.o.Links.Links() {
		if participant != "" && l.Participant != participant {
			continue
		}
		direction := "in"
		if l.Dialed {
			direction = "out"
		}
		v.Links = append(v.Links, view.Link{
			ID: l.ID, Participant: l.Participant, State: l.Standing, Direction: direction, Group: l.Group, Remote: l.Remote,
			Since: stamp(l.Since), TLS: l.TLS, Expires: stamp(l.Expires), LastIn: stamp(l.LastIn),
			MessagesIn: l.FramesIn, MessagesOut: l.FramesOut, OutboxBytes: l.OutboxBytes,
		})
	}
	return v, nil
}
