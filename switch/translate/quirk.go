package translate

import "switchd/switch/payment"

// Quirk changes the messages of one participant on the wire where it differs from
// its dialect in a way that no key of the configuration describes: a check byte, a
// header within the body, a field in a form of its own. What can be data is data
// (iso8583.Quirks): a Quirk is for the one that is left. It does not change after it
// is built and may be used by several goroutines at once.
type Quirk interface {
	// Arriving returns the message that stands for body, which it does not change:
	// body itself, a part of it, or a message appended to room. What it does not
	// understand it returns as it is: the dialect says what is wrong.
	Arriving(room, body []byte) []byte

	// Leaving changes the message that dst has from start on, and returns dst. An
	// error means that the message cannot be said to this participant.
	Leaving(dst []byte, start int) ([]byte, error)
}

// WithQuirk is a dialect whose messages pass a quirk. Frames are not its matter, and
// what the machine hears and says stays what the dialect makes of it.
func WithQuirk(d Dialect, q Quirk) Dialect { return quirkDialect{d, q} }

type quirkDialect struct {
	Dialect
	quirk Quirk
}

// Open returns an Interpreter of the dialect behind the quirk.
func (d quirkDialect) Open() Interpreter {
	return &quirkInterpreter{Interpreter: d.Dialect.Open(), quirk: d.quirk}
}

// quirkRoom is by how much a message may grow in the room that a quirk is given
// without another one being made.
const quirkRoom = 256

type quirkInterpreter struct {
	Interpreter
	quirk Quirk
	room  []byte // of the message read last
}

// Read takes one message.
func (i *quirkInterpreter) Read(body []byte, ev *payment.Event) Inbound {
	if cap(i.room) < len(body)+quirkRoom {
		i.room = make([]byte, 0, len(body)+quirkRoom)
	}
	return i.Interpreter.Read(i.quirk.Arriving(i.room[:0], body), ev)
}

// Refuse appends the refusal of the message read last.
func (i *quirkInterpreter) Refuse(dst []byte, r Refusal) ([]byte, bool) {
	b, ok := i.Interpreter.Refuse(dst, r)
	if !ok {
		return dst, false
	}
	b, err := i.leaving(dst, b, nil)
	return b, err == nil
}

// RefuseRequest appends the refusal of a request that was read but not taken.
func (i *quirkInterpreter) RefuseRequest(dst []byte, ev *payment.Event, r Refusal) ([]byte, error) {
	b, err := i.Interpreter.RefuseRequest(dst, ev, r)
	return i.leaving(dst, b, err)
}

// Network appends a network management request.
func (i *quirkInterpreter) Network(dst []byte, at int64, number uint32, code int) ([]byte, error) {
	b, err := i.Interpreter.Network(dst, at, number, code)
	return i.leaving(dst, b, err)
}

// NetworkAnswer appends the answer to the network management request read last.
func (i *quirkInterpreter) NetworkAnswer(dst []byte, code string) ([]byte, error) {
	b, err := i.Interpreter.NetworkAnswer(dst, code)
	return i.leaving(dst, b, err)
}

// Compose appends the message that ef asks for.
func (i *quirkInterpreter) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	b, err := i.Interpreter.Compose(dst, ef)
	return i.leaving(dst, b, err)
}

// leaving passes what was appended to dst on; after an error dst is as it was.
func (i *quirkInterpreter) leaving(dst, b []byte, err error) ([]byte, error) {
	if err != nil {
		return dst, err
	}
	b, err = i.quirk.Leaving(b, len(dst))
	if err != nil {
		return dst, err
	}
	return b, nil
}
