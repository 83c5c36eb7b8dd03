package iso8583

import (
	"testing"

	codec "switchd/codec/iso8583"
	"switchd/ledger"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

func participantOf(n int) route.Participant { return route.Participant(n) }

func amountOf(minor int64) ledger.Amount { return ledger.Amount{Minor: minor, Currency: 356} }

// FuzzRequest feeds any message of the dialect: a fault that fits DE44, or an
// event that survives the journal. Never a panic.
func FuzzRequest(f *testing.F) {
	d := dialect(f, "iso87-npci", 0)
	f.Add(fields(f, d, 0x0200, pushFields()))
	f.Add(fields(f, d, 0x0210, map[int]string{7: "1122153000", 11: "000001", 37: "000000000012", 39: "00"}))
	f.Fuzz(func(t *testing.T, body []byte) {
		var msg codec.Message
		if msg.Parse(d.Spec, body) != nil {
			return
		}
		var ev payment.Event
		d.answer(&msg, true, &ev)
		var w codec.Writer
		d.refuse(&w, nil, &msg, translate.NotSupported)
		if fault := d.request(&msg, &ev); fault != nil {
			if len(fault.Error()) > translate.NoteBytesMax {
				t.Fatalf("%q does not fit DE44", fault.Error())
			}
			return
		}
		var back payment.Event
		if err := payment.DecodeEvent(payment.AppendEvent(nil, &ev), &back); err != nil {
			t.Fatal(err)
		}
		if _, err := d.refuseRequest(&w, nil, &ev, translate.Busy); err != nil {
			t.Fatalf("a request that was read cannot be refused: %v", err)
		}
	})
}
