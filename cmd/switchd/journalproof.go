package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"switchd/switch/journal"
	"switchd/switch/payment"
)

// proofFormat is the version of a proof's layout.
const proofFormat = 1

// paymentProof proves how a payment has ended, to somebody who has the verifier of
// the switch and nothing else: what the switch says of it, signed; and that the
// records of its request and of the event that ended it are in the journal.
type paymentProof struct {
	Format    int           `json:"format"`
	Statement string        `json:"statement"` // a signed note (journalstatement.go)
	Verifier  string        `json:"verifier"`  // of the signatures; whoever checks has it from elsewhere
	Journal   journal.Proof `json:"journal"`   // of the two records, or of one if it was both
}

// newProof makes the proof of a payment that has ended.
func newProof(log *journal.PebbleLog, signer *checkpointKey, s *statement) (*paymentProof, error) {
	seqs := []uint64{s.Payment}
	if s.ClosedSeq != s.Payment {
		seqs = append(seqs, s.ClosedSeq)
	}
	proof, err := log.Prove(signer, seqs...)
	if err != nil {
		return nil, err
	}
	signed, err := s.sign(signer)
	if err != nil {
		return nil, err
	}
	return &paymentProof{Format: proofFormat, Statement: signed, Verifier: signer.verifier, Journal: *proof}, nil
}

// marshal writes p in the one form that checkProof takes.
func (p *paymentProof) marshal() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}

// provenPayment is what a proof proves.
type provenPayment struct {
	statement
	Request eventView  `json:"request"`
	Ended   *eventView `json:"ended,omitempty"` // none: the request itself ended it
	Log     string     `json:"log"`             // the name of the journal, in its checkpoint
	Groups  uint64     `json:"groups"`          // and its size there
	Root    string     `json:"root"`
	Key     string     `json:"key"`    // name and number of the key that has signed
	Pinned  bool       `json:"pinned"` // the key is one that the checker had before
}

// checkProof checks a proof with the verifiers that the checker trusts; with none it
// takes the one in the proof, which anybody can have made.
func checkProof(text []byte, pinned note.Verifiers) (*provenPayment, error) {
	var p paymentProof
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		return nil, fmt.Errorf("it is no proof of a payment: %w", err)
	}
	if p.Format != proofFormat {
		return nil, fmt.Errorf("it has format %d, this version of switchd reads %d", p.Format, proofFormat)
	}
	if again, err := p.marshal(); err != nil || !bytes.Equal(again, text) {
		return nil, errors.New("it is not as it was written (spaces, order or spelling)")
	}
	own, err := note.NewVerifier(p.Verifier)
	if err != nil {
		return nil, fmt.Errorf("its verifier: %w", err)
	}
	if !strings.HasPrefix(p.Verifier, keyName(own)+"+") { // in other letters
		return nil, errors.New("its verifier is not as it was written")
	}
	// One key signs all of it: that of the checker, who knows it by more than the
	// name and the number that the proof gives.
	if pinned != nil {
		if own, err = pinned.Verifier(own.Name(), own.KeyHash()); err != nil {
			return nil, fmt.Errorf("it is signed by another key than those that you trust (--key): %w", err)
		}
	}
	out := &provenPayment{Log: own.Name(), Key: keyName(own), Pinned: pinned != nil}
	return out, out.check(&p, note.VerifierList(own))
}

// keyName is how a key is told from others of the same name.
func keyName(v note.Verifier) string { return fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash()) }

// check checks signatures and records, and that all of them speak of one payment.
func (o *provenPayment) check(p *paymentProof, verifiers note.Verifiers) error {
	s, err := openStatement(p.Statement, verifiers)
	if err != nil {
		return err
	}
	text, err := journal.MarshalProof(&p.Journal)
	if err != nil {
		return err
	}
	proven, err := journal.VerifyProof(text, verifiers)
	if err != nil {
		return err
	}
	o.statement, o.Groups, o.Root = s, proven.Groups, proven.Root.String()
	return o.records(proven.Records)
}

// records checks that the records are those that the statement speaks of.
func (o *provenPayment) records(records []journal.Record) error {
	want := 2
	if o.ClosedSeq == o.Payment {
		want = 1
	}
	if len(records) != want {
		return fmt.Errorf("it has %s, want %d", count(len(records), "record"), want)
	}
	names := []string{}
	for _, p := range []party{o.Sender, o.PayerBank, o.PayeePSP, o.PayeeBank} {
		for p.Number >= len(names) {
			names = append(names, "")
		}
		if p.Number >= 0 {
			names[p.Number] = p.ID
		}
	}
	r := newEventReader(nil, names)
	r.currency = o.Currency
	var views []eventView
	for i := range records {
		if err := checkEvent(r, &records[i]); err != nil {
			return err
		}
		views = append(views, r.view())
		if err := o.fits(&r.event, i == 0, i == len(records)-1); err != nil {
			return err
		}
	}
	if o.Request = views[0]; want == 2 {
		o.Ended = &views[1]
	}
	return nil
}

// fits checks a record against the statement.
func (o *provenPayment) fits(e *payment.Event, request, last bool) error {
	if request {
		if err := o.fitsRequest(e); err != nil {
			return err
		}
	} else if about := e.Answer.Payment; about != 0 && uint64(about) != o.Payment { // other events name none, or end what they do not name
		return fmt.Errorf("record %d is about payment %d", e.Seq, about)
	}
	if last && (e.Seq != o.ClosedSeq || e.At != int64(o.ClosedAt)) {
		return fmt.Errorf("record %d is not the event that its statement says has ended the payment", e.Seq)
	}
	return nil
}

func (o *provenPayment) fitsRequest(e *payment.Event) error {
	q := &e.Request
	switch {
	case e.Seq != o.Payment || e.Kind != payment.RequestArrived:
		return fmt.Errorf("record %d is not the request of payment %d", e.Seq, o.Payment)
	case q.Amount.Minor != o.Minor || uint16(q.Amount.Currency) != o.Currency || int(q.Key.From) != o.Sender.Number || e.At != int64(o.CreatedAt):
		return errors.New("its statement names another amount, sender or time than the request")
	}
	return nil
}
