package top

import (
	"fmt"
	"strings"
	"time"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// Money is an amount of the switch's currency.
func Money(o *view.Overview, minor int64) string {
	return screen.Amount(minor, o.Exponent) + " " + o.Currency
}

// Head is the switch in a few lines: whether it is ready, whose fault it is, traffic,
// money in doubt, load.
func Head(p screen.Paper, o *view.Overview, v *Verdict, now time.Time) []string {
	ready, mark := "ready", screen.Good
	if !o.Ready {
		ready, mark = "NOT READY", screen.Bad
	}
	verdict := screen.Good
	if v.Whose != "nobody" {
		verdict = screen.Bad
	}
	s := &o.Latest
	lines := []string{p.Join(screen.Marked(screen.Strong, "switchd "+o.Version), screen.Plain("  up "+strings.TrimSuffix(screen.Ago(o.StartedAt, now), " ago")+"  "), screen.Marked(mark, ready))}
	for _, c := range o.Checks {
		if !c.OK {
			lines = append(lines, p.Join(screen.Marked(screen.Bad, "  not "+c.Name+": "), screen.Plain(c.Error)))
		} else if c.Warning != "" {
			lines = append(lines, p.Join(screen.Marked(screen.Warn, "  "+c.Name+": "), screen.Plain(c.Warning)))
		}
	}
	lines = append(lines, p.Wrap(2, screen.Marked(verdict, v.Text))...)
	lines = append(lines,
		p.Join(screen.Plain(fmt.Sprintf("payments %s/s  success ", screen.Rate(s.PerSecond))), screen.Marked(screen.SuccessMark(s.Success), screen.Share(s.Success)),
			screen.Plain(fmt.Sprintf("  declined %s  failed %s  p50 %s  p99 %s", screen.Share(s.Declined), screen.Share(s.Failed), screen.Millis(s.P50), screen.Millis(s.P99)))),
		p.Join(screen.Plain(fmt.Sprintf("open %s, %s in flight  in doubt ", screen.Count(o.Open), Money(o, s.InFlight))), doubt(o), screen.Plain("  dead letters "), screen.Nonzero(o.DeadLetters, screen.Warn)),
		p.Join(screen.Plain("links "), links(o), screen.Plain(fmt.Sprintf("  commit p99 %s  load step ", screen.Millis(s.CommitP99))), screen.Nonzero(o.LoadStep, screen.Bad), open(o)),
	)
	return lines
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
func open(o *view.Overview) screen.Cell {
	if o.Secured {
		return screen.Cell{}
	}
	return screen.Marked(screen.Dim, "  (open mode: no login)")
}
