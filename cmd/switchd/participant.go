package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/screen"
	"switchd/switch/top"
	"switchd/switch/view"
)

func newParticipant() *cobra.Command {
	c := &cobra.Command{
		Use: "participant", Short: "Look at participants; drain, resume, or log one in detail",
		Long: `How participants are doing, and what an operator does about one that is in trouble.

A drained participant takes part in no new payment; those that are open go on to their
end. Drain it before it works on its systems, resume it afterwards.`,
		Example: "  switchd participant ls --config switchd.yml\n  switchd participant drain BANKB --reason 'its core is down until 14:00' --config switchd.yml",
	}
	c.AddCommand(newParticipantList(), newParticipantShow(), newParticipantOrder("drain", "Have a participant take part in no new payment; open ones go on"),
		newParticipantOrder("resume", "Have a drained participant take part in payments again"), newParticipantDebug())
	return c
}

func newParticipantList() *cobra.Command {
	return glance[view.Participants]{
		use: "ls", short: "List participants: state, traffic, success, latency, links, breakers, use of the cap",
		long: `Lists the participants of a running switch. STATE is up, degraded (a breaker is open, or
messages fail), down (no link is signed on), drained or removed; the last column says why.
PER S, SUCCESS, P50 and P99 are of the messages to it in the last seconds; DOUBT are
payments whose outcome it has not told; CAP is how much of the net debit cap is used.`,
		example: "  switchd participant ls --config switchd.yml\n  switchd participant ls --admin 127.0.0.1:9583 --watch=1s\n  switchd participant ls --admin 127.0.0.1:9583 -o yaml",
		path:    page("/api/v1/participants"),
		draw: func(p *screen.Page, v *view.Participants, now time.Time) {
			none(p, top.Table(v.Participants, now), "no participant is configured")
		},
	}.command()
}

// none says so when a table is empty.
func none(p *screen.Page, t *screen.Table, empty string) {
	if t.Len() == 0 {
		p.Line(screen.Plain(empty))
		return
	}
	p.Table(t)
}

// sinceText is how long something lasts.
func sinceText(at string, now time.Time) string {
	return strings.TrimSuffix(screen.Ago(at, now), " ago")
}

// shownParticipant is a participant, and the switch for the currency of its amounts.
type shownParticipant struct {
	view.Participant
	of view.Overview
}

func newParticipantShow() *cobra.Command {
	return glance[shownParticipant]{
		use: "show ID", short: "Show one participant: state, messages, breakers, position, certificate",
		long: `Shows how one participant is doing, in more detail than ls: its breakers and limits class
by class, its position against its cap, and when its certificate expires. 'switchd link ls
--participant ID' shows its links.`,
		example: "  switchd participant show BANKB --config switchd.yml --watch",
		args:    cobra.ExactArgs(1), complete: completeParticipants,
		path: func(_ *cobra.Command, args []string) (string, error) {
			return "/api/v1/participants/" + pathEscape(args[0]), nil
		},
		ask: func(ctx context.Context, port *adminPort, args []string, path string) (v shownParticipant, err error) {
			if v.of, err = port.Overview(ctx); err != nil {
				return v, err
			}
			v.Participant, err = get[view.Participant](ctx, port, path)
			return v, port.unknown(ctx, args[0], err)
		},
		draw: func(p *screen.Page, v *shownParticipant, now time.Time) {
			p.Lines(top.Detail(p.Paper, &v.of, &v.Participant, now))
		},
	}.command()
}

// knownMost is how many names fit into a sentence.
const knownMost = 20

// unknown says which participants there are, to who has asked about one that is not there.
func (p *adminPort) unknown(ctx context.Context, id string, err error) error {
	said := refused{}
	if !errors.As(err, &said) || said.status != http.StatusNotFound || id == "" {
		return err
	}
	all, wrong := p.Participants(ctx)
	if wrong != nil {
		return err
	}
	var known []string
	for i := range all.Participants {
		if known = append(known, all.Participants[i].ID); known[i] == id {
			return err // it is something else that is not there
		}
	}
	if len(known) == 0 || len(known) > knownMost {
		return fmt.Errorf("there is no participant %q: 'switchd participant ls' lists those that there are", id)
	}
	return fmt.Errorf("there is no participant %q%s", id, config.Suggestion(id, known))
}

func newParticipantOrder(name, short string) *cobra.Command {
	return ordering(&cobra.Command{
		Use: name + " ID --reason WHY", Short: short,
		Long:    short + ".\nThe order is a record of the journal before it takes effect, and stands in 'switchd audit ls'.",
		Example: fmt.Sprintf("  switchd participant %s BANKB --reason 'ticket 312' --config switchd.yml", name),
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeParticipants,
	}, func(args []string) (view.Order, error) {
		return view.Order{Command: name, Participant: args[0]}, nil
	})
}

// debugWhile is how long a participant is logged in detail when nobody says.
const debugWhile = 10 * time.Minute

func newParticipantDebug() *cobra.Command {
	var while time.Duration
	c := ordering(&cobra.Command{
		Use: "debug ID --reason WHY [--for 10m]", Short: "Log what goes to and from a participant in detail, for a while",
		Long: `Logs each message to and from a participant, by its class, code, leg and payment and
without its content, until the time is over: it ends by itself. --for 0s ends it now. What
is in the messages of a payment is in 'switchd payment show'.`,
		Example: "  switchd participant debug BANKB --for 5m --reason 'ticket 312: answers without field 39' --config switchd.yml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeParticipants,
	}, func(args []string) (view.Order, error) {
		if while < 0 {
			return view.Order{}, errors.New("--for must be a time to come, or 0s")
		}
		return view.Order{Command: "debug", Participant: args[0], For: while.String()}, nil
	})
	c.Flags().DurationVar(&while, "for", debugWhile, "how long; 0s ends it")
	return c
}
