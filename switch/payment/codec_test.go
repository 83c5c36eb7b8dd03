package payment

import (
	"bytes"
	"testing"
	"time"
)

// FuzzDecodeEvent feeds damaged journal records: an error or an event that is
// written back to the same bytes, never a panic.
func FuzzDecodeEvent(f *testing.F) {
	e := Event{Seq: 7, At: 8, Kind: RequestArrived, From: 1}
	e.Text.Set(PayeeVPA, []byte("user1@bankb"))
	f.Add(AppendEvent(nil, &e))
	f.Add(AppendEvent(nil, &Event{Seq: 9, At: 9, Kind: AnswerArrived, Answer: Answer{Leg: LegCredit, Outcome: OK}}))
	refund := Event{Seq: 9, At: 9, Kind: RequestArrived, Request: Request{
		Model: ModelB, Type: Refund, Business: Business{1}, Original: Reference{Payment: 3, Key: RequestKey{STAN: 4}}, AcceptedAt: 5, ExpireAt: 6, Merchant: true,
	}}
	refund.Text.Set(Operator, []byte("o"))
	f.Add(AppendEvent(nil, &refund))
	f.Add(AppendEvent(nil, &Event{Seq: 9, At: 9, Kind: EnquiryArrived, Request: Request{Original: Reference{Business: Business{2}}}}))
	f.Add(AppendEvent(nil, &Event{Seq: 9, At: 9, Kind: CommandGiven, Command: &Command{Kind: SetCap, Participant: 2}}))
	f.Add(AppendEvent(nil, &Event{Seq: 9, At: 9, Kind: ConfigChanged, Config: &Config{Currency: 356}}))
	f.Fuzz(func(t *testing.T, record []byte) {
		var e Event
		if DecodeEvent(record, &e) != nil || e.Kind == ConfigChanged { // JSON has many spellings
			return
		}
		var again Event
		if err := DecodeEvent(AppendEvent(nil, &e), &again); err != nil {
			t.Fatalf("what was read cannot be written and read again: %v", err)
		}
		if !bytes.Equal(AppendEvent(nil, &e), AppendEvent(nil, &again)) {
			t.Fatal("an event changes on its way through the journal")
		}
	})
}

// FuzzDecodeChange: what is read of a deed's row is written as it was.
func FuzzDecodeChange(f *testing.F) {
	c := Change{Seq: 7, At: 8, Kind: CommandGiven, Command: Command{Kind: SetCap, Participant: 1}}
	for _, field := range changeFields {
		f.Add(c.append(nil))
		c.Text.Set(field, []byte(field.String()))
	}
	c.Refused = true
	f.Add(c.append(nil))
	f.Fuzz(func(t *testing.T, row []byte) {
		var c Change
		if DecodeChange(row, &c) != nil {
			return
		}
		again := c.append(nil)
		var d Change
		if err := DecodeChange(again, &d); err != nil || !bytes.Equal(d.append(nil), again) {
			t.Errorf("%x is written as %x: %v", row, again, err)
		}
	})
}

// FuzzDecodeRow does the same for rows of the state store.
func FuzzDecodeRow(f *testing.F) {
	p := Payment{State: CreditSent, heapAt: -1}
	p.Legs[LegDebit] = LegState{SentAt: 1, STAN: 2, Transmitted: 3, Tries: 4}
	p.Text.Set(Note, []byte("tea"))
	f.Add(p.append(nil))
	p.Type, p.Original, p.Refunded, p.DoubtAt, p.RetriedAt, p.Watched, p.DeadLetter = Refund, 7, 8, 9, 10, true, true
	p.Legs[LegReversal] = LegState{SentAt: 1, Due: 2, Answer: Pending, AnsweredIn: 3, owed: isOwed | isSent}
	p.Exceptions = 1 << CreditAfterFail
	p.asks = append(p.asks, ask{by: 2, told: Pending, at: [3]int64{3, 2, 1}})
	f.Add(p.append(nil))
	f.Fuzz(func(t *testing.T, row []byte) {
		var p, again Payment
		if p.decode(row) != nil {
			return
		}
		if err := again.decode(p.append(nil)); err != nil || !bytes.Equal(p.append(nil), again.append(nil)) {
			t.Fatalf("a payment changes on its way through the store: %v", err)
		}
	})
}

