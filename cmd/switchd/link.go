package main

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// pathEscape makes a word a part of a path.
func pathEscape(word string) string { return url.PathEscape(word) }

func newLink() *cobra.Command {
	c := &cobra.Command{
		Use: "link", Short: "Look at the links of a running switch, or close one",
		Long: `A link is one connection of a participant. Closing one makes the participant, or the
switch, whoever connects, make another: that helps when a link hangs, or stands on an old
certificate. Messages on the way are asked about as after any broken link.`,
		Example: "  switchd link ls --participant BANKB --config switchd.yml\n  switchd link close 17 --reason 'half dead since 10:00' --config switchd.yml",
	}
	c.AddCommand(newLinkList(), newLinkClose())
	return c
}

func newLinkList() *cobra.Command {
	var participant string
	return glance[view.Links]{
		use: "ls [--participant ID]", short: "List links: state, address, TLS, certificate, messages, what waits",
		long: `Lists the links of a running switch. SILENT is how long nothing has come on it, OUTBOX
what waits to be sent: one that grows belongs to a participant that does not read.`,
		example: "  switchd link ls --config switchd.yml\n  switchd link ls --participant BANKB --admin 127.0.0.1:9583 --watch",
		flags: func(c *cobra.Command) {
			c.Flags().StringVar(&participant, "participant", "", "of this participant only")
			if err := c.RegisterFlagCompletionFunc("participant", completeParticipants); err != nil {
				panic(err)
			}
		},
		path: func(*cobra.Command, []string) (string, error) {
			if participant == "" {
				return "/api/v1/links", nil
			}
			return "/api/v1/links?participant=" + url.QueryEscape(participant), nil
		},
		draw: drawLinks,
	}.command()
}

func drawLinks(p *screen.Page, v *view.Links, now time.Time) {
	t := screen.NewTable(screen.Right("link"), screen.Left("participant"), screen.Left("state"), screen.Left("way").Drops(6), screen.Right("group").Drops(7), screen.Left("remote").Shrinks(15),
		screen.Right("since").Drops(1), screen.Right("silent"), screen.Right("in").Drops(3), screen.Right("out").Drops(3), screen.Right("outbox"), screen.Left("tls").Drops(5), screen.Right("certificate").Drops(4))
	for i := range v.Links {
		l := &v.Links[i]
		mark := screen.Warn
		if l.State == "signed on" {
			mark = screen.Good
		}
		t.Row(screen.Plain(strconv.FormatUint(l.ID, 10)), screen.Plain(l.Participant), screen.Marked(mark, l.State), screen.Plain(l.Direction), screen.Plain(strconv.Itoa(l.Group)), screen.Plain(l.Remote),
			screen.Plain(sinceText(l.Since, now)), screen.Plain(sinceText(l.LastIn, now)), screen.Plain(screen.Count(l.MessagesIn)), screen.Plain(screen.Count(l.MessagesOut)), screen.Plain(screen.Bytes(l.OutboxBytes)),
			screen.Plain(l.TLS), screen.Plain(screen.Ago(l.Expires, now)))
	}
	none(p, t, "no link is open")
}

func newLinkClose() *cobra.Command {
	return ordering(&cobra.Command{
		Use: "close LINK --reason WHY", Short: "Close one link; whoever connects makes another",
		Long:    "Closes a link by its number in 'switchd link ls'. The order is a record of the journal\nbefore it takes effect.",
		Example: "  switchd link close 17 --reason 'hangs since 10:00' --config switchd.yml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeLinks,
	}, func(args []string) (view.Order, error) {
		id, err := numbered(args[0], "link", "switchd link ls")
		return view.Order{Command: "close-link", Link: id}, err
	})
}

// numbered reads the number of something in a list.
func numbered(arg, what, list string) (uint64, error) {
	n, err := strconv.ParseUint(arg, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("which %s? %q is no number: '%s' lists them", what, arg, list)
	}
	return n, nil
}
