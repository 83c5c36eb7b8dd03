package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/top"
	"switchd/switch/verdict"
	"switchd/switch/view"
)

// status is the switch on one screen.
type status struct {
	Verdict  verdict.Verdict    `json:"verdict"`
	Overview view.Overview      `json:"overview"`
	Troubled []view.Participant `json:"participants"` // that are not up
}

func newStatus() *cobra.Command {
	var f adminFlags
	var every time.Duration
	c := &cobra.Command{
		Use: "status", Short: "Say on one screen how a running switch is, and whose fault it is",
		Long: `Shows on one screen whether the switch is ready; if something is wrong, whether it is the
switch or a participant, which one, and since when; how much traffic there is and how it
ends; how much money is in doubt; and what fires, with the first thing to do.

Exit code 0: the switch is ready; 1: it is not, or it does not answer.`,
		Example: "  switchd status --config switchd.yml\n  switchd status --admin 127.0.0.1:9583 --watch=5s\n  switchd status --dir /var/lib/switchd -o json | jq .verdict",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			port, err := f.port()
			if err != nil {
				return err
			}
			defer port.client.CloseIdleConnections()
			ready := true
			err = watch(c, every, func(ctx context.Context, w io.Writer) error {
				s, err := askStatus(ctx, port)
				if err != nil {
					return err
				}
				ready = s.Overview.Ready
				return f.showOn(w, paperOf(c.OutOrStdout()), s, func(p *screen.Page) { s.draw(p, wall()) })
			})
			if err == nil && !ready && every == 0 {
				err = errSaidNo
			}
			return err
		},
	}
	f.register(c, false)
	f.registerDir(c)
	registerWatch(c, &every)
	return c
}

// askStatus asks for all that status shows.
func askStatus(ctx context.Context, port *adminPort) (*status, error) {
	o, err := port.Overview(ctx)
	if err != nil {
		return nil, err
	}
	all, err := port.Participants(ctx)
	if err != nil {
		return nil, err
	}
	s := &status{Overview: o, Verdict: verdict.Judge(&o, all.Participants)}
	s.Troubled = slices.DeleteFunc(slices.Clone(all.Participants), func(p view.Participant) bool { return p.State == "up" })
	if s.Troubled == nil {
		s.Troubled = []view.Participant{}
	}
	return s, nil
}

// Overview asks for the whole switch.
func (p *adminPort) Overview(ctx context.Context) (view.Overview, error) {
	return get[view.Overview](ctx, p, "/api/v1/overview")
}

// Participants asks for all participants.
func (p *adminPort) Participants(ctx context.Context) (view.Participants, error) {
	return get[view.Participants](ctx, p, "/api/v1/participants")
}

func (s *status) draw(p *screen.Page, now time.Time) {
	o := &s.Overview
	p.Lines(top.Head(p.Paper, o, &s.Verdict, now))
	if o.PositionsSum != 0 {
		p.Line(screen.Marked(screen.Bad, "positions do not sum up to 0 but to "+top.Money(o, o.PositionsSum)))
	}
	for _, b := range o.Objectives {
		p.Text(burnIndent, burnCells(&b)...)
	}
	if len(s.Troubled) > 0 {
		p.Blank()
		p.Table(top.Table(s.Troubled, now))
	}
	if len(o.Alerts) > 0 {
		p.Blank()
	}
	for i := range o.Alerts {
		drawAlert(p, &o.Alerts[i], now)
	}
}

// burnIndent is where the figures of an objective begin.
const burnIndent = 32

// burnCells is how fast the budget of an objective is used up.
func burnCells(b *view.Burn) []screen.Cell {
	goal := screen.Plain(fmt.Sprintf("objective %-13s %-7s ", screen.Cut(b.Name, 13), screen.Share(b.Goal)))
	if unsaid := verdict.Unsaid(b); unsaid != "" {
		return []screen.Cell{goal, screen.Marked(screen.Dim, unsaid)}
	}
	left := screen.Plain(screen.Share(b.Budget) + " of " + verdict.Budget(b) + " left")
	if b.Budget <= 0 {
		left = screen.Marked(screen.Bad, verdict.Budget(b)+" is used up")
	}
	return []screen.Cell{goal, screen.Plain("burns "), burnCell(b.Fast), screen.Plain(" over 5 min, "), burnCell(b.Slow), screen.Plain(" over 1 h; "), left}
}

func burnCell(rate float64) screen.Cell {
	mark := screen.None
	if rate > 1 {
		mark = screen.Warn
	}
	return screen.Marked(mark, fmt.Sprintf("%.1fx", rate))
}
