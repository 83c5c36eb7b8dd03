package iso20022

import (
	"errors"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// interpreter is a Dialect at work.
type interpreter struct {
	dialect *Dialect
	msg     codec.Message // the message read last
	fault   *codec.Error  // of it
	writer  codec.Writer

	// Room for ids that are being written.
	id, about   messageID
	transaction [translate.SwitchIDBytes]byte
	uetr        [uetrBytes]byte
	number      [6]byte
	eventID     [35]byte
	vpa         [translate.VPABytesMax]byte
}

// reader takes one kind of message.
type reader func(i *interpreter, ev *payment.Event) translate.Inbound

// readers are the messages that a participant may send, by family. What is
// not here is in order but not for this switch.
var readers = map[string]reader{
	familyTransfer:     (*interpreter).request,
	familyInitiation:   (*interpreter).request,
	familyStatus:       (*interpreter).statusAnswer,
	familyResolved:     (*interpreter).resolutionAnswer,
	familyRecallAnswer: (*interpreter).recallAnswer,
	familyReceipt:      (*interpreter).receipt,
	familyReject:       (*interpreter).rejected,
	familyEnquiry:      (*interpreter).enquiry,
	familyEvent:        (*interpreter).event,
	familyEventAnswer:  (*interpreter).eventAnswer,
}

// Read takes one message, without its frame.
func (i *interpreter) Read(body []byte, ev *payment.Event) translate.Inbound {
	i.fault = nil
	if err := i.msg.Parse(i.dialect.profile, body); err != nil {
		return i.unreadable(err, ev)
	}
	d := i.msg.Definition()
	if d == nil || len(i.msg.Header()) == 0 {
		return i.wrong(codec.BizDefinition, "an envelope with AppHdr and Document")
	}
	if in, ok := i.addressed(d); !ok {
		return in
	}
	if read := readers[familyOf(d)]; read != nil {
		return read(i, ev)
	}
	return translate.Inbound{Kind: translate.Unsupported}
}

// addressed checks that the header is about this document, from this participant
// to this switch.
func (i *interpreter) addressed(d *codec.Definition) (translate.Inbound, bool) {
	dir := i.dialect.directory
	switch {
	case string(i.msg.Text(codec.BizDefinition)) != d.Name:
		return i.wrong(codec.BizDefinition, "the name of the document's message"), false
	case string(i.msg.Text(codec.BizFrom)) != dir.InstitutionOf(i.dialect.number):
		return i.wrong(codec.BizFrom, "the sender's institution"), false
	case string(i.msg.Text(codec.BizTo)) != dir.Institution:
		return i.wrong(codec.BizTo, "this switch's institution"), false
	}
	return translate.Inbound{}, true
}

// unreadable sorts a message that is malformed. An answer that names its leg
// proves nothing else: the machine must know that it came.
func (i *interpreter) unreadable(err error, ev *payment.Event) translate.Inbound {
	if !errors.As(err, &i.fault) {
		i.fault = &codec.Error{}
	}
	in := translate.Inbound{Kind: translate.Malformed, Fault: err, Note: clip(i.fault.Reason.String())}
	if f := familyOf(i.msg.Definition()); f == familyStatus || f == familyResolved {
		if id, leg, ok := i.named(); ok {
			i.answered(ev, id, leg)
			ev.Answer.Outcome = payment.Unreadable
			in.Kind = translate.Answer
		}
	}
	return in
}

// unmatched is an answer whose key, in a field, names no leg of ours that it could
// answer. Of the key the event has what there is.
func (i *interpreter) unmatched(ev *payment.Event, in codec.Field, id payment.ID, leg payment.Leg) translate.Inbound {
	i.answered(ev, id, leg)
	note := in.String() + " not ours"
	switch {
	case !i.msg.Has(in):
		note = in.String() + " missing"
	case id != 0:
		note = in.String() + ": no leg"
	}
	return translate.Inbound{Kind: translate.Unmatched, Note: clip(note)}
}

// AppendUnknown appends the names of what the message read last has and its schema
// does not know.
func (i *interpreter) AppendUnknown(dst []byte) []byte { return i.msg.AppendUnknown(dst) }

// wrong is a fault of the content: the message is valid, but not as it must be.
func (i *interpreter) wrong(f codec.Field, want string) translate.Inbound {
	return i.faulty(f, codec.ReasonValue, want)
}

// faulty is a fault of a field for a reason.
func (i *interpreter) faulty(f codec.Field, why codec.Reason, want string) translate.Inbound {
	i.fault = i.msg.Blame(i.dialect.profile, f, why, want)
	return translate.Inbound{Kind: translate.Malformed, Fault: i.fault, Note: clip(f.String() + " " + want)}
}

func clip(note string) string { return note[:min(len(note), translate.NoteBytesMax)] }
