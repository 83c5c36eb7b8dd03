package journal

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// MemoryLog is a Log in memory, for simulation and tests: the same format, no
// disk. Every group is durable at once.
type MemoryLog struct {
	groups [][]byte
	firsts []uint64
	next   uint64
	last   Hash
}

// NewMemory returns an empty log.
func NewMemory() *MemoryLog { return &MemoryLog{next: 1} }

// Next is the sequence number that the next record must have.
func (l *MemoryLog) Next() uint64 { return l.next }

// Append keeps a copy of g.
func (l *MemoryLog) Append(g *Group) (Ticket, error) {
	if g.First() != l.next || g.Count() == 0 {
		panic(fmt.Sprintf("journal: group of %d records at %d, next is %d", g.Count(), g.First(), l.next))
	}
	value, hash := g.seal(l.last)
	l.groups, l.firsts = append(l.groups, bytes.Clone(value)), append(l.firsts, g.First())
	l.next, l.last = g.Next(), hash
	return durable{}, nil
}

type durable struct{}

func (durable) Wait() error { return nil }

// Replay reads the log from record from on, with the same checks as on disk.
func (l *MemoryLog) Replay(from uint64, f func(seq uint64, record []byte) error) error {
	var chain Hash
	for i, value := range l.groups {
		count, before, err := head(value, l.firsts[i])
		if err != nil {
			return err
		}
		if before != chain {
			return fmt.Errorf("%w: group %d does not follow the group before it (hash chain)", ErrDamaged, l.firsts[i])
		}
		err = records(value, l.firsts[i], count, func(seq uint64, record []byte) error {
			if seq < from {
				return nil
			}
			return f(seq, record)
		})
		if err != nil {
			return err
		}
		chain = sha256.Sum256(value)
	}
	return nil
}

// Close does nothing.
func (l *MemoryLog) Close() error { return nil }
