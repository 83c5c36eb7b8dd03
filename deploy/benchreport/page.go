package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// text is what stands between the marks.
func (all reports) text() (string, error) {
	plain := all["plain"]
	if plain == nil {
		return "", errors.New("nothing is measured: the run named plain has no report")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured with %s %s, %s, on %s with %.0f cores shared with the load generator, data in memory (%s) unless it says otherwise, %s.\n",
		plain.text("version"), all.commits(), plain.text("go"), plain.text("platform"), plain.at("cores"), plain.text("data_fs"), plain.text("tls"))
	all.budgets(&b)
	all.next(&b)
	if all["flame"] != nil {
		b.WriteString("\n### Where the CPU goes\n\n![Flame graph of the switch at 20,000 payments a second](" + flameLink + ")\n")
	}
	all.rates(&b)
	all.kinds(&b)
	all.trouble(&b)
	all.limits(&b)
	return b.String(), nil
}

// rates are runs of plain payments from low to high rates.
func (all reports) rates(b *strings.Builder) {
	b.WriteString("\n### Rates\n\n| rate | valid | p50 ms | p99 | p99.9 | p99.99 | max | CPU us | cores | events a commit | fsyncs a payment | journal bytes |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, name := range []string{"low-5000", "low-10000", "plain", "high-30000", "disk-plain", "disk-30000", "knee", "latency", "long"} {
		r := all[name]
		if r == nil {
			continue
		}
		fmt.Fprintf(b, "| %s for %s s, %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", show(r.at("rate"), 0), show(r.at("duration_s"), 0), r.text("data_fs"), r.verdict(),
			show(r.at("p50_ms"), 1), show(r.at("p99_ms"), 1), show(r.at("p999_ms"), 1), show(r.at("p9999_ms"), 1), show(r.at("max_ms"), 1),
			show(r.at("cpu_us_per_payment"), 1), show(r.at("cpu_cores"), 2), show(r.at("commit_events_mean"), 0), show(r.at("fsyncs_per_payment"), 3), show(r.at("journal_bytes_per_payment"), 0))
	}
}

// kinds are the mixes.
func (all reports) kinds(b *strings.Builder) {
	b.WriteString("\n### Mixes at 20,000 a second\n\n| mix | valid | p50 ms | p99 | CPU us | heap objects | bytes allocated | memory MiB | generator's CPU us |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, k := range []struct{ name, what string }{
		{"plain", "ISO 8583"}, {"iso20022", "half ISO 20022"}, {"pinmac-aes", "PIN, AES-CMAC"}, {"pinmac-x919", "PIN, X9.19"}, {"disk-iso20022", "half ISO 20022, on a disk"}, {"disk-pinmac", "PIN, AES-CMAC, on a disk"},
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
		fmt.Fprintf(b, "- %s payments a second asked for, %s sent, for %s s: %s a second kept, %s refused with an answer, %s without one, back to normal after %s s.\n",
			show(r.at("surge", "rate"), 0), show(r.at("surge", "sent_per_s"), 0), show(r.at("surge", "for_s"), 0), show(r.at("surge", "kept"), 0), show(r.at("surge", "refused"), 0),
			show(r.at("surge", "unanswered"), 0), show(r.at("surge", "back_to_normal_s"), 1))
	}
	if r := all["kill"]; r != nil {
		fmt.Fprintf(b, "- kill -9 at %s payments a second: takes connections after %s s, ready after %s s with all participants back; %s payments were in flight, books balanced: %t.\n",
			show(r.at("rate"), 0), show(r.at("kill", "serving_s"), 2), show(r.at("kill", "ready_s"), 2), show(r.at("kill", "in_flight"), 0), r.at("kill", "books_balanced") == 1)
	}
	if r := all["long"]; r != nil {
		fmt.Fprintf(b, "- %s s at %s a second%s: %s pauses over 50 ms, the longest of the switch's own making %s ms; collector: pauses p99 %s ms, max %s ms, %s %% of its CPU.\n",
			show(r.at("duration_s"), 0), show(r.at("rate"), 0), all.less(r), show(r.at("stall_count"), 0), show(r.at("stall_max_ms_own"), 1),
			show(r.at("gc_pause_p99_ms"), 2), show(r.at("gc_pause_max_ms"), 2), show(100*r.at("gc_cpu_share"), 1))
	}
}

// less says at which part of the knee a run was, when that is less than was meant.
func (all reports) less(r report) string {
	if of := r.at("rate") / all["knee"].at("rate"); of < 0.99*part {
		return fmt.Sprintf(", %.0f %% of the knee, since its folder has no room for what more would leave", 100*of)
	}
	return ""
}

// next says what keeps the switch from more.
func (all reports) next(b *strings.Builder) {
	r := all["knee"]
	if r == nil {
		return
	}
	at, perPayment := r.at("rate"), r.at("generator_cpu_us_per_payment")
	own, generator, cores := r.at("cpu_cores"), perPayment*at/1e6, r.at("cores")
	fmt.Fprintf(b, "\nAt the knee, %s a second, the switch keeps %s of the %s cores busy (%s us a payment) and the load generator %s (%s us). %s\n",
		show(at, 0), show(own, 2), show(cores, 0), show(r.at("cpu_us_per_payment"), 1), show(generator, 2), show(perPayment, 1), factors(own, generator, cores))
}

// idleMin is the part of the cores that stays free when they are not what keeps a run from more.
const idleMin = 0.2

// factors says what would bring most, by the cores that the two keep busy.
func factors(own, generator, cores float64) string {
	const goes = "[where it goes](#what-was-tried)"
	switch {
	case math.IsNaN(own + generator + cores):
		return "What would bring more cannot be said: a figure is missing."
	case own+generator < (1-idleMin)*cores:
		return fmt.Sprintf("%.2f cores are left or are busy with other things: CPU alone does not explain the knee.", cores-own-generator)
	case generator > own:
		return "The generator takes more than\nthe switch: one on a machine of its own is the first factor, the switch's own CPU the second: " + goes + "."
	}
	return "The switch takes more than\nthe generator: its own CPU is the first factor (" + goes + "), a generator on a machine of its own the second."
}

// commits are the versions of the program that the figures are of.
func (all reports) commits() string {
	seen := map[string]bool{}
	for _, r := range all {
		if c := r.text("commit"); c != "" {
			seen[c] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), ", ")
}
