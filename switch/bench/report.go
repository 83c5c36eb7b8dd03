package bench

import (
	"crypto/tls"
	"fmt"
	"math"
	"runtime"
	"time"
)

// Report is what a run found. The JSON names are a contract: scripts rely on them.
// Figures that could not be measured are null.
type Report struct {
	Valid   bool     `json:"valid"`
	Reasons []string `json:"reasons"` // why it is not valid

	Rate             float64     `json:"rate"`          // asked for, payments per second
	Achieved         float64     `json:"achieved"`      // answered in the window, per second
	SuccessRatio     float64     `json:"success_ratio"` // share of the payments due in the window that have ended as they should
	Payments         int64       `json:"payments"`      // due in the window
	Success          int64       `json:"success"`
	Declined         int64       `json:"declined"`          // that should not have been
	DeclinedExpected int64       `json:"declined_expected"` // by Options.Declines, with the right code
	Silent           int64       `json:"silent"`            // one leg of each was never answered, and it ended rightly; they are in no percentile
	SilentCarried    int64       `json:"silent_carried"`    // of them, those answered behind the window, less those due before it and answered in it
	Unanswered       int64       `json:"unanswered"`        // at the end of the wait; not sent ones too
	Declines         []CodeCount `json:"declines"`          // by DE39

	P50   float64 `json:"p50_ms"` // from the due time to the answer
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	P9999 float64 `json:"p9999_ms"`
	Max   float64 `json:"max_ms"`

	CPUPerPayment        *float64 `json:"cpu_us_per_payment"` // of the switch's process
	CPUCores             *float64 `json:"cpu_cores"`          // that it kept busy
	RSS                  *float64 `json:"rss_mib"`            // of the switch at the end of the window
	CommitsPerPayment    *float64 `json:"commits_per_payment"`
	CommitEventsMean     *float64 `json:"commit_events_mean"` // events that shared one commit
	CommitMean           *float64 `json:"commit_mean_ms"`     // from the append of a group to its durability
	CommitP99            *float64 `json:"commit_p99_ms"`      // upper bound, from a histogram
	JournalBytes         *float64 `json:"journal_bytes_per_payment"`
	AllocsPerPayment     *float64 `json:"allocs_per_payment"` // heap objects that the switch made
	AllocBytesPerPayment *float64 `json:"alloc_bytes_per_payment"`

	Fsyncs           int64    `json:"fsyncs"` // of the journal's log in the window, each the time of the disk and of the wait for a processor
	FsyncsPerPayment *float64 `json:"fsyncs_per_payment"`
	FsyncP50         *float64 `json:"fsync_p50_ms"`
	FsyncP99         *float64 `json:"fsync_p99_ms"`
	FsyncMax         *float64 `json:"fsync_max_ms"`
	FsyncsLost       int64    `json:"fsyncs_lost"` // counted, but without their times
	FsyncMode        string   `json:"fsync_mode"`
	ProbeP50         *float64 `json:"probe_p50_ms"` // of a file of the generator's own on the same disk, 4 KiB ten times a second
	ProbeP99         *float64 `json:"probe_p99_ms"`
	ProbeMax         *float64 `json:"probe_max_ms"`
	DataFS           string   `json:"data_fs"` // the file system of both; empty: unknown

	Stalls       []Stall  `json:"stalls"`                  // without any answer for more than 50 ms; at most 100, the longest
	StallCount   int      `json:"stall_count"`             // all of them
	StallMaxOwn  *float64 `json:"stall_max_ms_own"`        // the longest part of one that nothing else explains, from 10 ms and three payments on; 0: there was none
	StallUnknown string   `json:"stall_unknown,omitempty"` // why that is null
	GCPauseP99   *float64 `json:"gc_pause_p99_ms"`         // of the switch's collector, all goroutines stopped
	GCPauseMax   *float64 `json:"gc_pause_max_ms"`
	GCCycles     *float64 `json:"gc_cycles"`
	GCShare      *float64 `json:"gc_cpu_share"` // of the switch's CPU time, as its last collection saw it

	GeneratorCPUPerPayment *float64 `json:"generator_cpu_us_per_payment"`
	GeneratorLateP99       float64  `json:"generator_late_p99_ms"` // from due to handed to the link
	GeneratorLateMax       float64  `json:"generator_late_max_ms"`
	GeneratorRSS           *float64 `json:"generator_rss_mib"`
	ElsewhereCores         *float64 `json:"elsewhere_cpu_cores"` // busy with neither of the two; the kernel's own network work is here too; null: the kernel's accounts contradict each other

	Watching *WatchCost `json:"watching,omitempty"` // null: nobody looked

	Surge *SurgeReport `json:"surge,omitempty"`
	Kill  *KillReport  `json:"kill,omitempty"`

	BooksBalanced bool  `json:"books_balanced"`
	Open          int   `json:"open"` // payments that the switch still has open
	PositionsSum  int64 `json:"positions_sum"`

	Mix          []string `json:"mix"` // what the load has beside plain payments; empty: nothing
	Participants int      `json:"participants"`
	Links        int      `json:"links"`    // of all participants
	Dialects     []string `json:"dialects"` // in the order of the participants
	Accounts     int      `json:"accounts"` // of each participant
	HeavyShare   float64  `json:"heavy_share"`
	VPAShare     float64  `json:"vpa_share"`
	Duration     float64  `json:"duration_s"`
	Warmup       float64  `json:"warmup_s"`
	Seed         uint64   `json:"seed"`
	TLS          string   `json:"tls"`
	Go           string   `json:"go"`
	Platform     string   `json:"platform"`
	Cores        int      `json:"cores"`

	full bool // the switch's disk, at the end of the window
}

