package alert

import (
	"fmt"
	"strconv"
	"time"
)

// Objective is what the switch promises in shares.
type Objective struct {
	Name  string  // as in view.Burn
	Camel string  // in names of alerts
	Goal  float64 // share that must be well
	Says  string  // what uses the budget up, in words
	Todo  string  // the first thing to do
}

// The names of the objectives.
const (
	Success      = "success"
	Latency      = "latency"
	Availability = "availability"
)

// Objectives are the promises in shares. That money is safe is no share: each case pages.
var Objectives = []Objective{
	{Success, "Success", 0.99, "payments fail by the switch's own fault, not for want of a bank's answer",
		"Read `switchd status`: room, load, the security module or an end of the process; banks are not in it."},
	{Latency, "Latency", 0.99, fmt.Sprintf("payments take longer than %g seconds", SlowPayment.Seconds()),
		"Look at the participants first: more than one is slow, or none is and it is us."},
	{Availability, "Availability", 0.999, "the switch is not ready, or refuses payments for reasons of its own",
		"Read /readyz?verbose and `switchd limit ls`: one of them names what it lacks."},
}

// SlowPayment is the bound of the objective for latency: a bucket of
// switchd_payment_duration_seconds, which Prometheus 3 calls 2.0.
const SlowPayment = 2 * time.Second

// EnoughPayments is how many payments a window must have had before its share says
// anything: at the first hundred one failure more is no reason to wake somebody.
const EnoughPayments = 100

// oneParticipant is the share of all slow answers from which on they are one
// participant's: its own alert names it, and ours keeps still. Of a few it says nothing:
// one slow answer would explain a hundred payments that we have made slow. Of payments
// that fail each says itself whose fault it was (payment.Fault), and no share is needed.
const (
	oneParticipant = 0.8
	enoughOfOne    = 10
)

// burn is a pair of windows: the long one says that it matters, the short one that it
// still goes on. The factors use up 2, 5, 10 and 10 percent of a month's budget.
type burn struct {
	camel       string
	factor      float64
	long, short string
	severity    Severity
	lasts       time.Duration
}

var burns = []burn{
	{"BurnFast", 14.4, "1h", "5m", Page, 2 * time.Minute},
	{"BurnSteady", 6, "6h", "30m", Page, 15 * time.Minute},
	{"BurnSlow", 3, "24h", "2h", Ticket, time.Hour},
	{"BurnLong", 1, "3d", "6h", Ticket, 3 * time.Hour},
}

// Windows are all windows over which shares are recorded.
var Windows = []string{"5m", "30m", "1h", "2h", "6h", "24h", "3d"}

// ratio is the recorded share of an objective's budget that is used in a window.
func ratio(objective, window string) string {
	return "job:switchd_" + objective + "_errors:ratio_" + window
}

func objectiveRules() []Rule {
	var all []Rule
	for _, o := range Objectives {
		for _, b := range burns {
			all = append(all, o.rule(b))
		}
	}
	return all
}

func (o Objective) rule(b burn) Rule {
	bound := fmt.Sprintf("%.5g", b.factor*(1-o.Goal))
	expr := fmt.Sprintf("%s > %s\nand on (job)\n%s > %s", ratio(o.Name, b.long), bound, ratio(o.Name, b.short), bound)
	if o.Name == Latency {
		expr += fmt.Sprintf("\nunless on (job)\njob:switchd_legs_slow_by_one:ratio_%s > %g", b.short, oneParticipant)
	}
	r := Rule{
		Name: "Switchd" + o.Camel + b.camel, Severity: b.severity, For: b.lasts, Group: "objectives", Expr: expr,
		Summary: fmt.Sprintf("The budget of %s burns %gx too fast over %s and %s: %s", o.Name, b.factor, b.long, b.short, o.Says),
		Todo:    o.Todo,
		Runbook: o.Name + "-budget",
	}
	if b.long == "1h" { // the process knows an hour of itself
		r.Holds = o.holds(b.factor)
	} else {
		r.Unknown = "the process remembers one hour of payments"
	}
	return r
}

