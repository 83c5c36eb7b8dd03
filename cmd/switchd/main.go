package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes, a contract for scripts: 0 ok, or an order that has been taken and waits for
// a second person; 1 failed, or a question whose answer is no (status: not ready, doctor:
// something is bad); 2 usage or configuration.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is an error about how the command was called or configured.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// errSaidNo is the end of a command whose answer was no, and has been given: nothing more
// is said.
var errSaidNo = errors.New("no")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A command that waits where it cannot be told ends with the second one, which is
	// not the first one doubled. Commands that go on have a say of their own in it.
	context.AfterFunc(ctx, func() { time.AfterFunc(doubledWithin, stop) })
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code. ctx ends at the first
// Ctrl-C or SIGTERM. Data goes to stdout, talk to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	begun := false
	onRun(root, func() { begun = true })
	c, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaidNo):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, err)
		return exitUsage
	case !begun: // an unknown command or flag, wrong or missing arguments
		fmt.Fprintf(stderr, "%v\nSee '%s --help'\n", err, c.CommandPath())
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, interrupted(c))
		return exitFailed
	}
	fmt.Fprintln(stderr, "switchd:", err)
	return exitFailed
}

// interrupted is what is said of a command that a signal has ended.
func interrupted(c *cobra.Command) string {
	return fmt.Sprintf("switchd: %s was interrupted before its end", strings.TrimPrefix(c.CommandPath(), "switchd "))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "switchd",
		Short: "Instant-payment switch: ISO 8583 and ISO 20022 over mutual TLS, a durable journal, one binary",
		Long: `switchd takes push payments from participants over persistent mutual-TLS
sessions, resolves addresses, debits the payer's bank, credits the payee's bank,
repairs every failure in between and keeps net positions.

Start with: switchd demo`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(newDemo(), newServe(), newBank(), newBench(), newSim(), newHSMSim(), newKeys(), newStatus(), newTop(), newParticipant(), newLink(), newPosition(), newBreaker(), newLimit(), newPayment(), newDeadLetter(), newException(), newApproval(), newAudit(), newAlert(), newEvents(), newCap(), newDoctor(), newSupportBundle(), newUser(), newBackup(), newRestore(), newJournal(), newCheckConfig(), newConfig(), newCerts(), newDecode(), newValidate(), newSpec(), newVersion())
	root.InitDefaultCompletionCmd()
	groups(root)
	root.SetFlagErrorFunc(flagWords)
	argumentWords(root)
	return root
}

// groups has the commands that only hold others refuse names that they do not hold:
// cobra shows the help and ends with 0, which a script takes for done.
func groups(c *cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.HasSubCommands() && !sub.Runnable() {
			sub.Args = knownCommand
			sub.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
		groups(sub)
	}
}

// onRun calls f when c or a command below it begins its work. What fails before
// that is wrong in how it was called.
func onRun(c *cobra.Command, f func()) {
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			f()
			return work(c, args)
		}
	}
	for _, sub := range c.Commands() {
		onRun(sub, f)
	}
}
