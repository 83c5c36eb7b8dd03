package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"

	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/screen"
)

// userFlags say which file of users it is.
type userFlags struct {
	config, file string
}

func (f *userFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.config, "config", "", "configuration of the switch, for its admin_access.users")
	c.Flags().StringVar(&f.file, "users", "", "file of users, instead of --config")
	c.MarkFlagsMutuallyExclusive("config", "users")
	c.MarkFlagsOneRequired("config", "users")
}

// where is the file.
func (f *userFlags) where() (string, error) {
	if f.file != "" {
		return f.file, nil
	}
	cfg, err := config.Load(f.config, known())
	switch {
	case err != nil:
		return "", usageError{err}
	case cfg.AdminAccess.Users == "":
		return "", usageError{fmt.Errorf("%s has no admin_access.users: name a file there first, or name one with --users", f.config)}
	}
	return cfg.AdminAccess.Users, nil
}

func newUser() *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "Add, list and remove the users of the admin port",
		Long: `The file of users says who may look at a switch and who may order what. It has hashes of
tokens, never a token, or certificates. A running switch takes a changed file by itself.
Run these commands as the user of the switch: it must be able to read the file.

Roles: viewer sees the switch and payments without personal data; operator also orders;
security-officer also sees keys, changes caps and approves; auditor sees everything that
is not secret; participant:ID sees its own events.`,
		Example: "  switchd user add asha --roles operator --config switchd.yml\n  switchd user ls --config switchd.yml",
	}
	c.AddCommand(newUserAdd(), newUserList(), newUserRemove())
	return c
}

func newUserAdd() *cobra.Command {
	var f userFlags
	var roles, certificate, out string
	var again bool
	c := &cobra.Command{
		Use: "add NAME --roles ROLE[,ROLE]", Short: "Add a user; show his token once",
		Long: `Makes a token of 256 random bits, writes its hash into the file of users, and prints the
token once: nobody can find it again. With --token-out it goes to a new file that only you
may read, for --token-file. With --certificate the user shows a certificate instead: a URI
of its names, or its pin as 'switchd certs show' says it.`,
		Example: "  switchd user add asha --roles operator --config switchd.yml --token-out asha.token\n  switchd user add probe --roles viewer --users admin.users --certificate urn:switch:operator:probe",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			file, err := f.where()
			if err != nil {
				return err
			}
			kind, value, token := "certificate", certificate, ""
			if certificate == "" {
				if token, err = newUserToken(); err != nil {
					return err
				}
				digest := access.DigestOf(token)
				kind, value = "token", hex.EncodeToString(digest[:])
			}
			if err := addUser(file, userLine{args[0], roles, kind, value}, again, func() error { return keepToken(out, token) }); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "switchd: %s has the roles %s in %s\n", args[0], roles, file)
			switch {
			case token != "" && out == "":
				fmt.Fprintln(c.ErrOrStderr(), "switchd: the token, which is shown this once:")
				fmt.Fprintln(c.OutOrStdout(), token)
			case token != "":
				fmt.Fprintf(c.ErrOrStderr(), "switchd: the token is in %s\n", out)
			}
			return nil
		},
	}
	f.register(c)
	fl := c.Flags()
	fl.StringVar(&roles, "roles", "", "what he may do: viewer, operator, security-officer, auditor, participant:ID, with commas (required)")
	fl.StringVar(&certificate, "certificate", "", "he shows a certificate with this URI, or with this pin (sha256/...), and has no token")
	fl.StringVar(&out, "token-out", "", "new file for the token, instead of showing it")
	fl.BoolVar(&again, "again", false, "a further token or certificate of a user who is there already")
	completeNames(c, "roles", func() []string { return access.Anyone.Names() }, cobra.ShellCompDirectiveNoFileComp)
	c.MarkFlagsMutuallyExclusive("certificate", "token-out")
	if err := c.MarkFlagRequired("roles"); err != nil {
		panic(err)
	}
	return c
}

// newUserToken makes 256 random bits. The word before them is for who finds a token where
// none should be.
func newUserToken() (string, error) {
	var bits [32]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return "", err
	}
	return "switchd_" + base64.RawURLEncoding.EncodeToString(bits[:]), nil
}

// keepToken writes a token to a file of its own.
func keepToken(file, token string) error {
	if file == "" {
		return nil
	}
	return writeNew(file, 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, token)
		return err
	}, nil)
}

// userLine is one line of the file of users.
type userLine struct {
	Name  string `json:"name"`
	Roles string `json:"roles"`
	Shows string `json:"shows"` // token or certificate
	value string // of a token its hash
}

// String is the line as it stands in the file.
func (l userLine) String() string {
	return strings.Join([]string{l.Name, l.Roles, l.Shows, l.value}, " ")
}

