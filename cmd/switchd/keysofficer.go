package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
	"switchd/hsm/soft"
)

// officer is a person who may change keys.
type officer struct {
	Name string `json:"name"`
	// Token is the SHA-256 of the 32 random bytes that the person has, in hexadecimal:
	// of so many, nobody finds them by trying.
	Token string `json:"token_sha256"`
	Added string `json:"added"`
}

// officers is the file of those who may change keys.
type officers struct {
	Version  int       `json:"version"`
	Officers []officer `json:"officers"`
}

const (
	officersMax      = 64
	officersBytesMax = 64 << 10
	tokenHead        = "swo_" // by which a token is known wherever it turns up
	tokenBytes       = 32
)

var officerName = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,31}$`)

// readOfficers reads the officers; without a file there are none.
func readOfficers(file string) (*officers, error) {
	text, err := readPrivate(file, officersBytesMax)
	if err != nil || text == nil {
		return &officers{Version: 1}, err
	}
	var all officers
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&all); err != nil || all.Version != 1 || len(all.Officers) > officersMax {
		return nil, fmt.Errorf("%s is damaged, or of another version", file)
	}
	return &all, nil
}

func (o *officers) write(file string) error {
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(file, append(text, '\n'))
}

func (o *officers) at(name string) int {
	return slices.IndexFunc(o.Officers, func(p officer) bool { return p.Name == name })
}

func (o *officers) names() string {
	var names []string
	for _, p := range o.Officers {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// errToken is the one answer to a wrong name and a wrong token.
var errToken = errors.New("that is not the token of that officer")

// proves tells whether a token is that of an officer.
func (o *officers) proves(name string, text []byte) error {
	var token [tokenBytes]byte
	defer clear(token[:])
	tail, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte(tokenHead))
	if !ok || len(tail) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return errToken
	}
	if _, err := base64.RawURLEncoding.Decode(token[:], tail); err != nil {
		return errToken
	}
	sum, has := sha256.Sum256(token[:]), make([]byte, sha256.Size)
	if i := o.at(name); i >= 0 {
		_, _ = hex.Decode(has, []byte(o.Officers[i].Token)) // of one that is damaged no token is right
	}
	if subtle.ConstantTimeCompare(sum[:], has) != 1 {
		return errToken
	}
	return nil
}

// add makes a token for a new officer.
func (o *officers) add(name string, at int64) (token string, err error) {
	switch {
	case o.at(name) >= 0:
		return "", fmt.Errorf("there is an officer %s already: remove her first, if her token is lost", name)
	case len(o.Officers) == officersMax:
		return "", fmt.Errorf("there are %d officers: remove one first", officersMax)
	}
	var bytes [tokenBytes]byte
	rand.Read(bytes[:])
	sum := sha256.Sum256(bytes[:])
	o.Officers = append(o.Officers, officer{name, hex.EncodeToString(sum[:]), time.Unix(0, at).UTC().Format(time.RFC3339)})
	return tokenHead + base64.RawURLEncoding.EncodeToString(bytes[:]), nil
}

func newKeysOfficer() *cobra.Command {
	c := &cobra.Command{
		Use: "officer", Short: "Add, remove and list those who may change keys",
		Long: `An officer proves with a token who she is. The first needs nobody's approval, the second
that of the first, all others that of two. What the approval protects: nobody alone can
be two of the people whom a key of components needs.`,
	}
	c.AddCommand(newKeysOfficerAdd(), newKeysOfficerRemove(), newKeysOfficerList())
	return c
}

func newKeysOfficerAdd() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "add NAME", Short: "Add an officer, and show her token once",
		Long: `Prints the token of the new officer, once and never again: the file of officers has its
hash only. She should be at the keyboard herself, and keep it where nobody else can read
it, such as a file of mode 0600.

