package feed

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// Line is one event of the stream for one participant.
type Line struct {
	Seq   uint64 `json:"seq"`  // of its record in the journal
	Next  string `json:"next"` // where to go on after this line
	At    string `json:"at"`
	Event string `json:"event"` // what has happened, in one word: see docs/events.md

	Payment   uint64   `json:"payment,omitempty"`
	Switch    string   `json:"switch_id,omitempty"` // the payment's transaction id
	Type      string   `json:"type,omitempty"`
	Roles     []string `json:"roles,omitempty"` // what the participant is in the payment
	State     string   `json:"state,omitempty"`
	Final     bool     `json:"final,omitempty"` // the state can no longer change
	Cause     string   `json:"cause,omitempty"` // of the state, for the sender and the banks
	Minor     *int64   `json:"minor,omitempty"`
	Currency  uint16   `json:"currency,omitempty"`  // ISO 4217 number
	Outcome   string   `json:"outcome,omitempty"`   // how it has ended, for the sender
	Code      string   `json:"code,omitempty"`      // the bank's own, for the sender
	Leg       string   `json:"leg,omitempty"`       // what a late or contradicting answer was about
	Exception string   `json:"exception,omitempty"` // what reconciliation must look at
	Decision  string   `json:"decision,omitempty"`  // of an operator

	// What the participant knows the payment by.
	Reference string `json:"reference,omitempty"` // DE37 of the message to it
	RRN       string `json:"rrn,omitempty"`       // of its request, as the next ones
	STAN      uint32 `json:"stan,omitempty"`
	EndToEnd  string `json:"end_to_end_id,omitempty"`
	Tx        string `json:"transaction_id,omitempty"`
	UETR      string `json:"uetr,omitempty"`
	Original  uint64 `json:"original,omitempty"` // of a refund: the payment that is given back

	Percent uint8  `json:"percent,omitempty"` // of the cap that is used
	Class   string `json:"class,omitempty"`   // of a breaker
	Breaker string `json:"breaker,omitempty"`
}

// moves name the states for the participants.
var moves = map[payment.State]string{
	payment.Received: "requested", payment.Resolving: "resolving", payment.Resolved: "resolved", payment.AwaitAuth: "approval_asked",
	payment.DebitSent: "debiting", payment.Debited: "debited", payment.CreditSent: "crediting", payment.Success: "credited",
	payment.Declined: "declined", payment.DebitRevSent: "reversing", payment.FailedReversed: "reversed",
	payment.CreditUnknown: "in_doubt", payment.Deemed: "deemed", payment.ReversalStuck: "reversal_stuck", payment.CollectExpired: "expired",
}

// notices name the other tidings; those that are not here are named by what they are
// about.
var notices = map[payment.Notice]string{
	payment.Late: "late_answer", payment.Repeated: "repeated", payment.Conflict: "conflict", payment.Exception: "exception",
	payment.CapNear: "cap_near", payment.BreakerTurned: "breaker",
}

// commands name the commands that are about a participant as a whole.
var commands = map[payment.CommandKind]string{payment.SetCap: "cap_set", payment.Drain: "drained", payment.Resume: "resumed"}

// links name the events that are tidings by themselves.
var links = map[payment.Kind]string{payment.LinkUp: "signed_on", payment.LinkDown: "signed_off", payment.ConfigChanged: "configured"}

// legs are what the roles are asked by.
var legs = [...]payment.Leg{
	payment.RolePayerPSP: payment.LegResolve, payment.RolePayeePSP: payment.LegResolve,
	payment.RolePayerBank: payment.LegDebit, payment.RolePayeeBank: payment.LegCredit,
}

// concerns says whether a tiding is for a participant.
func concerns(t *payment.Tiding, who route.Participant) bool {
	if t.To != route.Nobody {
		return t.To == who
	}
	return slices.Contains(t.Parties[:], who)
}

