package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/screen"
	"switchd/switch/translate"
)

func newJournalProve() *cobra.Command {
	var f journalFlags
	var id, out string
	c := &cobra.Command{
		Use: "prove --id PAYMENT [--out FILE] (--dir D | --config FILE | --admin ADDRESS)", Short: "Prove to others how a payment has ended",
		Long: `Prints, as JSON, a proof of how a payment has ended: what the switch states about it,
signed; the records of its request and of the event that ended it, with the way from
each to the root of the journal's Merkle log; and a signed checkpoint with that root.
'switchd journal verify-proof' checks it anywhere, with the verifier of the switch
('switchd journal stat' prints it) and nothing else. The accounts in the records stay
sealed.

PAYMENT is a payment's number, or its transaction id (SWD and 32 hexadecimal digits).`,
		Example: "  switchd journal prove --id 4711 --out 4711.proof --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			number, ok := translate.ParsePayment(id)
			if !ok {
				return usageError{fmt.Errorf("which payment? --id %q is neither a number nor a transaction id of a switch (SWD and 32 hexadecimal digits)", id)}
			}
			if f.as() == screen.AsYAML {
				return usageError{errors.New("a proof is JSON, byte for byte")}
			}
			p, err := either(c, &f, fmt.Sprintf("/api/v1/payments/%d/proof", number), func(l *lookFolder) (paymentProof, error) { return l.prove(c.Context(), &f, number) })
			if err != nil {
				return err
			}
			text, err := p.marshal()
			if err != nil {
				return err
			}
			if _, err := checkProof(text, nil); err != nil {
				return fmt.Errorf("the proof does not prove what it should: %w", err)
			}
			if out == "" {
				_, err = c.OutOrStdout().Write(text)
				return err
			}
			return writeNew(out, 0o644, func(w io.Writer) error { _, err := w.Write(text); return err }, nil)
		},
	}
	f.registerBoth(c)
	f.registerSealKey(c)
	f.registerCheckpointKey(c)
	for _, name := range []string{"json", "output"} {
		c.Flags().Lookup(name).Hidden = true // it is always JSON
	}
	c.Flags().StringVar(&id, "id", "", "payment (required)")
	c.Flags().StringVar(&out, "out", "", "new file to write the proof to (default: stdout)")
	return c
}

// errNotEnded is wrapped by errors about payments that cannot be proven yet.
var errNotEnded = errors.New("has not ended")

// provable checks that a payment has a last event.
func provable(p *payment.Payment) error {
	if !p.State.Final() {
		return fmt.Errorf("payment %d %w: it is %s; prove it when its outcome is final", p.ID, errNotEnded, p.State)
	}
	return nil
}

func newVerifyProof() *cobra.Command {
	var key string
	var anyKey bool
	var output outputFlags
	c := &cobra.Command{
		Use: "verify-proof FILE (--key FILE | --any-key)", Short: "Check a proof of a payment, without the journal",
		Long: `Checks what 'switchd journal prove' has written and says in words what it proves. It
needs nothing else but the verifier of the switch: a line NAME+HASH+KEY that the
switch's operator gives you once, over a way that you trust ('switchd journal stat'
prints it), kept in the file of --key. Several lines are several keys.

--any-key checks the signatures against the key that the proof itself names: then it
is whole and fits together, but anybody can have made it.

FILE may be - for stdin. Exit code 1: it proves nothing.`,
		Example: "  switchd journal verify-proof 4711.proof --key verifier.txt",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("which proof? Name one file")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if (key != "") == anyKey {
				return usageError{errors.New("whose proof? --key names the file with the verifier of the switch, which its operator gives you; --any-key takes a proof that anybody can have made")}
			}
			text, err := readProof(args[0], c.InOrStdin())
			if err != nil {
				return usageError{err}
			}
			var pinned note.Verifiers
			if key != "" {
				if pinned, err = loadVerifiers(key); err != nil {
					return usageError{err}
				}
			}
			proven, err := checkProof(text, pinned)
			if err != nil {
				return fmt.Errorf("%s proves nothing: %w", args[0], err)
			}
			if !proven.Pinned {
				fmt.Fprintln(c.ErrOrStderr(), "switchd: with --any-key this is whole, but anybody can have made it: get the verifier from the switch's operator")
			}
			return proven.print(c.OutOrStdout(), &output)
		},
	}
	c.Flags().StringVar(&key, "key", "", "file with the verifier of the switch")
	c.Flags().BoolVar(&anyKey, "any-key", false, "take the key that the proof itself names, in place of --key")
	output.register(c)
	return c
}

// proofBytesMax bounds a proof: two records of at most 1 MiB, in base64, and hashes.
const proofBytesMax = 4 << 20

func readProof(file string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, proofBytesMax+1))
	if err == nil && len(text) > proofBytesMax {
		err = fmt.Errorf("%s is longer than %d bytes: it is no proof", file, proofBytesMax)
	}
	return text, err
}

// print says what is proven.
func (o *provenPayment) print(w io.Writer, output *outputFlags) error {
	if output.programs() {
		return output.encode(w, o)
	}
	key := o.Key + ", a key that you trust"
	if !o.Pinned {
		key = o.Key + ", NOT CHECKED: the proof itself names this key"
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "payment\t%d  %s\n", o.Payment, o.SwitchID)
	fmt.Fprintf(t, "ended as\t%s (%s)\n", o.State, o.Outcome)
	fmt.Fprintf(t, "amount\t%s\n", config.AmountText(o.Minor, o.Currency))
	fmt.Fprintf(t, "sender, payer's bank, payee's bank\t%s, %s, %s\n", o.Sender, o.PayerBank, o.PayeeBank)
	fmt.Fprintf(t, "asked for\t%s, record %d: %s\n", o.Request.At, o.Request.Seq, joinWords(&o.Request))
	if o.Ended != nil {
		fmt.Fprintf(t, "ended by\t%s, record %d: %s\n", o.Ended.At, o.Ended.Seq, joinWords(o.Ended))
	} else {
		fmt.Fprintln(t, "ended by\tthe request itself: it was refused at once")
	}
	fmt.Fprintf(t, "journal\t%s, %s, root %s\n", o.Log, count(int(o.Groups), "group"), o.Root)
	fmt.Fprintf(t, "signed by\t%s\n", key)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nProven: the records are in the journal of %s, in the order and at the times above, and\nthe switch states under its signature that the payment ended so.\n", o.Log)
	return err
}

// String is the participant's id.
func (p party) String() string {
	if p.Number < 0 {
		return "none"
	}
	return p.ID
}
