package console

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"switchd/switch/view"
)

// paymentView is all that happened to a payment.
type paymentView struct {
	Row       paymentRow
	Means     string // its state, in words
	Facts     []fact
	View      string // compact, timeline, full
	Views     []choice
	Every     int    // seconds until the page looks again; 0: it has ended
	Here      string // address of the page as it is
	Legs      []legRow
	Axis      axis
	Moments   []momentRow
	Timers    []timerRow
	Related   []paymentRow
	Cut       string // why it is not whole
	Decisions []decision
	Decided   string
	Proof     string
}

// fact is a name and a value.
type fact struct {
	Name, Value, Href string
	Code              bool // it is no word of a language
}

// legRow is an exchange with one participant.
type legRow struct {
	Leg, Participant, Href string
	Started, Took          string
	Tries                  int
	Outcome, Level         string
	Owed, Waits            bool
	X, Width               string // of its bar, in the units of the drawing
	Marks                  []mark
}

// mark is a moment on a bar.
type mark struct{ X, Level string }

// momentRow is one event or effect.
type momentRow struct {
	Seq                  string
	At, After, Gap       string
	Long                 bool // nothing happened for long before it
	Kind, Level, Leg     string
	From, To             string
	State, Outcome, Code string
	Text                 string
	Message              *view.Message
	Open                 bool // the message stands unfolded
}

type timerRow struct{ Name, Leg, Ends, In string }

// decision is what a person may decide about a payment.
type decision struct{ Command, Label, Means, Href string }

// views are the ways to look at a payment.
var views = []choice{{Value: "compact", Label: "Compact"}, {Value: "timeline", Label: "Timeline"}, {Value: "full", Label: "Full"}}

// longGap is the wait from which on it is pointed at.
const longGap = time.Second

func (c *console) paymentPage(r *http.Request, p *page) error {
	id := r.PathValue("id")
	p.Template, p.Title, p.Active = "payment", "Payment "+id, "/console/payments"
	t, err := c.Source.Timeline(r.Context(), p.caller, id)
	if err != nil {
		return err
	}
	p.Notice = cmp.Or(c.outcome(r, p), p.Notice)
	p.Body = timelineOf(t, r.URL.Query().Get("view"), p)
	return nil
}

func timelineOf(t view.Timeline, chosen string, p *page) *paymentView {
	h := t.Payment
	v := &paymentView{
		Row: paymentRowOf(h, p.currency), Means: stateMeans(h.State), View: "timeline", Proof: "/api/v1/payments/" + strconv.FormatUint(h.ID, 10) + "/proof",
		Decisions: decisionsFor(h),
	}
	for _, way := range views {
		if way.Value == chosen {
			v.View = chosen
		}
	}
	for _, way := range views {
		way.Chosen = way.Value == v.View
		v.Views = append(v.Views, way)
	}
	v.Here = v.Row.Href + "?view=" + v.View
	v.Facts = append(factsOf(t), referencesOf(h)...)
	if h.ClosedAt == "" {
		v.Every = timelineSeconds
	}
	scale := scaleOf(t)
	v.Axis = scale.axis()
	for _, leg := range t.Legs {
		v.Legs = append(v.Legs, legOf(leg, t.Moments, scale))
	}
	v.moments(t.Moments)
	for _, timer := range t.Timers {
		v.Timers = append(v.Timers, timerRow{timer.Name, timer.Leg, stamp(timer.Ends), between(p.overview.At, timer.Ends)})
	}
	for _, other := range t.Related {
		v.Related = append(v.Related, paymentRowOf(other, p.currency))
	}
	if !t.Whole {
		v.Cut = cmp.Or(t.Why, "not all that happened could be read")
	}
	if t.Reason != "" || t.Operator != "" {
		v.Decided = cmp.Or(t.Operator, "somebody") + ": " + cmp.Or(t.Reason, "no reason given")
	}
	return v
}

// factsOf is what a payment is, in the order in which people ask.
func factsOf(t view.Timeline) []fact {
	h := t.Payment
	facts := []fact{
		{Name: "Outcome", Value: h.Outcome}, {Name: "Told to the sender", Value: t.Told}, {Name: "Code of the bank", Value: h.BankCode},
		{Name: "Type", Value: h.Type}, {Name: "Model", Value: models[t.Model]},
		{Name: "Sender", Value: h.Sender, Href: hrefOf(h.Sender)}, {Name: "Payer", Value: h.Payer}, {Name: "Payer's bank", Value: h.PayerBank, Href: hrefOf(h.PayerBank)},
		{Name: "Payee", Value: h.Payee}, {Name: "Payee's bank", Value: h.PayeeBank, Href: hrefOf(h.PayeeBank)},
		{Name: "Asked for", Value: stamp(h.CreatedAt)}, {Name: "Ended", Value: stamp(h.ClosedAt)},
	}
	if took := tookOf(h); took != "" {
		facts = append(facts, fact{Name: "Took", Value: took})
	}
	return known(facts)
}

