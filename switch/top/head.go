package top

import (
	"fmt"
	"strings"
	"time"

	"switchd/switch/screen"
	"switchd/switch/verdict"
	"switchd/switch/view"
)

// Money is an amount of the switch's currency.
func Money(o *view.Overview, minor int64) string {
	return screen.Amount(minor, o.Exponent) + " " + o.Currency
}

// Head is the switch in a few lines: whether it is ready, whose fault it is, traffic,
// money in doubt, load.
func Head(p screen.Paper, o *view.Overview, v *verdict.Verdict, now time.Time) []string {
	ready, mark := "ready", screen.Good
	if !o.Ready {
		ready, mark = "NOT READY", screen.Bad
	}
	level := map[string]screen.Mark{"ok": screen.Good, "warn": screen.Warn, "bad": screen.Bad}[v.Level]
	s := &o.Latest
	lines := []string{p.Join(screen.Marked(screen.Strong, "switchd "+o.Version), screen.Plain("  up "+strings.TrimSuffix(screen.Ago(o.StartedAt, now), " ago")+"  "), screen.Marked(mark, ready))}
	for _, c := range o.Checks {
		if !c.OK {
			lines = append(lines, p.Wrap(4, screen.Marked(screen.Bad, "  not "+c.Name+": "), screen.Plain(c.Error))...)
		} else if c.Warning != "" {
			lines = append(lines, p.Wrap(4, screen.Marked(screen.Warn, "  "+c.Name+": "), screen.Plain(c.Warning))...)
		}
	}
	lines = append(lines, p.Wrap(2, screen.Marked(level, v.Text))...)
	lines = append(lines, flow(p, fact("payments", screen.Plain(screen.Rate(s.PerSecond)+"/s")), fact("success", screen.Marked(screen.SuccessMark(s.Success), screen.Share(s.Success))),
		fact("declined", screen.Plain(screen.Share(s.Declined))), fact("failed", screen.Plain(screen.Share(s.Failed))), turnedAway(o), fact("p50", screen.Plain(screen.Millis(s.P50))), fact("p99", screen.Plain(screen.Millis(s.P99))))...)
	lines = append(lines, flow(p, fact("open", screen.Plain(fmt.Sprintf("%s, %s in flight", screen.Count(o.Open), Money(o, s.InFlight)))), fact("in doubt", doubt(o)),
		fact("dead letters", screen.Nonzero(o.DeadLetters, screen.Warn)))...)
	return append(lines, flow(p, fact("links", links(o)), fact("commit p99", screen.Plain(screen.Millis(s.CommitP99))), fact("load step", screen.Nonzero(o.LoadStep, screen.Bad)),
		fact("alerts", alerts(o)), open(o))...)
}

// turnedAway is what the switch refuses at the rim, of which no figure of payments knows.
func turnedAway(o *view.Overview) []screen.Cell {
	if o.TurnedAway == 0 {
		return nil
	}
	return fact("turned away", screen.Marked(screen.Bad, screen.Rate(o.TurnedAway)+"/s"))
}

// fact is a value and its name.
func fact(name string, value screen.Cell) []screen.Cell {
	return []screen.Cell{screen.Plain(name + " "), value}
}

// flow lays facts side by side, and goes on in the next line with one that has no room:
// none is cut that fits a line.
func flow(p screen.Paper, facts ...[]screen.Cell) (lines []string) {
	var line []screen.Cell
	used := 0
	for _, f := range facts {
		width := 0
		for _, c := range f {
			width += screen.Width(c.Text)
		}
		switch {
		case width == 0:
			continue
		case used > 0 && p.Width > 0 && used+2+width > p.Width:
			lines = append(lines, p.Join(line...))
			line, used = []screen.Cell{screen.Plain("  ")}, 2
		case used > 0:
			line, used = append(line, screen.Plain("  ")), used+2
		}
		line, used = append(line, f...), used+width
	}
	return append(lines, p.Join(line...))
}

// alerts is how many fire, by who has to hear of them.
func alerts(o *view.Overview) screen.Cell {
	var counts []string
	mark := screen.None
	for _, c := range []struct {
		severity, many string
		mark           screen.Mark
	}{{"page", "pages", screen.Bad}, {"ticket", "tickets", screen.Warn}, {"info", "infos", screen.None}} {
		n := 0
		for i := range o.Alerts {
			if o.Alerts[i].Severity == c.severity {
				n++
			}
		}
		if n > 0 && len(counts) == 0 {
			mark = c.mark
		}
		switch {
		case n == 1:
			counts = append(counts, "1 "+c.severity)
		case n > 1:
			counts = append(counts, fmt.Sprintf("%d %s", n, c.many))
		}
	}
	if len(counts) == 0 {
		return screen.Plain("0")
	}
	return screen.Marked(mark, strings.Join(counts, ", "))
}

// doubt is how much money nobody knows the outcome of.
func doubt(o *view.Overview) screen.Cell {
	if o.InDoubt == 0 {
		return screen.Plain("0")
	}
	old := screen.Lasts(time.Duration(o.OldestInDoubt * float64(time.Second)))
	return screen.Marked(screen.Bad, fmt.Sprintf("%s, %s, oldest %s", screen.Count(o.InDoubt), Money(o, o.InDoubtMinor), old))
}

func links(o *view.Overview) screen.Cell {
	mark := screen.None
	if o.LinksUp < o.LinksWanted {
		mark = screen.Warn
	}
	if o.LinksWanted == 0 {
		return screen.Plain(screen.Count(o.LinksUp) + " up")
	}
	return screen.Marked(mark, fmt.Sprintf("%d of %d up", o.LinksUp, o.LinksWanted))
}

// open says that nobody has to show who he is.
func open(o *view.Overview) []screen.Cell {
	if o.Secured {
		return nil
	}
	return []screen.Cell{screen.Marked(screen.Dim, "(open mode: no login)")}
}
