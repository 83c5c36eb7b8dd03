package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/screen"
	"switchd/switch/state"
)

func newPaymentFind() *cobra.Command {
	var f journalFlags
	c := &cobra.Command{
		Use: "find [criteria] (--config FILE | --admin ADDRESS | --dir D)", Short: "Search payments, newest first",
		Long: `Shows the payments that fit all that is asked for, open ones and those that have
ended, a page of them, newest first. Account numbers show the first six and the last
four digits. D in the first column is a dead letter, E an exception that reconciliation
must look at; 'switchd payment show' tells more.

A search by a reference, an account, a participant or a state reads little beyond what
it finds; one by an amount alone reads all that lies between --from and --to.

When there is more, the last line on stderr says how to go on; with --json it is next:
payments (id, switch_id, state, outcome, minor, currency, sender, payer_bank, payee_bank,
references, created_at, closed_at, dead_letter, exceptions, ...), next, examined.`,
		Example: "  switchd payment find --participant BANKB --state deemed --from 2026-11-22 --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			values, err := givenCriteria(c)
			if err != nil {
				return usageError{err}
			}
			if err := f.named(); err != nil {
				return err
			}
			v, err := find(c, &f, values)
			if err != nil {
				return err
			}
			return v.print(c.OutOrStdout(), c.ErrOrStderr(), &f.outputFlags)
		},
	}
	f.registerBoth(c)
	f.registerSealKey(c)
	registerCriteria(c)
	return c
}

// flagName is the name of a criterion on the command line.
func flagName(criterion string) string { return strings.ReplaceAll(criterion, "_", "-") }

func registerCriteria(c *cobra.Command) {
	fl := c.Flags()
	for _, k := range criteria {
		switch name := flagName(k.name); {
		case k.name == "exceptions" || k.name == "dead_letters":
			fl.Bool(name, false, k.usage)
		case k.name == "limit":
			fl.Int(name, state.PageDefault, k.usage)
		case k.many:
			fl.StringSlice(name, nil, k.usage)
		default:
			fl.String(name, "", k.usage)
		}
	}
	completeNames(c, "state", stateNames, cobra.ShellCompDirectiveNoFileComp)
	for _, name := range []string{"id", "rrn", "uetr", "reference", "account", "participant", "from", "to", "min", "max", "limit", "page"} {
		completeNames(c, name, func() []string { return nil }, cobra.ShellCompDirectiveNoFileComp)
	}
}

