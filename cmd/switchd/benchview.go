package main

import (
	"fmt"
	"io"
	"strings"

	"switchd/switch/bench"
)

// benchPage writes the lines of a report, each with its subject in front.
type benchPage struct{ w io.Writer }

func (p benchPage) line(name, format string, args ...any) {
	fmt.Fprintf(p.w, "%-12s "+format+"\n", append([]any{name}, args...)...)
}

// wrapped writes a text of any length, in lines of 80 columns.
func (p benchPage) wrapped(name, text string) {
	const room = "             " // as wide as a subject
	lines := paragraph(text, room, 80)
	fmt.Fprintf(p.w, "%-12s%s", name, lines[len(room)-1:])
}

// printBench writes a report for a reader, with all that is needed to compare it.
func printBench(w io.Writer, r benchReport) {
	p := benchPage{w}
	p.verdict(r.Report)
	if r.Knee != nil {
		p.line("knee", "%g payments per second, p99 within %g ms; %d trials", r.Knee.Rate, r.Knee.P99Limit, len(r.Knee.Trials))
		if r.Knee.Stopped {
			p.line("", "the search was stopped before its end: it may be higher")
		}
	}
	p.line("rate", "%.1f of %g payments per second over %gs, warm-up %gs", r.Achieved, r.Rate, r.Duration, r.Warmup)
	p.line("payments", "%d: %d success (%.3f %%), %d declined, %d unanswered", r.Payments, r.Success, 100*r.SuccessRatio, r.Declined, r.Unanswered)
	if r.DeclinedExpected+r.Silent > 0 {
		p.line("", "as they should: %d declined, %d not answered by a bank", r.DeclinedExpected, r.Silent)
	}
	for _, c := range r.Declines {
		p.line("", "%d with code %s", c.Count, c.Code)
	}
	p.line("latency", "p50 %.2f  p99 %.2f  p99.9 %.2f ms", r.P50, r.P99, r.P999)
	p.line("", "p99.99 %.2f  max %.2f ms, from the due time", r.P9999, r.Max)
	p.line("switch", "CPU %s us/payment, %s cores; memory %s MiB", figure(r.CPUPerPayment, 1), figure(r.CPUCores, 2), figure(r.RSS, 0))
	p.line("", "heap: %s objects, %s bytes/payment", figure(r.AllocsPerPayment, 1), figure(r.AllocBytesPerPayment, 0))
	p.line("", "collector: %s %% of its CPU; %s stops, p99 %s, max %s ms",
		figure(inPercent(r.GCShare), 1), figure(r.GCCycles, 0), figure(r.GCPauseP99, 2), figure(r.GCPauseMax, 2))
	p.journal(r.Report)
	p.stalls(r.Report)
	p.line("generator", "CPU %s us/payment; memory %s MiB", figure(r.GeneratorCPUPerPayment, 1), figure(r.GeneratorRSS, 0))
	p.line("", "payments left late by p99 %.2f, max %.2f ms", r.GeneratorLateP99, r.GeneratorLateMax)
	p.line("machine", "%d cores, %s busy elsewhere; %s, %s", r.Cores, figure(r.ElsewhereCores, 2), r.Platform, r.Go)
	p.watching(r.Watching)
	p.surge(r.Surge)
	p.kill(r.Kill)
	p.line("books", "balanced: %t, open %d, positions sum %d", r.BooksBalanced, r.Open, r.PositionsSum)
	p.line("load", "%d participants, %d links, %s", r.Participants, r.Links, r.TLS)
	p.line("", "%s", dialectCounts(r.Dialects))
	p.line("", "%d accounts each, %g %% by address", r.Accounts, 100*r.VPAShare)
	p.line("", "%g %% at the first participant; seed %d", 100*r.HeavyShare, r.Seed)
	if len(r.Mix) > 0 {
		p.wrapped("mix", strings.Join(r.Mix, ", "))
	}
	p.line("build", "%s %s", r.Version, r.Commit)
}

// verdict says first what all else is worth.
func (p benchPage) verdict(r *bench.Report) {
	if r.Valid {
		p.line("result", "valid")
		return
	}
	p.wrapped("result", "NOT VALID: "+strings.Join(r.Reasons, "; "))
}

