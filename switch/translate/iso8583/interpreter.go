package iso8583

import (
	"errors"

	codec "switchd/codec/iso8583"
	"switchd/hsm"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// Classes of MTI digit 2 (ISO 8583:1987).
const (
	classFinancial = 2
	classNetwork   = 8
)

// The elements of a PIN: its block, and how it was made.
const (
	pinData         = 52
	securityControl = 53
)

// Open returns an Interpreter of this dialect.
func (d *Dialect) Open() translate.Interpreter { return &interpreter{dialect: d} }

// interpreter is a Dialect at work.
type interpreter struct {
	dialect *Dialect
	msg     codec.Message // the message read last
	writer  codec.Writer
}

// Read takes one message, without its frame.
func (i *interpreter) Read(body []byte, ev *payment.Event) translate.Inbound {
	err := i.msg.Parse(i.dialect.Spec, body)
	mti := i.msg.MTI()
	switch {
	case err != nil && mti.IsRequest():
		return malformed(err)
	case err != nil:
		in := i.answer(ev, false)
		in.Fault, in.Note = err, note(err)
		return in
	case mti.Class() == classNetwork:
		return i.management()
	case !mti.IsRequest():
		return i.answer(ev, true)
	case mti.Class() == classFinancial && mti.Function() == 0:
		return i.request(ev, translate.Request, i.dialect.request)
	case mti.Original() == mtiAuthorisation && i.asksStatus():
		return i.request(ev, translate.Enquiry, i.dialect.enquiry)
	}
	return translate.Inbound{Kind: translate.Unsupported}
}

func malformed(err error) translate.Inbound {
	return translate.Inbound{Kind: translate.Malformed, Fault: err, Note: note(err)}
}

// note is what DE44 says of a fault.
func note(err error) string {
	var field *codec.FieldError
	if errors.As(err, &field) {
		return field.Note()
	}
	return err.Error()
}

// asksStatus says that a 0100 is a status enquiry.
func (i *interpreter) asksStatus() bool {
	code, ok := i.msg.Uint(3)
	return ok && code/10_000 == processingStatus
}

// request reads a message that a participant wants an answer to.
func (i *interpreter) request(ev *payment.Event, kind translate.Kind, read func(*codec.Message, *payment.Event) *Fault) translate.Inbound {
	// Only requests are held to the rules of their type. An answer that names its
	// leg and says yes has moved money, whatever else it lacks.
	if err := i.dialect.Spec.Check(&i.msg); err != nil {
		return malformed(err)
	}
	switch fault := read(&i.msg, ev); {
	case fault == nil:
		in := translate.Inbound{Kind: kind}
		if i.msg.Has(pinData) {
			in.PINBlock = hsm.NewSecret(i.msg.Value(pinData))
		}
		return in
	case fault.Unsupported:
		return translate.Inbound{Kind: translate.Unsupported}
	default:
		return malformed(fault)
	}
}

func (i *interpreter) answer(ev *payment.Event, readable bool) translate.Inbound {
	if why := i.dialect.answer(&i.msg, readable, ev); why != "" {
		return translate.Inbound{Kind: translate.Unmatched, Note: why}
	}
	return translate.Inbound{Kind: translate.Answer}
}

// AppendUnknown appends the names of what the message read last has and the spec
// does not know.
func (i *interpreter) AppendUnknown(dst []byte) []byte { return i.msg.AppendUnknown(dst) }

// management reads an 0800 or an 0810.
func (i *interpreter) management() translate.Inbound {
	code, ok := i.msg.Uint(70)
	if !ok || !i.msg.Has(7) || !i.msg.Has(11) {
		return malformed(&Fault{DE: 70, Want: "missing"})
	}
	if i.msg.MTI().IsRequest() {
		in := translate.Inbound{Kind: translate.NetworkRequest, Code: int(code)}
		if code == keyChange {
			in.Offer = i.keyOffer()
		}
		return in
	}
	return translate.Inbound{Kind: translate.NetworkAnswer, Code: int(code), Accepted: string(i.msg.Value(39)) == "00"}
}

// keyChange is the DE70 of an 0800 that brings a key.
const keyChange = 161

// keyOffer reads the key of an 0800 from the tags of its DE48.
func (i *interpreter) keyOffer() translate.KeyOffer {
	at := func(tag int) string {
		v, _ := codec.FindTLV(i.msg.Value(48), tag)
		return string(v)
	}
	return translate.KeyOffer{Purpose: at(tagKeyPurpose), Block: at(tagKeyBlock), KCV: at(tagKeyCheck)}
}

// Refuse appends the refusal of the message read last, if it was a request.
func (i *interpreter) Refuse(dst []byte, r translate.Refusal) ([]byte, bool) {
	return i.dialect.refuse(&i.writer, dst, &i.msg, r)
}

// RefuseRequest appends the refusal of a request that was read but not taken.
func (i *interpreter) RefuseRequest(dst []byte, ev *payment.Event, r translate.Refusal) ([]byte, error) {
	return i.dialect.refuseRequest(&i.writer, dst, ev, r)
}

// Network appends an 0800.
func (i *interpreter) Network(dst []byte, at int64, number uint32, code int) ([]byte, error) {
	return i.dialect.network(&i.writer, dst, payment.Transmitted(at), number, code)
}

// NetworkAnswer appends the 0810 to the 0800 read last.
func (i *interpreter) NetworkAnswer(dst []byte, code string) ([]byte, error) {
	return i.dialect.networkAnswer(&i.writer, dst, &i.msg, code)
}

// Compose appends the message that ef asks for.
func (i *interpreter) Compose(dst []byte, ef *payment.Effect) ([]byte, error) {
	return i.dialect.compose(&i.writer, dst, ef)
}
