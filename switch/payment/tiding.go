package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// Tiding is one thing that the machine has decided, or has been told, and that
// concerns participants: what they may read of it afterwards. It is a fact about an
// event, the same whenever the journal is replayed, and it never changes.
//
// It names a participant only if that has taken part by then: who was never asked
// learns nothing of a payment. It has no account, name or note.
type Tiding struct {
	Seq    uint64 // the event that it comes from
	At     int64  // and its time
	Event  Kind   // and what it was
	Notice Notice // NoNotice: the event itself is the news (LinkUp, LinkDown, ConfigChanged)

	// To is whom it is for, when it is not for all parties of a payment.
	To      route.Participant
	Payment ID // 0: it is about To alone
	Parties Parties
	Type    Type
	Amount  ledger.Amount // of the payment; of a command the cap
	From    State         // of a Moved
	State   State         // of the payment
	Cause   Cause         // of a Moved
	Outcome Outcome       // of a Moved to a final state: how the payment ended
	Code    Code          // and the bank's code behind it
	Leg     Leg           // of an answer: what was answered
	Recon   Recon         // of an Exception
	Command CommandKind   // of a Commanded
	Percent uint8         // of a CapNear
	Class   Class         // of a BreakerTurned
	Breaker BreakerState  // of a BreakerTurned

	// Of a Moved from the beginning or to the end: what the sender knows the payment by.
	Original ID // of a refund: what is given back
	RRN      [12]byte
	STAN     uint32
	Text     Text // EndToEndID, TransactionID, UETR
}

// tidingTexts are the references of a tiding.
var tidingTexts = [...]TextField{EndToEndID, TransactionID, UETR}

// Role is what a participant is in a payment.
type Role uint8

// The roles. Their values are on disk: never renumber.
const (
	RoleSender Role = iota
	RolePayerPSP
	RolePayeePSP
	RolePayerBank
	RolePayeeBank
	roleCount
)

var roleNames = [roleCount]string{"sender", "payer_psp", "payee_psp", "payer_bank", "payee_bank"}

// String is the name that the event stream uses.
func (r Role) String() string {
	if r >= roleCount {
		return "invalid"
	}
	return roleNames[r]
}

// Parties are the participants of a payment by their roles; route.Nobody: none, or
// one that has not taken part yet.
type Parties [roleCount]route.Participant

var noParties = Parties{route.Nobody, route.Nobody, route.Nobody, route.Nobody, route.Nobody}

// takenPart are those who have taken part in p when it came to a state: they were
// asked, or are the sender's own. p is as it was after the event, which may have taken
// it through several states.
func (p *Payment) takenPart(s State) Parties {
	is := noParties
	is[RoleSender] = p.Key.From
	if s != Received && p.Legs[LegResolve].SentAt != 0 {
		is[RolePayeePSP], is[RolePayerPSP] = p.PayeePSP, p.PayerPSP
	}
	before := s == Received || s == Resolving || s == AwaitAuth || s == Resolved
	if p.PayerBank == p.Key.From || !before && p.Legs[LegDebit].SentAt != 0 {
		is[RolePayerBank] = p.PayerBank
	}
	before = before || s == DebitSent || s == Debited
	if p.PayeeBank == p.Key.From || !before && p.Legs[LegCredit].SentAt != 0 {
		is[RolePayeeBank] = p.PayeeBank
	}
	return is
}

// tidingOf says what an effect of an event, which m has just stepped, is for the
// participants. It reports false for what is none of their business.
func (m *Machine) tidingOf(e *Event, ef *Effect, t *Tiding) bool {
	if ef.Send || ef.Payment != nil && ef.Payment.ID != 0 && m.Canary(ef.Payment) {
		return false
	}
	t.begin(e)
	t.Notice, t.State, t.From = ef.Notice, ef.State, ef.From
	if p := ef.Payment; p != nil {
		t.Payment, t.Type, t.Amount = p.ID, p.Type, p.Amount
	}
	switch ef.Notice {
	case Moved:
		t.moved(ef)
	case Late, Repeated, Conflict:
		if ef.Payment == nil || ef.Notice == Conflict && ef.Payment.Key.From != e.From { // its business identity is somebody else's
			return false
		}
		t.To, t.Leg, t.Parties = e.From, e.Answer.Leg, ef.Payment.takenPart(ef.State)
	case Exception:
		t.Recon, t.Leg, t.Parties = ef.Recon, e.Answer.Leg, ef.Payment.takenPart(ef.State)
		t.concern(ef.Payment, e)
	case Commanded:
		return m.commandTiding(e, ef, t)
	case CapNear:
		t.To, t.Percent, t.Amount = ef.To, ef.Percent, ledger.Amount{Minor: m.PositionIn(ef.To, ef.Currency).Cap, Currency: ef.Currency}
	case BreakerTurned:
		t.To, t.Class, t.Breaker = ef.To, ef.Class, ef.Breaker
	default:
		return false
	}
	return true
}

func (t *Tiding) begin(e *Event) {
	text := t.Text
	text.Reset()
	*t = Tiding{Seq: e.Seq, At: e.At, Event: e.Kind, To: route.Nobody, Parties: noParties, Text: text}
}

// moved takes what a move of a payment is.
func (t *Tiding) moved(ef *Effect) {
	p := ef.Payment
	t.Cause, t.Parties = ef.Cause, p.takenPart(ef.State)
	if ef.State.Final() {
		t.Outcome, t.Code = p.Result()
	}
	if ef.State != Received && !ef.State.Final() {
		return
	}
	t.Original, t.RRN, t.STAN = p.Original, p.Echo.RRN, p.Echo.STAN
	for _, f := range tidingTexts {
		if p.Text.Has(f) {
			t.Text.Set(f, p.Text.Get(f))
		}
	}
}

// concern names whom an exception concerns: who has caused it by an answer, or whom
// the switch has told or asked in vain.
func (t *Tiding) concern(p *Payment, e *Event) {
	switch {
	case e.Kind == AnswerArrived:
		t.To = e.From
	case t.Recon == ReversalStuckAt:
		t.To = p.PayerBank
	case t.Recon == AdviceRefused:
		t.To = p.PayeeBank
	default: // no receipt, of an answer or of a confirmation
		t.Parties[RolePayerPSP], t.Parties[RolePayeePSP], t.Parties[RolePayerBank] = route.Nobody, route.Nobody, route.Nobody
	}
}

// commandTiding is what an operator's command is for the participants.
func (m *Machine) commandTiding(e *Event, ef *Effect, t *Tiding) bool {
	t.Command = e.Command.Kind
	switch {
	case e.Command.Kind == Forget || e.Command.Kind == Noted:
		return false
	case ef.Payment != nil:
		t.Parties = ef.Payment.takenPart(ef.State)
		return true
	}
	if t.To = ef.To; e.Command.Kind == SetCap {
		t.Amount = e.Command.Amount
	}
	return t.To != route.Nobody
}

// eventTiding says what an event by itself is for a participant.
func (m *Machine) eventTiding(e *Event, t *Tiding) bool {
	if e.Kind != LinkUp && e.Kind != LinkDown {
		return false
	}
	t.begin(e)
	t.To = e.From
	return !m.at(e.From).profile.Canary
}
