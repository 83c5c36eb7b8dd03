package iso8583

import (
	codec "switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// enquiry reads a status enquiry of a participant (0100, DE3 38xxxx): what became
// of the payment whose request had the STAN, DE7 and DE32 in DE90 and the DE37 of
// this message, or which has the id in DE120 tag 002.
func (d *Dialect) enquiry(msg *codec.Message, ev *payment.Event) *Fault {
	ev.Kind, ev.From = payment.EnquiryArrived, d.Number
	ev.Text.Reset()
	r := &ev.Request
	*r = payment.Request{}
	if f := d.key(msg, r); f != nil {
		return f
	}
	if id, ok := codec.FindTLV(msg.Value(120), tagSwitchID); ok {
		r.Original.Payment, ok = translate.ParseSwitchID(id)
		if !ok {
			return &Fault{DE: 120, Want: "002 of a payment"}
		}
		return nil
	}
	original := msg.Value(90)
	if len(original) != 42 {
		return &Fault{DE: 90, Want: "missing"}
	}
	k := &r.Original.Key
	*k = r.Key // with the fields that the profile's key has, and no others
	k.STAN, k.Transmitted, k.Acquirer = 0, 0, 0
	set := d.duplicate
	if set == 0 {
		set = defaultDuplicate
	}
	if set&(1<<11) != 0 {
		k.STAN = uint32(number(original[4:10]))
	}
	if set&(1<<7) != 0 {
		k.Transmitted = uint32(number(original[10:20]))
	}
	if set&(1<<32) != 0 {
		k.Acquirer = number(original[20:31])
	}
	return nil
}

// number reads the digits of a field that has nothing else.
func number(digits []byte) (n uint64) {
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	return n
}

// enquiryAnswer is the 0110 that says what became of a payment.
func (d *Dialect) enquiryAnswer(w *codec.Writer, dst []byte, ef *payment.Effect) ([]byte, error) {
	p, asked := ef.Payment, ef.Request
	result := translate.ResultOf(ef.Outcome)
	w.Begin(d.Spec, dst, mtiAuthorisation.Response())
	w.SetUint(3, processingStatus*10_000)
	if p.ID != 0 {
		d.setAmount(w, p.Amount.Minor)
	}
	w.SetUint(7, uint64(asked.Echo.Transmitted))
	w.SetUint(11, uint64(asked.Echo.STAN))
	w.SetString(32, d.Directory.InstitutionOf(d.Number))
	w.Set(37, asked.Echo.RRN[:])
	w.SetString(39, result.Code)
	d.note(w, result.Text)
	if p.ID != 0 {
		w.SetUint(49, uint64(p.Amount.Currency))
	}
	d.about(w, p, "CHKTXN", result)
	return w.Finish()
}

// update is the 0220 that tells a sender how a payment has ended, after it was
// told something else: its DE90 names the request, its DE37 is a reference of ours.
func (d *Dialect) update(w *codec.Writer, dst []byte, ef *payment.Effect) ([]byte, error) {
	p := ef.Payment
	leg, result := &p.Legs[payment.LegUpdate], translate.ResultOf(ef.Outcome)
	mti := mtiAdvice
	if ef.Repeat {
		mti = mtiAdviceRepeat
	}
	w.Begin(d.Spec, dst, mti)
	w.SetUint(3, functions[p.Type].processing*10_000+uint64(p.AccountTypes))
	d.setAmount(w, p.Amount.Minor)
	w.SetUint(7, uint64(leg.Transmitted))
	w.SetUint(11, uint64(leg.STAN))
	d.references(w, p, payment.LegUpdate)
	w.SetString(39, result.Code)
	d.note(w, result.Text)
	w.SetUint(49, uint64(p.Amount.Currency))
	var room [42]byte
	w.Set(90, d.appendDE90(room[:0], p, p.Echo.STAN, p.Echo.Transmitted))
	d.setOwn(w, 102, p, payment.PayerAccount)
	d.about(w, p, "UPDATE", result)
	return w.Finish()
}

// about writes the DE120 of a message that says what became of a payment.
func (d *Dialect) about(w *codec.Writer, p *payment.Payment, kind string, result *translate.Result) {
	w.BeginTLV(120)
	w.TLVString(tagType, kind)
	if p.ID != 0 {
		id := translate.SwitchID(p.ID)
		w.TLV(tagSwitchID, id[:])
	}
	w.TLVString(tagUPI, result.UPI)
	w.EndTLV()
}
