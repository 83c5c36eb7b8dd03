package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"switchd/switch/screen"
	"switchd/switch/verdict"
	"switchd/switch/view"
)

// order is a way to sort participants.
type order struct {
	key  string // that is pressed
	name string
	less func(a, b *view.Participant) int
}

// orders are the ways to sort; each has the worst or the most first.
var orders = []order{
	// Not by success as well: rows would change their places with every look.
	{"s", "state", func(a, b *view.Participant) int { return verdict.Rank(a.State) - verdict.Rank(b.State) }},
	{"t", "per second", func(a, b *view.Participant) int { return cmp.Compare(b.Latest.PerSecond, a.Latest.PerSecond) }},
	{"f", "success", func(a, b *view.Participant) int { return cmp.Compare(a.Latest.Success, b.Latest.Success) }},
	{"l", "p99", func(a, b *view.Participant) int { return cmp.Compare(b.Latest.P99, a.Latest.P99) }},
	{"d", "doubt", func(a, b *view.Participant) int { return cmp.Compare(b.Latest.InDoubt, a.Latest.InDoubt) }},
	{"c", "cap", func(a, b *view.Participant) int { return cmp.Compare(b.Position.Used, a.Position.Used) }},
	{"n", "name", func(a, b *view.Participant) int { return 0 }},
}

// sorted is the participants that fit a filter, in an order; equal ones by name.
func sorted(all []view.Participant, by int, back bool, filter string) []view.Participant {
	filter = strings.ToLower(filter)
	out := slices.DeleteFunc(slices.Clone(all), func(p view.Participant) bool {
		return filter != "" && !strings.Contains(strings.ToLower(p.ID+" "+p.State+" "+p.Institution), filter)
	})
	slices.SortStableFunc(out, func(a, b view.Participant) int {
		n := cmp.Or(orders[by].less(&a, &b), strings.Compare(a.ID, b.ID))
		if back {
			return -n
		}
		return n
	})
	return out
}

// Table is participants, each in a line.
func Table(all []view.Participant, now time.Time) *screen.Table {
	t := screen.NewTable(screen.Left("participant"), screen.Left("state"), screen.Right("since").Drops(3), screen.Right("per s"), screen.Right("success"),
		screen.Right("p50").Drops(5), screen.Right("p99"), screen.Right("open").Drops(7), screen.Right("doubt"), screen.Right("links"), screen.Left("breakers").Drops(2).Shrinks(10),
		screen.Right("cap").Drops(4), screen.Left("trend").Drops(6), screen.Left("why").Drops(1).Shrinks(16))
	for i := range all {
		p := &all[i]
		success := screen.Marked(screen.Dim, "-")
		if p.Latest.PerSecond > 0 {
			success = screen.Marked(screen.SuccessMark(p.Latest.Success), screen.Share(p.Latest.Success))
		}
		t.Row(screen.Plain(p.ID), screen.Marked(screen.StateMark(p.State), p.State), screen.Plain(since(p.Since, now)), screen.Plain(screen.Rate(p.Latest.PerSecond)), success,
			screen.Plain(screen.Millis(p.Latest.P50)), screen.Plain(screen.Millis(p.Latest.P99)), screen.Plain(screen.Count(p.Latest.Open)), screen.Nonzero(p.Latest.InDoubt, screen.Warn),
			Links(p), Breakers(p.Breakers), screen.Marked(screen.UsedMark(p.Position.Used), screen.Share(p.Position.Used)), screen.Plain(screen.Trend(p.Trend, 12)), screen.Plain(p.Why))
	}
	return t
}

// since is how long something lasts.
func since(at string, now time.Time) string { return strings.TrimSuffix(screen.Ago(at, now), " ago") }

// Links is how many links of a participant are up.
func Links(p *view.Participant) screen.Cell {
	mark := screen.None
	switch {
	case p.LinksUp == 0:
		mark = screen.Bad
	case p.LinksUp < p.LinksWanted:
		mark = screen.Warn
	}
	if p.LinksWanted == 0 {
		return screen.Marked(mark, screen.Count(p.LinksUp))
	}
	return screen.Marked(mark, fmt.Sprintf("%d/%d", p.LinksUp, p.LinksWanted))
}