// CodeCount is how many payments ended with a DE39 code.
type CodeCount struct {
	Code  string `json:"code"`
	Count int64  `json:"count"`
}

// The validity gate. Below it a figure describes the generator, or a broken run,
// and not the switch.
const (
	achievedMin  = 0.99
	successMin   = 0.999
	lateP99MaxMs = 20.0
)

// facts are what a run collects outside its links.
type facts struct {
	plan          schedule
	measured      int64 // payments that are due in the window
	unsent        int64 // the first payment that the pacer did not come to
	before, after *Summary
	afterErr      error
	first, last   Sample // at both ends of the window
	over          Sample // when what follows a surge was due; zero: there was none
	ended         int64  // when the wait for the end of the window was over; earlier than that when the run was cut short
	drained       int64  // when the wait for answers ended
	syncs         *syncWatch
	probe         *probe
	timer         *timerProbe
	watched       *WatchCost
	gone          time.Duration // that the switch was away; the counters of its process began again
	failure       error         // why the run ended before its time
}

// report puts everything together, after all goroutines have ended.
func (r *run) report(f *facts) *Report {
	all := newTally(len(r.stations))
	for _, l := range r.links {
		all.merge(&l.tally)
	}
	// A payment without an answer has waited at least until now, and so has one
	// that the pacer never came to, or found no room for. Left out, they would make the percentiles
	// look better than they were.
	r.open.each(func(p opened) {
		if r.inWindow(p.due) && !r.killed(p.number) {
			all.latency.record(f.drained - p.due)
		}
	})
	for n := f.unsent; n < f.plan.count; n++ {
		if due := f.plan.due(n); r.inWindow(due) {
			all.latency.record(f.drained - due)
		}
	}
	all.latency.mergeLater(&r.overran, f.drained-r.to.Load())
	f.measured -= r.out.skipped + r.out.inWindow
	out := &Report{
		Rate: r.o.Rate, Payments: f.measured, Success: all.measuredSuccess,
		Declined: all.measured - all.right(), DeclinedExpected: all.declined, Silent: all.silent, SilentCarried: all.carried, Unanswered: f.measured - all.measured, Declines: all.declines(),
		P50: all.latency.millis(50), P99: all.latency.millis(99), P999: all.latency.millis(99.9), P9999: all.latency.millis(99.99), Max: all.latency.maxMillis(),
		GeneratorLateP99: r.late.millis(99), GeneratorLateMax: r.late.maxMillis(),
	}
	if f.measured > 0 {
		out.SuccessRatio = float64(all.right()) / float64(f.measured)
	}
	r.begunAgain(f)
	out.resources(f)
	out.waits(f)
	r.describe(out)
	r.stalls(f, out)
	out.Watching = f.watched
	faults := r.compare(f, &all, out)
	r.surged(f, out)
	out.judge(faults, r.overrun+f.plan.count-f.unsent, f.failure)
	r.recovered(out)
	return out
}

// fsyncMode is the only one that there is.
const fsyncMode = "one for each group, before anything of it leaves"

// describe notes what was run on what.
func (r *run) describe(out *Report) {
	out.Participants, out.Links, out.Accounts = len(r.stations), len(r.links), r.o.Accounts
	out.HeavyShare, out.VPAShare, out.Seed = r.o.HeavyShare, r.o.VPAShare, r.o.Seed
	out.Mix = append([]string{}, r.o.Mix...)
	out.Duration, out.Warmup = r.o.Duration.Seconds(), r.o.Warmup.Seconds()
	out.Go, out.Platform, out.Cores = runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU()
	for _, s := range r.stations {
		out.Dialects = append(out.Dialects, s.dialect())
	}
	out.FsyncMode, out.DataFS = fsyncMode, fileSystem(r.o.ProbeDir)
	state := r.links[0].conn.ConnectionState()
	out.TLS = tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
}

