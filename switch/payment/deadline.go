package payment

// deadlines is a heap of the payments that wait for something, earliest first, ties by
// ID so that the order is the same on every replay. Each payment knows its place, so
// that changing a deadline moves one entry instead of leaving a stale one behind: the
// heap is never larger than what is open.
//
// An entry has what it is ordered by, and a node has four of them below it, side by
// side: with 10,000 open payments a comparison that looks into them costs a cache miss
// each, and finding a place 13 of these on the way down.
type deadlines []due

// due is an entry of the heap.
type due struct {
	at int64
	id ID
	p  *Payment
}

func (d *due) before(other *due) bool {
	return d.at < other.at || d.at == other.at && d.id < other.id
}

// heapWidth is how many entries are below each.
const heapWidth = 4

// put writes an entry into a place.
func (d deadlines) put(i int, e due) {
	d[i] = e
	e.p.heapAt = int32(i)
}

// settle finds the place of e, for which i is free, and puts it there.
func (d deadlines) settle(i int, e due) {
	begin := i
	for i > 0 {
		parent := (i - 1) / heapWidth
		if !e.before(&d[parent]) {
			break
		}
		d.put(i, d[parent])
		i = parent
	}
	if i == begin {
		i = d.sink(i, &e)
	}
	d.put(i, e)
}

// sink moves up what is earlier than e below i, and returns the place that is free then.
func (d deadlines) sink(i int, e *due) int {
	for {
		first := heapWidth*i + 1
		if first >= len(d) {
			return i
		}
		least := first
		for child := first + 1; child < min(first+heapWidth, len(d)); child++ {
			if d[child].before(&d[least]) {
				least = child
			}
		}
		if !d[least].before(e) {
			return i
		}
		d.put(i, d[least])
		i = least
	}
}

// schedule brings p's place in the heap in line with what of it is due first.
func (m *Machine) schedule(p *Payment) {
	if !p.live {
		return
	}
	at := p.due
	if p.owes > 0 {
		for i := range p.Legs {
			if l := &p.Legs[i]; l.Due != 0 && (at == 0 || l.Due < at) {
				at = l.Due
			}
		}
	}
	switch {
	case at == p.deadline:
	case at == 0:
		m.clearDeadline(p)
	default:
		m.setDeadline(p, at)
	}
}

// setDeadline puts p into the heap, or moves it there.
func (m *Machine) setDeadline(p *Payment, at int64) {
	p.deadline = at
	if p.heapAt < 0 {
		p.heapAt = int32(len(m.due))
		m.due = append(m.due, due{})
	}
	m.due.settle(int(p.heapAt), due{at, p.ID, p})
}

// clearDeadline takes p out of the heap.
func (m *Machine) clearDeadline(p *Payment) {
	i := int(p.heapAt)
	if i < 0 {
		return
	}
	last := len(m.due) - 1
	moved := m.due[last]
	m.due[last] = due{}
	m.due = m.due[:last]
	p.heapAt, p.deadline = -1, 0
	if i < last {
		m.due.settle(i, moved)
	}
}
