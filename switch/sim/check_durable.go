package sim

import "switchd/switch/translate"

// early: nothing leaves the process before the event that caused it is durable.
// The process is asked how far it has stepped; whether that is durable the disk
// says. And no message names a payment whose request is not durable.
func (j *judge) early(m *message) {
	w := j.w
	if w.node != nil && w.node.stepped > w.synced {
		j.violation("durable", 0, "a %v leaves after event %d, durable is %d", m.kind, w.node.stepped, w.synced)
	}
	if m.kind == reply || m.kind == enquiryReply {
		return
	}
	if id, _, ok := translate.ParseReference(m.ref[:]); ok && uint64(id) > w.synced {
		j.violation("durable", id, "a %v names payment %d, durable is %d", m.kind, id, w.synced)
	}
}
