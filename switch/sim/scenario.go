package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// scenario writes what the machine was told as a text of testdata/payment, so that
// the scenario test of switch/payment plays it: of the payment that the violation
// is about, or of all when it is about none. It has the commands only; what the
// machine makes of them the test fills in (-rewrite).
func (w *world) scenario(seed uint64, v violation) string {
	f := film{w: w, id: v.payment, rows: newRows(false), numbers: map[payment.ID]int{}, links: map[route.Participant]int{}, business: map[payment.Business]int{}, now: epoch}
	f.m = payment.New(f.rows)
	if p := w.judge.watch.all[v.payment]; p != nil {
		f.original = p.original
	}
	text, _, _ := strings.Cut(v.text, "\n")
	fmt.Fprintf(&f.b, "# Seed %d of switchd sim, %s: %s\n", seed, v.check, text)
	var ev payment.Event
	err := w.log.Replay(1, func(_ uint64, record []byte) error {
		if err := payment.DecodeEvent(record, &ev); err != nil {
			return err
		}
		f.event(&ev)
		return nil
	})
	if err != nil {
		fmt.Fprintf(&f.b, "# The journal ends here: %v\n", err)
		f.end = f.b.Len()
	}
	return f.b.String()[:f.end]
}

// film is a scenario text in the making.
type film struct {
	w        *world
	config   *payment.Config // in force
	id       payment.ID      // the one payment that is shown; 0: all
	original payment.ID      // and the one that it gives back
	m        *payment.Machine
	rows     *rows
	b        strings.Builder
	numbers  map[payment.ID]int // of the payments in the text
	links    map[route.Participant]int
	business map[payment.Business]int // in the text, too
	end      int                      // of what matters: behind it only links come and go
	now      int64                    // the time that the text has come to
	effects  []payment.Effect
	fallen   bool // an assertion of the machine did not hold
	p        payment.Payment
}

// event steps the machine and writes the event, if it matters.
func (f *film) event(ev *payment.Event) {
	if f.fallen {
		return
	}
	before := *ev
	f.step(ev)
	gap := time.Duration(ev.At - f.now)
	if ev.Kind == payment.Tick && (f.touched() || f.fallen) {
		f.write("tick +"+gap.String(), ev.At)
	}
	if command := f.command(ev, &before); command != "" {
		if gap > 0 {
			f.write("wait +"+gap.String(), ev.At)
		}
		f.write(command, ev.At)
	}
	if f.fallen {
		f.end = f.b.Len()
		return
	}
	if f.touched() || ev.Kind == payment.Recovered {
		f.end = f.b.Len()
	}
	f.m.Flush(f.rows)
}

// step steps the machine. If an assertion does not hold, this event is the last.
func (f *film) step(ev *payment.Event) {
	defer func() { f.fallen = recover() != nil }()
	f.effects = f.m.Step(ev, f.effects[:0])
}

// command is the line of an event other than a Tick; empty: it does not matter.
func (f *film) command(ev, before *payment.Event) string {
	switch ev.Kind {
	case payment.ConfigChanged:
		f.config = ev.Config
		return configText(ev.Config)
	case payment.LinkUp, payment.LinkDown:
		return f.link(ev)
	case payment.Recovered:
		clear(f.links)
		return "restart"
	case payment.RequestArrived:
		if id := f.about(ev); f.shown(id) {
			return f.request(ev, id)
		}
	case payment.LoadChanged:
		return fmt.Sprintf("load %d", ev.Load)
	case payment.CommandGiven:
		return f.order(ev.Command)
	case payment.AnswerArrived, payment.SendFailed:
		if f.shown(ev.Answer.Payment) && f.numbers[ev.Answer.Payment] > 0 {
			return f.answer(ev, before)
		}
	}
	return ""
}

// order is the line of an operator's command.
func (f *film) order(c *payment.Command) string {
	switch {
	case c.Kind == payment.SetCap:
		return fmt.Sprintf("command set-cap %s %d reason=simulated", f.name(c.Participant), c.Amount.Minor)
	case c.Kind == payment.Drain || c.Kind == payment.Resume:
		return fmt.Sprintf("command %v %s reason=simulated", c.Kind, f.name(c.Participant))
	case c.Kind != payment.Forget && f.shown(c.Payment) && f.numbers[c.Payment] > 0:
		return fmt.Sprintf("command %v %d reason=simulated", c.Kind, f.numbers[c.Payment])
	}
	return ""
}

// link says that a participant's first link has come up or its last gone down.
func (f *film) link(ev *payment.Event) string {
	if ev.Kind == payment.LinkDown {
		if f.links[ev.From]--; f.links[ev.From] == 0 {
			return "down " + f.name(ev.From)
		}
		return ""
	}
	if f.links[ev.From]++; f.links[ev.From] == 1 {
		return "up " + f.name(ev.From)
	}
	return ""
}

func (f *film) write(command string, at int64) {
	fmt.Fprintf(&f.b, "%s\n----\n\n", command)
	f.now = at
}

func (f *film) shown(id payment.ID) bool {
	return f.id == 0 || f.id == id || f.original != 0 && f.original == id
}

// touched says that the step did something to a payment that is shown.
func (f *film) touched() bool {
	for i := range f.effects {
		if p := f.effects[i].Payment; p != nil && f.shown(p.ID) {
			return true
		}
	}
	return false
}

// about is the payment that a request has made or repeats.
func (f *film) about(ev *payment.Event) payment.ID {
	for i := range f.effects {
		if p := f.effects[i].Payment; p != nil {
			return p.ID
		}
	}
	return payment.ID(ev.Seq)
}

