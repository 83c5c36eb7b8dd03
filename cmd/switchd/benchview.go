package main

import (
	"fmt"
	"io"
	"strings"

	"switchd/switch/bench"
)

// printBench writes a report for a reader.
func printBench(w io.Writer, r benchReport) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s "+format+"\n", append([]any{name}, args...)...)
	}
	verdict := "valid"
	if !r.Valid {
		verdict = "NOT VALID: " + strings.Join(r.Reasons, "; ")
	}
	line("result", "%s", verdict)
	line("rate", "%.1f of %g payments per second over %gs, after %gs of warm-up", r.Achieved, r.Rate, r.Duration, r.Warmup)
	line("payments", "%d: %d success (%.4f %%), %d declined, %d unanswered", r.Payments, r.Success, 100*r.SuccessRatio, r.Declined, r.Unanswered)
	for _, c := range r.Declines {
		line("", "%d with DE39 %s", c.Count, c.Code)
	}
	line("latency", "p50 %.2f  p99 %.2f  p99.9 %.2f  p99.99 %.2f  max %.2f ms, from the due time", r.P50, r.P99, r.P999, r.P9999, r.Max)
	line("switch", "CPU %s us/payment, %s cores; memory %s MiB", figure(r.CPUPerPayment, 1), figure(r.CPUCores, 2), figure(r.RSS, 0))
	line("", "%s heap objects, %s bytes/payment allocated", figure(r.AllocsPerPayment, 1), figure(r.AllocBytesPerPayment, 0))
	line("journal", "%s commits/payment, %s events/commit; commit mean %s, p99 <= %s ms; %s bytes/payment",
		figure(r.CommitsPerPayment, 3), figure(r.CommitEventsMean, 1), figure(r.CommitMean, 2), figure(r.CommitP99, 2), figure(r.JournalBytes, 0))
	line("generator", "CPU %s us/payment; late p99 %.2f, max %.2f ms; memory %s MiB", figure(r.GeneratorCPUPerPayment, 1), r.GeneratorLateP99, r.GeneratorLateMax, figure(r.GeneratorRSS, 0))
	line("machine", "%d cores, %s busy elsewhere; %s, %s", r.Cores, figure(r.ElsewhereCores, 2), r.Platform, r.Go)
	if w := r.Watching; w != nil {
		line("watching", "%d consoles and a scrape a second: CPU %s, without %s us/payment, ratio %s of %d spans%s; %d messages, %d scrapes",
			w.Consoles, figure(w.Watched, 1), figure(w.Unwatched, 1), figure(w.Ratio, 3), w.Spans, budgetWords(w.Within), w.Messages, w.Scrapes)
	}
	line("books", "balanced: %t, open %d, positions sum %d", r.BooksBalanced, r.Open, r.PositionsSum)
	line("load", "%d participants (%s), %d links, %s; %d accounts each, %g %% by address, seed %d",
		r.Participants, dialectCounts(r.Dialects), r.Links, r.TLS, r.Accounts, 100*r.VPAShare, r.Seed)
	if len(r.Mix) > 0 {
		line("mix", "%s", strings.Join(r.Mix, ", "))
	}
	line("build", "%s %s", r.Version, r.Commit)
}

// budgetWords say whether being looked at costs no more than it may.
func budgetWords(within *bool) string {
	switch {
	case within == nil:
		return ""
	case *within:
		return fmt.Sprintf(", within %g", bench.WatchBudget)
	}
	return fmt.Sprintf(", over %g", bench.WatchBudget)
}

// figure prints a figure that may be unknown.
func figure(v *float64, digits int) string {
	if v == nil {
		return "?"
	}
	return fmt.Sprintf("%.*f", digits, *v)
}

// dialectCounts says how many participants speak what, in order of appearance.
func dialectCounts(names []string) string {
	var order []string
	count := map[string]int{}
	for _, n := range names {
		if count[n] == 0 {
			order = append(order, n)
		}
		count[n]++
	}
	for i, n := range order {
		order[i] = fmt.Sprintf("%d %s", count[n], n)
	}
	return strings.Join(order, ", ")
}
