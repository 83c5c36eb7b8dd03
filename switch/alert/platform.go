package alert

import (
	"fmt"
	"time"
)

// How far the clock may be off, and how far behind the journal's time.
const (
	clockOff    = 100 * time.Millisecond
	clockBehind = time.Second
)

var platformRules = []Rule{
	{
		Name: "SwitchdTargetDown", Severity: Page, For: time.Minute, Group: "platform",
		Expr:    `up{` + Job + `} == 0`,
		Summary: "Prometheus cannot read the switch's metrics: the process, the host or the network is gone",
		Todo:    "Run `systemctl status switchd` on the host; if it runs, see whether the admin port answers.",
		Runbook: "target-down",
		Unknown: "a process that is gone says nothing",
	},
	{
		Name: "SwitchdTargetMissing", Severity: Page, For: 5 * time.Minute, Group: "platform",
		Expr:    `absent(up{` + Job + `})`,
		Summary: "Prometheus has no switch to look at: no alert of it can fire",
		Todo:    "Look at the scrape configuration of Prometheus: the job must be called switchd, or begin with it.",
		Runbook: "target-down",
		Unknown: "it is about Prometheus",
	},
	{
		Name: "SwitchdRestarts", Severity: Ticket, Group: "platform",
		Expr:    `changes(process_start_time_seconds{` + Job + `}[1h]) > 2`,
		Summary: "The process has started more than twice within an hour",
		Todo:    "Read the last lines before each start in `journalctl -u switchd`.",
		Runbook: "target-down",
		Unknown: "a process knows of one start, its own",
	},
	{
		Name: "SwitchdClock", Severity: Ticket, For: 5 * time.Minute, Group: "platform",
		Expr: fmt.Sprintf(`abs(switchd_clock_offset_seconds) > %g
or switchd_clock_synchronized == 0
or switchd_clock_behind_seconds > %g`, clockOff.Seconds(), clockBehind.Seconds()),
		Summary: "The clock is not kept right: times of payments and timers cannot be trusted",
		Todo:    "Run `chronyc tracking` or `timedatectl` on the host.",
		Runbook: "clock",
		Holds: func(in *Input) []Held {
			c := in.Clock
			return when(c.Known && (!c.Synced || c.Offset.Abs() > clockOff) || c.Behind > clockBehind, c.words())
		},
	},
	Rule{
		Name: "SwitchdConfigFallback", Severity: Ticket, Group: "platform",
		Summary: "The configuration is what was in force last, because the file was not good at the start",
		Todo:    "Run `switchd check-config`, repair the file, and reload.",
		Runbook: "config",
	}.when(whether(`switchd_config_last_good`, func(in *Input) bool { return in.Config.Fallback })),
	Rule{
		Name: "SwitchdReloadRefused", Severity: Ticket, Group: "platform",
		Summary: "The latest reload of the configuration was refused: what was before it is still in force",
		Todo:    "Run `switchd check-config`: it says what is wrong, with line and column.",
		Runbook: "config",
	}.when(whether(`switchd_config_reload_refused`, func(in *Input) bool { return in.Config.Refused })),
	{
		Name: "SwitchdVersionsDiffer", Severity: Info, For: time.Hour, Group: "platform",
		Expr:    `count by (job) (count by (job, version, commit) (switchd_build_info)) > 1`,
		Summary: "Switches of one job are of different versions",
		Todo:    "Finish the upgrade, or go back.",
		Runbook: "versions-differ",
		Unknown: "it is about several switches",
	},
	{
		Name: "SwitchdConfigsDiffer", Severity: Info, For: time.Hour, Group: "platform",
		Expr:    `count by (job) (count by (job, hash) (switchd_config_hash_info)) > 1`,
		Summary: "Switches of one job have different configurations in force",
		Todo:    "Compare them with `switchd config diff`, and reload the one that is behind.",
		Runbook: "versions-differ",
		Unknown: "it is about several switches",
	},
}

func (c Clock) words() string {
	switch {
	case c.Behind > clockBehind:
		return fmt.Sprintf("behind the journal by %s", c.Behind)
	case !c.Synced:
		return "not synchronized"
	}
	return fmt.Sprintf("off by %s", c.Offset)
}
