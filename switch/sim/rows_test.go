package sim

import (
	"testing"

	"switchd/switch/payment"
)

// TestRowsCrash: a crash leaves the state between two batches, with its number, and
// what is flushed stays.
func TestRowsCrash(t *testing.T) {
	r := newRows(true)
	for i := range uint64(6) {
		if i%2 == 0 {
			r.Reopen(1)
		}
		p := payment.Payment{ID: 1, State: payment.Received}
		if i%2 == 1 {
			p.State = payment.Declined
		}
		r.PutPayment(&p, []byte{byte(i)})
		r.PutMachine([]byte{byte(i)})
		r.commit(i + 1)
	}
	r.PutMachine([]byte{99}) // a batch that is never committed
	r.flushed(2)
	r.crash(1) // of the states after 2, 3, 4, 5 and 6 events the second
	if r.applied != 3 || string(r.all[rowKey{tag: tagMachine}]) != "\x02" || len(r.all) != 2 {
		t.Errorf("after %d events: %v", r.applied, r.all)
	}
	if _, open := r.all[rowKey{tag: tagOpen, number: 1}]; !open {
		t.Error("the payment was open then")
	}
	r.crash(0)
	if _, found := r.FindPayment(1, nil); r.applied != 2 || !found {
		t.Errorf("after %d events: %v", r.applied, r.all)
	}
}
