package ingress

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"switchd/codec/iso8583"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// TestHold: new payments are declined at once and leave no event; everything else
// goes on.
func TestHold(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.in.Hold(DiskFull)
	if r.in.Held() != DiskFull {
		t.Errorf("held for %q", r.in.Held())
	}
	refund := pushTo("000003")
	original := translate.SwitchID(1)
	refund[3], refund[120] = "201000", fmt.Sprintf("001006REFUND002%03d%s", len(original), original[:])
	for stan, m := range map[string]map[int]string{"000001": pushTo("000001"), "000003": refund} {
		r.send(r.message(0x0200, m))
		if got := r.receive(); got.MTI() != 0x0210 || string(got.Value(39)) != "96" || string(got.Value(44)) != "BUSY" || string(got.Value(11)) != stan {
			t.Errorf("a new payment: %v DE39 %s DE44 %s", got.MTI(), got.Value(39), got.Value(44))
		}
	}
	// Answers, enquiries, network messages and repeats are as ever; a repeat that
	// nobody knows is to be declined on the record.
	ref := translate.Reference(2, payment.LegDebit)
	r.send(r.message(0x0210, map[int]string{7: "1122153000", 11: "000001", 37: string(ref[:]), 39: "00"}))
	r.expect(payment.AnswerArrived)
	r.send(r.message(0x0800, network("301")))
	r.want(0x0810, "00", "")
	r.send(r.message(0x0201, pushTo("000001")))
	r.expect(payment.RequestArrived)
	r.refuses(payment.Busy)
	// Its original, overtaken by it on another link, gets the same answer.
	r.send(r.message(0x0200, pushTo("000001")))
	r.expect(payment.RequestArrived)
	r.refuses(payment.Busy)
	if got := r.counted("switchd_requests_held_total"); got != 2 {
		t.Errorf("%v held payments are counted, want 2", got)
	}
}

// TestRepeatsAfterAHold: what was declined without a record must not be paid when
// it is repeated, however many have been declined since.
func TestRepeatsAfterAHold(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.in.Hold(DiskFull)
	r.send(r.message(0x0200, pushTo("000001")))
	r.receive()
	r.in.Release(clock() + int64(time.Hour))
	if r.in.Held() != "" {
		t.Errorf("held for %q", r.in.Held())
	}
	for _, c := range []struct {
		mti  iso8583.MTI
		stan string
		want payment.Outcome
	}{
		{0x0201, "000001", payment.Busy},
		{0x0201, "000002", payment.Busy},      // may have been declined as well
		{0x0200, "000003", payment.NoOutcome}, // a new one
		{0x0200, "000001", payment.NoOutcome}, // the same request again as a new one: its sender knows that it was declined
	} {
		r.send(r.message(c.mti, pushTo(c.stan)))
		r.expect(payment.RequestArrived)
		r.refuses(c.want)
	}
	r.in.Release(clock() - 1) // no repeat can come any more
	r.send(r.message(0x0201, pushTo("000004")))
	r.expect(payment.RequestArrived)
	r.refuses(payment.NoOutcome)
}

// TestHoldWhileDraining: not even the record of a decline is written.
func TestHoldWhileDraining(t *testing.T) {
	r := newRig(t, 100)
	r.send(r.message(0x0800, network("001")))
	r.want(0x0810, "00", "")
	r.expect(payment.LinkUp)
	r.in.Drain()
	r.in.Hold(DiskFull)
	r.send(r.message(0x0200, pushTo("000001")))
	if m := r.receive(); string(m.Value(39)) != "96" {
		t.Errorf("DE39 %s, want 96", m.Value(39))
	}
}

// refuses checks what the latest request is to be refused with.
func (r *rig) refuses(want payment.Outcome) {
	r.t.Helper()
	if got := r.engine.last().Request.Refuse; got != want {
		r.t.Errorf("is to be refused with %v, want %v", got, want)
	}
}

// counted is the sum of a counter of the ingress over its labels, or the counter with
// these values of all labels, in the order of their names.
func (r *rig) counted(name string, labels ...string) (sum float64) {
	r.t.Helper()
	families, err := r.own.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	found := false
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var has []string
			for _, l := range m.GetLabel() {
				has = append(has, l.GetValue())
			}
			if f.GetName() == name && (len(labels) == 0 || slices.Equal(has, labels)) {
				found, sum = true, sum+m.GetCounter().GetValue()
			}
		}
	}
	if !found {
		r.t.Errorf("there is no counter %s %q", name, labels)
	}
	return sum
}
