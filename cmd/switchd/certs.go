package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"switchd/certs"
)

func newCerts() *cobra.Command {
	c := &cobra.Command{Use: "certs", Short: "Make certificates for development and tests", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var dir string
	var ids []string
	create := &cobra.Command{
		Use: "init --dir D --ids A,B,C", Short: "Make a private CA and a certificate for the switch and each participant",
		Long: `Makes ca.pem, ca-key.pem, and <id>.pem, <id>-key.pem for "switch" and each id
(ECDSA P-256, identity urn:switch:participant:<id>). Never overwrites a file.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := certs.Init(dir, ids, clock); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "wrote a CA and certificates for switch and %d participants to %s\n", len(ids), dir)
			return nil
		},
	}
	create.Flags().StringVar(&dir, "dir", "certs", "folder to write to")
	create.Flags().StringSliceVar(&ids, "ids", nil, "participant ids, separated by commas")
	if err := create.MarkFlagRequired("ids"); err != nil {
		panic(err)
	}
	c.AddCommand(create)
	return c
}
