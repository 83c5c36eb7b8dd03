package alert

import (
	"cmp"
	"slices"
	"time"

	"switchd/switch/view"
)

// Severity is who has to hear of an alert, and when.
type Severity string

// The severities, the gravest first.
const (
	Page   Severity = "page"   // wakes a person
	Ticket Severity = "ticket" // within the working day
	Info   Severity = "info"   // is worth knowing, and needs nobody
)

// Rule is one row of the table.
type Rule struct {
	Name     string // in Prometheus' manner
	Severity Severity
	For      time.Duration // that the condition must last
	Group    string        // of the rules' file
	Expr     string        // for Prometheus; empty: only the process itself knows
	By       string        // the label that says whom or what the alert is about; empty: the switch
	Summary  string        // one sentence, true while it fires
	Todo     string        // the first thing to do, in one sentence
	Runbook  string        // file under docs/runbooks, without its ending
	// Holds is the same condition where the process can know it; nil: only Prometheus can,
	// and Unknown says why.
	Holds   func(in *Input) []Held
	Unknown string
}

// Held is one thing for which a condition holds.
type Held struct {
	Participant string // empty: it is about the switch
	What        string // or about this: a certificate, a limit; empty: nothing to be told apart
	Detail      string // figures, in words
}

// Rules is the table, group by group.
func Rules() []Rule {
	return slices.Concat(moneyRules, objectiveRules(), participantRules, engineRules, diskRules, securityRules, platformRules)
}

// Evaluate says what fires now, the gravest first, however short it has lasted: Since is
// left out. Who wants that filled in, and short moments left out, asks a Watch.
func Evaluate(in Input) []view.Alert {
	all := []view.Alert{}
	for _, f := range evaluate(&in) {
		all = append(all, f.alert)
	}
	return all
}

// found is an alert and its row.
type found struct {
	rule  *Rule
	what  string
	alert view.Alert
}

// table is the rows that Evaluate looks at.
var table = Rules()

func evaluate(in *Input) []found {
	var all []found
	for i := range table {
		r := &table[i]
		if r.Holds == nil {
			continue
		}
		for _, h := range r.Holds(in) {
			all = append(all, found{rule: r, what: h.What, alert: r.alert(h)})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(rank(a.rule.Severity), rank(b.rule.Severity)) })
	return all
}

func (r *Rule) alert(h Held) view.Alert {
	summary := r.Summary
	if h.What != "" {
		summary = h.What + ": " + summary
	}
	if h.Detail != "" {
		summary += " (" + h.Detail + ")"
	}
	return view.Alert{Name: r.Name, Severity: string(r.Severity), Participant: h.Participant, Summary: summary, Todo: r.Todo, Runbook: r.Runbook}
}

func rank(s Severity) int { return slices.Index([]Severity{Page, Ticket, Info}, s) }

// when is what Holds answers for a condition about the whole switch.
func when(holds bool, detail string) []Held {
	if !holds {
		return nil
	}
	return []Held{{Detail: detail}}
}
