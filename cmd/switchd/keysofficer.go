package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/hsm"
)

// officer is a person who may change keys.
type officer struct {
	Name string `json:"name"`
	// Token is the fingerprint of the 32 random bytes that the person has, their
	// SHA-256 in hexadecimal: of so many, nobody finds them by trying.
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

// add takes a new officer, by the fingerprint of the token that she has made.
func (o *officers) add(name, fingerprint string, at int64) error {
	same := slices.IndexFunc(o.Officers, func(p officer) bool { return p.Token == fingerprint })
	switch {
	case o.at(name) >= 0:
		return fmt.Errorf("there is an officer %s already: remove her first, if her token is lost", name)
	case len(o.Officers) == officersMax:
		return fmt.Errorf("there are %d officers: remove one first", officersMax)
	case same >= 0:
		return fmt.Errorf("%w: that is the fingerprint of %s's token: each officer has one of her own", hsm.ErrDenied, o.Officers[same].Name)
	}
	o.Officers = append(o.Officers, officer{name, fingerprint, time.Unix(0, at).UTC().Format(time.RFC3339)})
	return nil
}

// noOfficers is the digest while there is none.
const noOfficers = "none"

// digest names who the officers are, with their tokens.
func (o *officers) digest() string {
	if len(o.Officers) == 0 {
		return noOfficers
	}
	h := sha256.New()
	for _, p := range o.Officers {
		fmt.Fprintf(h, "%s %s\n", p.Name, p.Token)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// newToken makes an officer's token, and its fingerprint.
func newToken() (token []byte, fingerprint string) {
	var b [tokenBytes]byte
	rand.Read(b[:])
	defer clear(b[:])
	sum := sha256.Sum256(b[:])
	return base64.RawURLEncoding.AppendEncode([]byte(tokenHead), b[:]), hex.EncodeToString(sum[:])
}

func newKeysOfficer() *cobra.Command {
	c := &cobra.Command{
		Use: "officer", Short: "Enrol, add, remove and list those who may change keys",
		Long: `An officer proves with a token who she is. She makes it herself ('enrol'), so that nobody
else has ever seen it, and tells the others its fingerprint, with which they add her
('add'). The first needs nobody's approval, the second that of the first, all others that
of two.

No program can tell whether two names are two people: whoever holds two tokens is two
officers. So let the first two be added with both of them there, and look at FILE.audit.`,
	}
	c.AddCommand(newKeysOfficerEnrol(), newKeysOfficerAdd(), newKeysOfficerRemove(), newKeysOfficerList())
	return c
}

func newKeysOfficerEnrol() *cobra.Command {
	var out string
	var f outputFlags
	c := &cobra.Command{
		Use: "enrol NAME", Short: "Make your own token, and print its fingerprint",
		Long: `Writes a new token to --out (mode 0600, never over another file), and prints the
fingerprint of it, its SHA-256, which is no secret. Needs no keys: do it under your own
login, best on your own machine, keep the file where nobody else can read it, and tell
the officers the fingerprint yourself: they add you with it.`,
		Example: "  switchd keys officer enrol asha --out asha.token",
		RunE: func(c *cobra.Command, args []string) error {
			name, err := personName(args)
			if err != nil {
				return err
			}
			file := cmp.Or(out, name+".token")
			token, fingerprint := newToken()
			defer clear(token)
			err = writeNew(file, 0o600, func(w io.Writer) error {
				line := append(token, '\n')
				defer clear(line)
				_, err := w.Write(line)
				return err
			}, nil)
			switch {
			case err != nil:
				return err
			case f.programs():
				return f.encode(c.OutOrStdout(), enrolment{name, file, fingerprint})
			}
			fmt.Fprintf(c.ErrOrStderr(), "made your token in %s: show it to nobody. This is its fingerprint, for those who add you:\n", file)
			_, err = fmt.Fprintln(c.OutOrStdout(), fingerprint)
			return err
		},
	}
	c.Flags().StringVar(&out, "out", "", "file for the token (default: NAME.token)")
	f.register(c)
	return c
}

// enrolment is what --json says of an officer who is new.
type enrolment struct {
	Officer     string `json:"officer"`
	File        string `json:"token_file,omitempty"`
	Fingerprint string `json:"fingerprint"`
}

// fingerprintOf reads the fingerprint of a token. What it refuses it does not repeat.
func fingerprintOf(text string) (string, error) {
	text = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	switch b, err := hex.DecodeString(text); {
	case text == "":
		return "", usageError{errors.New("whose token? She makes it herself, 'switchd keys officer enrol NAME', and tells you the --fingerprint that it prints")}
	case strings.HasPrefix(text, tokenHead):
		return "", usageError{errors.New("that is a token, which only its owner may see, and your shell may have kept it: she makes another, and tells you the fingerprint")}
	case err != nil || len(b) != sha256.Size:
		return "", usageError{errors.New("--fingerprint has 64 hexadecimal digits, as 'switchd keys officer enrol' prints them")}
	}
	return text, nil
}

func newKeysOfficerAdd() *cobra.Command {
	var f keysFlags
	var print string
	c := &cobra.Command{
		Use: "add NAME --fingerprint HEX", Short: "Add an officer, by the fingerprint of the token that she has made",
		Long: `Ask her for the fingerprint of her token herself, in person or by telephone: who gives you
another is that officer then.

The first officer needs no approval, the second that of the first (--officer), all others
that of two (--officer and --second).`,
		Example: `  switchd keys officer add asha --fingerprint 5f70... --config switchd.yml
  switchd keys officer add biko --fingerprint c1d9... --config switchd.yml --officer asha --token-file asha.token`,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := personName(args)
			if err != nil {
				return err
			}
			fingerprint, err := fingerprintOf(print)
			if err != nil {
				return err
			}
			var now officers
			_, err = f.do(c, keyDeed{
				action: "officer add", detail: name + ", token of fingerprint " + fingerprint, approvals: approvals,
				ready: func(d *keyDesk) error {
					defer func() { now = *d.people }()
					return d.people.add(name, fingerprint, d.now())
				},
				work: func(_ context.Context, d *keyDesk) (hsm.KeyInfo, error) {
					return hsm.KeyInfo{}, d.people.write(d.place.officers())
				},
			})
			switch {
			case err != nil:
				return err
			case f.programs():
				return f.encode(c.OutOrStdout(), enrolment{Officer: name, Fingerprint: fingerprint})
			}
			fmt.Fprintf(c.ErrOrStderr(), "added officer %s\n", name)
			if len(now.Officers) == 1 {
				fmt.Fprintln(c.ErrOrStderr(), "next: a second officer, another person with a token of her own: a key of components needs two")
			}
			return nil
		},
	}
	f.who(c)
	f.approver(c)
	f.json(c)
	c.Flags().StringVar(&print, "fingerprint", "", "of the token that she has made, as 'officer enrol' prints it (required)")
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
			p, err := f.find()
			if err == nil {
				err = p.there()
			}
			if err != nil {
				return err
			}
			all, err := readOfficers(p.officers())
			if err != nil {
				return err
			}
			views := []officerView{}
			for _, o := range all.Officers {
				views = append(views, officerView{o.Name, o.Added, o.Token})
			}
			return printAll(c, &f.outputFlags, views, "there is no officer yet: 'switchd keys officer enrol NAME' makes the token of the first")
		},
	}
	f.place(c)
	f.json(c)
	return c
}

// officerView is what --json says of an officer.
type officerView struct {
	Name        string `json:"name"`
	Added       string `json:"added"`
	Fingerprint string `json:"fingerprint"`
}

func (v officerView) print(w io.Writer) {
	fmt.Fprintf(w, "%-20s  added %s\n  token %s\n", v.Name, v.Added, v.Fingerprint)
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
