package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"switchd/ledger"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
)

// proofLog is a journal of a few events with the key of its switch: payment 3 is
// asked for by record 3 and ended by record 7, payment 5 by record 5 itself.
type proofLog struct {
	*journal.PebbleLog
	key *checkpointKey
}

const proofMinor = 12345

func newProofLog(t *testing.T) *proofLog {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "k")
	if err := createCheckpointKey(file, "switchd/1"); err != nil {
		t.Fatal(err)
	}
	key, err := loadCheckpointKey(file)
	if err != nil {
		t.Fatal(err)
	}
	log, err := journal.OpenPebble(filepath.Join(dir, "journal"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	for seq := uint64(1); seq <= 12; seq++ {
		e := payment.Event{Seq: seq, At: proofTime(seq), Kind: payment.Tick, From: route.Nobody}
		switch seq {
		case 3, 5:
			e.Kind, e.From = payment.RequestArrived, 2
			e.Request.Key.From, e.Request.Amount = 2, ledger.Amount{Minor: proofMinor, Currency: 356}
		case 7, 8:
			e.Kind, e.From = payment.AnswerArrived, 1
			e.Answer = payment.Answer{Payment: payment.ID(2*seq - 11), Leg: payment.LegCredit, Outcome: payment.OK}
		}
		var g journal.Group
		g.Reset(seq)
		g.At(e.At)
		g.Add(payment.AppendEvent(nil, &e))
		ticket, err := log.Append(&g)
		if err == nil {
			err = ticket.Wait()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &proofLog{log, key}
}

func proofTime(seq uint64) int64 { return 1_700_000_000_000_000_000 + int64(seq)*1_000_000 }

// statement is the one about payment 3.
func (l *proofLog) statement() statement {
	return statement{
		Payment: 3, SwitchID: "SWD3", State: "SUCCESS", Outcome: "OK", Told: "OK", Minor: proofMinor, Currency: 356,
		Sender: party{"BANKC", 2}, PayerBank: party{"BANKA", 0}, PayeePSP: party{Number: -1}, PayeeBank: party{"BANKB", 1},
		CreatedAt: instant(proofTime(3)), ClosedAt: instant(proofTime(7)), ClosedSeq: 7,
	}
}

// proof makes a proof with a statement about the records that it names.
func (l *proofLog) proof(t *testing.T, s statement) *paymentProof {
	t.Helper()
	p, err := newProof(l.PebbleLog, l.key, &s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (l *proofLog) pinned(t *testing.T) note.Verifiers {
	t.Helper()
	v, err := note.NewVerifier(l.key.verifier)
	if err != nil {
		t.Fatal(err)
	}
	return note.VerifierList(v)
}

func mustMarshal(t *testing.T, p *paymentProof) []byte {
	t.Helper()
	text, err := p.marshal()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestProofOfPayment: what a proof says after it was checked is what was stated.
func TestProofOfPayment(t *testing.T) {
	l := newProofLog(t)
	text := mustMarshal(t, l.proof(t, l.statement()))
	for _, pinned := range []note.Verifiers{l.pinned(t), nil} {
		p, err := checkProof(text, pinned)
		if err != nil {
			t.Fatal(err)
		}
		if p.statement != l.statement() || p.Groups != 12 || p.Log != "switchd/1" || p.Pinned != (pinned != nil) || p.Request.Seq != 3 || p.Ended.Seq != 7 || p.Ended.From != "BANKB" {
			t.Errorf("%+v", p)
		}
	}
	refused := l.statement()
	refused.Payment, refused.State, refused.ClosedSeq = 5, "DECLINED", 5
	refused.CreatedAt, refused.ClosedAt = instant(proofTime(5)), instant(proofTime(5))
	p, err := checkProof(mustMarshal(t, l.proof(t, refused)), l.pinned(t))
	if err != nil || p.Ended != nil || p.Request.Seq != 5 {
		t.Errorf("a payment that its request ended: %+v, %v", p, err)
	}
}

// TestProofRejectsAnyChange: not one bit of a proof may be another one.
func TestProofRejectsAnyChange(t *testing.T) {
	t.Parallel()
	l := newProofLog(t)
	text, pinned := mustMarshal(t, l.proof(t, l.statement())), l.pinned(t)
	for at := range text {
		for bit := range 8 {
			text[at] ^= 1 << bit
			if _, err := checkProof(text, pinned); err == nil {
				t.Fatalf("bit %d of byte %d may be changed: %q", bit, at, text[max(at-20, 0):min(at+20, len(text))])
			}
			text[at] ^= 1 << bit
		}
	}
	for n := range text {
		if _, err := checkProof(text[:n], pinned); err == nil {
			t.Fatalf("the first %d of %d bytes are a proof", n, len(text))
		}
	}
	for _, more := range []string{"\n", " ", "{}", "x"} {
		if _, err := checkProof([]byte(string(text)+more), pinned); err == nil {
			t.Errorf("%q may follow", more)
		}
	}
}

// TestProofRejectsWhatDoesNotBelongTogether: parts of good proofs make no good one,
// and a switch cannot state what its records do not have.
func TestProofRejectsWhatDoesNotBelongTogether(t *testing.T) {
	l, other := newProofLog(t), newProofLog(t)
	reject := func(what string, change func(p *paymentProof), want string) {
		t.Helper()
		p := l.proof(t, l.statement())
		change(p)
		if _, err := checkProof(mustMarshal(t, p), l.pinned(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	stated := func(change func(s *statement)) func(p *paymentProof) {
		return func(p *paymentProof) {
			s := l.statement()
			change(&s)
			var err error
			if p.Statement, err = s.sign(l.key); err != nil {
				t.Fatal(err)
			}
		}
	}
	reject("a later format", func(p *paymentProof) { p.Format++ }, "has format 2")
	reject("another amount", stated(func(s *statement) { s.Minor++ }), "another amount")
	reject("another currency", stated(func(s *statement) { s.Currency = 840 }), "another amount")
	reject("another sender", stated(func(s *statement) { s.Sender = s.PayerBank }), "another amount, sender")
	reject("another time", stated(func(s *statement) { s.CreatedAt++ }), "another amount, sender or time")
	reject("another end", stated(func(s *statement) { s.ClosedAt++ }), "not the event")
	reject("another last record", stated(func(s *statement) { s.ClosedSeq = 8 }), "not the event")
	reject("another payment", stated(func(s *statement) { s.Payment = 5 }), "not the request")
	reject("the end of another payment", func(p *paymentProof) {
		s := l.statement()
		s.ClosedSeq, s.ClosedAt = 8, instant(proofTime(8))
		*p = *l.proof(t, s)
	}, "is about payment 5")
	reject("a record too few", func(p *paymentProof) { p.Journal.Records = p.Journal.Records[:1] }, "has 1 record, want 2")
	reject("a record twice", func(p *paymentProof) { p.Journal.Records[1] = p.Journal.Records[0] }, "not the event")
	reject("records in another order", func(p *paymentProof) {
		r := p.Journal.Records
		r[0], r[1] = r[1], r[0]
	}, "not the request")
	reject("records of another switch", func(p *paymentProof) { p.Journal = other.proof(t, l.statement()).Journal }, "checkpoint")
	reject("a statement of another switch", func(p *paymentProof) { p.Statement = other.proof(t, l.statement()).Statement }, "statement")
	reject("a checkpoint for a statement", func(p *paymentProof) { p.Statement = p.Journal.Checkpoint }, "not one about a payment")
	reject("a statement for a checkpoint", func(p *paymentProof) { p.Journal.Checkpoint = p.Statement }, "checkpoint")
	reject("another verifier", func(p *paymentProof) { p.Verifier = other.key.verifier }, "another key than those that you trust")
	reject("all of another switch", func(p *paymentProof) { *p = *other.proof(t, l.statement()) }, "another key than those that you trust")
	reject("signed by two", func(p *paymentProof) {
		s := l.statement()
		signed, err := note.Sign(&note.Note{Text: s.text("switchd/1")}, l.key, other.key)
		if err != nil {
			t.Fatal(err)
		}
		p.Statement = string(signed)
	}, "2 signatures")
}

// TestProofIsOfOneKey: a checker who trusts several keys is not shown parts of theirs
// as one.
func TestProofIsOfOneKey(t *testing.T) {
	l, other := newProofLog(t), newProofLog(t)
	both := func() note.Verifiers {
		var all []note.Verifier
		for _, k := range []*checkpointKey{l.key, other.key} {
			v, err := note.NewVerifier(k.verifier)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		return note.VerifierList(all...)
	}()
	for _, from := range []*proofLog{l, other} {
		if p, err := checkProof(mustMarshal(t, from.proof(t, from.statement())), both); err != nil || !p.Pinned {
			t.Errorf("a proof by one of two keys: %v", err)
		}
	}
	statement, records := l.proof(t, l.statement()), l.proof(t, l.statement())
	statement.Statement, records.Journal = other.proof(t, l.statement()).Statement, other.proof(t, l.statement()).Journal
	for _, p := range []*paymentProof{statement, records} {
		if _, err := checkProof(mustMarshal(t, p), both); err == nil {
			t.Error("a proof of two keys is taken")
		}
	}
}

// TestStatementIsCanonical: a statement is read only as it would be written.
func TestStatementIsCanonical(t *testing.T) {
	l := newProofLog(t)
	s := l.statement()
	good := s.text("switchd/1")
	open := func(text string) error {
		signed, err := note.Sign(&note.Note{Text: text}, l.key)
		if err != nil {
			return err
		}
		_, err = openStatement(string(signed), l.pinned(t))
		return err
	}
	if err := open(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"payment: 3\n", "payment: 03\n"}, {"payment: 3\n", "payment: +3\n"}, {"payment: 3\n", ""}, {"payment: 3\n", "payment: 3\npayment: 3\n"},
		{"amount: 12345", "amount: 1e4"}, {"payee's PSP: -", "payee's PSP: "}, {"BANKC 2", "BANKC 70000"}, {"BANKC 2", "BANKC  2"},
		{"Z\nended", "+00:00\nended"}, {"by: switchd/1", "by: switchd/2"}, {statementHead, statementHead + " "}, {"state: ", "unknown: 1\nstate: "},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("%q is not in\n%s", c[0], good)
		}
		if err := open(bad); err == nil {
			t.Errorf("%q in place of %q is read", c[1], c[0])
		}
	}
	for _, signer := range []string{"switchd/2", ""} {
		if err := open(s.text(signer)); err == nil {
			t.Errorf("a statement by %q under the key of switchd/1 is read", signer)
		}
	}
	if name := fmt.Sprint(party{"BANKA", 0}, party{Number: -1}); name != "BANKA none" {
		t.Error(name)
	}
}
