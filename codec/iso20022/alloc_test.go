package iso20022

import "testing"

// report is what a status report is made of.
var report = struct {
	msgID, original, tx, uetr, end, approval []byte
	now                                      int64
}{
	[]byte("SWD0123456789ABQ00"), []byte("A-1"), []byte("T1"), []byte("8a562c67-ca16-48ba-b074-65581be6f011"),
	[]byte("NOTPROVIDED"), []byte("123456"), 1_767_323_045_678_000_000,
}

// writeReport writes the pacs.002 of an executed payment, 16 values of our own.
func writeReport(w *Writer, p *Profile, d *Definition, dst []byte) ([]byte, error) {
	w.Begin(p, d, dst)
	w.SetString(BizFrom, "999999")
	w.SetString(BizTo, "100001")
	w.Set(MsgID, report.msgID)
	w.SetTime(CreatedAt, report.now)
	w.Set(OriginalMsgID, report.original)
	w.SetString(OriginalMsgName, "pacs.008.001.08")
	w.Set(OriginalInstructionID, report.original)
	w.Set(OriginalEndToEndID, report.end)
	w.Set(OriginalTransactionID, report.tx)
	w.Set(OriginalUETR, report.uetr)
	w.SetString(Status, "ACSC")
	w.SetTime(AcceptedAt, report.now)
	w.SetDate(SettledOn, report.now/1_000_000_000/secondsPerDay)
	w.Set(ServicerReference, report.approval)
	w.SetString(InstructingAgent, "999999")
	w.SetString(InstructedAgent, "100001")
	return w.Finish()
}

func TestWriteDoesNotAllocate(t *testing.T) {
	p := mustProfile(t, "ips-base")
	d := p.Sent("pacs.002")
	dst := make([]byte, 0, 4096)
	var w Writer
	if n := testing.AllocsPerRun(100, func() {
		if b, err := writeReport(&w, p, d, dst); err != nil || len(b) == 0 {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSamplesDoNotAllocate: no message of any profile does, amounts included.
func TestSamplesDoNotAllocate(t *testing.T) {
	for _, name := range BuiltinNames() {
		p := mustProfile(t, name)
		for _, d := range Definitions() {
			if !p.Accepts(d) || d == p.Header() {
				continue
			}
			var w Writer
			fillSample(t, &w, p, d, everything)
			if p.Carries(d, Amount) {
				w.SetAmount(Amount, 12345, "USD")
			}
			w.dst = make([]byte, 0, 64<<10)
			if n := testing.AllocsPerRun(10, func() {
				if _, err := w.Finish(); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("%s %s: %v allocations", name, d.Name, n)
			}
		}
	}
}

func TestRelayDoesNotAllocate(t *testing.T) {
	p := mustProfile(t, "ips-base")
	m := mustParse(t, p, []byte(received))
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := AppendRelay(dst, p, m, Change{BizFrom, report.original}, Change{InstructionID, report.msgID}); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestValuesDoNotAllocate(t *testing.T) {
	amount, at := []byte("100.10"), []byte("2026-01-02T03:04:05.678+05:30")
	dst := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		minor, why := ParseAmount(amount, 2)
		stamp, ok := ParseDateTime(at)
		decimals, known := Exponent("INR")
		if why != ReasonNone || !ok || !known || len(AppendAmount(dst, minor, decimals)) == 0 || len(AppendDateTime(dst, stamp)) == 0 {
			t.Error("wrong values")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
