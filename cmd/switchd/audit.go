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

func newAudit() *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "Look at what operators have done",
		Long:    "Everything that an operator does is a record of the journal: commands, decisions,\nconfigurations, backups, with who, why, and who has approved it.",
		Example: "  switchd audit ls --config switchd.yml",
	}
	var before uint64
	var limit int
	c.AddCommand(glance[view.Changes]{
		use: "ls", short: "List what operators have done, newest first",
		long:    "Lists a page of what operators have done, newest first. When there is more, the last line\nsays how to go on. 'switchd journal prove' proves that a record is in the journal.",
		example: "  switchd audit ls --config switchd.yml\n  switchd audit ls --limit 200 --admin 127.0.0.1:9583 -o json",
		flags: func(c *cobra.Command) {
			c.Flags().Uint64Var(&before, "before", 0, "only those before this record")
			c.Flags().IntVar(&limit, "limit", 50, "how many")
		},
		path: func(*cobra.Command, []string) (string, error) {
			q := url.Values{"limit": {strconv.Itoa(limit)}}
			if before > 0 {
				q.Set("before", strconv.FormatUint(before, 10))
			}
			return "/api/v1/audit?" + q.Encode(), nil
		},
		draw: drawChanges,
	}.command())
	return c
}

func drawChanges(p *screen.Page, v *view.Changes, _ time.Time) {
	t := screen.NewTable(screen.Right("record").Drops(2), screen.Left("at (UTC)"), screen.Left("who"), screen.Left("approved by").Drops(1), screen.Left("what").Wraps(24), screen.Left("why").Wraps(16))
	for i := range v.Changes {
		c := &v.Changes[i]
		what := screen.Plain(c.Kind + ": " + c.Text)
		if c.Refused {
			what = screen.Marked(screen.Warn, c.Kind+", refused: "+c.Text)
		}
		t.Row(screen.Plain(strconv.FormatUint(c.Seq, 10)), screen.Plain(screen.Clock(c.At)), screen.Plain(c.Operator), screen.Plain(screen.Dash(c.Approver)), what, screen.Plain(c.Reason))
	}
	none(p, t, "no operator has done anything")
	if v.Next > 0 {
		p.Line(screen.Marked(screen.Dim, fmt.Sprintf("there is more: --before %d", v.Next)))
	}
}
