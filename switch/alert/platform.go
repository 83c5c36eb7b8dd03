package alert

import (
	"fmt"
	"time"
)

// clockMillis is how far the clock may be off.
const clockMillis = 100

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
		Expr:    fmt.Sprintf(`abs(switchd_clock_offset_seconds) > %g or switchd_clock_synchronized == 0`, float64(clockMillis)/1000),
		Summary: "The clock is not kept right: times of payments and timers cannot be trusted",
		Todo:    "Run `chronyc tracking` or `timedatectl` on the host.",
		Runbook: "clock",
		Holds: func(in *Input) []Held {
			c := in.Clock
			off := c.Offset.Abs() > clockMillis*time.Millisecond
			return when(c.Known && (!c.Synced || off) || c.Behind > time.Second, c.words())
		},
	},
	{
		Name: "SwitchdConfigFallback", Severity: Ticket, Group: "platform",
		Expr:    `switchd_config_last_good > 0`,
		Summary: "The configuration is what was in force last, because the file was not good at the start",
		Todo:    "Run `switchd check-config`, repair the file, and reload.",
		Runbook: "config",
		Holds:   func(in *Input) []Held { return when(in.Config.Fallback, "") },
	},
	{
		Name: "SwitchdReloadRefused", Severity: Ticket, Group: "platform",
		Expr:    `increase(switchd_config_reloads_total{result="refused"}[1h]) > 0 unless on (job, instance) time() - switchd_config_last_reload_success_timestamp_seconds < 300`,
		Summary: "A reload of the configuration was refused: what was before it is still in force",
		Todo:    "Run `switchd check-config`: it says what is wrong, with line and column.",
		Runbook: "config",
		Holds:   func(in *Input) []Held { return when(in.Config.Refused, "") },
	},
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
	case c.Behind > time.Second:
		return fmt.Sprintf("behind the journal by %s", c.Behind)
	case !c.Synced:
		return "not synchronized"
	}
	return fmt.Sprintf("off by %s", c.Offset)
}
