package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
)

func newCertsShow() *cobra.Command {
	var f outputFlags
	c := &cobra.Command{
		Use: "show FILE", Short: "Show certificates or a revocation list: names, pin, expiry",
		Long: `Prints what a file has: of each certificate its subject, the participant that it
names, its other names, the pin of its key (participants[].pins) and when it
expires; of a revocation list the serial numbers on it. It verifies no signature.
--json prints one array of objects with kind (certificate, authority, crl), issuer,
not_before, not_after and, where there is one, subject, serial, participant, names,
uses, key, pin, number and revoked.`,
		Example: "  switchd certs show certs/BANKA.pem",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("which file? See 'switchd certs show --help'")}
			}
			all, err := certs.Describe(args[0])
			if err != nil {
				return usageError{err}
			}
			if f.programs() {
				return f.encode(c.OutOrStdout(), all)
			}
			for i, d := range all {
				if i > 0 {
					fmt.Fprintln(c.OutOrStdout())
				}
				showCertificate(c.OutOrStdout(), d, time.Unix(0, clock()))
			}
			return nil
		},
	}
	f.register(c)
	return c
}

func showCertificate(w io.Writer, d certs.Description, now time.Time) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-12s %s\n", name, value)
		}
	}
	line(d.Kind, d.Subject)
	line("issuer", d.Issuer)
	line("serial", d.Serial)
	line("participant", d.ID)
	line("names", strings.Join(d.Names, ", "))
	line("uses", strings.Join(d.Uses, ", "))
	line("key", d.Key)
	line("pin", d.Pin)
	line("number", d.Number)
	end := "expires"
	if d.Kind == "crl" {
		line("made", d.NotBefore.Format(time.RFC3339))
		end = "next due"
	} else {
		line("valid from", d.NotBefore.Format(time.RFC3339))
	}
	line(end, d.NotAfter.Format(time.RFC3339)+", "+remaining(d.NotAfter.Sub(now)))
	if d.Kind == "crl" {
		line("revoked", fmt.Sprint(len(d.Revoked)))
	}
	for _, r := range d.Revoked {
		fmt.Fprintf(w, "  %s  %s\n", r.At.Format(time.RFC3339), r.Serial)
	}
}

// remaining says how much time is left, in days.
func remaining(left time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case left <= 0:
		return fmt.Sprintf("over for %d days", -left/day)
	case left < 2*day:
		return "in " + left.Truncate(time.Minute).String()
	}
	return fmt.Sprintf("in %d days", left/day)
}