// userLines are the lines of a file of users that are no comments.
func userLines(text string) (all []userLine) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if w := strings.Fields(line); len(w) == 4 {
			all = append(all, userLine{w[0], w[1], w[2], w[3]})
		}
	}
	return all
}

// readUsers reads a file of users, which must be good.
func readUsers(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err == nil {
		err = access.Parse(file, data)
	}
	return string(data), err
}

// addUser adds a line, after keep has kept what goes with it.
func addUser(file string, l userLine, again bool, keep func() error) error {
	text, err := readUsers(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = "# Who may look at the switch and order what: NAME ROLE[,ROLE] token HASH | certificate URI\n"
	case err != nil:
		return usageError{err}
	}
	for _, there := range userLines(text) {
		if there.Name == l.Name && !again {
			return usageError{fmt.Errorf("%s is in %s already: remove him first, or say --again for a further token", l.Name, file)}
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if strings.ContainsFunc(l.Name+l.Roles+l.value, func(r rune) bool { return unicode.IsSpace(r) || r == '#' }) {
		return usageError{errors.New("a name, a role and a certificate have no space, line end or # in them: they stand in one line of the file")}
	}
	if err := access.Parse("", []byte(l.String()+"\n")); err != nil { // of the arguments: no line of the file is wrong
		_, said, _ := strings.Cut(strings.TrimPrefix(err.Error(), ":"), ": ")
		return usageError{fmt.Errorf("%s is not added: %s", l.Name, said)}
	}
	text += l.String() + "\n"
	if err := access.Parse(file, []byte(text)); err != nil {
		return usageError{err}
	}
	if err := ownUsers(file); err != nil {
		return err
	}
	if err := keep(); err != nil {
		return err
	}
	return replaceFile(file, []byte(text))
}

// ownUsers refuses to take a file of users away from who reads it: what is written anew
// belongs to who writes it.
func ownUsers(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return nil // it is made
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return usageError{fmt.Errorf("%s belongs to user %d, who could no longer read it: run this as that user (sudo -u '#%d' switchd user ...)", file, st.Uid, st.Uid)}
	}
	return nil
}

func newUserList() *cobra.Command {
	var f userFlags
	var o outputFlags
	c := &cobra.Command{
		Use: "ls", Short: "List users: names, roles, and how they show who they are",
		Long:    "Lists the users of the file. No hash is shown.",
		Example: "  switchd user ls --config switchd.yml -o json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			file, err := f.where()
			if err != nil {
				return err
			}
			text, err := readUsers(file)
			if err != nil {
				return usageError{err}
			}
			v := struct {
				Users []userLine `json:"users"`
			}{append([]userLine{}, userLines(text)...)}
			return o.show(c.OutOrStdout(), v, func(p *screen.Page) {
				t := screen.NewTable(screen.Left("user"), screen.Left("roles"), screen.Left("shows"))
				for _, l := range v.Users {
					t.Row(screen.Plain(l.Name), screen.Plain(l.Roles), screen.Plain(l.Shows))
				}
				none(p, t, "there is no user")
			})
		},
	}
	f.register(c)
	o.register(c)
	return c
}

func newUserRemove() *cobra.Command {
	var f userFlags
	c := &cobra.Command{
		Use: "rm NAME", Short: "Remove a user with all his tokens and certificates",
		Long:    "Removes all lines of a user. A running switch lets him in no more as soon as it has seen\nthe changed file.",
		Example: "  switchd user rm asha --config switchd.yml",
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			if file, err := f.where(); err == nil {
				text, _ := readUsers(file) // of a bad file nothing is offered
				for _, l := range userLines(text) {
					names = append(names, choice(l.Name, l.Roles))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			file, err := f.where()
			if err != nil {
				return err
			}
			gone, err := removeUser(file, args[0])
			if err == nil {
				fmt.Fprintf(c.ErrOrStderr(), "switchd: %s is gone from %s (%s)\n", args[0], file, count(gone, "line"))
			}
			return err
		},
	}
	f.register(c)
	return c
}

// removeUser removes the lines of a name.
func removeUser(file, name string) (gone int, err error) {
	text, err := readUsers(file)
	if err != nil {
		return 0, usageError{err}
	}
	var left bytes.Buffer
	for line := range strings.Lines(text) {
		if l := userLines(line); len(l) == 1 && l[0].Name == name {
			gone++
			continue
		}
		left.WriteString(line)
	}
	switch err := ownUsers(file); {
	case gone == 0:
		return 0, fmt.Errorf("%s is not in %s: 'switchd user ls' lists who is", name, file)
	case err != nil:
		return 0, err
	}
	return gone, replaceFile(file, left.Bytes())
}
