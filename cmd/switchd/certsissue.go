package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/hsm/signature"
)

// issueFlags say which certificates are made.
type issueFlags struct {
	dir, public, id string
	ids, signIDs    []string
	valid           time.Duration
}

func newCertsIssue() *cobra.Command {
	var f issueFlags
	c := &cobra.Command{
		Use: "issue --dir D (--ids A,B | --sign-ids A,B | --public FILE --id NAME)", Short: "Make further certificates with the CA of certs init",
		Long: `Makes certificates, signed by ca.pem in the folder:

  --ids        for links: <id>.pem and <id>-key.pem for each id; "switch" is one
  --sign-ids   for signed messages: <id>-sign.pem and <id>-sign-key.pem for each
               participant
  --public     for signed messages: NAME.pem of a public key, such as that of the
               switch, whose other half never leaves its security module

Those for signed messages open no link. Never overwrites a file: to try a renewal,
move the files of an id away first; a running switch takes new ones by itself.`,
		Example: `  switchd certs issue --dir certs --ids BANKC
  switchd certs issue --dir certs --sign-ids BANKC
  switchd keys public switch/sign --config switchd.yml > switch-sign.pub
  switchd certs issue --dir certs --public switch-sign.pub --id switch-sign`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.valid <= 0 {
				return usageError{errors.New("--valid must be more than 0")}
			}
			made, err := f.issue(time.Unix(0, clock()))
			if err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "wrote certificates to %s: %s\n", f.dir, strings.Join(made, ", "))
			return nil
		},
	}
	fl := c.Flags()
	certsDir(c, &f.dir)
	fl.StringSliceVar(&f.ids, "ids", nil, "ids, separated by commas; \"switch\" is one")
	fl.StringSliceVar(&f.signIDs, "sign-ids", nil, "participants that sign, separated by commas")
	fl.StringVar(&f.public, "public", "", "public key (PEM), as 'switchd keys public' writes it")
	fl.StringVar(&f.id, "id", "", "name of the certificate of --public, such as switch-sign")
	fl.DurationVar(&f.valid, "valid", certs.LeafValidity, "how long they are valid")
	c.MarkFlagsOneRequired("ids", "sign-ids", "public")
	c.MarkFlagsMutuallyExclusive("ids", "sign-ids", "public")
	c.MarkFlagsRequiredTogether("public", "id")
	return c
}

// issue makes what the flags say, and says whose it is.
func (f *issueFlags) issue(now time.Time) (made []string, err error) {
	switch {
	case f.public != "":
		return []string{f.id}, f.certify(now)
	case len(f.signIDs) > 0:
		if slices.Contains(f.signIDs, certs.SwitchID) {
			return nil, usageError{errors.New("the key that the switch signs with is made in its security module ('switchd keys generate'), and never comes from a file: use --public")}
		}
		if err := participants(f.signIDs); err != nil {
			return nil, err
		}
		for _, id := range f.signIDs {
			made = append(made, certs.SigningID(id))
		}
		return made, certs.IssueSigning(f.dir, f.signIDs, now, f.valid)
	}
	if len(f.ids) == 0 {
		return nil, usageError{errors.New("whose certificates? Name at least one")}
	}
	if err := participants(f.ids); err != nil {
		return nil, err
	}
	return f.ids, certs.Issue(f.dir, f.ids, now, f.valid)
}

// certify makes a certificate of a public key that messages can be signed with.
func (f *issueFlags) certify(now time.Time) error {
	if err := certs.CheckSigningID(f.id); err != nil {
		return usageError{err}
	}
	file, err := readCertificate(f.public)
	if err != nil {
		return usageError{err}
	}
	key, _, err := signature.Read(file.Content)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", f.public, err)}
	}
	return certs.Certify(f.dir, f.id, key.Key, now, f.valid)
}