The first officer needs no approval, the second that of the first (--officer), all others
that of two (--officer and --second).`,
		Example: `  switchd keys officer add asha --config switchd.yml
  switchd keys officer add biko --config switchd.yml --officer asha --token-file asha.token`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := personName(args)
			if err != nil {
				return err
			}
			var token string
			_, err = f.do(c, keyDeed{
				action: "officer add", detail: name, approvals: approvals,
				ready: func(d *keyDesk) (err error) {
					token, err = d.people.add(name, d.now())
					return err
				},
				work: func(_ context.Context, d *keyDesk) (hsm.KeyInfo, error) {
					return hsm.KeyInfo{}, d.people.write(d.place.officers())
				},
			})
			switch {
			case err != nil:
				return err
			case f.asJSON:
				return writeJSON(c.OutOrStdout(), struct {
					Officer string `json:"officer"`
					Token   string `json:"token"`
				}{name, token})
			}
			fmt.Fprintf(c.ErrOrStderr(), "added officer %s. This is her token, which is shown this once:\n", name)
			_, err = fmt.Fprintln(c.OutOrStdout(), token)
			return err
		},
	}
	f.who(c)
	f.approver(c)
	f.json(c)
	return c
}

func newKeysOfficerRemove() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "remove NAME", Short: "Remove an officer, such as one whose token is lost",
		Long: `An officer is removed by two, of whom she may be one; the only officer removes herself.
Components that she has entered stay, until their key is made or their time is over.`,
		Example: `  switchd keys officer remove biko --config switchd.yml --officer asha --token-file asha.token \
    --second chen --second-token-file chen.token`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := personName(args)
			if err != nil {
				return err
			}
			_, err = f.do(c, keyDeed{
				action: "officer remove", detail: name, approvals: approvals,
				ready: func(d *keyDesk) error {
					at := d.people.at(name)
					if at < 0 {
						return fmt.Errorf("there is no officer %s: there are %s", name, d.people.names())
					}
					d.people.Officers = slices.Delete(d.people.Officers, at, at+1)
					return nil
				},
				work: func(_ context.Context, d *keyDesk) (hsm.KeyInfo, error) {
					return hsm.KeyInfo{}, d.people.write(d.place.officers())
				},
			})
			if err == nil {
				fmt.Fprintf(c.ErrOrStderr(), "removed officer %s\n", name)
			}
			return err
		},
	}
	f.who(c)
	f.approver(c)
	return c
}

// approvals is how many officers must agree to a change among them: one could
// otherwise be two by herself.
func approvals(people *officers) int { return min(2, len(people.Officers)) }

func newKeysOfficerList() *cobra.Command {
	var f keysFlags
	c := &cobra.Command{
		Use: "list", Short: "List the officers", Args: cobra.NoArgs,
		Example: "  switchd keys officer list --config switchd.yml",
		RunE: func(c *cobra.Command, _ []string) error {
			return f.look(c, func(_ context.Context, _ *soft.Module, p keyPlace) error {
				all, err := readOfficers(p.officers())
				if err != nil {
					return err
				}
				type view struct {
					Name  string `json:"name"`
					Added string `json:"added"`
				}
				views := []view{}
				for _, o := range all.Officers {
					views = append(views, view{o.Name, o.Added})
				}
				if f.asJSON {
					return writeJSON(c.OutOrStdout(), views)
				}
				for _, v := range views {
					fmt.Fprintf(c.OutOrStdout(), "%-32s  added %s\n", v.Name, v.Added)
				}
				if len(views) == 0 {
					fmt.Fprintln(c.ErrOrStderr(), "there is no officer yet: 'switchd keys officer add NAME' makes the first")
				}
				return nil
			})
		},
	}
	f.place(c)
	f.json(c)
	return c
}

// personName takes the one argument that names an officer.
func personName(args []string) (string, error) {
	if len(args) != 1 {
		return "", usageError{errors.New("which officer? Give one name")}
	}
	if !officerName.MatchString(args[0]) || looksSecret(args[0]) {
		return "", usageError{errors.New("that is no name of an officer: a letter and up to 31 of a-z, 0-9, '.', '-'")}
	}
	return args[0], nil
}
