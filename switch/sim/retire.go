package sim

import "time"

// Links end in good order when their participant is taken out, or spoken with in
// another way, by the rules of switch/ingress.

// retireMax is how long a link that is to end waits for answers.
const retireMax = int64(25 * time.Second)

// ends says that a link has to end.
func (d *door) ends() bool { return d.n.table.dialect(d.number) != d.dialect }

// review looks whether a link is to end.
func (d *door) review(now int64) {
	if d.leaveBy != 0 || !d.ends() {
		return
	}
	d.leaveBy, d.waiting = now+retireMax, func() int { return 0 }
	if d.attached {
		d.waiting = d.n.egress.Retire(d.number, d)
		d.tell(false)
	}
}

// welcome says that requests may come on a link: one that is to end takes what
// crosses its sign-off.
func (d *door) welcome() bool { return d.automaton.Ready() || d.leaveBy != 0 && d.attached }
