package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/screen"
	"switchd/switch/view"
)

// order has the switch do something, and says what became of it. That it waits for a
// second person is no failure: the order has been taken.
func (f *adminFlags) order(c *cobra.Command, o view.Order) error {
	if strings.TrimSpace(f.reason) == "" {
		return usageError{errors.New("why? --reason is kept with the decision")}
	}
	o.Reason, o.Operator = f.reason, f.operator
	if o.Operator == "" {
		o.Operator = login()
	}
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	port, err := f.port()
	if err != nil {
		return err
	}
	defer port.client.CloseIdleConnections()
	answer, err := port.ask(c.Context(), http.MethodPost, "/api/v1/commands", body)
	if err != nil {
		return port.unknown(c.Context(), o.Participant, err)
	}
	var done view.Done
	if err := understand(answer, &done); err != nil {
		return err
	}
	return f.show(c.OutOrStdout(), &done, func(p *screen.Page) { drawDone(p, &done) })
}

func drawDone(p *screen.Page, d *view.Done) {
	switch {
	case !d.Done:
		p.Text(2, screen.Marked(screen.Warn, "not done yet: "), screen.Plain(d.Text))
		p.Text(2, screen.Plain(fmt.Sprintf("It waits for a second person, who approves it with 'switchd approval approve %d' within 15 minutes.", d.Approval)))
	case d.Seq > 0:
		p.Text(2, screen.Marked(screen.Good, "done: "), screen.Plain(fmt.Sprintf("%s (record %d of the journal)", d.Text, d.Seq)))
	default:
		p.Text(2, screen.Marked(screen.Good, "done: "), screen.Plain(d.Text))
	}
	if h := d.Payment; h != nil {
		p.Text(2, screen.Plain(fmt.Sprintf("payment %d is %s (%s), %s", h.ID, h.State, outcomeText(h.Outcome, h.BankCode), config.AmountText(h.Minor, uint16(h.Currency)))))
	}
}

// ordering makes a command that orders something of a running switch.
func ordering(c *cobra.Command, o func(args []string) (view.Order, error)) *cobra.Command {
	var f adminFlags
	c.RunE = func(c *cobra.Command, args []string) error {
		order, err := o(args)
		if err != nil {
			return usageError{err}
		}
		return f.order(c, order)
	}
	f.register(c, true)
	f.registerDir(c)
	return c
}
