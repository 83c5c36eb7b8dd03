package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/view"
)

func newApproval() *cobra.Command {
	c := &cobra.Command{
		Use: "approval", Short: "Look at orders that wait for a second person, approve or reject them",
		Long: `Caps and decisions about payments need two persons, where operators show who they are:
one orders, another approves, within 15 minutes. Both stand in 'switchd audit ls'.`,
		Example: "  switchd approval ls --config switchd.yml\n  switchd approval approve 7 --reason 'checked with BANKB' --config switchd.yml",
	}
	c.AddCommand(newApprovalList(), newApprovalAnswer("approve", "Have an order of somebody else carried out"), newApprovalAnswer("reject", "Have an order not carried out"))
	return c
}

func newApprovalList() *cobra.Command {
	return glance[view.Approvals]{
		use: "ls", short: "List orders that wait for a second person",
		long:    "Lists what waits for a second person: who has ordered it and why, until when it waits,\nwho may approve it. Your own are marked: you may not approve them.",
		example: "  switchd approval ls --config switchd.yml",
		path:    page("/api/v1/approvals"), draw: drawApprovals,
	}.command()
}

func drawApprovals(p *screen.Page, v *view.Approvals, now time.Time) {
	t := screen.NewTable(screen.Right("approval"), screen.Left("by"), screen.Right("waits until"), screen.Left("approved by").Drops(1), screen.Left("what").Wraps(24), screen.Left("why").Wraps(16))
	for i := range v.Approvals {
		a := &v.Approvals[i]
		by := screen.Plain(a.By)
		if a.Mine {
			by = screen.Marked(screen.Dim, a.By+" (you)")
		}
		t.Row(screen.Plain(strconv.FormatUint(a.ID, 10)), by, screen.Plain(screen.Ago(a.Expires, now)), screen.Plain(strings.Join(a.Roles, " or ")), screen.Plain(a.Text), screen.Plain(a.Order.Reason))
	}
	none(p, t, "nothing waits for a second person")
}

func newApprovalAnswer(name, short string) *cobra.Command {
	return ordering(&cobra.Command{
		Use: name + " APPROVAL --reason WHY", Short: short,
		Long:    short + ". APPROVAL is its number in 'switchd approval ls'.\nWho has ordered something may not approve it, but may reject it.",
		Example: "  switchd approval " + name + " 7 --reason 'checked with BANKB' --config switchd.yml",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeApprovals,
	}, func(args []string) (view.Order, error) {
		id, err := numbered(args[0], "approval", "switchd approval ls")
		return view.Order{Command: name, Approval: id}, err
	})
}