// lineOf is what a tiding at a place says to a participant that it concerns.
func lineOf(t *payment.Tiding, at place, who route.Participant) Line {
	l := Line{
		Seq: t.Seq, Next: place{at.seq, at.n + 1}.String(), At: time.Unix(0, t.At).UTC().Format(time.RFC3339Nano), Event: eventOf(t),
	}
	if t.Amount.Currency != 0 {
		minor := t.Amount.Minor
		l.Minor, l.Currency = &minor, uint16(t.Amount.Currency)
	}
	switch t.Notice {
	case payment.CapNear:
		l.Percent = t.Percent
	case payment.BreakerTurned:
		l.Class, l.Breaker = t.Class.String(), t.Breaker.String()
	}
	if t.Payment != 0 {
		l.payment(t, who)
	}
	return l
}

func eventOf(t *payment.Tiding) string {
	switch {
	case t.Notice == payment.Moved:
		return moves[t.State]
	case t.Notice == payment.NoNotice:
		return links[t.Event]
	case t.Notice == payment.Commanded && t.Payment != 0:
		return "decision"
	case t.Notice == payment.Commanded:
		return commands[t.Command]
	}
	return notices[t.Notice]
}

// payment fills in what a participant may know of a payment that it has taken part in.
func (l *Line) payment(t *payment.Tiding, who route.Participant) {
	id := translate.SwitchID(t.Payment)
	l.Payment, l.Switch, l.Type = uint64(t.Payment), string(id[:]), t.Type.String()
	l.State, l.Final = t.State.String(), t.State.Final()
	for role, n := range t.Parties {
		if n != who {
			continue
		}
		l.Roles = append(l.Roles, payment.Role(role).String())
		if role != int(payment.RoleSender) && l.Reference == "" {
			reference := translate.Reference(t.Payment, legs[role])
			l.Reference = string(reference[:])
		}
	}
	sender := t.Parties[payment.RoleSender] == who
	switch t.Notice {
	case payment.Moved:
		if sender || t.Parties[payment.RolePayerBank] == who || t.Parties[payment.RolePayeeBank] == who {
			l.Cause = t.Cause.String()
		}
	case payment.Late:
		l.Leg = t.Leg.String()
	case payment.Exception:
		l.Exception = t.Recon.String()
		if t.Event == payment.AnswerArrived {
			l.Leg = t.Leg.String()
		}
	case payment.Commanded:
		l.Decision = t.Command.String()
	}
	if sender {
		l.sender(t)
	}
}

// sender fills in what only who has sent the request knows: the answer that it was
// given, and its own references.
func (l *Line) sender(t *payment.Tiding) {
	if t.Outcome != payment.NoOutcome {
		l.Outcome, l.Code = t.Outcome.String(), t.Code.String()
	}
	l.RRN, l.STAN, l.Original = string(bytes.TrimRight(t.RRN[:], " \x00")), t.STAN, uint64(t.Original)
	for _, f := range [...]struct {
		field payment.TextField
		to    *string
	}{{payment.EndToEndID, &l.EndToEnd}, {payment.TransactionID, &l.Tx}, {payment.UETR, &l.UETR}} {
		*f.to = string(t.Text.Get(f.field))
	}
}

// mark is a line that is about the stream itself.
type mark struct {
	Event string `json:"event"` // heartbeat, end, gone
	Next  string `json:"next,omitempty"`
	First uint64 `json:"first,omitempty"` // the first event that is kept
}

// put appends a line in the form that the reader wants.
func put(b []byte, sse bool, event, next string, line any) []byte {
	text, err := json.Marshal(line)
	if err != nil {
		panic("feed: a line cannot be encoded: " + err.Error()) // plain values
	}
	if !sse {
		return append(append(b, text...), '\n')
	}
	if next != "" {
		b = append(append(append(b, "id: "...), next...), '\n')
	}
	b = append(append(append(b, "event: "...), event...), "\ndata: "...)
	return append(append(b, text...), "\n\n"...)
}
