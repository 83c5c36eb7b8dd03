package console

import (
	"context"
	"net/http"
	"strings"

	"switchd/switch/view"
)

// alert is an alert as the pages show it.
type alert struct {
	ID, Name, Severity, Level, Participant, Href string
	Summary, Todo, Runbook                       string
	Since, Until, For                            string
}

type alertsView struct {
	Firing, Ended []alert
}

// severityLevels are the severities of the rules for Prometheus.
var severityLevels = map[string]string{"page": "bad", "ticket": "warn", "info": "idle"}

func (c *console) alertsPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "alerts", "Alerts", "/console/alerts"
	body, err := c.alerts(r.Context())
	p.Body = body
	return err
}

func (c *console) alerts(ctx context.Context) (alertsView, error) {
	list, err := c.Source.Alerts(ctx)
	if err != nil {
		return alertsView{}, err
	}
	v := alertsView{Firing: alertsOf(list.Firing, "")}
	for _, e := range list.Ended {
		row := alertOf(e.Alert, e.Until)
		row.Until = stamp(e.Until)
		v.Ended = append(v.Ended, row)
	}
	return v, nil
}

func alertsOf(list []view.Alert, now string) []alert {
	var rows []alert
	for _, a := range list {
		rows = append(rows, alertOf(a, now))
	}
	return rows
}

func alertOf(a view.Alert, until string) alert {
	row := alert{
		Name: a.Name, Severity: a.Severity, Level: severityLevels[a.Severity], Participant: a.Participant, Summary: a.Summary,
		Todo: a.Todo, Since: stamp(a.Since), For: between(a.Since, until),
	}
	if a.Participant != "" {
		row.Href = participantHref(a.Participant)
	}
	// What the name of a file cannot be is not shown as one.
	if a.Runbook != "" && !strings.ContainsAny(a.Runbook, `/\`) {
		row.Runbook = "docs/runbooks/" + a.Runbook + ".md"
	}
	return row
}
