package payment

import (
	"fmt"
)

// Change is a deed of an operator as it is kept for who looks what has been done:
// a command, or a new configuration.
type Change struct {
	Seq     uint64 // of its record in the journal
	At      int64  // UTC ns
	Kind    Kind   // CommandGiven or ConfigChanged
	Refused bool   // it has changed nothing
	Command Command
	Text    Text // Reason, Operator, Approver, Deed: those that were given
}

// changeFields are the texts of a change.
var changeFields = [...]TextField{Reason, Operator, Approver, Deed}

// logged keeps a change for the next Flush. Forgetting is no deed: the switch does it
// each day, and the journal has it.
func (m *Machine) logged(e *Event, refused bool) {
	if e.Kind == CommandGiven && e.Command.Kind == Forget {
		return
	}
	c := Change{Seq: e.Seq, At: e.At, Kind: e.Kind, Refused: refused}
	if e.Command != nil {
		c.Command = *e.Command
	}
	for _, f := range changeFields {
		c.Text.Set(f, e.Text.Get(f))
	}
	m.changes = append(m.changes, c)
}

func (m *Machine) flushChanges(rows Rows) {
	for i := range m.changes {
		m.row = m.changes[i].append(m.row[:0])
		rows.PutChange(m.changes[i].Seq, m.row)
	}
	m.changes = m.changes[:0]
}

// append appends the row of c. Layout: version u8, logic u8, where the secret part
// begins u16 (as in an event record), kind u8, refused u8, seq u64, at i64, command,
// public texts, secret part.
func (c *Change) append(b []byte) []byte {
	start := len(b)
	refused := byte(0)
	if c.Refused {
		refused = 1
	}
	b = append(b, rowVersion, Logic, 0, 0, byte(c.Kind), refused)
	b = putU64(putU64(b, c.Seq), uint64(c.At))
	b = putText(putCommand(b, &c.Command), &c.Text, public)
	return putSecret(b, start, 0, &c.Text)
}

// DecodeChange reads a row that PutChange was given.
func DecodeChange(row []byte, c *Change) error {
	*c = Change{}
	r := reader{b: row}
	if v := r.u8(); v != rowVersion {
		return fmt.Errorf("row of a change has version %d, this binary reads %d", v, rowVersion)
	}
	r.u8()
	secretAt := int(r.u16())
	c.Kind = Kind(r.below(uint8(kindCount)))
	c.Refused = r.below(2) == 1
	c.Seq, c.At = r.u64(), int64(r.u64())
	r.command(&c.Command)
	r.text(&c.Text, public)
	r.secret(len(row), secretAt, &c.Text)
	return r.done()
}
