package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/switch/config"
)

func newCerts() *cobra.Command {
	c := &cobra.Command{Use: "certs", Short: "Make, revoke and show certificates", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(newCertsInit(), newCertsIssue(), newCertsRevoke(), newCertsShow())
	return c
}

func newCertsInit() *cobra.Command {
	var dir string
	var ids []string
	c := &cobra.Command{
		Use: "init --dir D --ids A,B,C", Short: "Make a private CA and a certificate for the switch and each participant",
		Long: `Makes ca.pem, ca-key.pem, and <id>.pem, <id>-key.pem for "switch" and each id
(ECDSA P-256, identity urn:switch:participant:<id>). Never overwrites a file.`,
		Example: "  switchd certs init --dir certs --ids BANKA,BANKB,BANKC",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := participants(ids); err != nil {
				return err
			}
			if err := certs.Init(dir, ids, clock); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "wrote a CA and certificates to %s: %s\n", dir, strings.Join(append([]string{certs.SwitchID}, ids...), ", "))
			return nil
		},
	}
	certsFlags(c, &dir, &ids, "participant ids, separated by commas")
	return c
}

func newCertsRevoke() *cobra.Command {
	var dir string
	var ids []string
	var valid time.Duration
	c := &cobra.Command{
		Use: "revoke --dir D --ids A,B,C", Short: "Put certificates on the revocation list of the CA of certs init",
		Long: `Puts the certificates <id>.pem of the folder on crl.pem, which is made, or replaced
by a newer one in one step. A switch that has the file under tls.crl refuses them
and closes their links within a minute. --ids "" only renews the list.`,
		Example: "  switchd certs revoke --dir certs --ids BANKA\n  switchd certs show certs/crl.pem",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if valid <= 0 {
				return usageError{fmt.Errorf("--valid must be more than 0")}
			}
			if err := certs.Revoke(dir, ids, time.Unix(0, clock()), valid); err != nil {
				return err
			}
			if len(ids) == 0 {
				fmt.Fprintf(c.ErrOrStderr(), "renewed the list %s/crl.pem\n", dir)
				return nil
			}
			fmt.Fprintf(c.ErrOrStderr(), "revoked in %s/crl.pem: %s\n", dir, strings.Join(ids, ", "))
			return nil
		},
	}
	certsFlags(c, &dir, &ids, "whose certificates, separated by commas; \"\" for none")
	c.Flags().DurationVar(&valid, "valid", certs.CRLValidity, "when the next list has to come")
	return c
}

// participants refuses ids that no participant can have, all at once: a certificate
// with one of them would let nobody in.
func participants(ids []string) error {
	var faults []error
	for _, id := range ids {
		if why := config.CheckID(id); why != nil && id != certs.SwitchID {
			faults = append(faults, why)
		}
	}
	if len(faults) > 0 {
		return usageError{errors.Join(faults...)}
	}
	return nil
}

// certsFlags are those of every command that writes to a PKI folder.
func certsFlags(c *cobra.Command, dir *string, ids *[]string, which string) {
	certsDir(c, dir)
	c.Flags().StringSliceVar(ids, "ids", nil, which)
	if err := c.MarkFlagRequired("ids"); err != nil {
		panic(err)
	}
}

func certsDir(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "dir", "certs", "folder of the PKI")
}
