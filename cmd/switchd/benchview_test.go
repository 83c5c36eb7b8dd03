package main

import (
	"strings"
	"testing"

	"switchd/switch/bench"
)

// TestBenchPage: the readable report has all that is needed to compare runs, in 80 columns,
// whatever is in it.
func TestBenchPage(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	r := &bench.Report{
		Reasons: []string{"the generator was saturated: 1 % of the payments left 135.9 ms late or more, allowed are 20 ms", "7 payments are still open"},
		Rate:    123456, Achieved: 123456.7, Duration: 600, Warmup: 250, Payments: 74074020, Success: 74000000, SuccessRatio: 0.99998, Declined: 74020,
		Declines: []bench.CodeCount{{Code: "91", Count: 74020}}, P50: 1234.56, P99: 12345.67, P999: 12345.67, P9999: 12345.67, Max: 12345.67,
		CPUPerPayment: v(123.4), CPUCores: v(12.34), RSS: v(12345), AllocsPerPayment: v(123.4), AllocBytesPerPayment: v(12345), GCShare: v(0.123), GCCycles: v(1234),
		GCPauseP99: v(12.34), GCPauseMax: v(123.45), CommitsPerPayment: v(3.123), FsyncsPerPayment: v(3.123), JournalBytes: v(12345), CommitEventsMean: v(1234.5), CommitMean: v(123.45),
		CommitP99: v(1234.56), FsyncP50: v(12.34), FsyncP99: v(123.45), FsyncMax: v(1234.56), FsyncMode: "one for each group, before anything of it leaves",
		ProbeP50: v(12.34), ProbeP99: v(123.45), ProbeMax: v(1234.56), DataFS: "overlay", StallCount: 1234, StallMaxOwn: v(1234.5),
		StallUnknown:           "there were more times in which the switch kept the generator from running than the 16384 that are remembered: make the run shorter, or the machine less busy",
		GeneratorCPUPerPayment: v(123.4), GeneratorRSS: v(12345), GeneratorLateP99: 1234.56, GeneratorLateMax: 12345.67, Cores: 128, ElsewhereCores: v(123.45),
		Platform: "linux/amd64", Go: "go1.26.8", Participants: 512, Links: 32768, TLS: "TLS 1.3 TLS_CHACHA20_POLY1305_SHA256", Dialects: []string{"iso87-npci", "iso87-ascii", "iso20022"},
		Mix: []string{"declines=0.01", "iso20022=0.5", "pin-mac=AES-CMAC", "receipts", "silence=0.001", "something=else", "and=more"}, Accounts: 9999999, VPAShare: 0.123456, HeavyShare: 0.123456, Seed: 1 << 40,
		Surge:    &bench.SurgeReport{Rate: 123456, For: 600, Sent: 123456, Kept: 123456.7, KeptRatio: 1.234, Payments: 74074020, Success: 70000000, Refused: 4000000, Unanswered: 74020, P99: 12345.6, Max: 12345.6, LateP99: 1234.5, Normal: 12345, Watched: 15},
		Kill:     &bench.KillReport{At: 123.4, Serving: 12.34, Ready: 12.34, Out: 12.34, InFlight: 123456, Later: 123456, NotSent: 1234567},
		Watching: &bench.WatchCost{Consoles: 64, Scrapes: 600, Messages: 1234567, Spans: 100, Watched: v(123.4), Unwatched: v(123.4), Ratio: v(1.234)},
	}
	for range 20 {
		r.Stalls = append(r.Stalls, bench.Stall{At: 123.456, Ms: 12345.6, Blame: "generator"})
	}
	var b strings.Builder
	printBench(&b, benchReport{Report: r, Knee: &kneeReport{Rate: 123456, P99Limit: 60000, Trials: make([]kneeTrial, 24)}, Version: "0.1.0-dev", Commit: strings.Repeat("a", 40)})
	text := b.String()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, want := range []string{"result       NOT VALID: the generator", "knee  ", "p99.99 12345.67", "fsync p50 12.34", "TLS 1.3", "128 cores", "go1.26.8", "0.1.0-dev", "and 1226 more", "not back to normal", "one for each group", "overlay", "not known: there were", "balanced"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
