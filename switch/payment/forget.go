package payment

// forget makes the finished payments below a number unknown: their requests, their
// references and their refunds are those of strangers from now on. It is an event,
// so that a replay decides as the first run did, whenever the store drops the rows.
// What is open stays, and so does what still waits for a person.
func (m *Machine) forget(c *Command, seq uint64) bool {
	if c.Payment <= m.known || uint64(c.Payment) > seq {
		return false
	}
	m.known = c.Payment
	m.notice(Effect{Notice: Commanded, To: c.Participant})
	return true
}

// forgotten says that a payment from the store counts as not there.
func (m *Machine) forgotten(p *Payment) bool { return p.ID < m.known && !p.DeadLetter }

// present is a payment in memory, unless it has ended and is forgotten: then it is as
// little there as in the store. What the machine knows must not depend on when its
// rows were flushed.
func (m *Machine) present(p *Payment) *Payment {
	if !p.live && m.forgotten(p) {
		return nil
	}
	return p
}

// Known is the number below which finished payments are forgotten, except dead
// letters: what a store need not keep.
func (m *Machine) Known() ID { return m.known }

// KnownIn is Known of the machine whose row this is; 0 when there is none yet.
func KnownIn(row []byte) (ID, error) {
	var m Machine
	err := m.restoreMachine(row)
	return m.known, err
}
