package iso8583

import (
	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// echoed are the fields that a refusal gives back, as far as they were readable.
var echoed = [...]int{3, 4, 7, 11, 32, 33, 37}

// refuse appends the refusal of the request in msg to dst: its response type,
// what identifies it, and why. msg may have been parsed only up to a bad field.
// A message that is no request is not answered: ok is false.
func (d *Dialect) refuse(w *codec.Writer, dst []byte, msg *codec.Message, r translate.Refusal) (b []byte, ok bool) {
	if !msg.MTI().IsRequest() {
		return dst, false
	}
	w.Begin(d.Spec, dst, msg.MTI().Response())
	for _, de := range echoed {
		if msg.Has(de) {
			w.Set(de, msg.Value(de))
		}
	}
	w.SetString(39, translate.ResultOf(r.Why).Code)
	d.note(w, r.Note)
	if msg.Has(49) {
		w.Set(49, msg.Value(49))
	}
	if msg.Has(70) {
		w.Set(70, msg.Value(70))
	}
	if msg.Has(102) {
		w.Set(102, msg.Value(102))
	}
	b, err := w.Finish()
	return b, err == nil
}

// network appends a network management request (0800) with the DE70 code.
// transmitted is DE7 as a number, stan DE11.
func (d *Dialect) network(w *codec.Writer, dst []byte, transmitted, stan uint32, code int) ([]byte, error) {
	w.Begin(d.Spec, dst, mtiNetwork)
	w.SetUint(7, uint64(transmitted))
	w.SetUint(11, uint64(stan))
	w.SetUint(70, uint64(code))
	return w.Finish()
}

// networkAnswer appends the 0810 to the network management request in msg.
func (d *Dialect) networkAnswer(w *codec.Writer, dst []byte, msg *codec.Message, code string) ([]byte, error) {
	w.Begin(d.Spec, dst, mtiNetwork.Response())
	w.Set(7, msg.Value(7))
	w.Set(11, msg.Value(11))
	w.SetString(39, code)
	w.Set(70, msg.Value(70))
	return w.Finish()
}

// refuseRequest appends the refusal of a push request that was read but not
// taken: what the machine would have answered, had it declined it.
func (d *Dialect) refuseRequest(w *codec.Writer, dst []byte, ev *payment.Event, r translate.Refusal) ([]byte, error) {
	q := &ev.Request
	p := payment.Payment{Key: q.Key, Echo: q.Echo, Amount: q.Amount, AccountTypes: q.AccountTypes, Type: q.Type, Text: ev.Text, Reply: r.Why}
	return d.reply(w, dst, &p, r.Note)
}

// note writes DE44, where the spec has it: it is for people.
func (d *Dialect) note(w *codec.Writer, text string) {
	if text != "" && d.Spec.Defines(44) {
		w.SetString(44, text)
	}
}