// journal tells what it costs to be durable, and what the disk alone takes.
func (p benchPage) journal(r *bench.Report) {
	p.line("journal", "%s commits, %s fsyncs, %s bytes/payment", figure(r.CommitsPerPayment, 3), figure(r.FsyncsPerPayment, 3), figure(r.JournalBytes, 0))
	p.line("", "%s events/commit; commit mean %s, p99 <= %s ms", figure(r.CommitEventsMean, 1), figure(r.CommitMean, 2), figure(r.CommitP99, 2))
	p.line("", "fsync p50 %s  p99 %s  max %s ms", figure(r.FsyncP50, 2), figure(r.FsyncP99, 2), figure(r.FsyncMax, 2))
	p.line("", "%s", r.FsyncMode)
	if r.ProbeP50 != nil || r.DataFS != "" {
		p.line("disk", "another file: fsync p50 %s  p99 %s  max %s ms; %s", figure(r.ProbeP50, 2), figure(r.ProbeP99, 2), figure(r.ProbeMax, 2), r.DataFS)
	}
}

// stallsShown bounds the stalls of the readable report; the JSON has more.
const stallsShown = 8

// stalls tells when nothing was answered, and whose doing it was.
func (p benchPage) stalls(r *bench.Report) {
	p.line("stalls", "%d of more than 50 ms; the longest of its own making: %s ms", r.StallCount, figure(r.StallMaxOwn, 1))
	if r.StallUnknown != "" {
		p.wrapped("", "not known: "+r.StallUnknown)
	}
	for i, s := range r.Stalls {
		if i == stallsShown {
			p.line("", "and %d more", r.StallCount-i)
			return
		}
		p.line("", "at %.3fs  %.1f ms  %s", s.At, s.Ms, s.Blame)
	}
}

// watching tells what being looked at costs.
func (p benchPage) watching(w *bench.WatchCost) {
	if w == nil {
		return
	}
	p.line("watching", "%d consoles and a scrape a second: %d messages, %d scrapes", w.Consoles, w.Messages, w.Scrapes)
	p.line("", "CPU %s, without %s us/payment, ratio %s of %d spans%s", figure(w.Watched, 1), figure(w.Unwatched, 1), figure(w.Ratio, 3), w.Spans, budgetWords(w.Within))
}

// surge tells what became of more load than the switch may hold.
func (p benchPage) surge(s *bench.SurgeReport) {
	if s == nil {
		return
	}
	p.line("surge", "%.0f payments per second for %gs, %.0f per second were sent", s.Rate, s.For, s.Sent)
	p.line("", "kept %.1f per second with success, %.1f %% of the rate before", s.Kept, 100*s.KeptRatio)
	p.line("", "of %d: %d success, %d refused, %d unanswered", s.Payments, s.Success, s.Refused, s.Unanswered)
	for _, c := range s.Refusals {
		p.line("", "%d with DE39 %s", c.Count, c.Code)
	}
	p.line("", "success p99 %.1f, max %.1f ms; generator late p99 %.1f ms", s.P99, s.Max, s.LateP99)
	if s.Back == nil {
		p.line("", "not back to normal (p99 %.0f ms) in %gs after it", s.Normal, s.Watched)
	} else {
		p.line("", "back to normal (p99 %.0f ms) within %gs after it", s.Normal, *s.Back)
	}
	if s.NotNormal != "" {
		p.line("", "%s", s.NotNormal)
	}
}

// kill tells what became of a switch that was killed.
func (p benchPage) kill(k *bench.KillReport) {
	if k == nil {
		return
	}
	p.line("kill", "at %.1fs; it served again after %.2fs, was ready after %.2fs", k.At, k.Serving, k.Ready)
	p.line("", "%d payments in flight, %d of them answered later", k.InFlight, k.Later)
	p.line("", "%d not sent in %.2fs; books balanced: %t", k.NotSent, k.Out, k.Balanced)
}

// inPercent is a share in percent, if it is known.
func inPercent(v *float64) *float64 {
	if v == nil {
		return nil
	}
	return new(100 * *v)
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
