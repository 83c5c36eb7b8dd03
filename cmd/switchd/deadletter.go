package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/screen"
	"switchd/switch/view"
)

// resolutions are what may be decided about a dead letter.
var resolutions = []string{"settle", "write-off", "retry"}

func newDeadLetter() *cobra.Command {
	c := &cobra.Command{
		Use: "deadletter", Short: "Look at payments that wait for a person, and decide about them",
		Long: `A reversal, an advice or a confirmation that a bank has refused or never answered is a
dead letter: the switch has done what it can, and a person decides.`,
		Example: "  switchd deadletter ls --config switchd.yml\n  switchd deadletter resolve 4711 --as settle --reason 'BANKB has confirmed by phone, ticket 312' --config switchd.yml",
	}
	c.AddCommand(foundList("ls", "List dead letters, newest first", `Lists the payments about which a person must decide. 'switchd payment show ID' tells what
happened to one.`, "switchd deadletter ls --config switchd.yml", "/api/v1/deadletters", "no payment waits for a person"), newDeadLetterResolve())
	return c
}

func newException() *cobra.Command {
	c := &cobra.Command{
		Use: "exception", Short: "Look at payments that reconciliation must look at",
		Long:    "An exception is what a payment leaves for reconciliation: a deemed credit, a late answer,\na decision of an operator. It needs no decision here.",
		Example: "  switchd exception ls --config switchd.yml",
	}
	c.AddCommand(foundList("ls", "List payments with exceptions, newest first", `Lists the payments that reconciliation must look at, and why: the names are those of
'switchd payment show'.`, "switchd exception ls --limit 100 --config switchd.yml", "/api/v1/exceptions", "there is no exception"))
	return c
}

// foundList makes a command that lists what a search with criteria of its own finds.
func foundList(use, short, long, example, path, empty string) *cobra.Command {
	var limit int
	var next string
	return glance[view.Found]{
		use: use, short: short, long: long + "\nWhen there is more, the last line says how to go on.", example: "  " + example,
		flags: func(c *cobra.Command) {
			c.Flags().IntVar(&limit, "limit", 50, "payments of a page, 1 to 500")
			c.Flags().StringVar(&next, "page", "", "go on where a page has ended, with what that page says")
		},
		path: func(*cobra.Command, []string) (string, error) {
			q := url.Values{"limit": {strconv.Itoa(limit)}}
			if next != "" {
				q.Set("page", next)
			}
			return path + "?" + q.Encode(), nil
		},
		draw: func(p *screen.Page, v *view.Found, now time.Time) { drawFound(p, v, empty, now) },
	}.command()
}

func drawFound(p *screen.Page, v *view.Found, empty string, now time.Time) {
	t := screen.NewTable(screen.Right("payment"), screen.Right("age"), screen.Left("type").Drops(4), screen.Left("state"), screen.Left("outcome").Drops(2), screen.Right("amount"),
		screen.Left("from > to").Drops(3), screen.Left("reference").Drops(5).Shrinks(12), screen.Left("exceptions").Drops(1).Shrinks(16))
	for i := range v.Payments {
		h := &v.Payments[i]
		state := screen.Plain(h.State)
		if h.DeadLetter {
			state = screen.Marked(screen.Warn, h.State+" (dead letter)")
		}
		t.Row(screen.Plain(strconv.FormatUint(h.ID, 10)), screen.Plain(sinceText(h.CreatedAt, now)), screen.Plain(h.Type), state, screen.Plain(outcomeText(h.Outcome, h.BankCode)),
			screen.Plain(config.AmountText(h.Minor, uint16(h.Currency))), screen.Plain(sidesOf(h).text()), screen.Plain(dashed(firstReference(&h.References))), screen.Plain(strings.Join(h.Exceptions, ", ")))
	}
	none(p, t, empty)
	if v.Next != "" {
		p.Text(2, screen.Marked(screen.Dim, "there may be more: the same with --page "+v.Next))
	}
}

func sidesOf(h *view.Head) sides {
	return sides{kind: h.Type, sender: h.Sender, payerBank: h.PayerBank, payeeBank: h.PayeeBank}
}

// firstReference is the reference by which people know a payment.
func firstReference(r *view.References) string {
	for _, one := range []string{r.RRN, r.EndToEndID, r.TransactionID, r.UETR, r.MsgID} {
		if one != "" {
			return one
		}
	}
	return ""
}

func newDeadLetterResolve() *cobra.Command {
	var as string
	c := ordering(&cobra.Command{
		Use: "resolve ID --as settle|write-off|retry --reason WHY", Short: "Decide about a dead letter",
		Long: `Decides about a payment that waits for a person:

  settle     what it asked for has been done outside of the switch
  write-off  it is closed without that
  retry      it goes out again, for another 48 hours

The decision is an event with reason and operator. Where the two-person rule is in force
it waits until another operator or a security officer approves it: the answer says how,
and the exit code is 0, for the order has been taken.`,
		Example: "  switchd deadletter resolve 4711 --as settle --reason 'BANKB has confirmed, ticket 312' --config switchd.yml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeDeadLetters,
	}, func(args []string) (view.Order, error) {
		switch {
		case as == "":
			return view.Order{}, errors.New("how? --as settle, --as write-off or --as retry")
		case !slices.Contains(resolutions, as):
			return view.Order{}, fmt.Errorf("--as %q is none of %s", as, strings.Join(resolutions, ", "))
		}
		return view.Order{Command: as, Payment: args[0]}, nil
	})
	c.Flags().StringVar(&as, "as", "", "what is decided: settle, write-off or retry")
	completeNames(c, "as", func() []string {
		return []string{choice("settle", "it has been done outside"), choice("write-off", "it is closed without"), choice("retry", "it goes out again")}
	}, cobra.ShellCompDirectiveNoFileComp)
	return c
}