// TestTextIsBoundedByItsValues: what a field held before takes no room, so that a
// bundle takes the same before and after its way through a record.
func TestTextIsBoundedByItsValues(t *testing.T) {
	var text Text
	most := bytes.Repeat([]byte("n"), TextMax-10)
	for i := range 5 {
		most[0] = byte('a' + i)
		if !text.Set(Note, most) || !text.Set(Reason, []byte("because...")) {
			t.Fatal("no room for a value in the place of another")
		}
	}
	if !bytes.Equal(text.Get(Note), most) || string(text.Get(Reason)) != "because..." || text.Bytes() > TextMax {
		t.Errorf("%d bytes: %.9s, %s", text.Bytes(), text.Get(Note), text.Get(Reason))
	}
	if text.Set(Operator, []byte("o")) || text.Set(Reason, []byte("because.... ")) || text.Has(Operator) || string(text.Get(Reason)) != "because..." {
		t.Error("took more than TextMax, or changed what it had")
	}
}

func TestTransmittedIsTheCalendar(t *testing.T) {
	at := time.Date(2023, 12, 30, 23, 59, 58, 0, time.UTC)
	for range 3000 { // over a leap year, at odd steps
		want := uint32(at.Month())*100_000_000 + uint32(at.Day())*1_000_000 + uint32(at.Hour())*10_000 + uint32(at.Minute())*100 + uint32(at.Second())
		if got := Transmitted(at.UnixNano()); got != want {
			t.Fatalf("%v: %010d, want %010d", at, got, want)
		}
		at = at.Add(7*time.Hour + 13*time.Minute + 11*time.Second)
	}
}

func TestRepeatGapGrowsToItsBound(t *testing.T) {
	timers := Timers{Reversal: 10 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute}
	for n, want := range []time.Duration{10, 20, 40, 80, 160, 320, 640, 900, 900} {
		if got := timers.repeatGap(uint16(n)); got != int64(want*time.Second) {
			t.Errorf("gap after try %d is %v, want %v", n, time.Duration(got), want*time.Second)
		}
	}
}

// TestDecodePublic: what is not secret can be read whatever has become of the rest.
func TestDecodePublic(t *testing.T) {
	e := Event{Seq: 7, At: 8, Kind: RequestArrived, From: 1, Request: Request{Key: RequestKey{From: 1, STAN: 5}, Hash: 99}}
	for f := range textFields {
		e.Text.Set(f, []byte("value of "+f.String()))
	}
	record := AppendEvent(nil, &e)
	at := SecretAt(record)
	sealed := append(bytes.Clone(record[:at]), "something else, of another length"...)
	was := bytes.Clone(sealed)
	var read Event
	left, err := DecodePublic(sealed, &read)
	if err != nil || left != len(sealed)-at || !bytes.Equal(sealed, was) {
		t.Fatalf("%d bytes left out of %d, %v", left, len(sealed)-at, err)
	}
	seen := 0
	read.Text.Fields(func(f TextField, v []byte) {
		if seen++; secret&(1<<f) != 0 || string(v) != "value of "+f.String() {
			t.Errorf("%v is %q", f, v)
		}
	})
	if seen != int(textFields)-9 || read.Seq != 7 || read.Request.Key.STAN != 5 || read.Request.Hash != 0 {
		t.Errorf("%d texts, %+v", seen, read.Request)
	}
	tick := AppendEvent(nil, &Event{Seq: 9, At: 9, Kind: Tick})
	if left, err := DecodePublic(tick, &read); err != nil || left != 0 || read.Kind != Tick {
		t.Errorf("a tick: %v, %d, %v", read.Kind, left, err)
	}
	for n := range at {
		if _, err := DecodePublic(record[:n], &read); err == nil {
			t.Fatalf("%d bytes of %d are taken for a record", n, len(record))
		}
	}
}
