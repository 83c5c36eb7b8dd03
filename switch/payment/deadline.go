package payment

// deadlines is a binary heap of the payments that wait for something, earliest
// first, ties by ID so that the order is the same on every replay. Each payment
// knows its place, so that changing a deadline moves one entry instead of
// leaving a stale one behind: the heap is never larger than what is open.
type deadlines []*Payment

func (d deadlines) before(i, j int) bool {
	if d[i].deadline != d[j].deadline {
		return d[i].deadline < d[j].deadline
	}
	return d[i].ID < d[j].ID
}

func (d deadlines) swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].heapAt, d[j].heapAt = int32(i), int32(j)
}

func (d deadlines) siftUp(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !d.before(i, parent) {
			return
		}
		d.swap(i, parent)
		i = parent
	}
}

func (d deadlines) siftDown(i int) {
	for {
		child := 2*i + 1
		if child >= len(d) {
			return
		}
		if child+1 < len(d) && d.before(child+1, child) {
			child++
		}
		if !d.before(child, i) {
			return
		}
		d.swap(i, child)
		i = child
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
		m.due = append(m.due, p)
		m.due.siftUp(int(p.heapAt))
		return
	}
	m.due.siftUp(int(p.heapAt))
	m.due.siftDown(int(p.heapAt))
}

// clearDeadline takes p out of the heap.
func (m *Machine) clearDeadline(p *Payment) {
	i := int(p.heapAt)
	if i < 0 {
		return
	}
	last := len(m.due) - 1
	if i != last {
		m.due.swap(i, last)
	}
	m.due[last] = nil
	m.due = m.due[:last]
	p.heapAt, p.deadline = -1, 0
	if i < last {
		m.due.siftUp(i)
		m.due.siftDown(i)
	}
}
