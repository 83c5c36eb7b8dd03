package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
)

// glance is a command that shows one answer of the admin API.
type glance[T any] struct {
	use, short, long, example string
	// args and complete are what may stand behind the name; nil: nothing.
	args     cobra.PositionalArgs
	complete cobra.CompletionFunc
	// flags registers more flags; nil: there are none.
	flags func(c *cobra.Command)
	// path is what is asked for.
	path func(c *cobra.Command, args []string) (string, error)
	// ask asks for more than the answer under path; nil: that is all.
	ask func(ctx context.Context, port *adminPort, args []string, path string) (T, error)
	// draw shows it to people, at a moment.
	draw func(p *screen.Page, v *T, now time.Time)
}

// page is the path of a glance that is always the same.
func page(path string) func(*cobra.Command, []string) (string, error) {
	return func(*cobra.Command, []string) (string, error) { return path, nil }
}

// command makes the command, with --watch.
func (g glance[T]) command() *cobra.Command {
	var f adminFlags
	var every time.Duration
	c := &cobra.Command{
		Use: g.use, Short: g.short, Long: g.long, Example: g.example, Args: g.args, ValidArgsFunction: g.complete,
		RunE: func(c *cobra.Command, args []string) error {
			path, err := g.path(c, args)
			if err != nil {
				return usageError{err}
			}
			port, err := f.port()
			if err != nil {
				return err
			}
			defer port.client.CloseIdleConnections()
			return watch(c, every, func(ctx context.Context, w io.Writer) error {
				v, err := g.asks(ctx, port, args, path)
				if err != nil {
					return err
				}
				return f.showOn(w, paperOf(c.OutOrStdout()), &v, func(p *screen.Page) { g.draw(p, &v, wall()) })
			})
		},
	}
	if g.args == nil {
		c.Args = cobra.NoArgs
	}
	if g.complete == nil {
		c.ValidArgsFunction = cobra.NoFileCompletions
	}
	f.register(c, false)
	f.registerDir(c)
	registerWatch(c, &every)
	if g.flags != nil {
		g.flags(c)
	}
	return c
}

func (g *glance[T]) asks(ctx context.Context, port *adminPort, args []string, path string) (T, error) {
	if g.ask != nil {
		return g.ask(ctx, port, args, path)
	}
	return get[T](ctx, port, path)
}

// wall is what the clock says.
func wall() time.Time { return time.Unix(0, clock()) }

// watchEvery is how often a watched answer is asked for when nobody says.
const watchEvery = 2 * time.Second

// watchLeast keeps people from asking a switch all the time.
const watchLeast = 200 * time.Millisecond

func registerWatch(c *cobra.Command, every *time.Duration) {
	fl := c.Flags()
	fl.DurationVar(every, "watch", 0, "show it again and again, so often, until Ctrl-C")
	fl.Lookup("watch").NoOptDefVal = watchEvery.String()
}

// watch shows something once, or again and again. What fails at first is an error; later
// it is shown, and the next look may find that it is over.
func watch(c *cobra.Command, every time.Duration, show func(context.Context, io.Writer) error) error {
	ctx, out := c.Context(), c.OutOrStdout()
	switch {
	case every == 0 && !c.Flags().Changed("watch"):
		return show(ctx, out)
	case every < watchLeast:
		return usageError{fmt.Errorf("--watch %v: want %v or more", every, watchLeast)}
	}
	_, redraw := terminalOf(out)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for first := true; ; first = false {
		var text bytes.Buffer // drawn at once, or the eye sees it change
		err := show(ctx, &text)
		switch {
		case ctx.Err() != nil:
			return nil // the end that a watch has
		case err != nil && (first || errors.As(err, new(usageError))):
			return err
		case err != nil:
			fmt.Fprintf(&text, "%s  %v\n", screen.Clock(wall().UTC().Format(time.RFC3339)), err)
		}
		if err := redrawn(out, redraw, first, text.Bytes()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// redrawn writes a page over the one before where that can be done, else below it.
func redrawn(w io.Writer, redraw, first bool, text []byte) error {
	switch {
	case redraw:
		text = append([]byte("\x1b[H\x1b[2J"), text...)
	case !first:
		text = append([]byte("\n"), text...)
	}
	_, err := w.Write(text)
	return err
}
