// Package alert is the table of what somebody should look at: one row for each condition,
// with how grave it is, how Prometheus sees it, how the switch itself sees it, what to do
// first, and the page that says the rest.
//
// It promises that the rules for Prometheus, the list in the console and the runbooks
// speak of the same conditions by the same names, since all are made from this table:
// where it can be, a row is one statement (condition, perParticipant) of which both the
// expression and the check of the process itself are made; elsewhere a bound is written
// once for both. A test of cmd/switchd gives both the same series, and has them fire at
// the same time. What only Prometheus can know (that the process is gone, what has happened over
// days) has no such check, and what only the process can know has no expression.
//
// switch/desk asks a Watch once a second what fires; deploy/generate writes the rules and
// the dashboards. It knows no clock, no metric and no other package than view.
//
// Example:
//
//	w := alert.NewWatch(100)
//	alerts := w.Look(alert.Input{Now: now, Overview: overview, Participants: participants})
package alert
