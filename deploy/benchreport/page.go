package main

import (
	"errors"
	"fmt"
	"strings"
)

// goal is one budget of docs/performance.md: what was measured, and what it has to be.
type goal struct {
	what  string
	want  string
	got   string
	value float64
	holds func(v float64) bool
}

// atMost and atLeast are the two kinds of budget. A figure that was not measured holds
// neither.
func atMost(limit float64) func(float64) bool  { return func(v float64) bool { return v <= limit } }
func atLeast(limit float64) func(float64) bool { return func(v float64) bool { return v >= limit } }

// text is what stands between the marks.
func (all reports) text() (string, error) {
	plain := all["plain"]
	if plain == nil {
		return "", errors.New("nothing is measured: the run named plain has no report")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured with %s %s, %s, on %s with %.0f cores shared with the load generator, data in memory (%s), %s.\n",
		plain.text("version"), plain.text("commit"), plain.text("go"), plain.text("platform"), plain.at("cores"), plain.text("data_fs"), plain.text("tls"))
	all.goals(&b)
	all.rates(&b)
	all.kinds(&b)
	all.trouble(&b)
	all.limits(&b)
	return b.String(), nil
}

// goals are the budgets.
func (all reports) goals(b *strings.Builder) {
	ms := func(name, key string) float64 { return all[name].at(key) }
	cpu := func(name string) float64 { return all[name].at("cpu_us_per_payment") }
	goals := []goal{
		{what: "pushes per second with a valid report (knee)", want: "≥ 20,000", value: all["knee"].at("rate"), holds: atLeast(20_000)},
		{what: "CPU of a payment at 20,000/s, ISO 8583", want: "≤ 45 us", value: cpu("plain"), holds: atMost(45)},
		{what: "half of the participants speak ISO 20022", want: "≤ 75 us", value: cpu("iso20022"), holds: atMost(75)},
		{what: "ISO 8583 with PIN and codes (AES-CMAC)", want: "≤ 75 us", value: cpu("pinmac-aes"), holds: atMost(75)},
		{what: "ISO 8583 with PIN and codes (X9.19)", want: "≤ 75 us", value: cpu("pinmac-x919"), holds: atMost(75)},
		{what: "p99 at 70 % of the knee", want: "≤ 20 ms", value: ms("latency", "p99_ms"), holds: atMost(20)},
		{what: "p99.9", want: "≤ 50 ms", value: ms("latency", "p999_ms"), holds: atMost(50)},
		{what: "maximum", want: "≤ 100 ms", value: ms("latency", "max_ms"), holds: atMost(100)},
		{what: "longest pause of the switch's making in the long run", want: "≤ 100 ms", value: ms("long", "stall_max_ms_own"), holds: atMost(100)},
		{what: "surge of 3 times the knee: kept of the knee", want: "≥ 0.9", value: all.kept(), holds: atLeast(0.9)},
		{what: "back to normal after it", want: "≤ 10 s", value: all["surge"].at("surge", "back_to_normal_s"), holds: atMost(10)},
		{what: "kill -9: ready again", want: "≤ 3 s", value: all["kill"].at("kill", "ready_s"), holds: atMost(3)},
		{what: "kill -9: books balanced", want: "1", value: all["kill"].at("kill", "books_balanced"), holds: atLeast(1)},
	}
	for _, g := range []struct{ what, family string }{
		{"CPU of a payment: 200 participants to 8", "participants"}, {"1,000,000 accounts to 1,000", "accounts"}, {"5,000,000 payments in the store to none", "store"},
	} {
		ratio, each := all.growth(g.family)
		goals = append(goals, goal{what: g.what, want: "≤ 1.10", value: ratio, got: strings.Join(each, ", "), holds: atMost(1.10)})
	}
	b.WriteString("\n### Budgets\n\n| what | budget | measured | |\n|---|---|---|---|\n")
	for _, g := range goals {
		verdict := "missed"
		if g.holds(g.value) {
			verdict = "held"
		}
		got := show(g.value, 2)
		if g.got != "" {
			got += " (" + g.got + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", g.what, g.want, got, verdict)
	}
}

// kept is the part of the knee that a surge left.
func (all reports) kept() float64 { return all["surge"].at("surge", "kept") / all.knee() }

// rates are runs of plain payments from low to high rates.
func (all reports) rates(b *strings.Builder) {
	b.WriteString("\n### Rates\n\n| rate | valid | p50 ms | p99 | p99.9 | p99.99 | max | CPU us | cores | events a commit | fsyncs a payment | journal bytes |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, name := range []string{"low-5000", "low-10000", "plain", "high-30000", "knee", "latency", "long"} {
		r := all[name]
		if r == nil {
			continue
		}
		fmt.Fprintf(b, "| %s for %s s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", show(r.at("rate"), 0), show(r.at("duration_s"), 0), r.verdict(),
			show(r.at("p50_ms"), 1), show(r.at("p99_ms"), 1), show(r.at("p999_ms"), 1), show(r.at("p9999_ms"), 1), show(r.at("max_ms"), 1),
			show(r.at("cpu_us_per_payment"), 1), show(r.at("cpu_cores"), 2), show(r.at("commit_events_mean"), 0), show(r.at("fsyncs_per_payment"), 3), show(r.at("journal_bytes_per_payment"), 0))
	}
}

// kinds are the mixes.
func (all reports) kinds(b *strings.Builder) {
	b.WriteString("\n### Mixes at 20,000 a second\n\n| mix | valid | p50 ms | p99 | CPU us | heap objects | bytes allocated | memory MiB | generator's CPU us |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, k := range []struct{ name, what string }{
		{"plain", "ISO 8583"}, {"iso20022", "half ISO 20022"}, {"pinmac-aes", "PIN, AES-CMAC"}, {"pinmac-x919", "PIN, X9.19"},
	} {
		r := all[k.name]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", k.what, r.verdict(), show(r.at("p50_ms"), 1), show(r.at("p99_ms"), 1),
			show(r.at("cpu_us_per_payment"), 1), show(r.at("allocs_per_payment"), 1), show(r.at("alloc_bytes_per_payment"), 0), show(r.at("rss_mib"), 0), show(r.at("generator_cpu_us_per_payment"), 1))
	}
}

