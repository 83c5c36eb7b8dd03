package main

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/ledger"
	"switchd/switch/journal"
	"switchd/switch/mask"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// TestMaskedText: what is masked of an event's texts, wherever an account stands.
func TestMaskedText(t *testing.T) {
	e := payment.Event{Kind: payment.RequestArrived}
	for f, v := range map[payment.TextField]string{
		payment.PayerAccount: "5413337894563218", payment.PayeeAccount: "12345678901", payment.PayerVPA: "9876543210@bankb", payment.PayeeVPA: "no-at-sign",
		payment.PayerName: "JANE", payment.Note: "rent", payment.EndToEndID: "E2E 5413337894563218", payment.MsgID: "M12345678901X",
		payment.TransactionID: "T-1", payment.InstructionID: "DE89370400440532013000", payment.Operator: "asha\x1b[2J", payment.PayerIFSC: "BNKA0000001",
	} {
		if !e.Text.Set(f, []byte(v)) {
			t.Fatal("no room")
		}
	}
	want := map[string]string{
		"payer_account": "541333******3218", "payee_account": "***********", "payer_vpa": "********@bankb", "payee_vpa": "********@",
		"payer_name": "********", "note": "********", "end_to_end_id": "********", "msg_id": "********",
		"transaction_id": "T-1", "instruction_id": "DE8937************3000", "operator": `asha\u001B[2J`, "payer_ifsc": "BNKA0000001",
	}
	got := mask.Texts(&e.Text)
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s is %q, want %q", name, got[name], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}

func testKeys(t *testing.T) *seal.Keys {
	t.Helper()
	keys, err := seal.New([32]byte{1}, seal.Key{ID: 1})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestEventLines: what a line says of each kind of event.
func TestEventLines(t *testing.T) {
	keys := testKeys(t)
	r, sealer := newEventReader(keys, nil), keys.Sealer()
	r.learn(&payment.Config{Currency: 356, Participants: []payment.Profile{{ID: "BANKA"}, {ID: "BANKC", Number: 2}}})
	f := func(e payment.Event, texts map[payment.TextField]string, want string) {
		t.Helper()
		e.Seq, e.At = 7, 1_700_000_000_000_000_000
		for field, v := range texts {
			e.Text.Set(field, []byte(v))
		}
		record := payment.AppendEvent(nil, &e)
		if err := r.read(7, sealer.Seal(nil, record, payment.SecretAt(record))); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		v := r.view()
		if err := writeEvent(&b, &v); err != nil {
			t.Fatal(err)
		}
		if want = "         7  2023-11-14T22:13:20.000000000Z  " + want + "\n"; b.String() != want {
			t.Errorf("\n%s, want\n%s", b.String(), want)
		}
	}
	f(payment.Event{Kind: payment.Tick, From: route.Nobody}, nil, "tick         -                      -")
	f(payment.Event{Kind: payment.LinkDown, From: 1}, nil, "link-down    #1                     -")
	refund := payment.Request{Type: payment.Refund, Model: payment.ModelB, Amount: ledger.Amount{Minor: 5, Currency: 356}, Refuse: payment.Busy}
	refund.Original.Payment = 3
	f(payment.Event{Kind: payment.RequestArrived, From: 2, Request: refund}, map[payment.TextField]string{payment.UETR: "u-1", payment.EndToEndID: "e-1"},
		"request      BANKC                  7  refund 0.05 INR, model B, of payment 3, payer -> payee, refused BUSY, UETR u-1")
	again := payment.Request{Repeat: true, Amount: ledger.Amount{Minor: 7, Currency: 392}, Echo: payment.Echo{RRN: [12]byte{'R', '1'}}}
	f(payment.Event{Kind: payment.RequestArrived, From: 2, Request: again}, nil, "request      BANKC                  -  push again 7 JPY, payer -> payee, RRN R1")
	ask := payment.Request{}
	ask.Original.Key.RRN = [12]byte{'R', '2'}
	f(payment.Event{Kind: payment.EnquiryArrived, From: 2, Request: ask}, nil, "enquiry      BANKC                  -  about RRN R2")
	f(payment.Event{Kind: payment.AnswerArrived, Answer: payment.Answer{Payment: 3, Leg: payment.LegDebit, Outcome: payment.InsufficientFunds, Code: payment.CodeOf("51"), Minor: 100}}, nil,
		"answer       BANKA                  3  debit INSUFFICIENT_FUNDS, code 51, 1.00 INR")
	f(payment.Event{Kind: payment.AnswerArrived, Answer: payment.Answer{Leg: payment.LegRequest, Outcome: payment.OK, STAN: 42, Transmitted: 1122163000, Minor: payment.AmountMissing}}, nil,
		"answer       BANKA                  -  debit or credit OK, to DE11 000042 DE7 1122163000")
	f(payment.Event{Kind: payment.SendFailed, Answer: payment.Answer{Payment: 3, Leg: payment.LegCredit}}, nil, "send-failed  BANKA                  3  credit did not leave")
	f(payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: payment.Settle, Payment: 3, Participant: route.Nobody}},
		map[payment.TextField]string{payment.Reason: "by phone 5413337894563218", payment.Operator: "asha"}, `command      -                      3  settle, by asha, "********"`)
	f(payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: payment.SetCap, Participant: 2, Amount: ledger.Amount{Minor: 100, Currency: 999}}},
		map[payment.TextField]string{payment.Reason: "a test"}, `command      -                      -  set-cap, BANKC, 100 minor units of currency 999, "a test"`)
	f(payment.Event{Kind: payment.CommandGiven, From: route.Nobody, Command: &payment.Command{Kind: payment.Forget, Payment: 3, Participant: route.Nobody}}, nil,
		"command      -                      -  forget, payments below 3")
}

