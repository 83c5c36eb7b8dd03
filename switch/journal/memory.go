package journal

import "bytes"

// MemoryLog is a Log in memory, for simulation and tests: the same format, no
// disk. Every group is durable at once.
type MemoryLog struct {
	groups [][]byte
	firsts []uint64
	end    end
}

// NewMemory returns an empty log.
func NewMemory() *MemoryLog { return &MemoryLog{end: start} }

// First is 1: nothing is ever deleted.
func (l *MemoryLog) First() uint64 { return 1 }

// Next is the sequence number that the next record must have.
func (l *MemoryLog) Next() uint64 { return l.end.next }

// Append keeps a copy of g.
func (l *MemoryLog) Append(g *Group) (Ticket, error) {
	l.groups, l.firsts = append(l.groups, bytes.Clone(g.seal(&l.end))), append(l.firsts, g.First())
	return durable{}, nil
}

type durable struct{}

func (durable) Wait() error { return nil }

// Replay reads the log from record from on, with the same checks as on disk.
func (l *MemoryLog) Replay(from uint64, f func(seq uint64, record []byte) error) error {
	at := start
	var c checker
	for i, value := range l.groups {
		h, err := readHead(value, l.firsts[i])
		if err != nil {
			return err
		}
		if err := at.follow(&h, value); err != nil {
			return err
		}
		if err := c.each(&h, value, from, f); err != nil {
			return err
		}
	}
	return nil
}

// Close does nothing.
func (l *MemoryLog) Close() error { return nil }
