package main

import (
	"fmt"
	"math"
	"strings"
)

// goal is one budget: what it has to be, what was measured, and in which runs.
type goal struct {
	what, want string
	value      float64
	note       string
	fault      string // why the runs do not show it, whatever was measured; empty: they do
	holds      func(v float64) bool
	runs       []string // a run that is not valid holds nothing
}

// atMost and atLeast are the two kinds of budget. A figure that was not measured holds
// neither.
func atMost(limit float64) func(float64) bool  { return func(v float64) bool { return v <= limit } }
func atLeast(limit float64) func(float64) bool { return func(v float64) bool { return v >= limit } }

// verdict says whether a budget is held, and by what it is not.
func (all reports) verdict(g *goal) string {
	var bad []string
	for _, name := range g.runs {
		switch v := all[name].verdict(); v {
		case "valid":
		default:
			bad = append(bad, name+" is "+v)
		}
	}
	switch {
	case len(bad) > 0:
		return "missed: " + strings.Join(bad, "; ")
	case g.fault != "":
		return "missed: " + g.fault
	case !g.holds(g.value):
		return "missed"
	}
	return "held"
}

// cpu is a budget of the CPU of a payment, the median of runs that were asked the same.
func (all reports) cpu(what string, limit float64, runs ...string) goal {
	g := goal{what: what, want: fmt.Sprintf("≤ %.0f us", limit), holds: atMost(limit), runs: runs}
	var each []float64
	if g.value, each = all.median(runs, "cpu_us_per_payment"); len(each) > 1 {
		g.note = fmt.Sprintf("median of %d runs, %.1f to %.1f", len(each), each[0], each[len(each)-1])
	}
	return g
}

// one is a budget of a figure of one run.
func (all reports) one(run, what, want string, holds func(float64) bool, path ...string) goal {
	return goal{what: what, want: want, value: all[run].at(path...), holds: holds, runs: []string{run}}
}

// sentMin is the part of a surge that has to have left the generator: less is another surge.
const sentMin = 0.95

// surged is the budget of what is kept of the knee in a surge, if there was that surge.
func (all reports) surged() goal {
	knee, sent := all["knee"].at("rate"), all["surge"].at("surge", "sent_per_s")
	g := goal{what: fmt.Sprintf("surge of %d times the knee: kept of the knee", surge), want: "≥ 0.9", value: all["surge"].at("surge", "kept") / knee, holds: atLeast(0.9),
		runs: []string{"surge"}, note: show(sent, 0) + " a second left the generator"}
	switch {
	case math.IsNaN(sent / knee):
		g.fault = "how much was sent is not known"
	case !(sent >= sentMin*surge*knee):
		g.fault = fmt.Sprintf("only %.2f times the knee was sent", sent/knee)
	}
	return g
}

// paused is the budget of pauses in a long run, if that was at its part of the knee.
func (all reports) paused() goal {
	g := all.one("long", "longest pause of the switch's own making in the long run", "≤ 100 ms", atMost(100), "stall_max_ms_own")
	if at := all["long"].at("rate") / all["knee"].at("rate"); !(at >= 0.99*part) {
		g.fault = "measured at " + show(100*at, 0) + " % of the knee"
	}
	return g
}

// goals are all budgets.
func (all reports) goals() []goal {
	goals := []goal{
		all.one("knee", "pushes per second, the most with p99 ≤ 100 ms", "≥ 20,000", atLeast(20_000), "rate"),
		all.cpu("CPU of a payment at 20,000/s, ISO 8583", 45, alike()...),
		all.cpu("the same with the data folder on a disk", 45, "disk-plain"),
		all.cpu("half of the participants speak ISO 20022", 75, "iso20022"),
		all.cpu("the same with the data folder on a disk", 75, "disk-iso20022"),
		all.cpu("ISO 8583 with PIN and codes, AES-CMAC", 75, "pinmac-aes"),
		all.cpu("the same with the data folder on a disk", 75, "disk-pinmac"),
		all.cpu("ISO 8583 with PIN and codes, X9.19 (single DES for each block)", 75, "pinmac-x919"),
		all.one("latency", "p99 at 70 % of the knee, one minute", "≤ 20 ms", atMost(20), "p99_ms"),
		all.one("latency", "p99.9", "≤ 50 ms", atMost(50), "p999_ms"),
		all.one("latency", "maximum", "≤ 100 ms", atMost(100), "max_ms"),
		all.paused(),
		all.surged(),
		all.one("surge", "surge: payments without an answer", "0", atMost(0), "surge", "unanswered"),
		all.one("surge", "back to normal after it", "≤ 10 s", atMost(10), "surge", "back_to_normal_s"),
		all.one("kill", "kill -9: ready again", "≤ 3 s", atMost(3), "kill", "ready_s"),
		all.one("kill", "kill -9: books balanced", "1", atLeast(1), "kill", "books_balanced"),
	}
	_, full := neighbours("store")
	for _, g := range []struct{ what, family string }{
		{fmt.Sprintf("CPU of a payment: %d participants to 8", large), "participants"},
		{"1,000,000 accounts to 1,000", "accounts"},
		{fmt.Sprintf("%.1f million payments in the store to none", all[full[0]].at("warmup_s")*rate/1e6), "store"},
	} {
		small, grown := neighbours(g.family)
		ratio, each := all.growth(g.family)
		goals = append(goals, goal{what: g.what, want: "≤ 1.10", value: ratio, note: strings.Join(each, ", "), holds: atMost(1.10), runs: append(small, grown...)})
	}
	return goals
}

// budgets is the table of them.
func (all reports) budgets(b *strings.Builder) {
	b.WriteString("\n### Budgets\n\n| what | budget | measured | |\n|---|---|---|---|\n")
	goals := all.goals()
	for i := range goals {
		got := show(goals[i].value, 2)
		if goals[i].note != "" {
			got += " (" + goals[i].note + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", goals[i].what, goals[i].want, got, all.verdict(&goals[i]))
	}
}