// trouble is what became of a surge, of a kill, and of the pauses of the long run.
func (all reports) trouble(b *strings.Builder) {
	b.WriteString("\n### Surge, kill, pauses\n\n")
	if r := all["surge"]; r != nil {
		fmt.Fprintf(b, "- %s payments a second offered for %s s: %s a second kept, %s refused with an answer, %s without one, back to normal after %s s.\n",
			show(r.at("surge", "rate"), 0), show(r.at("surge", "for_s"), 0), show(r.at("surge", "kept"), 0), show(r.at("surge", "refused"), 0),
			show(r.at("surge", "unanswered"), 0), show(r.at("surge", "back_to_normal_s"), 1))
	}
	if r := all["kill"]; r != nil {
		fmt.Fprintf(b, "- kill -9 at %s payments a second: takes connections after %s s, ready after %s s with all participants back; %s payments were in flight, books balanced: %t.\n",
			show(r.at("rate"), 0), show(r.at("kill", "serving_s"), 2), show(r.at("kill", "ready_s"), 2), show(r.at("kill", "in_flight"), 0), r.at("kill", "books_balanced") == 1)
	}
	if r := all["long"]; r != nil {
		fmt.Fprintf(b, "- %s s at %s a second: %s pauses over 50 ms, the longest of the switch's own making %s ms; collector: pauses p99 %s ms, max %s ms, %s %% of its CPU.\n",
			show(r.at("duration_s"), 0), show(r.at("rate"), 0), show(r.at("stall_count"), 0), show(r.at("stall_max_ms_own"), 1),
			show(r.at("gc_pause_p99_ms"), 2), show(r.at("gc_pause_max_ms"), 2), show(100*r.at("gc_cpu_share"), 1))
	}
}