// models are who takes the money from the payer.
var models = map[string]string{"A": "A: the switch has the payer's bank debit", "B": "B: the payer's bank has debited already"}

func tookOf(h view.Head) string {
	from, to := moment(h.CreatedAt), moment(h.ClosedAt)
	if from.IsZero() || to.Before(from) {
		return ""
	}
	return lasting(to.Sub(from))
}

func hrefOf(participant string) string {
	if participant == "" {
		return ""
	}
	return participantHref(participant)
}

func referencesOf(h view.Head) []fact {
	r := h.References
	list := known([]fact{
		{Name: "Number", Value: strconv.FormatUint(h.ID, 10)}, {Name: "RRN", Value: r.RRN}, {Name: "Id of the switch", Value: h.SwitchID},
		{Name: "Message id", Value: r.MsgID}, {Name: "End-to-end id", Value: r.EndToEndID}, {Name: "Transaction id", Value: r.TransactionID},
		{Name: "UETR", Value: r.UETR},
	})
	for i := range list {
		list[i].Code = true
	}
	return list
}

// known leaves out what has no value.
func known(facts []fact) []fact {
	list := facts[:0]
	for _, f := range facts {
		if f.Value != "" && f.Value != none {
			list = append(list, f)
		}
	}
	return list
}

func legOf(leg view.Leg, moments []view.Moment, s scale) legRow {
	row := legRow{
		Leg: leg.Leg, Participant: leg.Participant, Href: hrefOf(leg.Participant), Started: "+" + micros(leg.StartMicros),
		Tries: leg.Tries, Outcome: leg.Outcome, Owed: leg.Owed, Waits: leg.EndMicros == 0, Level: outcomeLevel(leg),
	}
	end := leg.EndMicros
	if row.Waits {
		end = max(s.last(), leg.StartMicros)
		row.Took = "waits"
	} else {
		row.Took = micros(end - leg.StartMicros)
	}
	x := s.place(leg.StartMicros)
	row.X, row.Width = drawn(x), drawn(max(s.place(end)-x, 4))
	for _, m := range moments {
		if m.Leg == leg.Leg && m.Message != nil {
			row.Marks = append(row.Marks, mark{drawn(s.place(m.AfterMicros)), momentLevel(&m)})
		}
	}
	return row
}

// outcomeLevel colours a leg; its outcome stands beside it as a word.
func outcomeLevel(leg view.Leg) string {
	switch {
	case leg.EndMicros == 0:
		return "open"
	case leg.Outcome == "OK" || leg.Outcome == "":
		return "ok"
	case leg.Leg == "reversal":
		return "bad"
	}
	return "warn"
}

// momentLevels colour moments by their kind, which stands there as a word too.
var momentLevels = map[string]string{
	"request": "open", "message": "open", "answer": "ok", "repeat": "step", "timer": "warn", "moved": "step", "late": "warn",
	"exception": "bad", "decision": "accent", "link": "step",
}

// momentLevel is that of its kind; an answer that is no yes is amber as its leg is.
func momentLevel(m *view.Moment) string {
	if m.Kind == "answer" && m.Outcome != "" && m.Outcome != "OK" && m.Outcome != "NONE" {
		return "warn"
	}
	return momentLevels[m.Kind]
}

// brief are the kinds of moments that the compact view has.
var brief = map[string]bool{"request": true, "moved": true, "timer": true, "late": true, "exception": true, "decision": true}

func (v *paymentView) moments(list []view.Moment) {
	for _, m := range list {
		if v.View == "compact" && !brief[m.Kind] {
			continue
		}
		row := momentRow{
			At: clock(m.At), After: "+" + micros(m.AfterMicros), Gap: gapOf(m.GapMicros), Kind: m.Kind, Level: momentLevel(&m), Leg: m.Leg,
			From: m.From, To: m.To, State: m.State, Outcome: m.Outcome, Code: m.Code, Text: m.Text,
			Long: time.Duration(m.GapMicros)*time.Microsecond >= longGap,
		}
		if m.Seq != 0 {
			row.Seq = strconv.FormatUint(m.Seq, 10)
		}
		if v.View != "compact" {
			row.Message, row.Open = m.Message, v.View == "full"
		}
		v.Moments = append(v.Moments, row)
	}
}

func gapOf(us int64) string {
	if us == 0 {
		return ""
	}
	return micros(us)
}

// decisionsFor is what may be decided about a payment.
func decisionsFor(h view.Head) []decision {
	var commands []string
	if h.DeadLetter {
		commands = append(commands, "retry", "settle", "write-off")
	}
	if h.State == "DEEMED" {
		commands = append(commands, "bank-posted", "bank-return")
	}
	var list []decision
	for _, command := range commands {
		kind := orders[command]
		list = append(list, decision{command, kind.button, kind.means, orderHref(command, "payment", strconv.FormatUint(h.ID, 10))})
	}
	return list
}
