package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"switchd/switch/alert"
)

// testCase is what shows that an alert fires when it should, and keeps still when it
// should not.
type testCase struct {
	rule   string
	fires  situation
	silent situation
}

// situation is what Prometheus has read until some time. A series is written as
// `name{labels} values`, with values as promtool wants them, one a minute; job and
// instance are added to it.
type situation struct {
	why    string
	at     string
	series []string
	about  []string // labels of the alert beside its fixed ones: `participant="BANKA"`
}

// suite is a file for `promtool test rules`: the cases of some groups that last as long
// as their evaluation is seldom. Those of hours, looked at each minute, would take minutes.
type suite struct {
	rules  string // file of the rules, beside it
	every  string // an evaluation
	groups []string
	slow   bool
}

func (u suite) text(all []testCase) string {
	rules := make(map[string]alert.Rule)
	for _, r := range alert.Rules() {
		rules[r.Name] = r
	}
	var b strings.Builder
	b.WriteString(strings.Replace(notice, "from the table in switch/alert", "from its cases", 1))
	fmt.Fprintf(&b, "rule_files:\n  - %s\nevaluation_interval: %s\n", u.rules, u.every)
	fmt.Fprintf(&b, "group_eval_order:\n  - %s\n  - %s\n", shares, longShares)
	for _, g := range u.groups {
		fmt.Fprintf(&b, "  - switchd-%s\n", g)
	}
	b.WriteString("tests:\n")
	for _, c := range all {
		r := rules[c.rule]
		if !slices.Contains(u.groups, r.Group) {
			continue
		}
		if c.fires.slow() == u.slow {
			c.fires.text(&b, r, true)
		}
		if c.silent.slow() == u.slow {
			c.silent.text(&b, r, false)
		}
	}
	return b.String()
}

// slow says that the situation lasts for more than half an hour.
func (s situation) slow() bool {
	at, err := time.ParseDuration(s.at)
	return err != nil || at > 30*time.Minute
}

func (s situation) text(b *strings.Builder, r alert.Rule, fires bool) {
	verdict := "silent"
	if fires {
		verdict = "fires"
	}
	fmt.Fprintf(b, "  - name: %q\n    interval: 1m\n    input_series:\n", r.Name+" "+verdict+": "+s.why)
	for _, line := range s.series {
		name, values := cutSeries(line)
		fmt.Fprintf(b, "      - series: '%s'\n        values: %q\n", located(name), values)
	}
	fmt.Fprintf(b, "    alert_rule_test:\n      - eval_time: %s\n        alertname: %s\n", s.at, r.Name)
	if !fires {
		return
	}
	b.WriteString("        exp_alerts:\n          - exp_labels:\n")
	whom := ""
	for _, l := range s.labels(r) {
		if l[0] == r.By {
			whom = l[1]
		}
		fmt.Fprintf(b, "              %s: %q\n", l[0], l[1])
	}
	b.WriteString("            exp_annotations:\n")
	for _, a := range annotations(r, whom) {
		fmt.Fprintf(b, "              %s: %q\n", a[0], a[1])
	}
}

// labels are all labels of the alert that is expected.
func (s situation) labels(r alert.Rule) [][2]string {
	all := fixedLabels(r)
	if r.Name != "SwitchdTargetMissing" {
		all = append(all, [2]string{"job", "switchd"})
		if !strings.HasPrefix(r.Expr, "job:") && !strings.HasPrefix(r.Expr, "count by (job)") && !strings.HasPrefix(r.Expr, "participant:") {
			all = append(all, [2]string{"instance", "one"})
		}
	}
	for _, l := range s.about {
		name, value, _ := strings.Cut(l, "=")
		all = append(all, [2]string{name, strings.Trim(value, `"`)})
	}
	return all
}

// cutSeries parts a series from its values; labels may have spaces.
func cutSeries(line string) (name, values string) {
	if head, tail, labelled := strings.Cut(line, "} "); labelled {
		return head + "}", tail
	}
	name, values, _ = strings.Cut(line, " ")
	return name, values
}

// located adds job and instance to a series, unless it has an instance itself.
func located(series string) string {
	name, labels, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
	where := []string{`job="switchd"`}
	if !strings.Contains(labels, "instance=") {
		where = append(where, `instance="one"`)
	}
	if labels != "" {
		where = append(where, labels)
	}
	return name + "{" + strings.Join(where, ",") + "}"
}
