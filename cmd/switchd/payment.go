package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/state"
)

// adminFlags say which switch is spoken to.
type adminFlags struct {
	config, address  string
	dir              string // of commands that find the switch by its data folder
	reason, operator string
	asJSON           bool
}

func (f *adminFlags) register(c *cobra.Command, commands bool) {
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "configuration of the running switch, for the address of its admin port")
	fl.StringVar(&f.address, "admin", "", "address of the admin port, host:port, instead of --config")
	fl.BoolVar(&f.asJSON, "json", false, "print JSON")
	if commands {
		fl.StringVar(&f.reason, "reason", "", "why: kept for ever with the decision")
		fl.StringVar(&f.operator, "operator", "", "who decides (default: your login name)")
	}
}

func newPayment() *cobra.Command {
	c := &cobra.Command{
		Use: "payment", Short: "Search payments, look at one, or decide about one that waits for a person",
		Long: `A reversal, an advice or a confirmation that a bank has refused or never answered
is a dead letter: the switch has done what it can, and a person decides. A deemed
payment may be confirmed or given back by its bank outside the switch. Decisions are
events: they are logged with reason and operator, and take effect once durable.

ID is a payment's number, or its transaction id (SWD and 32 digits).`,
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
	c := &cobra.Command{
		Use: "show ID (--config FILE | --admin ADDRESS | --dir D)", Short: "Show state, outcome, exceptions and messages of a payment",
		Long: `Shows a payment: how it stands, what its sender was told, its messages to the banks and
their answers; the exceptions that reconciliation must look at, and whether it is a dead
letter, which a person must decide about. Account numbers are masked.

ID is a payment's number, its transaction id (SWD and 32 digits), or the MsgId of a
message of the switch about it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, ok := parsePaymentID(args[0])
			if !ok {
				return usageError{fmt.Errorf("which payment? %q is neither a number nor a transaction id of a switch (SWD and 32 digits)", args[0])}
			}
			if err := f.named(); err != nil {
				return err
			}
			v, err := either(c, &f, fmt.Sprintf("/api/v1/payments/%d", id), func(l *lookFolder) (paymentView, error) { return l.show(c, id) })
			switch {
			case err != nil:
				return err
			case f.asJSON:
				return writeJSON(c.OutOrStdout(), v)
			}
			return v.print(c.OutOrStdout())
		},
	}
	f.registerBoth(c)
	f.registerSealKey(c)
	return c
}

// show shows a payment of a folder.
func (l *lookFolder) show(c *cobra.Command, id payment.ID) (v paymentView, err error) {
	r := newEventReader(l.keys, nil)
	if err := l.introduce(c.Context(), r); err != nil {
		return v, err
	}
	err = l.rows(func(s *state.Store) error {
		found, err := findPayment(s, id, func(p *payment.Payment) { v = viewPayment(p, r.name) })
		if err == nil && !found {
			err = fmt.Errorf("no payment %d is known in %s", id, l.dir)
		}
		return errors.Join(l.behind(s, c.ErrOrStderr()), err)
	})
	return v, err
}

func newDecision(name, short string) *cobra.Command {
	var f adminFlags
	c := &cobra.Command{
		Use: name + " ID --reason WHY", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return f.command(c, decision{Command: name, Payment: args[0]})
		},
	}
	f.register(c, true)
	return c
}

func newCap() *cobra.Command {
	var f adminFlags
	c := &cobra.Command{
		Use: "cap PARTICIPANT AMOUNT --reason WHY", Short: "Change the net debit cap of a participant of a running switch",
		Long: `Changes the net debit cap from the next payment on. AMOUNT is in units of the
currency ("1000000.00"). The change is an event, logged with reason and operator; it
stays until the configuration file names another cap than it did before.`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return f.command(c, decision{Command: "set-cap", Participant: args[0], Amount: args[1]})
		},
	}
	f.register(c, true)
	return c
}

// command sends a command and prints the answer.
func (f *adminFlags) command(c *cobra.Command, order decision) error {
	if f.reason == "" {
		return usageError{errors.New("why? --reason is kept with the decision")}
	}
	order.Reason, order.Operator = f.reason, f.operator
	if order.Operator == "" {
		order.Operator = login()
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	answer, err := f.call(c.Context(), http.MethodPost, "/api/v1/commands", body)
	if err != nil {
		return err
	}
	return f.print(c.OutOrStdout(), answer)
}

// login is who runs this command.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}

// adminWait bounds a call to the admin port.
const adminWait = 10 * time.Second

// errNoSwitch is wrapped by the error about an admin port that is not there.
var errNoSwitch = errors.New("no switch answers")

// where is the address of the admin port.
func (f *adminFlags) where() (string, error) {
	if f.address != "" {
		address := strings.TrimSuffix(strings.TrimPrefix(f.address, "http://"), "/")
		host, port, err := net.SplitHostPort(address)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
			return "", usageError{fmt.Errorf("--admin %q is no address: want host:port, as the switch says at its start", f.address)}
		}
		return address, nil
	}
	if f.dir != "" {
		return adminOf(f.dir)
	}
	if f.config == "" {
		return "", usageError{errors.New("which switch? Name its --config, or the address of its --admin port")}
	}
	cfg, err := config.Load(f.config, known())
	if err != nil {
		return "", usageError{err}
	}
	return cfg.Admin, nil
}

func noSwitch(address string, err error) error {
	if asked := new(url.Error); errors.As(err, &asked) {
		err = asked.Err // without the method and the address again
	}
	return fmt.Errorf("%w at %s: is it running? (%w)", errNoSwitch, address, err)
}

// call speaks to the admin port and returns its answer, of at most 64 MiB.
func (f *adminFlags) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	address, err := f.where()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, adminWait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, bytes.NewReader(body))
	if err != nil {
		return nil, usageError{err}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, noSwitch(address, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return nil, err
	}
	switch said := strings.TrimSpace(string(answer)); response.StatusCode {
	case http.StatusOK:
	case http.StatusBadRequest:
		return nil, usageError{errors.New(said)}
	default:
		if said == "" {
			said = address + " does not answer as a switch: " + response.Status
		}
		return nil, errors.New(said)
	}
	return answer, nil
}

// print shows an answer as it came, or as a table.
func (f *adminFlags) print(w io.Writer, answer []byte) error {
	if f.asJSON {
		_, err := w.Write(answer)
		return err
	}
	var v paymentView
	if err := json.Unmarshal(answer, &v); err != nil || v.ID == 0 {
		_, err := fmt.Fprintln(w, "done")
		return err
	}
	return v.print(w)
}

// print shows a payment for people.
func (v *paymentView) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "payment\t%d  %s\n", v.ID, v.SwitchID)
	fmt.Fprintf(t, "state\t%s (%s)\n", v.State, strings.TrimSpace(v.Outcome+" "+v.BankCode))
	fmt.Fprintf(t, "amount\t%s\n", amountText(v.Minor, uint16(v.Currency)))
	fmt.Fprintf(t, "sender, payer's bank, payee's bank\t%s, %s, %s\n", v.Sender, v.PayerBank, v.PayeeBank)
	fmt.Fprintf(t, "payer's, payee's account\t%s, %s\n", dashed(v.Payer), dashed(v.Payee))
	for _, ref := range [...][2]string{
		{"RRN", v.References.RRN}, {"message id", v.References.MsgID}, {"end-to-end id", v.References.EndToEndID},
		{"transaction id", v.References.TransactionID}, {"UETR", v.References.UETR},
	} {
		if ref[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", ref[0], ref[1])
		}
	}
	fmt.Fprintf(t, "sender was told\t%s\n", v.Told)
	fmt.Fprintf(t, "from, to\t%s, %s\n", v.CreatedAt, v.ClosedAt)
	if v.ClosedSeq != 0 {
		fmt.Fprintf(t, "records of the journal\t%d, %d\n", v.ID, v.ClosedSeq)
	}
	for _, why := range v.Exceptions {
		fmt.Fprintf(t, "exception\t%s\n", why)
	}
	if v.DeadLetter {
		fmt.Fprintln(t, "dead letter\ta person must decide")
	}
	if v.Reason != "" {
		fmt.Fprintf(t, "decided\t%q by %s\n", v.Reason, v.Operator)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	t.Init(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\nleg\tsent\tagain\tanswer\tafter")
	for _, l := range v.Legs {
		answer, after := l.Answer, ""
		if answer == "" {
			answer = map[bool]string{true: "owed", false: "-"}[l.Owed]
		} else {
			after = fmt.Sprintf("%d ms", l.After)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\n", l.Leg, l.SentAt, l.Tries, answer, after)
	}
	return t.Flush()
}
