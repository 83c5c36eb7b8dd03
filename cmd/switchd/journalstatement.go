package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// statement is what a switch says under its signature about a payment that has
// ended. The journal has the events, not what the machine made of them: records
// prove what was asked and what was answered, the statement says what came of it.
type statement struct {
	Payment   uint64  `json:"payment"`
	SwitchID  string  `json:"switch_id"`
	State     string  `json:"state"`
	Outcome   string  `json:"outcome"`
	Told      string  `json:"told"` // what the sender was told first
	Minor     int64   `json:"minor"`
	Currency  uint16  `json:"currency"`
	Sender    party   `json:"sender"`
	PayerBank party   `json:"payer_bank"`
	PayeePSP  party   `json:"payee_psp"`
	PayeeBank party   `json:"payee_bank"`
	CreatedAt instant `json:"created_at"`
	ClosedAt  instant `json:"closed_at"`
	ClosedSeq uint64  `json:"closed_record"` // of the event with which the payment ended
}

// party is a participant of a payment: its id, and its number in the journal.
type party struct {
	ID     string `json:"id,omitempty"`
	Number int    `json:"number"` // -1: there is none
}

// statementHead is the first line of a statement. A checkpoint begins with the name
// of its log, so that neither can be taken for the other.
const statementHead = "switchd: how a payment has ended, 1"

// lines are the statement with the names of its values, in the order in which they
// are signed.
func (s *statement) lines() [][2]string {
	who := func(p party) string {
		if p.Number < 0 {
			return "-"
		}
		return fmt.Sprintf("%s %d", p.ID, p.Number)
	}
	return [][2]string{
		{"payment", fmt.Sprint(s.Payment)}, {"id", s.SwitchID}, {"state", s.State}, {"outcome", s.Outcome}, {"told", s.Told},
		{"amount", fmt.Sprint(s.Minor)}, {"currency", fmt.Sprint(s.Currency)},
		{"sender", who(s.Sender)}, {"payer's bank", who(s.PayerBank)}, {"payee's PSP", who(s.PayeePSP)}, {"payee's bank", who(s.PayeeBank)},
		{"created", s.CreatedAt.String()}, {"ended", s.ClosedAt.String()}, {"ended by record", fmt.Sprint(s.ClosedSeq)},
	}
}

// text is what is signed.
func (s *statement) text(origin string) string {
	var b strings.Builder
	b.WriteString(statementHead + "\nby: " + origin + "\n")
	for _, line := range s.lines() {
		b.WriteString(line[0] + ": " + line[1] + "\n")
	}
	return b.String()
}

// sign makes the signed note of a statement.
func (s *statement) sign(signer note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: s.text(signer.Name())}, signer)
	return string(signed), err
}

// openStatement checks the signature under a statement and reads it. There is one
// way to write a statement: whatever else reads the same is refused.
func openStatement(signed string, verifiers note.Verifiers) (s statement, err error) {
	n, err := note.Open([]byte(signed), verifiers)
	if err != nil {
		return s, fmt.Errorf("its statement: %w", err)
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return s, fmt.Errorf("its statement has %d signatures, want one", len(n.Sigs)+len(n.UnverifiedSigs))
	}
	signer := n.Sigs[0]
	if s, err = parseStatement(n.Text); err != nil {
		return s, fmt.Errorf("its statement: %w", err)
	}
	// The encoding of a signature leaves bits unused: only one spelling is taken.
	sig, err := base64.StdEncoding.Strict().DecodeString(signer.Base64)
	want := n.Text + "\n— " + signer.Name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	if err != nil || n.Text != s.text(signer.Name) || signed != want {
		return s, errors.New("its statement is not as it was written")
	}
	return s, nil
}

// parseStatement reads the lines of a statement; openStatement compares them with
// what it would have written.
func parseStatement(text string) (s statement, err error) {
	rest, ok := strings.CutPrefix(text, statementHead+"\n")
	if !ok {
		return s, errors.New("it is not one about a payment")
	}
	values := map[string]string{}
	for line := range strings.Lines(rest) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		values[name] = value
	}
	number := func(name string) int64 {
		n, fault := strconv.ParseInt(values[name], 10, 64)
		err = errors.Join(err, fault)
		return n
	}
	at := func(name string) int64 {
		t, fault := time.Parse(time.RFC3339Nano, values[name])
		err = errors.Join(err, fault)
		return t.UnixNano()
	}
	who := func(name string) party {
		id, n, named := strings.Cut(values[name], " ")
		if !named {
			return party{Number: -1}
		}
		k, fault := strconv.ParseUint(n, 10, 16)
		err = errors.Join(err, fault)
		return party{id, int(k)}
	}
	s = statement{
		Payment: uint64(number("payment")), SwitchID: values["id"], State: values["state"], Outcome: values["outcome"], Told: values["told"],
		Minor: number("amount"), Currency: uint16(number("currency")),
		Sender: who("sender"), PayerBank: who("payer's bank"), PayeePSP: who("payee's PSP"), PayeeBank: who("payee's bank"),
		CreatedAt: instant(at("created")), ClosedAt: instant(at("ended")), ClosedSeq: uint64(number("ended by record")),
	}
	return s, err
}

// statementOf makes the statement about a payment; who names its participants.
func statementOf(p *payment.Payment, who func(n route.Participant) party) statement {
	id := translate.SwitchID(p.ID)
	return statement{
		Payment: uint64(p.ID), SwitchID: string(id[:]), State: p.State.String(), Outcome: p.Outcome.String(), Told: p.Reply.String(),
		Minor: p.Amount.Minor, Currency: uint16(p.Amount.Currency),
		Sender: who(p.Key.From), PayerBank: who(p.PayerBank), PayeePSP: who(p.PayeePSP), PayeeBank: who(p.PayeeBank),
		CreatedAt: instant(p.CreatedAt), ClosedAt: instant(p.ClosedAt), ClosedSeq: p.ClosedSeq,
	}
}