func (f *film) name(n route.Participant) string { return f.w.file.Participants[n].ID }

func (f *film) request(ev *payment.Event, id payment.ID) string {
	if f.numbers[id] == 0 {
		f.numbers[id] = len(f.numbers) + 1
	}
	var b strings.Builder
	q := &ev.Request
	fmt.Fprintf(&b, "request %s stan=%d amount=%d", f.name(ev.From), f.numbers[id], q.Amount.Minor)
	f.kindOf(&b, ev)
	writeParts(&b, ev, requestParts)
	if q.Amount.Currency != currency {
		b.WriteString(" currency=usd")
	}
	if q.Refuse == payment.Busy {
		b.WriteString(" busy=yes")
	}
	if q.Model == payment.ModelB {
		b.WriteString(" model=b")
	}
	if q.AcceptedAt != 0 {
		fmt.Fprintf(&b, " accepted=%v", time.Duration(q.AcceptedAt-ev.At))
	}
	if q.Business != (payment.Business{}) {
		if f.business[q.Business] == 0 {
			f.business[q.Business] = len(f.business) + 1
		}
		fmt.Fprintf(&b, " business=%d", f.business[q.Business])
	}
	return b.String()
}

// part is a text of an event by its key in the texts.
type part struct {
	key   string
	field payment.TextField
}

var (
	requestParts = []part{{"payer", payment.PayerAccount}, {"from-ifsc", payment.PayerIFSC}, {"to", payment.PayeeVPA}, {"account", payment.PayeeAccount}, {"ifsc", payment.PayeeIFSC}, {"purpose", payment.Purpose}}
	answerParts  = []part{{"account", payment.PayeeAccount}, {"ifsc", payment.PayeeIFSC}, {"payer", payment.PayerAccount}, {"payer-ifsc", payment.PayerIFSC}}
)

func writeParts(b *strings.Builder, ev *payment.Event, parts []part) {
	for _, p := range parts {
		if ev.Text.Has(p.field) {
			fmt.Fprintf(b, " %s=%s", p.key, ev.Text.Get(p.field))
		}
	}
}

// kindOf writes what only collects and refunds have.
func (f *film) kindOf(b *strings.Builder, ev *payment.Event) {
	switch q := &ev.Request; q.Type {
	case payment.Collect:
		fmt.Fprintf(b, " collect=%s", ev.Text.Get(payment.PayerVPA))
		if q.ExpireAt != 0 {
			fmt.Fprintf(b, " expires=%v", time.Duration(q.ExpireAt-ev.At))
		}
	case payment.Refund:
		fmt.Fprintf(b, " refund=%d", max(f.numbers[q.Original.Payment], 1))
	}
}

// answer writes an answer or a failed send by how it differs from a good one.
func (f *film) answer(ev, before *payment.Event) string {
	a := &ev.Answer
	var b strings.Builder
	kind := "answer"
	if ev.Kind == payment.SendFailed {
		kind = "not-sent"
	}
	fmt.Fprintf(&b, "%s %v %d", kind, a.Leg, f.numbers[a.Payment])
	f.recall(a.Payment)
	if before.Answer.Payment == 0 {
		b.WriteString(" by-trace=yes")
	}
	if to := f.p.Target(a.Leg); kind == "answer" && to != ev.From {
		fmt.Fprintf(&b, " from=%s", f.name(ev.From))
	}
	if f.wrongNumbers(ev) {
		b.WriteString(" stan=wrong")
	}
	if kind == "not-sent" {
		return b.String()
	}
	code := a.Code.String()
	if a.Minor == payment.AmountNotStated { // ISO 20022: the texts speak in codes of ISO 8583
		code = codeIn8583(a, f.config.Participants[ev.From].AmbiguousDebit)
	} else if a.Minor != f.p.Amount.Minor {
		fmt.Fprintf(&b, " amount=%d", a.Minor)
	}
	switch {
	case a.Outcome == payment.Unreadable:
		b.WriteString(" code=??")
	case code != "00":
		fmt.Fprintf(&b, " code=%s", code)
	}
	writeParts(&b, ev, answerParts)
	return b.String()
}

// wrongNumbers says that an answer names another message than its leg's latest. Those
// in ISO 20022 have no numbers.
func (f *film) wrongNumbers(ev *payment.Event) bool {
	a, leg := &ev.Answer, &f.p.Legs[ev.Answer.Leg]
	if ev.Kind == payment.AnswerArrived && f.config.Participants[ev.From].Match == (payment.Match{Reference: true}) {
		return false
	}
	return leg.STAN != a.STAN || leg.Transmitted != a.Transmitted
}

// codeIn8583 is the code by which a scenario says what an answer in ISO 20022 does.
func codeIn8583(a *payment.Answer, ambiguous []payment.Code) string {
	switch {
	case a.Outcome == payment.Pending:
		return "PD"
	case slices.Contains(ambiguous, a.Code):
		return "91"
	}
	return translate.ResultOf(a.Outcome).Code
}

// recall reads the payment as it was before the event.
func (f *film) recall(id payment.ID) {
	row, ok := f.rows.all[rowKey{tag: tagOpen, number: uint64(id)}]
	if !ok {
		row = f.rows.all[rowKey{tag: tagHistory, number: uint64(id)}]
	}
	if err := payment.DecodePayment(row, &f.p); err != nil {
		panic("sim: row of a payment: " + err.Error())
	}
}
