package journal

import "fmt"

// end is what the next group must follow. The zero value is not an end: a log
// that nothing was ever written to ends at start.
type end struct {
	next   uint64 // sequence number of the next record
	number uint64 // of the next group
	at     int64
	chain  Hash
}

var start = end{next: 1}

// move puts e behind a group.
func (e *end) move(h *head, value []byte) {
	*e = end{next: h.next(), number: h.number + 1, at: h.at, chain: chainHash(value)}
}

// begin is the end that a group follows, by its own word.
func (h *head) begin() end { return end{next: h.first, number: h.number, at: h.at, chain: h.before} }

// follow checks that a group follows e and moves e behind it. It does not look
// at the records.
func (e *end) follow(h *head, value []byte) error {
	switch {
	case h.first > e.next:
		return missing(e.next, h.first-1)
	case h.first < e.next:
		return fmt.Errorf("%w: group %d begins before the group before it has ended, at record %d", ErrDamaged, h.first, e.next)
	case h.before != e.chain:
		return fmt.Errorf("%w: group %d does not follow the group before it (hash chain)", ErrDamaged, h.first)
	case h.number != e.number:
		return fmt.Errorf("%w: group %d is number %d, the one before it was %d", ErrDamaged, h.first, h.number, e.number-1)
	case h.at < e.at:
		return fmt.Errorf("%w: group %d is of time %d, the one before it of %d", ErrDamaged, h.first, h.at, e.at)
	}
	e.move(h, value)
	return nil
}

func missing(first, last uint64) error {
	return fmt.Errorf("%w: records %d to %d are missing", ErrDamaged, first, last)
}
