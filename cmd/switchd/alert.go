package main

import (
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/screen"
	"switchd/switch/view"
)

func newAlert() *cobra.Command {
	c := &cobra.Command{
		Use: "alert", Short: "Look at what fires now",
		Long:    "Alerts are conditions that somebody should look at, by the same rules as those for\nPrometheus in deploy/prometheus, judged by the switch itself.",
		Example: "  switchd alert ls --config switchd.yml",
	}
	c.AddCommand(glance[view.Alerts]{
		use: "ls", short: "List alerts that fire, what to do first, and those that have ended lately",
		long:    "Lists the alerts that fire, the gravest first, each with the first thing to do and its page\nunder docs/runbooks, and those that have ended lately.",
		example: "  switchd alert ls --config switchd.yml --watch=5s",
		path:    page("/api/v1/alerts"), draw: drawAlerts,
	}.command())
	return c
}

func drawAlerts(p *screen.Page, v *view.Alerts, now time.Time) {
	if len(v.Firing) == 0 {
		p.Line(screen.Marked(screen.Good, "nothing fires"))
	}
	for i := range v.Firing {
		drawAlert(p, &v.Firing[i], now)
	}
	if len(v.Ended) == 0 {
		return
	}
	p.Blank()
	t := screen.NewTable(screen.Left("ended"), screen.Left("participant"), screen.Right("lasted"), screen.Right("until"), screen.Left("what").Wraps(20))
	for i := range v.Ended {
		e := &v.Ended[i]
		t.Row(screen.Plain(e.Name), screen.Plain(screen.Dash(e.Participant)), screen.Plain(lasted(e.Since, e.Until)), screen.Plain(screen.Ago(e.Until, now)), screen.Plain(e.Summary))
	}
	p.Table(t)
}

// drawAlert shows an alert with what to do about it.
func drawAlert(p *screen.Page, a *view.Alert, now time.Time) {
	whose := ""
	if a.Participant != "" {
		whose = " " + a.Participant
	}
	p.Text(2, screen.Marked(severityMark(a.Severity), a.Severity), screen.Marked(screen.Strong, " "+a.Name+whose), screen.Plain(", for "+sinceText(a.Since, now)+": "+a.Summary))
	p.Text(4, screen.Plain("  do: "+a.Todo+" (docs/runbooks/"+a.Runbook+".md)"))
}

func severityMark(severity string) screen.Mark {
	switch severity {
	case "page":
		return screen.Bad
	case "ticket":
		return screen.Warn
	}
	return screen.None
}

// lasted is the time between two times of the API.
func lasted(from, to string) string {
	begin, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return "-"
	}
	return sinceText(from, mustTime(to, begin))
}

// mustTime is a time of the API, or another one when it is none.
func mustTime(at string, other time.Time) time.Time {
	if t, err := time.Parse(time.RFC3339, at); err == nil {
		return t
	}
	return other
}
