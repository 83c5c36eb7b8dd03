package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"switchd/switch/config"
)

// auditHead is what keyChain.head gives.
var auditHead = regexp.MustCompile(`^[0-9]{1,20}:[0-9A-Fa-f]{64}$`)

func newKeysAudit() *cobra.Command {
	var f keysFlags
	var head string
	c := &cobra.Command{
		Use: "audit", Short: "Show who has done what with the keys, and verify that nothing of it was changed",
		Long: `Reads FILE.audit beside the key file, to its end or to the first line that is not what was
written, and ends with 1 then. Each line has the SHA-256 of the line before, so that no
line can be changed, taken out or put in without all that follow. Against that of the
last ones there is the head, which every change prints (audit NUMBER:HASH): write it
down, and compare it with --head. The same number and hash prove all lines up to it.

Officers have proven who they are with their token; an account is the login of the
operating system. --json prints the lines as they are in the file, then the head.`,
		Example: `  switchd keys audit --config switchd.yml
  switchd keys audit --config switchd.yml --head 17:9f86d081884c7d65...`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if head != "" && !auditHead.MatchString(head) {
				return usageError{fmt.Errorf("--head wants NUMBER:HASH with all 64 digits of the hash, as a change has printed it")}
			}
			path, err := f.auditPath()
			if err != nil {
				return err
			}
			show := printKeyEvent
			if f.programs() {
				show = func(w io.Writer, e *keyEvent) error { return f.each(w, e) }
			}
			want, met := strings.ToLower(head), uint64(0)
			a := new(keyChain)
			err = readInto(a, path, func(e *keyEvent) error {
				if a.head() == want {
					met = e.Seq
				}
				return show(c.OutOrStdout(), e)
			})
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("there is no audit file %s: the first command that changes or shows keys makes it", path)
			case err != nil:
				return err
			case head != "" && met == 0:
				return fmt.Errorf("%s: %w: no event is %s: lines at the end were changed or cut off", path, errAudit, head)
			}
			if len(a.torn) > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "a line at the end is unfinished: a process was ended within it, or is at work; the next change cuts it off and says so\n")
			}
			for _, e := range a.open {
				fmt.Fprintf(c.ErrOrStderr(), "event %d has no outcome: its process was ended, or is at work; the next change says what it finds\n", e.Seq)
			}
			if f.programs() {
				return f.each(c.OutOrStdout(), struct {
					Head string `json:"head"`
				}{a.head()})
			}
			if met > 0 {
				fmt.Fprintf(c.OutOrStdout(), "event %d is the one that was written down, and %d have come since\n", met, a.last.Seq-met)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s, unchanged, head %s\n", count(int(a.last.Seq), "event"), a.head())
			return err
		},
	}
	f.place(c)
	f.json(c)
	c.Flags().StringVar(&head, "head", "", "NUMBER:HASH that was written down: it must be there")
	return c
}

// auditPath names the audit file. That of a module whose keys are not cared for here says
// what participants have brought.
func (f *keysFlags) auditPath() (string, error) {
	if f.config != "" && f.file == "" && f.unlock == "" {
		if cfg, err := config.Load(f.config, known()); err == nil && cfg.HSM.Driver != "" {
			return auditFile(cfg), nil
		}
	}
	p, err := f.find()
	return p.audit(), err
}

// printKeyEvent prints an event in words, in lines that fit a page.
func printKeyEvent(w io.Writer, e *keyEvent) error {
	who := e.Officer
	switch {
	case e.Participant != "":
		who = "participant " + e.Participant
	case who == "":
		who = "account " + e.Account
	case e.Second != "":
		who += " and " + e.Second
	}
	what := e.Action
	if e.Name != "" {
		what += " " + string(e.Name)
	}
	if e.Version != 0 {
		what += fmt.Sprintf(" version %d", e.Version)
	}
	if e.KCV != "" {
		what += " " + e.KCV
	}
	_, err := fmt.Fprintln(w, forTerminal(fmt.Sprintf("%4d  %.19sZ  %-8s %s: %s", e.Seq, e.At, e.Outcome, who, what)))
	if e.Detail != "" {
		for line := range strings.SplitSeq(e.Detail, "\n") {
			_, fault := fmt.Fprintf(w, "      %s\n", forTerminal(line))
			err = errors.Join(err, fault)
		}
	}
	return err
}

// forTerminal shows what would move the cursor, change colours or turn the direction of
// a line as '?': names of files, which anybody chooses, are in events.
func forTerminal(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return '?'
		}
		return r
	}, line)
}