func (o Objective) holds(factor float64) func(*Input) []Held {
	return func(in *Input) []Held {
		for _, b := range in.Overview.Objectives {
			if b.Name == o.Name && b.Enough && b.Fast > factor && b.Slow > factor && !o.explained(in) {
				return when(true, fmt.Sprintf("%.1fx over 5 minutes, %.1fx over an hour", b.Fast, b.Slow))
			}
		}
		return nil
	}
}

// explained says that one participant has most of what was slow.
func (o Objective) explained(in *Input) bool {
	var all, most int
	for i := range in.Legs {
		slow := in.Legs[i].Slow
		all, most = all+slow, max(most, slow)
	}
	return o.Name == Latency && all >= enoughOfOne && float64(most) > oneParticipant*float64(all)
}

// Record is a rule that records, so that expressions, alerts and dashboards share it.
type Record struct{ Group, Name, Expr string }

// Records are the recording rules, each after those that it is made from.
func Records() []Record {
	all := []Record{{
		"objectives", "job:switchd_ready:max",
		"max by (job) (switchd_ready) or 0 * max by (job) (up{" + Job + "})",
	}}
	for _, w := range Windows {
		all = append(all, sharesOf(w)...)
	}
	return append(all, participantRecords...)
}

// Job is the selector of the jobs that scrape switches.
const Job = `job=~"switchd.*"`

func sharesOf(w string) []Record {
	ended := fmt.Sprintf("sum by (job) (increase(switchd_payments_total[%s]))", w)
	refused := fmt.Sprintf(`(sum by (job) (increase(switchd_messages_shed_total[%[1]s]))
+ sum by (job) (increase(switchd_requests_held_total[%[1]s]))
+ sum by (job) (increase(switchd_messages_limited_total{class="requests",why="load"}[%[1]s])))`, w)
	// The window is whole, however short its switch is known: of the time before, nothing
	// bad is known, and the seconds of a start are not an hour.
	idle := fmt.Sprintf("sum_over_time((1 - job:switchd_ready:max)[%s:%ds]) / %d", w, readyStep, windowSeconds(w)/readyStep)
	return []Record{
		{"objectives", ratio(Success, w), fmt.Sprintf(`sum by (job) (increase(switchd_payments_total{fault="switch"}[%s]))
/ (%s >= %d)`, w, ended, EnoughPayments)},
		{"objectives", ratio(Latency, w), fmt.Sprintf(`1 -
sum by (job) (increase(switchd_payment_duration_seconds_bucket{le=~"%[3]g|%[3]g[.]0"}[%[1]s]))
/ (sum by (job) (increase(switchd_payment_duration_seconds_count[%[1]s])) >= %[2]d)`, w, EnoughPayments, SlowPayment.Seconds())},
		{"objectives", ratio(Availability, w), fmt.Sprintf(`clamp_max(%s
+ on (job) (%s
/ (%s + %s >= %d)
or on (job) 0 * job:switchd_ready:max), 1)`, idle, refused, refused, ended, EnoughPayments)},
		{"objectives", "job:switchd_legs_slow_by_one:ratio_" + w, byOne(`switchd_legs_slow_total`, w)},
	}
}

// readyStep is how far apart the looks at readiness are, in seconds.
const readyStep = 30

// windowSeconds is a window as a number.
func windowSeconds(w string) int {
	n, _ := strconv.Atoi(w[:len(w)-1])
	return n * map[byte]int{'m': 60, 'h': 3600, 'd': 86400}[w[len(w)-1]]
}

// byOne is the largest share that one participant has of a counter.
func byOne(counter, w string) string {
	return fmt.Sprintf("max by (job) (sum by (job, participant) (increase(%[1]s[%[2]s])))\n/ (sum by (job) (increase(%[1]s[%[2]s])) >= %[3]d)", counter, w, enoughOfOne)
}
