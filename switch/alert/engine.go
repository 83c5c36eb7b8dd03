package alert

import (
	"fmt"
	"time"

	"switchd/switch/view"
)

// A commit or an fsync is slow from here on: a payment needs three or four of them.
const slowCommitSeconds = 0.05

// The last steps of the brown-out ladder.
const allShed = 4

var engineRules = []Rule{
	{
		Name: "SwitchdNotReady", Severity: Page, For: time.Minute, Group: "engine",
		Expr:    `switchd_ready == 0`,
		Summary: "The switch says of itself that it takes no payments",
		Todo:    "Read /readyz?verbose: it names the check that fails.",
		Runbook: "not-ready",
		Holds: func(in *Input) []Held {
			if in.Overview.Ready || len(in.Overview.Checks) == 0 {
				return nil
			}
			for _, c := range in.Overview.Checks {
				if !c.OK {
					return when(true, c.Name+": "+c.Error)
				}
			}
			return when(true, "")
		},
	},
	{
		Name: "SwitchdNothingCommitted", Severity: Page, For: 30 * time.Second, Group: "engine",
		Expr:    `switchd_queue_events > 0 and on (job, instance) rate(switchd_commit_duration_seconds_count[2m]) == 0`,
		Summary: "Events wait and nothing is committed: the writer or the disk stands still",
		Todo:    "Look at the disk of the data folder in the system's log, then at /livez.",
		Runbook: "nothing-committed",
		Holds: func(in *Input) []Held {
			return when(in.Stalled > 0, fmt.Sprintf("for %.0f s", in.Stalled.Seconds()))
		},
	},
	Rule{
		Name: "SwitchdCommitSlow", Severity: Ticket, For: 5 * time.Minute, Group: "engine",
		Summary: "One commit in a hundred takes longer than 50 ms: every payment waits for three or four of them",
		Todo:    "See whether something else writes to the disk of the data folder: a backup, a log, a neighbour.",
		Runbook: "commit-slow",
	}.when(condition{
		`histogram_quantile(0.99, sum by (job, instance, le) (rate(switchd_commit_duration_seconds_bucket[5m])))`, ">", slowCommitSeconds,
		func(in *Input) float64 { return in.Overview.Latest.CommitP99 / 1000 }, "%.3f s",
	}),
	{
		Name: "SwitchdFsyncSlow", Severity: Ticket, For: 5 * time.Minute, Group: "engine", By: "store",
		Expr:    fmt.Sprintf(`histogram_quantile(0.99, sum by (job, instance, store, le) (rate(switchd_fsync_duration_seconds_bucket[5m]))) > %g`, slowCommitSeconds),
		Summary: "One fsync in a hundred takes longer than 50 ms: the disk is slow",
		Todo:    "See whether something else writes to the disk of the data folder: a backup, a log, a neighbour.",
		Runbook: "commit-slow",
		Unknown: "the process judges whole commits, which are slow whenever the journal's fsyncs are",
	},
	{
		Name: "SwitchdLoadShed", Severity: Ticket, For: time.Minute, Group: "engine",
		Expr:    fmt.Sprintf(`switchd_load_step > 0 and switchd_load_step < %d`, allShed),
		Summary: "The switch sheds part of the new work to keep up with the rest",
		Todo:    "See whether there is more traffic than usual, or a slower disk.",
		Runbook: "load-shed",
		Holds: func(in *Input) []Held {
			step := loadStep(in)
			return when(step > 0 && step < allShed, in.Overview.LoadSheds)
		},
	},
	Rule{
		Name: "SwitchdAllPaymentsShed", Severity: Page, Group: "engine",
		Summary: "The switch takes no new payments: it is over its load",
		Todo:    "See whether one participant floods us and drain it, or whether the disk stands still.",
		Runbook: "load-shed",
	}.when(condition{series: `switchd_load_step`, is: ">=", bound: allShed, of: loadStep}).words(func(in *Input) string { return in.Overview.LoadSheds }),
	Rule{
		Name: "SwitchdPaymentsRefused", Severity: Ticket, Group: "engine",
		Summary: "The switch itself has refused new payments: no room in its queue, no room on its disk, or load",
		Todo:    "See which of the three counters rises, and look at that: queue, disk or load.",
		Runbook: "load-shed",
	}.when(rose(added("5m", `switchd_messages_shed_total`, `switchd_requests_held_total`, `switchd_messages_limited_total{class="requests",why="load"}`), 0,
		func(l *Lately) int { return l.Refused })),
	{
		Name: "SwitchdLimitNear", Severity: Info, For: time.Minute, Group: "engine",
		Summary: "A bound is nearly reached: what is beyond it will be turned away",
		Todo:    "See on the console's limits what fills it.",
		Runbook: "load-shed",
		Holds: func(in *Input) []Held {
			var all []Held
			for _, l := range in.Limits {
				// Money has an alert of its own: SwitchdPositionNearCap.
				if l.Unit != view.UnitMinor && l.Max > 0 && l.Used*10 >= l.Max*9 {
					all = append(all, Held{Participant: l.Participant, What: l.Name, Detail: fmt.Sprintf("%d of %d", l.Used, l.Max)})
				}
			}
			return all
		},
	},
	{
		Name: "SwitchdCanaryFailing", Severity: Page, For: 30 * time.Second, Group: "engine",
		Expr: fmt.Sprintf(`time() - switchd_canary_last_success_timestamp_seconds > %[1]d
and on (job, instance) time() - process_start_time_seconds > %[1]d
and on (job, instance) sum by (job, instance) (increase(switchd_canary_payments_total[5m])) > 0`, canarySeconds),
		Summary: "The payment that the switch makes with itself does not succeed: it would answer, and it does not work",
		Todo:    "Read /readyz?verbose and the log lines of the canary: it goes the way of every payment, without any bank.",
		Runbook: "canary-failing",
		Holds: func(in *Input) []Held {
			if in.Canary == nil {
				return nil
			}
			last := in.Canary.LastSuccess
			if last.IsZero() {
				last = in.Canary.Since
			}
			return when(in.Now.Sub(last) > canarySeconds*time.Second, fmt.Sprintf("for %.0f s", in.Now.Sub(last).Seconds()))
		},
	},
	{
		Name: "SwitchdCanarySlow", Severity: Ticket, For: 5 * time.Minute, Group: "engine",
		Expr:    `histogram_quantile(0.99, sum by (job, instance, le) (rate(switchd_canary_duration_seconds_bucket[5m]))) > 0.5`,
		Summary: "The payment that the switch makes with itself takes longer than half a second: we are slow, not a bank",
		Todo:    "Look at commits and fsyncs: without banks there is little else that a payment waits for.",
		Runbook: "commit-slow",
		Unknown: "the process judges whether its canary pays, and how long commits take",
	},
	Rule{
		Name: "SwitchdFeedBehind", Severity: Ticket, For: 5 * time.Minute, Group: "engine",
		Summary: "A reader of the events is far behind",
		Todo:    "Ask whoever reads the events whether his system is slow; it loses nothing while the journal keeps the records.",
		Runbook: "feed-behind",
	}.when(condition{`switchd_feed_lag_records`, ">", feedBehind, func(in *Input) float64 { return float64(in.FeedLag) }, "%.0f records"}),
}

// loadStep is how far new work is shed.
func loadStep(in *Input) float64 {
	return float64(max(in.Overview.LoadStep, in.Overview.Latest.LoadStep))
}

// feedBehind is how many records a reader of the events may lack.
const feedBehind = 100_000

// canarySeconds is how long the canary may go without a success.
const canarySeconds = 60
