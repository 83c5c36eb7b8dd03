package iso20022

import (
	"strconv"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// event reads an admi.004: sign-on, sign-off, echo.
func (i *interpreter) event(*payment.Event) translate.Inbound {
	return translate.Inbound{Kind: translate.NetworkRequest, Code: eventCode(i.msg.Text(codec.EventCode))}
}

// accepted is what EvtDesc of an admi.011 says for a yes.
const accepted = "OK"

// eventAnswer reads an admi.011.
func (i *interpreter) eventAnswer(*payment.Event) translate.Inbound {
	return translate.Inbound{
		Kind: translate.NetworkAnswer, Code: eventCode(i.msg.Text(codec.EventCode)),
		Accepted: string(i.msg.Text(codec.EventDescription)) == accepted,
	}
}

// Network appends an admi.004. Its id has the time and counts, so that each is
// another message, on whatever link and after whatever start.
func (i *interpreter) Network(dst []byte, at int64, number uint32, code int) ([]byte, error) {
	for n := len(i.number) - 1; n >= 0; n-- {
		i.number[n] = byte('0' + number%10)
		number /= 10
	}
	id := strconv.AppendInt(append(i.eventID[:0], "SWDNET"...), at, 10)
	id = append(id, i.number[:]...)
	w := i.begin(dst, i.dialect.send.event, id, at, false)
	w.SetString(codec.EventCode, eventName(code))
	w.Set(codec.EventParameter, i.number[:])
	w.SetTime(codec.EventTime, at)
	return w.Finish()
}

// NetworkAnswer appends the admi.011 to the admi.004 read last.
func (i *interpreter) NetworkAnswer(dst []byte, code string) ([]byte, error) {
	at, _ := codec.ParseDateTime(i.msg.Text(codec.BizCreatedAt)) // their clock: an answer has no other
	w := i.begin(dst, i.dialect.send.eventAnswer, refusalID(i.msg.Text(codec.BizMsgID), 0, "", &i.id), at, false)
	if i.msg.Has(codec.EventParameter) {
		w.Set(codec.OriginatorReference, i.msg.Text(codec.EventParameter))
	}
	w.Set(codec.EventCode, i.msg.Text(codec.EventCode))
	if code == "00" {
		code = accepted
	}
	w.SetString(codec.EventDescription, code)
	return w.Finish()
}