// TestEventReader: a record is read with the key, in part without it, and never
// under another number.
func TestEventReader(t *testing.T) {
	keys := testKeys(t)
	e := payment.Event{Seq: 7, At: 8, Kind: payment.RequestArrived}
	e.Text.Set(payment.PayerAccount, []byte("5413337894563218"))
	clear := payment.AppendEvent(nil, &e)
	sealed := keys.Sealer().Seal(nil, clear, payment.SecretAt(clear))
	r := newEventReader(keys, nil)
	if err := r.read(7, sealed); err != nil || r.view().Text["payer_account"] != "541333******3218" || r.view().Sealed != 0 {
		t.Errorf("%+v, %v", r.view(), err)
	}
	if err := r.read(8, sealed); err == nil || !strings.Contains(err.Error(), "record 8 says that it is 7") {
		t.Error(err)
	}
	blind := newEventReader(nil, nil)
	if err := blind.read(7, sealed); err != nil || blind.view().Text != nil || blind.view().Sealed == 0 {
		t.Errorf("%+v, %v", blind.view(), err)
	}
	sealed[len(sealed)-1] ^= 1
	if err := r.read(7, sealed); err == nil || r.view().Sealed == 0 || r.view().Text != nil {
		t.Errorf("a changed record: %+v, %v", r.view(), err)
	}
	if err := r.read(7, []byte{9, 9}); err == nil {
		t.Error("two bytes are a record")
	}
	if err := checkEvent(blind, &journal.Record{Seq: 7, At: 9, Bytes: clear}); err == nil || !strings.Contains(err.Error(), "is of time 8, its group of 9") {
		t.Error(err)
	}
}

