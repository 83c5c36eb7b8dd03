package journal

import "fmt"

// Replay reads the journal from record from on and checks it on the way: order,
// gaps, checksums, roots and the hash chain. Call it from the goroutine of Append.
func (l *PebbleLog) Replay(from uint64, f func(seq uint64, record []byte) error) error {
	switch {
	case from <= l.end.next:
	case l.end.next == 1:
		return fmt.Errorf("%w: it is empty, but record %d was applied", ErrDamaged, from-1)
	default:
		return fmt.Errorf("%w: it ends at record %d, but record %d was applied", ErrDamaged, l.end.next-1, from-1)
	}
	var c checker
	return walk(l.db, from, l.end.next-1, func(h *head, value []byte) error { return c.each(h, value, from, f) })
}

// each checks the records of a group, all of them before it calls f for those
// from sequence number from on.
func (c *checker) each(h *head, value []byte, from uint64, f func(seq uint64, record []byte) error) error {
	if err := c.records(value, h); err != nil {
		return err
	}
	return eachRecord(value, h, func(seq uint64, _ int, record []byte) error {
		if seq < from {
			return nil
		}
		return f(seq, record)
	})
}
