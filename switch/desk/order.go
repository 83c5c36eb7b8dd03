package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"switchd/ledger"
	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	"switchd/switch/view"
)

// Bounds of what an order says of itself: its record keeps it for ever.
const (
	ReasonBytesMax   = 140 // why
	OperatorBytesMax = 35  // who
	deedBytesMax     = 140
)

// The orders that are not commands of the machine.
const (
	orderDebug     = "debug"
	orderCloseLink = "close-link"
	orderApprove   = "approve"
	orderReject    = "reject"
)

// staff are those who run the switch.
const staff = access.Operator | access.SecurityOfficer

// rule is who may give an order, and who must approve it.
type rule struct {
	may     access.Roles
	approve access.Roles // 0: nobody needs to
}

var rules = func() map[string]rule {
	all := map[string]rule{
		payment.SetCap.String(): {staff, access.SecurityOfficer},
		payment.Drain.String():  {staff, 0},
		payment.Resume.String(): {staff, 0},
		orderDebug:              {staff, 0},
		orderCloseLink:          {staff, 0},
		orderApprove:            {staff, 0}, // and one of those that the order itself wants
		orderReject:             {staff, 0},
	}
	for kind := range decisions {
		all[kind.String()] = rule{access.Operator, staff}
	}
	return all
}()

// decisions are the commands about one payment, in words.
var decisions = map[payment.CommandKind]string{
	payment.Settle:     "Settle payment %d: what its dead letter asked for has been done outside",
	payment.WriteOff:   "Write off payment %d: its dead letter is closed without it",
	payment.Retry:      "Retry payment %d: its dead letter is sent again",
	payment.BankPosted: "Payment %d is posted: its bank says so (TCC)",
	payment.BankReturn: "Payment %d is returned: its bank gives the money back (RET)",
}

// Commands are the names of all orders.
func Commands() []string {
	return []string{"settle", "write-off", "retry", "bank-posted", "bank-return", "set-cap", "drain", "resume", orderDebug, orderCloseLink, orderApprove, orderReject}
}

// deed is an order that was understood.
type deed struct {
	view.Order
	text    string // what is done, in one sentence without its point
	command payment.Command
	act     func() error // of one that the machine need not know: what is done behind its record
	other   *Proposal    // of one that somebody else does
}

// Do carries out an order, or has it wait for a second person. It blocks until the record
// of the order is durable.
func (d *Desk) Do(ctx context.Context, c access.Caller, o view.Order) (view.Done, error) {
	if c.Secured || o.Operator == "" {
		o.Operator = c.Name
	}
	r, known := rules[o.Command]
	switch {
	case !known:
		return view.Done{}, fault(view.ErrRefused, "command %.40q is not known: %s", o.Command, strings.Join(Commands(), ", "))
	case !c.Roles.Any(r.may):
		return view.Done{}, fault(view.ErrForbidden, "%s is for %s", o.Command, roleWords(r.may))
	}
	if err := says(&o); err != nil {
		return view.Done{}, err
	}
	switch o.Command {
	case orderApprove:
		return d.approve(ctx, c, &o)
	case orderReject:
		return d.reject(c, &o)
	}
	a, err := d.understand(&o)
	if err != nil {
		return view.Done{}, err
	}
	if r.approve != 0 && d.twoPersons(c) {
		return d.propose(ctx, c, a, r)
	}
	return d.carryOut(ctx, a, "")
}

// says checks what an order says of itself.
func says(o *view.Order) error {
	if n := len(o.Reason); n == 0 || n > ReasonBytesMax || !plain(o.Reason) {
		return fault(view.ErrRefused, "an order has a reason of 1 to %d bytes, in plain text: it is kept for ever", ReasonBytesMax)
	}
	if n := len(o.Operator); n == 0 || n > OperatorBytesMax || !plain(o.Operator) {
		return fault(view.ErrRefused, "an order names its operator, in 1 to %d bytes", OperatorBytesMax)
	}
	return nil
}

// plain says that a text is of characters that can be printed in one line.
func plain(s string) bool {
	return utf8.ValidString(s) && strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func roleWords(r access.Roles) string { return strings.Join(r.Names(), " and ") }

// twoPersons says that caps and decisions of a caller need a second person: where nobody
// shows who he is, two callers may be one.
func (d *Desk) twoPersons(c access.Caller) bool { return c.Secured && d.o.TwoPerson }

// understand turns the words of an order into what is done.
func (d *Desk) understand(o *view.Order) (*deed, error) {
	a := &deed{Order: *o, command: payment.Command{Kind: payment.Noted, Participant: route.Nobody}}
	if o.Command == orderCloseLink {
		return a, d.closeLink(a)
	}
	if kind, text := decisionOf(o.Command); kind != payment.NoCommand {
		id, ok := translate.ParsePayment(o.Payment)
		if !ok {
			return nil, fault(view.ErrRefused, "payment is neither a number nor a transaction id of this switch (SWD and 32 hexadecimal digits)")
		}
		a.command.Kind, a.command.Payment = kind, id
		a.text = fmt.Sprintf(text, id)
		return a, nil
	}
	n, err := d.number(o.Participant)
	if err != nil {
		return nil, err
	}
	a.command.Participant = n
	switch o.Command {
	case payment.SetCap.String():
		return a, d.setCap(a)
	case payment.Drain.String():
		a.command.Kind = payment.Drain
	case payment.Resume.String():
		a.command.Kind = payment.Resume
	default:
		return a, d.debug(a)
	}
	a.text = sentence(&a.command, o.Participant, "")
	return a, nil
}

func decisionOf(name string) (payment.CommandKind, string) {
	for kind, text := range decisions {
		if kind.String() == name {
			return kind, text
		}
	}
	return payment.NoCommand, ""
}

// sentence says what a command of the machine does, in the same words wherever it is
// said, without a point.
func sentence(c *payment.Command, participant, amount string) string {
	if text, ok := decisions[c.Kind]; ok {
		return fmt.Sprintf(text, c.Payment)
	}
	switch c.Kind {
	case payment.SetCap:
		return fmt.Sprintf("Set the net debit cap of %s to %s", participant, amount)
	case payment.Drain:
		return fmt.Sprintf("Drain %s: it takes part in no new payment", participant)
	case payment.Resume:
		return fmt.Sprintf("Resume %s: it takes part in new payments again", participant)
	}
	return c.Kind.String()
}

func (d *Desk) setCap(a *deed) error {
	force := d.o.Force()
	money := force.Money()
	minor, err := config.ParseAmount(a.Amount, money)
	if err != nil {
		return fault(view.ErrRefused, "%w", err)
	}
	a.command.Kind = payment.SetCap
	a.command.Amount = ledger.Amount{Minor: minor, Currency: ledger.Currency(money.Numeric)}
	a.text = sentence(&a.command, a.Participant, config.AmountText(minor, money.Numeric))
	return nil
}

// debugMax is how long the messages of a participant may be logged.
const debugMax = time.Hour

func (d *Desk) debug(a *deed) error {
	wait, err := time.ParseDuration(a.For)
	switch {
	case d.o.Debug == nil:
		return fault(view.ErrRefused, "this switch cannot log the messages of a participant")
	case err != nil || wait < 0 || wait > debugMax:
		return fault(view.ErrRefused, "debug is for a time like 10m, at most %v; 0s ends it", debugMax)
	}
	until := int64(0)
	a.text = fmt.Sprintf("Log what %s says no more", a.Participant)
	if wait > 0 {
		until = d.o.Clock() + int64(wait)
		a.text = fmt.Sprintf("Log what %s says for %v", a.Participant, wait)
	}
	a.act = func() error {
		if err := d.o.Debug(a.Participant, until); err != nil {
			return fault(view.ErrConflict, "%w", err)
		}
		d.debugged.set(a.Participant, until)
		return nil
	}
	return nil
}

func (d *Desk) closeLink(a *deed) error {
	for _, l := range d.o.Links.Links() {
		if l.ID != a.Link {
			continue
		}
		a.text = fmt.Sprintf("Close link %d of %s (%s)", l.ID, l.Participant, l.Remote)
		if n, err := d.number(l.Participant); err == nil {
			a.command.Participant = n
		}
		a.act = func() error {
			if !d.o.Links.Dismiss(a.Link) {
				return fault(view.ErrConflict, "link %d has ended by itself", a.Link)
			}
			return nil
		}
		return nil
	}
	return fault(view.ErrNotFound, "no link %d is up", a.Link)
}

// carryOut has a deed logged and done.
func (d *Desk) carryOut(ctx context.Context, a *deed, approver string) (view.Done, error) {
	if a.other != nil {
		if err := a.other.Act(ctx, approver); err != nil {
			return view.Done{}, err
		}
		return view.Done{Done: true, Text: a.text + "."}, nil
	}
	order := engine.Order{Author: engine.Author{Reason: a.Reason, Operator: a.Operator, Approver: approver}, Command: a.command}
	if a.command.Kind == payment.Noted {
		order.Deed = deedText(a.Command, a.text)
	}
	seq, done, err := d.command(order)
	switch {
	case err != nil:
		return view.Done{}, err
	case !done:
		return view.Done{}, d.refusal(a)
	}
	d.o.Log.Info("operator's command", "event", "command.given", "command", a.Command, "payment", a.Payment, "participant", a.Participant, "operator", a.Operator, "approver", approver)
	if a.act != nil {
		if err := a.act(); err != nil {
			return view.Done{}, err
		}
	}
	v := view.Done{Done: true, Seq: seq, Text: a.text + "."}
	d.after(ctx, a, &v)
	return v, nil
}

// command gives the machine an order.
func (d *Desk) command(o engine.Order) (seq uint64, done bool, err error) {
	seq, done, err = d.o.Engine.Command(o)
	if errors.Is(err, engine.ErrBusy) || errors.Is(err, engine.ErrStopped) {
		err = fault(view.ErrBusy, "not taken: %w", err)
	}
	return seq, done, err
}

// refusal says why the machine has refused a deed, which its record says as well.
func (d *Desk) refusal(a *deed) error {
	switch a.command.Kind {
	case payment.SetCap:
		return fault(view.ErrRefused, "the machine refused it")
	case payment.Drain:
		return fault(view.ErrConflict, "%s is drained already", a.Participant)
	case payment.Resume:
		return fault(view.ErrConflict, "%s is not drained", a.Participant)
	}
	return fault(view.ErrRefused, "%s does not fit payment %s: settle, write-off and retry are for dead letters, bank-posted and bank-return for deemed payments", a.Command, a.Payment)
}

// after shows what a deed was about as it is now.
func (d *Desk) after(ctx context.Context, a *deed, v *view.Done) {
	ctx, cancel := context.WithTimeout(ctx, inspectMax)
	defer cancel()
	if a.Command == orderCloseLink && d.o.LinkEnds > 0 {
		v.Text += fmt.Sprintf(" It is closing: up to %v for what is under way on it.", d.o.LinkEnds)
	}
	switch a.command.Kind {
	case payment.Drain, payment.Resume:
		d.amend(ctx, a.command.Participant, a.Participant)
	case payment.SetCap:
		d.amend(ctx, a.command.Participant, a.Participant)
		_ = d.o.Engine.Inspect(ctx, func(m *payment.Machine) { // it is done, whether we see it or not
			p := positionOf(a.Participant, m.Position(a.command.Participant))
			v.Position = &p
		})
	default:
		if a.command.Payment == 0 {
			return
		}
		names := d.names()
		_ = d.o.Engine.Inspect(ctx, func(m *payment.Machine) {
			m.Look(a.command.Payment, func(p *payment.Payment) {
				h := headOf(p, names, staff)
				v.Payment = &h
			})
		})
	}
}

// Note logs what an operator does without the machine, such as a backup, before it is
// done: with an error it must not be. kind is one word for Changes. What is too long for
// the record is refused: it would say something else.
func (d *Desk) Note(kind, text, reason, operator string) error {
	return d.NoteApproved(kind, text, engine.Author{Reason: reason, Operator: operator})
}

// NoteApproved is Note of what a second person may have approved.
func (d *Desk) NoteApproved(kind, text string, by engine.Author) error {
	o := view.Order{Reason: by.Reason, Operator: by.Operator}
	if err := says(&o); err != nil {
		return err
	}
	if most := deedBytesMax - len(kind+": "); len(text) > most || !plain(text) {
		return fault(view.ErrRefused, "%.*q: its record has at most %d bytes of plain text", most, text, most)
	}
	_, done, err := d.command(engine.Order{
		Author:  by,
		Command: payment.Command{Kind: payment.Noted, Participant: route.Nobody},
		Deed:    deedText(kind, text),
	})
	if err != nil || !done {
		return orRefused(err)
	}
	return nil
}

// deedText is what the record of a noted deed says: its kind, and what was done.
func deedText(kind, text string) string {
	s := kind + ": " + text
	for len(s) > deedBytesMax {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
