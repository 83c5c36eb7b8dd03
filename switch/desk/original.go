package desk

import "switchd/switch/payment"

// original is the store of a machine that makes one payment again: it knows the payment
// that this one gives back, as it was before any refund, and nothing else.
type original struct {
	p   *payment.Payment // nil: none
	row []byte
}

func originalOf(p *payment.Payment) original {
	o := original{p: Copy(p)}
	o.p.Refunded, o.p.Returned = 0, false
	o.row = payment.AppendPayment(nil, o.p)
	return o
}

// FindRequest finds it by its key.
func (o original) FindRequest(k *payment.RequestKey, b []byte) ([]byte, bool) {
	if o.p == nil || *k != o.p.Key {
		return nil, false
	}
	return append(b, o.row...), true
}

// FindBusiness finds it by what it was about.
func (o original) FindBusiness(b *payment.Business) (payment.ID, bool) {
	if o.p == nil || *b != o.p.Business {
		return 0, false
	}
	return o.p.ID, true
}

// FindPayment finds it by its number.
func (o original) FindPayment(id payment.ID, b []byte) ([]byte, bool) {
	if o.p == nil || id != o.p.ID {
		return nil, false
	}
	return append(b, o.row...), true
}

// FindLimit finds nothing.
func (original) FindLimit(*payment.LimitKey) (payment.LimitUse, bool) {
	return payment.LimitUse{}, false
}
