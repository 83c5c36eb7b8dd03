package main

import (
	"fmt"
	"time"

	"switchd/switch/config"
	"switchd/switch/screen"
	"switchd/switch/view"
)

// drawTimeline shows what happened to a payment, a moment a line.
func drawTimeline(p *screen.Page, v *view.Timeline, now time.Time) {
	t := screen.NewTable(screen.Right("after"), screen.Right("+").Drops(3), screen.Right("record").Drops(4), screen.Left("kind").Drops(1), screen.Left("leg").Drops(2),
		screen.Left("from > to"), screen.Left("state").Drops(5), screen.Left("what").Wraps(36))
	for i := range v.Moments {
		m := &v.Moments[i]
		record, between := "", ""
		if m.Seq > 0 {
			record = fmt.Sprint(m.Seq)
		}
		if m.From != "" || m.To != "" {
			between = orSwitch(m.From) + " > " + orSwitch(m.To)
		}
		mark := screen.None
		if m.Kind == "exception" || m.Kind == "late" || m.Kind == "timer" {
			mark = screen.Warn
		}
		t.Row(screen.Plain(micros(m.AfterMicros)), screen.Marked(gapMark(m.GapMicros), micros(m.GapMicros)), screen.Marked(screen.Dim, record),
			screen.Marked(mark, m.Kind), screen.Plain(m.Leg), screen.Plain(between), screen.Plain(m.State), screen.Plain(m.Text))
	}
	p.Line(screen.Marked(screen.Strong, "timeline"), screen.Plain(", since "+screen.Dash(v.Payment.CreatedAt)))
	p.Table(t)
	for _, running := range v.Timers {
		p.Text(2, screen.Marked(screen.Warn, "waits: "), screen.Plain(running.Name+" "+running.Leg+" ends "+screen.Ago(running.Ends, now)))
	}
	for i := range v.Related {
		h := &v.Related[i]
		p.Text(2, screen.Plain(fmt.Sprintf("related: %s %d, %s, %s", h.Type, h.ID, h.State, config.AmountText(h.Minor, uint16(h.Currency)))))
	}
	if !v.Whole {
		p.Text(2, screen.Marked(screen.Warn, "this is not all: "), screen.Plain(v.Why))
	}
}

// orSwitch names a side of a message.
func orSwitch(participant string) string {
	if participant == "" {
		return "switch"
	}
	return participant
}

// gapMark makes a wait stand out.
func gapMark(micros int64) screen.Mark {
	if micros >= int64(time.Second/time.Microsecond) {
		return screen.Warn
	}
	return screen.None
}

// micros is a time since another: below a second in ms, so that all of a column compare.
func micros(n int64) string {
	if n < int64(time.Second/time.Microsecond) {
		return fmt.Sprintf("%.1fms", float64(n)/1000)
	}
	return screen.Lasts(time.Duration(n) * time.Microsecond)
}
