package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"switchd/switch/screen"
	"switchd/switch/verdict"
)

// Options say what is watched and where it is shown.
type Options struct {
	Source Source
	Every  time.Duration // between an answer and the next question
	Now    func() time.Time
	In     io.Reader
	Out    io.Writer
	// Colour says whether colours are shown.
	Colour bool
	// Plain is for where there is no terminal: lines, one page after the other, of which
	// there are Times; 0: until ctx ends.
	Plain bool
	Times int
}

// Run shows the switch until somebody ends it, or ctx ends: then the terminal is as it
// was. It returns the error of the first look of a plain one, and of a terminal that
// cannot be used.
func Run(ctx context.Context, o Options) error {
	if o.Plain {
		return plain(ctx, &o)
	}
	program := tea.NewProgram(model{ctx: ctx, source: o.Source, every: o.Every, now: o.Now, colour: o.Colour},
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler())
	_, err := program.Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil // the end that it has
	}
	return err
}

// plain writes a page for each look.
func plain(ctx context.Context, o *Options) error {
	next := time.NewTimer(0)
	defer next.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		l := ask(ctx, o.Source, o.Now)
		switch {
		case ctx.Err() != nil:
			return nil
		case l.err != nil && n == 1:
			return l.err
		}
		if err := write(o.Out, &l); err != nil {
			return err
		}
		if n == o.Times {
			return nil
		}
		next.Reset(o.Every)
	}
}

// write writes one page of plain lines, which begins with its time.
func write(w io.Writer, l *look) error {
	p := screen.NewPage(w, screen.Paper{})
	fmt.Fprintln(p, l.at.UTC().Format(time.RFC3339))
	if l.err != nil {
		fmt.Fprintln(p, "the switch does not answer:", screen.Clean(l.err.Error()))
	} else {
		v := verdict.Judge(&l.overview, l.participants)
		for _, line := range Head(p.Paper, &l.overview, &v, l.at) {
			fmt.Fprintln(p, line)
		}
		p.Table(Table(sorted(l.participants, 0, false, ""), l.at))
	}
	p.Blank()
	return p.End()
}
