package alert

import (
	"fmt"
	"time"
)

// backupDays is how old the last backup may get.
const backupDays = 2

// inState is the condition that the disk is so.
func inState(state float64) condition {
	return condition{series: `switchd_disk_state`, is: "==", bound: state, of: func(in *Input) float64 { return float64(in.Disk.State) }}
}

// onSecondDisk is the condition that the journal goes on in its second folder.
var onSecondDisk = whether(`switchd_wal_failover_active`, func(in *Input) bool { return in.SecondDisk })

// noRoomThere is the condition that the disk of the second folder has too little room while
// the journal goes on there.
func noRoomThere(in *Input) []Held {
	return when(in.SecondDisk && in.SecondRoom == 2, "")
}

func diskWords(in *Input) string { return in.Disk.words() }

var diskRules = []Rule{
	Rule{
		Name: "SwitchdDiskLow", Severity: Ticket, For: time.Minute, Group: "disk",
		Summary: "The disk of the data folder comes near its reserve: below it new payments are declined",
		Todo:    "Make room on the disk of the data folder: the archive, old snapshots, what is not the switch's.",
		Runbook: "disk-low",
	}.when(inState(1)).words(diskWords),
	Rule{
		Name: "SwitchdDiskBelowReserve", Severity: Page, Group: "disk",
		Summary: "The disk of the data folder is below its reserve: new payments are declined",
		Todo:    "Make room on the disk of the data folder now; payments are taken again by themselves.",
		Runbook: "disk-low",
	}.when(inState(2)).words(diskWords),
	{
		Name: "SwitchdDiskFillsUp", Severity: Ticket, For: time.Hour, Group: "disk",
		Expr:    `predict_linear(switchd_disk_free_bytes[6h], 86400) < switchd_disk_reserve_bytes`,
		Summary: "The disk of the data folder will reach its reserve within a day, if it goes on like this",
		Todo:    "Make the disk larger, or move the archive elsewhere.",
		Runbook: "disk-low",
		Unknown: "it is foretold from six hours, which a process may not have lived",
	},
	Rule{
		Name: "SwitchdDiskErrors", Severity: Page, Group: "disk",
		Summary: "The disk of the data folder gives errors",
		Todo:    "Read the system's log about this disk, and make the standby ready.",
		Runbook: "disk-errors",
	}.when(rose(added("5m", `switchd_disk_errors_total`), 0, func(l *Lately) int { return l.DiskErrors })),
	Rule{
		Name: "SwitchdJournalOnSecondDisk", Severity: Ticket, Group: "disk",
		Summary: "The disk of the data folder is slow: the journal goes on in its second folder",
		Todo:    "See what is wrong with the disk of the data folder, and whether something else writes to it.",
		Runbook: "second-disk",
	}.when(onSecondDisk),
	Rule{
		Name: "SwitchdJournalOnSecondDiskLong", Severity: Page, For: time.Minute, Group: "disk",
		Summary: "The disk of the data folder has been slow for a minute: only the journal has a second folder",
		Todo:    "Bring the disk back, or change over before the memory for what it does not take is full.",
		Runbook: "second-disk",
	}.when(onSecondDisk),
	Rule{
		Name: "SwitchdSecondDiskLow", Severity: Ticket, For: time.Minute, Group: "disk",
		Summary: "The disk of the journal's second folder has little room: full it does not help against a slow disk",
		Todo:    "Make room on the disk of journal.wal_failover_dir.",
		Runbook: "second-disk",
	}.when(condition{series: `switchd_wal_failover_room_state`, is: ">", of: func(in *Input) float64 { return float64(in.SecondRoom) }}),
	{
		Name: "SwitchdSecondDiskFull", Severity: Page, Group: "disk",
		Expr:    `switchd_wal_failover_room_state == 2 and on (job, instance) switchd_wal_failover_active > 0`,
		Summary: "The journal goes on in its second folder, and there is hardly any room: the switch ends when that disk is full",
		Todo:    "Make room on the disk of journal.wal_failover_dir now.",
		Runbook: "second-disk",
		Holds:   noRoomThere,
	},
	{
		Name: "SwitchdBackupOld", Severity: Ticket, Group: "disk",
		Expr: fmt.Sprintf(`time() - (switchd_backup_last_timestamp_seconds > 0) > %[1]d
or (switchd_backup_last_timestamp_seconds == 0 and on (job, instance) time() - process_start_time_seconds > %[1]d)`, backupDays*86400),
		Summary: "There has been no backup for more than two days",
		Todo:    "Run `switchd backup` by hand, and see why the timer did not.",
		Runbook: "backup-old",
		Holds: func(in *Input) []Held {
			last := in.Backup.Last
			if last.IsZero() {
				last = startOf(in)
			}
			return when(!last.IsZero() && in.Now.Sub(last) > backupDays*24*time.Hour, fmt.Sprintf("for %.0f hours", in.Now.Sub(last).Hours()))
		},
	},
	Rule{
		Name: "SwitchdBackupFailed", Severity: Ticket, Group: "disk",
		Summary: "A backup has failed within the last day",
		Todo:    "Read the log line `backup failed`: it says why.",
		Runbook: "backup-old",
	}.when(condition{added("1d", `switchd_backups_total{result="failed"}`), ">", 0, func(in *Input) float64 { return float64(in.Lately.BackupsFailed) }, "%.0f"}),
	Rule{
		Name: "SwitchdRetentionFailed", Severity: Ticket, Group: "disk",
		Summary: "The daily job could not archive or delete: the journal grows",
		Todo:    "Read the log line `retention`: it says what could not be done, and nothing was deleted.",
		Runbook: "retention-failed",
	}.when(condition{added("1d", `switchd_retention_runs_total{outcome="failed"}`), ">", 0, func(in *Input) float64 { return float64(in.Lately.RetentionFailed) }, "%.0f runs"}),
}

func (d Disk) words() string {
	return fmt.Sprintf("%d MiB free, the reserve is %d MiB", d.FreeBytes>>20, d.ReserveBytes>>20)
}

// startOf is when the process began; zero: it is not known.
func startOf(in *Input) time.Time {
	at, _ := time.Parse(time.RFC3339, in.Overview.StartedAt)
	return at
}