// TestEventFilter: which events are about a payment.
func TestEventFilter(t *testing.T) {
	f := eventFilter{paymentText: "5"}
	if err := f.parse(); err != nil {
		t.Fatal(err)
	}
	key := payment.RequestKey{From: 2, STAN: 9}
	p := payment.Payment{ID: 5, Key: key, PayerBank: 1, PayeeBank: route.Nobody, PayerPSP: route.Nobody, PayeePSP: route.Nobody, ClosedSeq: 30}
	p.Legs[payment.LegDebit] = payment.LegState{SentAt: 1, STAN: 77, Transmitted: 88}
	f.about.Know(&p)
	request := func(q payment.Request) payment.Event {
		return payment.Event{Kind: payment.RequestArrived, From: 2, Request: q}
	}
	answer := func(from route.Participant, a payment.Answer) payment.Event {
		return payment.Event{Kind: payment.AnswerArrived, From: from, Answer: a}
	}
	var got []uint64
	for i, e := range []payment.Event{
		4:  request(payment.Request{Key: payment.RequestKey{STAN: 1}}),
		5:  request(payment.Request{Key: key}),
		6:  request(payment.Request{Key: key, Repeat: true}),
		7:  answer(1, payment.Answer{Payment: 5}),
		8:  answer(1, payment.Answer{Payment: 4}),
		9:  answer(1, payment.Answer{STAN: 77, Transmitted: 88}),
		10: answer(3, payment.Answer{STAN: 77, Transmitted: 88}),
		11: answer(1, payment.Answer{STAN: 77, Transmitted: 89}),
		12: {Kind: payment.EnquiryArrived, Request: payment.Request{Original: payment.Reference{Payment: 5}}},
		13: {Kind: payment.EnquiryArrived, Request: payment.Request{Original: payment.Reference{Key: key}}},
		14: {Kind: payment.CommandGiven, Command: &payment.Command{Kind: payment.Settle, Payment: 5}},
		15: {Kind: payment.CommandGiven, Command: &payment.Command{Kind: payment.Forget, Payment: 5}},
		16: request(payment.Request{Key: payment.RequestKey{STAN: 2}, Original: payment.Reference{Payment: 5}}),
		29: {Kind: payment.Tick},
		30: {Kind: payment.Tick},
	} {
		e.Seq = uint64(i)
		if e.Kind != payment.KindNone && f.matches(&e) {
			got = append(got, e.Seq)
		}
	}
	if want := []uint64{5, 6, 7, 9, 12, 13, 14, 16, 30}; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	for _, c := range []struct {
		f        eventFilter
		from, to uint64
	}{
		{eventFilter{}, 10, 20}, {eventFilter{from: 5, to: 15}, 10, 15}, {eventFilter{from: 12, to: 99}, 12, 20}, {eventFilter{payment: 14}, 14, 20},
		{eventFilter{payment: 3}, 10, 20}, {eventFilter{payment: 14, from: 11}, 11, 20},
	} {
		if from, to := c.f.bounds(10, 20); from != c.from || to != c.to {
			t.Errorf("%+v: %d to %d", c.f, from, to)
		}
	}
	again, err := filterOf(mustQuery(t, (&eventFilter{to: 9, paymentText: "5", kindText: "answer"}).path(4)))
	if err != nil || again.from != 4 || again.to != 9 || again.payment != 5 || again.kind != payment.AnswerArrived {
		t.Errorf("%+v, %v", again, err)
	}
	for _, bad := range []string{"from=-1", "to=x", "from=5&to=4", "payment=five", "kind=nothing"} {
		if _, err := filterOf(mustQuery(t, "?"+bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func mustQuery(t *testing.T, path string) url.Values {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// testWidth: what people read fits 80 columns, but for the lines with a path or a key.
func (s *journalScheme) testWidth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "segment")
	for _, args := range [][]string{
		{"export", "--dir", s.data, "--from", "2", "--to", "3", "--out", file}, {"verify", "--dir", s.data, "--segment", file}, {"stat", "--dir", s.data},
	} {
		out, _ := runs(t, 0, append([]string{"journal"}, args...)...)
		for line := range strings.Lines(out) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 80 && !strings.Contains(line, "/") {
				t.Errorf("%s has a line of %d columns: %s", args[0], len(line), line)
			}
		}
		if !strings.Contains(out, "\nchain hash ") {
			t.Errorf("%s:\n%s", args[0], out)
		}
	}
}

// testOfBackup: a backup says which version wrote the folder; a folder into which a
// restore has not ended is not called good without a word about that.
func (s *journalScheme) testOfBackup(t *testing.T) {
	out := filepath.Join(t.TempDir(), "backup")
	runs(t, 0, "backup", "--out", out, "--dir", s.data)
	if v := asJSON[journalView](t, "journal", "stat", "--dir", out); v.Writer == nil || v.Writer.Version != releaseVersion {
		t.Errorf("the writer is %+v", v.Writer)
	}
	half := copyFolder(t, s.data)
	if err := os.WriteFile(filepath.Join(half, "restore.unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := asJSON[verifyReport](t, "journal", "verify", "--dir", half)
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "a restore into this folder was begun and has not ended") {
		t.Errorf("%q", r.Notes)
	}
}
