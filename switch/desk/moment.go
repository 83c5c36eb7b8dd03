package desk

import (
	"fmt"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// The kinds of moments.
const (
	momentRequest   = "request"
	momentMessage   = "message"
	momentAnswer    = "answer"
	momentRepeat    = "repeat"
	momentTimer     = "timer"
	momentMoved     = "moved"
	momentLate      = "late"
	momentException = "exception"
	momentDecision  = "decision"
	momentLink      = "link"
)

// event tells what has come, or what the switch itself has noticed.
func (s *scribe) event(e *payment.Event) view.Moment {
	m := view.Moment{From: s.names(e.From)}
	switch e.Kind {
	case payment.RequestArrived:
		s.request(e, &m)
	case payment.EnquiryArrived:
		m.Kind, m.Leg, m.Message = momentRequest, payment.LegEnquiry.String(), s.received(e)
		m.Text = fmt.Sprintf("%s asks what became of it.", m.From)
	case payment.AnswerArrived:
		a := &e.Answer
		m.Kind, m.Leg, m.Message = momentAnswer, a.Leg.String(), s.received(e)
		m.Outcome, m.Code = a.Outcome.String(), a.Code.String()
		m.Text = fmt.Sprintf("%s answers to %s: %s%s.", m.From, s.words(a.Leg), outcomeWords(m.Outcome), codeText(a.Code))
	case payment.SendFailed:
		m.Kind, m.Leg, m.From = momentMessage, e.Answer.Leg.String(), ""
		m.Text = fmt.Sprintf("%s did not leave: not one byte of it was sent.", capital(s.words(e.Answer.Leg)))
	case payment.CommandGiven:
		m.Kind = momentDecision
		c := payment.Change{Seq: e.Seq, At: e.At, Kind: e.Kind, Command: *e.Command, Text: e.Text}
		v := changeOf(&c, s.names, s.roles)
		m.Text = v.Text + " By " + v.Operator
		if v.Approver != "" {
			m.Text += ", approved by " + v.Approver
		}
		m.Text += ": " + v.Reason
	default:
		s.world(e, &m)
	}
	return m
}

// request tells a request: that of the payment, one of it that comes again, or a refund.
func (s *scribe) request(e *payment.Event, m *view.Moment) {
	q := &e.Request
	m.Leg, m.Message = payment.LegRequest.String(), s.received(e)
	amount := config.AmountText(q.Amount.Minor, uint16(q.Amount.Currency))
	switch {
	case payment.ID(e.Seq) == s.p.ID:
		m.Kind, m.Text = momentRequest, fmt.Sprintf("%s asks for a %s of %s.", m.From, q.Type, amount)
	case q.Type == payment.Refund && q.Key != s.p.Key:
		m.Kind, m.Text = momentRequest, fmt.Sprintf("%s asks for a refund of %s: payment %d.", m.From, amount, e.Seq)
	case q.Repeat:
		m.Kind, m.Text = momentRepeat, fmt.Sprintf("%s asks again, and says so.", m.From)
	default:
		m.Kind, m.Text = momentRepeat, fmt.Sprintf("%s sends the same request again.", m.From)
	}
}

// world tells what came from nobody in particular.
func (s *scribe) world(e *payment.Event, m *view.Moment) {
	m.Kind = momentLink
	switch e.Kind {
	case payment.LinkUp:
		m.Text = fmt.Sprintf("A link of %s is signed on.", m.From)
	case payment.LinkDown:
		m.Text = fmt.Sprintf("A link of %s is gone.", m.From)
	case payment.Recovered:
		m.Text = "The switch has started again."
	case payment.LoadChanged:
		m.Text = "The switch sheds " + loadWords[e.Load] + "."
	default:
		m.Text = "The configuration has changed."
	}
}

// effect tells what the switch did; told is false of what is said elsewhere.
func (s *scribe) effect(ef *effect) (m view.Moment, told bool) {
	if ef.Send {
		return s.send(ef), true
	}
	switch ef.Notice {
	case payment.Moved:
		m.Kind, m.State = momentMoved, ef.State.String()
		m.Text = fmt.Sprintf("%s: %s.", capital(stateWords[ef.State]), causeWords[ef.Cause])
	case payment.Repeated:
		m.Kind, m.Text = momentRepeat, "It is known: it gets the answer that it got before, or none yet."
	case payment.Conflict:
		m.Kind, m.Text = momentRepeat, "A request with its key and another content is refused."
	case payment.Late:
		m.Kind, m.Text = momentLate, "The answer comes late: the payment has gone on without it."
	case payment.Unmatched:
		m.Kind, m.Text = momentLate, "The answer belongs to nothing."
	case payment.Exception:
		m.Kind, m.Text = momentException, fmt.Sprintf("For reconciliation: %s.", ef.Recon)
	case payment.Throttled:
		m.Kind, m.Text = momentRepeat, "It was asked about too often, and is answered from the last answer."
	default:
		return m, false
	}
	return m, true
}

// send tells a message that goes out.
func (s *scribe) send(ef *effect) view.Moment {
	m := view.Moment{Kind: momentMessage, Leg: ef.Leg.String(), To: s.names(ef.To), Message: ef.message}
	switch ef.Leg {
	case payment.LegRequest, payment.LegConfirm, payment.LegUpdate, payment.LegEnquiry:
		m.Outcome, m.Code = ef.Outcome.String(), ef.Code.String()
		m.Text = fmt.Sprintf("%s is told %s: %s%s.", m.To, tellWords[ef.Leg], outcomeWords(m.Outcome), codeText(ef.Code))
		if ef.Leg == payment.LegRequest {
			m.Kind = momentAnswer
		}
	default:
		m.Text = fmt.Sprintf("%s is sent %s.", m.To, s.words(ef.Leg))
	}
	if ef.Repeat {
		m.Kind = momentRepeat
		m.Text = "Again: " + m.Text
	}
	return m
}

// legWords name the messages of a payment.
var legWords = [...]string{
	payment.LegRequest: "the answer", payment.LegResolve: "the question who the payee is", payment.LegDebit: "the debit",
	payment.LegCredit: "the credit", payment.LegReversal: "the reversal of the debit", payment.LegAdvice: "the advice of the credit",
	payment.LegStatus: "the question what became of the credit", payment.LegFence: "the reversal of the credit",
	payment.LegConfirm: "the confirmation", payment.LegUpdate: "the update", payment.LegEnquiry: "the answer to its enquiry",
}

// tellWords say what is told by the messages that tell an outcome.
var tellWords = [...]string{
	payment.LegRequest: "the outcome", payment.LegConfirm: "that it is final", payment.LegUpdate: "how it has ended",
	payment.LegEnquiry: "what became of it",
}

// words name a message of the payment.
func (s *scribe) words(leg payment.Leg) string {
	if leg == payment.LegResolve && s.p.Type == payment.Collect {
		return "the question whether the payer approves"
	}
	return legWords[leg]
}

func codeText(c payment.Code) string {
	if c == (payment.Code{}) {
		return ""
	}
	return fmt.Sprintf(" (code %s)", c)
}

// capital begins a sentence.
func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }
