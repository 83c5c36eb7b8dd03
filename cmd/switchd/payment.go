package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/screen"
	"switchd/switch/state"
	"switchd/switch/translate"
	"switchd/switch/view"
)

func newPayment() *cobra.Command {
	c := &cobra.Command{
		Use: "payment", Short: "Search payments, look at one, or decide about one that waits for a person",
		Long: `A reversal, an advice or a confirmation that a bank has refused or never answered
is a dead letter: the switch has done what it can, and a person decides. A deemed
payment may be confirmed or given back by its bank outside the switch. Decisions are
events: they are logged with reason and operator, and take effect once durable.

ID is a payment's number, or its transaction id (SWD and 32 hexadecimal digits).`,
	}
	for _, d := range []struct{ name, short string }{
		{"settle", "Close a dead letter: what it asked for has been done outside"},
		{"write-off", "Close a dead letter without it"},
		{"retry", "Send a dead letter again, for another 48 hours"},
		{"bank-posted", "Note that the bank of a deemed payment has posted it (TCC)"},
		{"bank-return", "Note that the bank of a deemed payment gives the money back (RET)"},
	} {
		c.AddCommand(newDecision(d.name, d.short))
	}
	c.AddCommand(newPaymentShow(), newPaymentFind())
	return c
}

func newPaymentShow() *cobra.Command {
	var f journalFlags
	var short bool
	c := &cobra.Command{
		Use: "show ID (--config FILE | --admin ADDRESS | --dir D)", Short: "Show state, outcome, exceptions and timeline of a payment",
		Long: `Shows a payment: how it stands, what its sender was told, its messages to the banks and
their answers; the exceptions that reconciliation must look at, and whether it is a dead
letter, which a person must decide about; and the timeline: every event of the journal
about it and what the switch did then, with the time between them, and the timers that
run. Account numbers are masked.

ID is a payment's number, its transaction id (SWD and 32 hexadecimal digits), or the MsgId of a
message of the switch about it.`,
		Example: "  switchd payment show 4711 --config switchd.yml\n  switchd payment show SWD00000000000000000000000000004711 --admin 127.0.0.1:9583 -o yaml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			id, ok := translate.ParsePayment(args[0])
			if !ok {
				return usageError{fmt.Errorf("which payment? %q is neither a number nor a transaction id of a switch (SWD and 32 hexadecimal digits)", args[0])}
			}
			if err := f.named(); err != nil {
				return err
			}
			v, err := eitherOf(c, &f, func() (shownPayment, error) { return f.whole(c, id, !short) }, func(l *lookFolder) (shownPayment, error) {
				return l.show(c, id, !short)
			})
			if err != nil {
				return err
			}
			return f.show(c.OutOrStdout(), &v, v.draw)
		},
	}
	f.registerBoth(c)
	f.registerSealKey(c)
	c.Flags().BoolVar(&short, "short", false, "without the timeline")
	return c
}

// shownPayment is a payment, and its timeline.
type shownPayment struct {
	paymentView
	Timeline *view.Timeline `json:"timeline,omitempty"`
}

// whole asks a running switch for a payment and its timeline.
func (f *adminFlags) whole(c *cobra.Command, id payment.ID, timeline bool) (v shownPayment, err error) {
	port, err := f.port()
	if err != nil {
		return v, err
	}
	if v.paymentView, err = get[paymentView](c.Context(), port, fmt.Sprintf("/api/v1/payments/%d", id)); err != nil || !timeline {
		return v, err
	}
	line, err := get[view.Timeline](c.Context(), port, fmt.Sprintf("/api/v1/payments/%d/timeline", id))
	v.with(c, line, err)
	return v, nil
}

// with adds a timeline. Without it what is known of the payment is worth showing all the
// same.
func (v *shownPayment) with(c *cobra.Command, line view.Timeline, err error) {
	if err != nil {
		fmt.Fprintln(c.ErrOrStderr(), "switchd: the timeline cannot be had:", err)
		return
	}
	v.Timeline = &line
}

func (v *shownPayment) draw(p *screen.Page) {
	v.paymentView.draw(p)
	if v.Timeline == nil {
		return
	}
	p.Blank()
	drawTimeline(p, v.Timeline, wall())
}

// show shows a payment of a folder.
func (l *lookFolder) show(c *cobra.Command, id payment.ID, timeline bool) (v shownPayment, err error) {
	r := newEventReader(l.keys, nil)
	if err := l.introduce(c.Context(), r); err != nil {
		return v, err
	}
	err = l.rows(func(s *state.Store) error {
		found, err := findPayment(s, id, func(p *payment.Payment) { v.paymentView = viewPayment(p, r.name) })
		if err == nil && !found {
			err = fmt.Errorf("no payment %d is known in %s", id, l.dir)
		}
		if err == nil && timeline {
			line, wrong := l.timeline(c.Context(), s, v.SwitchID)
			v.with(c, line, wrong)
		}
		return errors.Join(l.behind(s, c.ErrOrStderr()), err)
	})
	return v, err
}

func newDecision(name, short string) *cobra.Command {
	return ordering(&cobra.Command{
		Use: name + " ID --reason WHY", Short: short, Args: cobra.ExactArgs(1),
		Example:           fmt.Sprintf("  switchd payment %s 4711 --reason 'ticket 312' --config switchd.yml", name),
		ValidArgsFunction: completeDeadLetters,
	}, func(args []string) (view.Order, error) {
		return view.Order{Command: name, Payment: args[0]}, nil
	})
}

func newCap() *cobra.Command {
	return ordering(&cobra.Command{
		Use: "cap PARTICIPANT AMOUNT --reason WHY", Short: "Change the net debit cap of a participant of a running switch",
		Long: `Changes the net debit cap from the next payment on. AMOUNT is in units of the
currency ("1000000.00"). The change is an event, logged with reason and operator; it
stays until the configuration file names another cap than it did before.`,
		Example: "  switchd cap BANKA 25000000.00 --reason 'festival week' --config switchd.yml",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: completeParticipants,
	}, func(args []string) (view.Order, error) {
		return view.Order{Command: "set-cap", Participant: args[0], Amount: args[1]}, nil
	})
}

// factColumn is where what is known of a payment begins, behind what it is.
const factColumn = 36

// draw shows a payment to people.
func (v *paymentView) draw(p *screen.Page) {
	fact := func(name, format string, values ...any) {
		p.Text(factColumn, screen.Plain(fmt.Sprintf("%-*s", factColumn, name)+fmt.Sprintf(format, values...)))
	}
	fact("payment", "%d  %s", v.ID, v.SwitchID)
	fact("state", "%s (%s)", v.State, outcomeText(v.Outcome, v.BankCode))
	fact("amount", "%s", config.AmountText(v.Minor, uint16(v.Currency)))
	fact("sender, payer's bank, payee's bank", "%s, %s, %s", dashed(v.Sender), dashed(v.PayerBank), dashed(v.PayeeBank))
	fact("payer's, payee's account", "%s, %s", dashed(v.Payer), dashed(v.Payee))
	for _, ref := range [...][2]string{
		{"RRN", v.References.RRN}, {"message id", v.References.MsgID}, {"end-to-end id", v.References.EndToEndID},
		{"transaction id", v.References.TransactionID}, {"UETR", v.References.UETR},
	} {
		if ref[1] != "" {
			fact(ref[0], "%s", ref[1])
		}
	}
	fact("sender was told", "%s", dashed(v.Told))
	fact("from, to", "%s, %s", v.CreatedAt, dashed(v.ClosedAt))
	if v.ClosedSeq != 0 {
		fact("records of the journal", "%d, %d", v.ID, v.ClosedSeq)
	}
	for _, why := range v.Exceptions {
		fact("exception", "%s", why)
	}
	if v.DeadLetter {
		fact("dead letter", "a person must decide")
	}
	if v.Reason != "" {
		fact("decided", "%q by %s", v.Reason, v.Operator)
	}
	if len(v.Legs) == 0 {
		return
	}
	p.Blank()
	t := screen.NewTable(screen.Left("leg"), screen.Left("sent"), screen.Right("again"), screen.Left("answer").Shrinks(12), screen.Right("after"))
	for _, l := range v.Legs {
		answer, after := l.Answer, ""
		if answer == "" {
			answer = map[bool]string{true: "owed", false: "-"}[l.Owed]
		} else {
			after = fmt.Sprintf("%d ms", l.After)
		}
		t.Row(screen.Plain(l.Leg), screen.Plain(l.SentAt), screen.Plain(fmt.Sprint(l.Tries)), screen.Plain(answer), screen.Plain(after))
	}
	p.Table(t)
}