// Breakers names the breakers that are not closed.
func Breakers(all []view.Breaker) screen.Cell {
	var names []string
	for i := range all {
		if all[i].State != "closed" {
			names = append(names, all[i].Class+" "+all[i].State)
		}
	}
	if len(names) == 0 {
		return screen.Marked(screen.Dim, "closed")
	}
	return screen.Marked(screen.Bad, strings.Join(names, ", "))
}

// Detail is one participant of a switch in more than a line.
func Detail(p screen.Paper, o *view.Overview, h *view.Participant, now time.Time) []string {
	s := &h.Latest
	lines := p.Wrap(2, screen.Marked(screen.Strong, h.ID), screen.Plain("  "+h.Institution+", "+h.Dialect+", "+strings.Join(h.Roles, " and ")))
	lines = append(lines, p.Wrap(2, screen.Marked(screen.StateMark(h.State), h.State), screen.Plain(lasting(h, now)))...)
	lines = append(lines, p.Wrap(2, screen.Plain(fmt.Sprintf("messages  %s/s, success %s, declined %s, failed %s, p50 %s, p99 %s",
		screen.Rate(s.PerSecond), screen.Share(s.Success), screen.Share(s.Declined), screen.Share(s.Failed), screen.Millis(s.P50), screen.Millis(s.P99))))...)
	lines = append(lines,
		p.Join(screen.Plain(fmt.Sprintf("waiting   %s for an answer; in doubt ", messages(s.Open))), untold(o, h)),
		p.Join(screen.Plain("links     "), Links(h), screen.Plain(" up")))
	lines = append(lines, p.Wrap(2, screen.Plain(fmt.Sprintf("position  posted %s, reserved %s, cap %s, ", Money(o, h.Position.Posted), Money(o, h.Position.Reserved), Money(o, h.Position.Cap))),
		screen.Marked(screen.UsedMark(h.Position.Used), screen.Share(h.Position.Used)+" used"))...)
	if t := screen.Trend(h.Trend, 60); strings.TrimSpace(t) != "" {
		lines = append(lines, p.Join(screen.Plain("success   "+t)))
	}
	if h.Certificate != "" {
		lines = append(lines, p.Join(screen.Plain("certificate expires "+screen.Ago(h.Certificate, now)+", on "+screen.Clock(h.Certificate))))
	}
	if h.DebugUntil != "" {
		lines = append(lines, p.Join(screen.Marked(screen.Warn, "logged in detail until "+screen.Clock(h.DebugUntil))))
	}
	if len(h.Breakers) > 0 {
		lines = append(lines, "")
		lines = append(lines, BreakerTable(h.Breakers).Lines(p)...)
	}
	return lines
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return screen.Count(n) + " messages"
}

// untold is the payments whose outcome a participant has not told, and their money.
func untold(o *view.Overview, h *view.Participant) screen.Cell {
	if h.Latest.InDoubt == 0 {
		return screen.Plain("0")
	}
	return screen.Marked(screen.Warn, fmt.Sprintf("%s, %s", screen.Count(h.Latest.InDoubt), Money(o, h.InDoubtMinor)))
}

// lasting is since when a participant is in its state, and why.
func lasting(h *view.Participant, now time.Time) (text string) {
	if h.Since != "" {
		text = " since " + screen.Clock(h.Since) + " (" + since(h.Since, now) + ")"
	}
	if h.Why != "" {
		text += ": " + h.Why
	}
	return text
}

// BreakerTable is breakers, those that are not closed first.
func BreakerTable(all []view.Breaker) *screen.Table {
	t := screen.NewTable(screen.Left("participant"), screen.Left("class"), screen.Left("state"), screen.Right("in flight"), screen.Right("limit"),
		screen.Right("asked"), screen.Right("approved"), screen.Right("declined").Drops(1), screen.Right("failed"))
	for _, closed := range []bool{false, true} {
		for i := range all {
			b := &all[i]
			if (b.State == "closed") != closed {
				continue
			}
			limit := "none"
			if b.Limit > 0 {
				limit = screen.Count(b.Limit)
			}
			t.Row(screen.Plain(b.Participant), screen.Plain(b.Class), screen.Marked(screen.BreakerMark(b.State), b.State), screen.Plain(screen.Count(b.InFlight)), screen.Plain(limit),
				screen.Plain(screen.Count(b.Asked)), screen.Plain(screen.Count(b.Approved)), screen.Plain(screen.Count(b.Declined)), screen.Nonzero(b.Failed, screen.Warn))
		}
	}
	return t
}
