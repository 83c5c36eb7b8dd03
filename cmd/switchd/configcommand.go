package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/screen"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{
		Use: "config", Short: "Compare and reload the configuration of a running switch",
		Long: `A reload is all or nothing: a file with a fault changes nothing, nor does one with a
change that needs a restart. What is in force is kept in data_dir/config.last.`,
	}
	c.AddCommand(newConfigDiff(), newConfigApply(), newConfigReload(), newConfigLast())
	return c
}

// difference is what config diff says.
type difference struct {
	Changes  []string `json:"changes"`
	More     int      `json:"more,omitempty"`
	Restarts int      `json:"restarts"` // changes that need a restart: a reload refuses the file
}

func newConfigDiff() *cobra.Command {
	var f adminFlags
	c := &cobra.Command{
		Use: "diff --config FILE", Short: "List what differs between a file and what a running switch has",
		Long: `Lists the changes that FILE would bring to the running switch, whose admin port is that
of FILE, of --admin or of the data folder --dir, and which of them need a restart.
Without FILE it compares the file that the switch was started with, as it is now.`,
		Example: "  switchd config diff --config switchd.yml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			answer, err := f.call(c.Context(), http.MethodGet, "/api/v1/config", nil)
			if err != nil {
				return err
			}
			var has kept
			if err := json.Unmarshal(answer, &has); err != nil || len(has.Files) == 0 {
				return errors.New("the switch does not say what configuration it has")
			}
			d, err := has.differs(f.config)
			if err != nil {
				return err
			}
			return f.show(c.OutOrStdout(), d, func(p *screen.Page) { d.print(p, &has) })
		},
	}
	f.register(c, false)
	f.registerDir(c)
	return c
}

// differs compares what a switch has with a file; without one, with the file that it
// would read.
func (k *kept) differs(file string) (*difference, error) {
	old, err := config.Again(k.sources(), known())
	if err != nil {
		return nil, fmt.Errorf("this version does not take what the running switch has:\n%w", err)
	}
	if file == "" {
		file = k.Files[0].File
	}
	if file, err = filepath.Abs(file); err != nil { // as the switch has it, whatever our folder
		return nil, err
	}
	next, err := config.Load(file, known())
	if err != nil {
		return nil, usageError{err}
	}
	changes := config.Diff(old, next)
	d := &difference{Changes: []string{}, More: changes.More, Restarts: changes.Restarts}
	for _, change := range changes.List {
		d.Changes = append(d.Changes, change.String())
	}
	return d, nil
}

func (d *difference) print(w io.Writer, has *kept) {
	if len(d.Changes) == 0 {
		fmt.Fprintln(w, "no difference")
		return
	}
	fmt.Fprintf(w, "in force since %s, by %s: %s\n", has.At.Format("2006-01-02 15:04:05"), has.By, has.Reason)
	printChanges(w, d.Changes, d.More)
	if d.Restarts > 0 {
		fmt.Fprintf(w, "changes that need a restart: %d; a reload refuses the file\n", d.Restarts)
	}
}

func printChanges(w io.Writer, changes []string, more int) {
	for _, change := range changes {
		fmt.Fprintln(w, change)
	}
	if more > 0 {
		fmt.Fprintf(w, "changes that are not shown: %d\n", more)
	}
}

func newConfigReload() *cobra.Command {
	var f adminFlags
	var dry bool
	c := &cobra.Command{
		Use: "reload --reason WHY", Short: "Have a running switch read its configuration again",
		Long: `Has the running switch read the file that it was started with, check it, and take the
changes as a whole, while payments go on; they are in force when the command returns.
What is not good changes nothing, and is told as by check-config. --dry-run says what
would change. The switch is the one at --admin, of the data folder --dir, or of the
file --config, which must name the admin port that is in force.`,
		Example: "  switchd config reload --reason 'BANKD joins' --config switchd.yml\n  switchd config reload --reason 'BANKD joins' --dir /var/lib/switchd --dry-run",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.reason == "" {
				return usageError{errors.New("why? --reason is kept with the configuration")}
			}
			port, err := f.port()
			if err != nil {
				return err
			}
			r, err := f.reload(c.Context(), port, dry)
			if err != nil {
				return err
			}
			return f.show(c.OutOrStdout(), r, func(p *screen.Page) { r.print(p) })
		},
	}
	f.register(c, true)
	f.registerDir(c)
	c.MarkFlagsMutuallyExclusive("dir", "config")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would change, and change nothing")
	return c
}

// reload has the switch read its file.
func (f *adminFlags) reload(ctx context.Context, port *adminPort, dry bool) (*reloaded, error) {
	o := reloadOrder{Reason: f.reason, Operator: f.operator, DryRun: dry}
	if o.Operator == "" {
		o.Operator = login()
	}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	answer, err := port.ask(ctx, http.MethodPost, "/api/v1/reload", body)
	if err != nil {
		return nil, err
	}
	r := new(reloaded)
	return r, understand(answer, r)
}

func (r *reloaded) print(w io.Writer) {
	if len(r.Changes) == 0 {
		fmt.Fprintln(w, "nothing to change")
		return
	}
	printChanges(w, r.Changes, r.More)
	for _, note := range r.Notes {
		fmt.Fprintln(w, "note:", note)
	}
	switch {
	case r.Approval != 0:
		fmt.Fprintf(w, "nothing was changed yet: caps change, so it waits for a second person, who approves it with 'switchd approval approve %d' within 15 minutes, while the file stays as it is\n", r.Approval)
	case r.DryRun && r.TwoPerson:
		fmt.Fprintln(w, "this would change once a second person has approved it, since caps change; nothing was changed")
	case r.DryRun:
		fmt.Fprintln(w, "this would change; nothing was changed")
	default:
		fmt.Fprintln(w, "in force")
	}
}

func newConfigLast() *cobra.Command {
	var dir string
	var out outputFlags
	c := &cobra.Command{
		Use: "last --dir DIR", Short: "Print the configuration that was in force last in a data folder",
		Long: `Prints the files of the configuration that was in force last, each behind a line with
its name, and says since when and by whom. 'switchd serve --last-good DIR' starts by it
when the file is not good.`,
		Example: "  switchd config last --dir /var/lib/switchd",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			k, err := readKept(dir)
			switch {
			case err != nil:
				return err
			case out.programs():
				return screen.Encode(c.OutOrStdout(), out.as(), k)
			}
			fmt.Fprintf(c.ErrOrStderr(), "in force since %s, by %s: %s\n", k.At.Format("2006-01-02 15:04:05"), k.By, k.Reason)
			for _, file := range k.Files {
				fmt.Fprintf(c.OutOrStdout(), "# %s\n%s", file.File, file.Text)
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "data folder (required)")
	out.register(c)
	if err := c.MarkFlagRequired("dir"); err != nil {
		panic(err)
	}
	return c
}
