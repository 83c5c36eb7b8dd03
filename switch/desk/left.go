package desk

import (
	"switchd/switch/payment"
	"switchd/switch/view"
)

// leftMax is how many of the latest deeds a start looks at for orders that waited when the
// switch was killed: as many were not given within the life of an approval.
const leftMax = 10 * changesMax

// whyLeft is why what waited then waits no more.
const whyLeft = "the switch was started again before anybody had approved it"

// endLeft logs that what waited when the switch was killed waits no more: nobody can
// approve it, and the list of deeds must not have it open for ever. It is done again when
// it has failed.
func (d *Desk) endLeft() error {
	left, err := d.left()
	if err != nil {
		return err
	}
	for i := len(left) - 1; i >= 0; i-- { // the oldest first
		c := &left[i]
		_, _, rest := kindOf(text(&c.Text, payment.Deed))
		a := &approval{id: c.Seq, deed: &deed{
			Order: view.Order{Operator: text(&c.Text, payment.Operator)}, text: rest, command: c.Command,
		}}
		if err := d.expired(a, whyLeft); err != nil {
			return err
		}
	}
	return nil
}

// left are the records of orders that waited at the last record of before this start, the
// latest first.
func (d *Desk) left() (all []payment.Change, err error) {
	over := map[uint64]bool{} // approvals that have ended
	err = d.reading(func() error {
		rows, err := d.o.Rows.Changes(0, leftMax)
		for i := range rows {
			c := &rows[i]
			if c.Kind != payment.CommandGiven || c.Command.Kind != payment.Noted || c.Refused {
				continue
			}
			switch kind, id, _ := kindOf(text(&c.Text, payment.Deed)); {
			case id != 0:
				over[id] = true
			case kind == kindProposed && c.Seq <= d.before && !over[c.Seq]:
				all = append(all, *c)
			}
		}
		return err
	})
	return all, err
}