// givenCriteria are the criteria among the flags.
func givenCriteria(c *cobra.Command) (url.Values, error) {
	values := url.Values{}
	for _, k := range criteria {
		flag := c.Flags().Lookup(flagName(k.name))
		if !flag.Changed {
			continue
		}
		values.Set(k.name, flag.Value.String())
		if k.many {
			all, err := c.Flags().GetStringSlice(flag.Name)
			if err != nil {
				return nil, err
			}
			values.Set(k.name, strings.Join(all, ","))
		}
	}
	if values.Get(accountCriterion) == "-" {
		line, err := bufio.NewReader(io.LimitReader(c.InOrStdin(), 1<<10)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		values.Set(accountCriterion, strings.TrimSpace(line))
	}
	return values, nil
}

// accountCriterion is the criterion that is nobody's to see.
const accountCriterion = "account"

// named says so when the flags name neither a switch nor a folder, or both.
func (f *journalFlags) named() error {
	switch {
	case f.dir == "" && f.config == "" && f.address == "":
		return usageError{errors.New("which switch? Name its --config, the address of its --admin port, or with --dir the data folder of one that does not run")}
	case f.dir != "" && f.address != "":
		return usageError{errors.New("--dir is a folder that no switch has, --admin is a running switch: name one of them")}
	}
	return nil
}

// find asks a running switch, or looks into a folder.
func find(c *cobra.Command, f *journalFlags, values url.Values) (foundView, error) {
	return eitherOf(c, f, func() (foundView, error) {
		return fillPage(values, func(values url.Values) (foundView, error) {
			body, err := json.Marshal(values)
			if err != nil {
				return foundView{}, err
			}
			return ask[foundView](c.Context(), f, http.MethodPost, "/api/v1/payments/search", body)
		})
	}, func(l *lookFolder) (v foundView, err error) {
		err = l.rows(func(s *state.Store) error {
			config, err := s.Config()
			if err == nil {
				err = l.behind(s, c.ErrOrStderr())
			}
			if err != nil {
				return err
			}
			v, err = fillPage(values, func(values url.Values) (foundView, error) {
				if err := c.Context().Err(); err != nil {
					return foundView{}, err
				}
				return search(s, config, values)
			})
			return err
		})
		if errors.As(err, new(criteriaFault)) {
			err = usageError{err}
		}
		return v, err
	})
}

// fillPage asks until the page is full or there is nothing more: one search reads so much
// and no more, but somebody who waits wants his page.
func fillPage(values url.Values, ask func(url.Values) (foundView, error)) (all foundView, err error) {
	values = maps.Clone(values)
	limit := state.PageDefault
	if n, err := strconv.Atoi(values.Get("limit")); err == nil {
		limit = n
	}
	for {
		v, err := ask(values)
		if err != nil {
			return all, err
		}
		v.Payments, v.Examined = append(all.Payments, v.Payments...), v.Examined+all.Examined
		if all = v; !all.Cut || all.Next == "" || len(all.Payments) >= limit {
			return all, nil
		}
		values.Set("page", all.Next)
		values.Set("limit", strconv.Itoa(limit-len(all.Payments)))
	}
}

// print shows a page; talk hears how to go on.
func (v *foundView) print(w, talk io.Writer, o *outputFlags) error {
	if err := o.show(w, v, v.draw); err != nil || o.programs() {
		return err
	}
	more := ""
	if v.Next != "" {
		more = "; there may be more: the same with --page " + v.Next
	}
	_, err := fmt.Fprintf(talk, "switchd: %s%s\n", count(len(v.Payments), "payment"), more)
	return err
}

func (v *foundView) draw(p *screen.Page) {
	if len(v.Payments) == 0 {
		return
	}
	t := screen.NewTable(screen.Left(""), screen.Right("payment"), screen.Left("asked for (UTC)"), screen.Left("state"), screen.Right("amount"),
		screen.Left("from > to").Drops(1), screen.Left("reference").Shrinks(12).Drops(2))
	for i := range v.Payments {
		t.Row(v.Payments[i].row()...)
	}
	p.Table(t)
}

// row is a payment in the columns of the table.
func (p *paymentHead) row() []screen.Cell {
	look := ""
	if p.DeadLetter {
		look = "D"
	}
	if len(p.Exceptions) > 0 {
		look += "E"
	}
	reference := ""
	for _, one := range []string{p.References.RRN, p.References.EndToEndID, p.References.TransactionID, p.References.UETR, p.References.MsgID} {
		if reference == "" {
			reference = one
		}
	}
	return []screen.Cell{screen.Marked(screen.Warn, look), screen.Plain(strconv.FormatUint(p.ID, 10)), screen.Plain(screen.Clock(p.CreatedAt)), screen.Plain(p.State),
		screen.Plain(config.AmountText(p.Minor, uint16(p.Currency))), screen.Plain(p.sides().text()), screen.Plain(dashed(reference))}
}

func (p *paymentHead) sides() sides {
	return sides{p.Type, p.Sender, p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank}
}

// sides are who takes part in a payment, as far as that is known.
type sides struct{ kind, sender, payerBank, payerPSP, payeePSP, payeeBank string }

// text is the payer's side and the payee's: their banks, or who speaks for them while a
// bank is not known. What was declined at once has a sender, if nothing else.
func (s sides) text() string {
	asks := &s.payerPSP // of a push and of a refund: who sends it pays
	if s.kind == payment.Collect.String() {
		asks = &s.payeePSP
	}
	*asks = s.sender
	return dashed(cmp.Or(s.payerBank, s.payerPSP)) + " > " + dashed(cmp.Or(s.payeeBank, s.payeePSP))
}

// outcomeText is an outcome for people. The machine has one for a debit, or a credit, of
// which nobody knows whether it was made: that may be because no answer came, or because
// one came that does not say it.
func outcomeText(outcome, code string) string {
	doubt := map[string]string{payment.TimeoutDebit.String(): "debit", payment.TimeoutCredit.String(): "credit"}[outcome]
	if doubt == "" || code == "" {
		return strings.TrimSpace(outcome + " " + code)
	}
	return doubt + " in doubt, answered " + code
}

func dashed(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