// resources computes what lies between the two samples, for each payment that was
// answered between them.
func (out *Report) resources(f *facts) {
	payments := float64(f.last.Answered - f.first.Answered)
	elapsed := time.Duration(f.last.At-f.first.At) - f.gone
	if elapsed <= 0 || payments <= 0 {
		return
	}
	out.Achieved = payments / elapsed.Seconds()
	spent := func(from, to usage) *float64 {
		return when(from.known && to.known, float64(to.cpu-from.cpu))
	}
	per := func(total *float64, unit float64) *float64 {
		return when(total != nil, value(total)/unit)
	}
	ofSwitch, own, machine := spent(f.first.Switch, f.last.Switch), spent(f.first.Own, f.last.Own), spent(f.first.Machine, f.last.Machine)
	out.CPUPerPayment = per(ofSwitch, payments*1e3)
	out.CPUCores = per(ofSwitch, float64(elapsed))
	out.GeneratorCPUPerPayment = per(own, payments*1e3)
	out.ElsewhereCores = per(elsewhere(machine, ofSwitch, own), float64(elapsed))
	out.GeneratorRSS = when(f.last.Own.known, float64(f.last.Own.rss)/(1<<20))
	if f.first.Err != nil || f.last.Err != nil {
		return
	}
	d := delta{f.first.Metrics, f.last.Metrics}
	over := delta{f.first.Metrics, f.over.Metrics} // without a surge it has nothing
	out.full = value(d.now("switchd_disk_state")) >= diskFull || value(over.now("switchd_disk_state")) >= diskFull
	commits := d.of("switchd_commit_events_count")
	out.RSS = per(d.now("process_resident_memory_bytes"), 1<<20)
	out.CommitsPerPayment = per(commits, payments)
	out.JournalBytes = per(d.of("switchd_journal_bytes_total"), payments)
	out.AllocsPerPayment = per(d.of("go_memstats_mallocs_total"), payments)
	out.AllocBytesPerPayment = per(d.of("go_memstats_alloc_bytes_total"), payments)
	if value(commits) > 0 {
		out.CommitEventsMean = per(d.of("switchd_commit_events_sum"), value(commits))
		out.CommitMean = per(d.of("switchd_commit_duration_seconds_sum"), value(commits)/1e3)
		out.CommitP99 = per(d.quantile("switchd_commit_duration_seconds", 0.99), 1e-3)
	}
}

// diskFull is the switchd_disk_state of a disk below its reserve.
const diskFull = 2

// The kernel counts the machine's CPU time by ticks and that of a process exactly, so that
// the two of a run may seem to have used a little more than the machine; elsewhereSlack of
// what they used, and elsewhereTicks, is a little.
const (
	elsewhereSlack = 0.05
	elsewhereTicks = 3 * jiffy
)

// elsewhere is the CPU time that neither of two processes used, in nanoseconds; null when
// one figure is missing, or when the figures contradict each other.
func elsewhere(machine, ofSwitch, own *float64) *float64 {
	both := value(ofSwitch) + value(own)
	rest := value(machine) - both
	known := machine != nil && ofSwitch != nil && own != nil && rest >= -elsewhereSlack*both-float64(elsewhereTicks)
	return when(known, max(rest, 0))
}

// when is a figure, or null.
func when(known bool, v float64) *float64 {
	if !known || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// judge decides whether the run says something about the switch.
func (out *Report) judge(faults []string, unsent int64, failure error) {
	reasons := []string{}
	add := func(bad bool, format string, args ...any) {
		if bad {
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	add(failure != nil, "the run ended before its time: %v", failure)
	// What a bank was silent about is answered when the switch's timer is over, be that
	// behind the window: it counts where it was due.
	carried := 0.0
	if out.Duration > 0 {
		carried = float64(out.SilentCarried) / out.Duration
	}
	add(out.Achieved+carried < achievedMin*out.Rate && failure == nil, "achieved %.1f payments per second, less than %g %% of the %g asked for", out.Achieved, 100*achievedMin, out.Rate)
	add(out.SuccessRatio < successMin, "%.3f %% of the payments were a success, less than %g %%", 100*out.SuccessRatio, 100*successMin)
	add(out.full, "the disk of the switch was below its reserve at the end: new payments are declined there; give it more room, or fewer payments")
	add(out.Open > 0, "%d payments are still open", out.Open)
	add(out.GeneratorLateP99 > lateP99MaxMs, "the generator was saturated: 1 %% of the payments left %.1f ms late or more, allowed are %g ms", out.GeneratorLateP99, lateP99MaxMs)
	add(watchFault(out.Watching) != "", "a console saw nothing: %s", watchFault(out.Watching))
	add(out.Surge != nil && out.Surge.Unanswered > 0, "%d payments of the surge, or after it, were never answered", surgeUnanswered(out.Surge))
	add(unsent > 0, "%d payments were not sent in time, or too many were open", unsent)
	out.BooksBalanced = len(faults) == 0
	out.Reasons = append(reasons, faults...)
	out.Valid = len(out.Reasons) == 0
}
