package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
)

// applyFlags are those of config apply.
type applyFlags struct {
	adminFlags
	yes, dry bool
}

func newConfigApply() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use: "apply --config FILE --reason WHY", Short: "Check a changed configuration, show what it changes, and have it taken",
		Long: `Checks FILE as check-config --files does, shows what would change, asks, and has the
running switch read it. FILE is the file that the switch was started with: edit it first.
Nothing changes when it has a fault, or a change that needs a restart. --yes does not
ask; where nobody can be asked (no terminal) it is needed. --dry-run asks nothing and
changes nothing.

What changes a cap, or brings a participant with one, waits for a second person where
there are users.

Exit code 0: in force, nothing to change, or it waits; 1: refused, or you have said no; 2: the file
has faults.`,
		Example: "  switchd config apply --config switchd.yml --reason 'BANKD joins'\n  switchd config apply --config switchd.yml --reason 'ticket 312' --dry-run",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.apply(c) },
	}
	f.register(c, true)
	f.registerDir(c)
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.dry, "dry-run", false, "check and show, and change nothing")
	if err := c.MarkFlagRequired("config"); err != nil {
		panic(err)
	}
	return c
}

func (f *applyFlags) apply(c *cobra.Command) error {
	if strings.TrimSpace(f.reason) == "" {
		return usageError{errors.New("why? --reason is kept with the configuration")}
	}
	if _, err := loadConfig(f.config, true); err != nil {
		return err
	}
	port, err := f.port()
	if err != nil {
		return err
	}
	if err := f.reads(c.Context(), port); err != nil {
		return err
	}
	would, err := f.reload(c.Context(), port, true)
	if err != nil {
		return err
	}
	if f.dry || len(would.Changes) == 0 {
		return f.show(c.OutOrStdout(), would, func(p *screen.Page) { would.print(p) })
	}
	talk := c.ErrOrStderr()
	printChanges(talk, would.Changes, would.More)
	for _, note := range would.Notes {
		fmt.Fprintln(talk, "note:", note)
	}
	if would.TwoPerson {
		fmt.Fprintln(talk, "note: caps change, so it waits for a second person")
	}
	if err := f.sure(c); err != nil {
		return err
	}
	done, err := f.reload(c.Context(), port, false)
	if err != nil {
		return err
	}
	return f.show(c.OutOrStdout(), done, func(p *screen.Page) { done.print(p) })
}

// reads refuses a file that the switch will not read: what would be shown would not
// be what is taken.
func (f *applyFlags) reads(ctx context.Context, port *adminPort) error {
	has, err := get[kept](ctx, port, "/api/v1/config")
	if err != nil {
		return err
	}
	if len(has.Files) == 0 {
		return errors.New("the switch does not say what configuration it has")
	}
	if reads := has.Files[0].File; !sameFile(reads, f.config) {
		return usageError{fmt.Errorf("the switch reads %s, not %s: put your changes there", reads, f.config)}
	}
	return nil
}

// sameFile says whether two names are one file.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// errNo is an answer of the person who was asked.
var errNo = errors.New("nothing was changed: the answer was not yes")

// sure asks whether to go on.
func (f *applyFlags) sure(c *cobra.Command) error {
	if f.yes {
		return nil
	}
	in := c.InOrStdin()
	if _, person := terminalOf(in); !person {
		return usageError{errors.New("nothing was changed: nobody can be asked here; say --yes")}
	}
	fmt.Fprint(c.ErrOrStderr(), "Take these changes? [y/N] ")
	line, err := bufio.NewReader(io.LimitReader(in, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errNo
	}
	return nil
}
