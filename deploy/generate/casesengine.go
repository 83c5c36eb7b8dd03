package main

import "strings"

var engineCases = []testCase{
	{
		"SwitchdNotReady",
		situation{"for minutes", "5m", []string{`switchd_ready 1 1 0x10`}, nil},
		situation{"for a moment", "5m", []string{`switchd_ready 1 1 0 1x10`}, nil},
	},
	{
		"SwitchdNothingCommitted",
		situation{"the writer stands", "10m", []string{`switchd_queue_events 0 3x20`, `switchd_commit_duration_seconds_count 0 100x20`}, nil},
		situation{"nothing waits", "10m", []string{`switchd_queue_events 0x20`, `switchd_commit_duration_seconds_count 0 100x20`}, nil},
	},
	{
		"SwitchdCommitSlow",
		situation{"all between 31 and 62 ms", "15m", slowest(`switchd_commit_duration_seconds_bucket`, "0.03125", "0.0625"), nil},
		situation{"all between 15 and 31 ms", "15m", slowest(`switchd_commit_duration_seconds_bucket`, "0.015625", "0.03125"), nil},
	},
	{
		"SwitchdFsyncSlow",
		situation{"all between 31 and 62 ms", "15m", slowest(`switchd_fsync_duration_seconds_bucket{store="journal"`, "0.03125", "0.0625"), []string{`store="journal"`}},
		situation{"all between 15 and 31 ms", "15m", slowest(`switchd_fsync_duration_seconds_bucket{store="journal"`, "0.015625", "0.03125"), nil},
	},
	{
		"SwitchdLoadShed",
		situation{"collects are shed", "5m", []string{`switchd_load_step 0 2x10`}, nil},
		situation{"nothing is", "5m", []string{`switchd_load_step 0 2 0x10`}, nil},
	},
	{
		"SwitchdAllPaymentsShed",
		situation{"the last step", "1m", []string{`switchd_load_step 3 4`}, nil},
		situation{"the step before", "5m", []string{`switchd_load_step 3x10`}, nil},
	},
	{
		"SwitchdPaymentsRefused",
		situation{"for want of disk", "5m", []string{`switchd_messages_shed_total 0x20`, `switchd_requests_held_total{reason="disk"} 0 0 7x20`, `switchd_messages_limited_total{participant="BANKA",class="requests",why="load"} 0x20`}, nil},
		situation{"long ago", "15m", []string{`switchd_messages_shed_total 0x20`, `switchd_requests_held_total{reason="disk"} 0 0 7x20`, `switchd_messages_limited_total{participant="BANKA",class="requests",why="load"} 0x20`}, nil},
	},
	{
		"SwitchdCanaryFailing",
		situation{"none since the second minute", "5m", []string{`process_start_time_seconds 0x20`, `switchd_canary_last_success_timestamp_seconds 0 60 120x20`, perMinute(`switchd_canary_payments_total{result="failed"}`, 60)}, nil},
		situation{"there is no canary", "10m", []string{`process_start_time_seconds 0x20`, `switchd_canary_last_success_timestamp_seconds 0x20`, `switchd_canary_payments_total{result="failed"} 0x20`}, nil},
	},
	{
		"SwitchdCanarySlow",
		situation{"all over half a second", "15m", slowest(`switchd_canary_duration_seconds_bucket`, "0.5", "1"), nil},
		situation{"all within a quarter", "15m", slowest(`switchd_canary_duration_seconds_bucket`, "0.125", "0.25"), nil},
	},
	{
		"SwitchdFeedBehind",
		situation{"a reader stands", "15m", []string{perMinute(`switchd_feed_lag_records`, 100_000)}, nil},
		situation{"it catches up", "15m", []string{`switchd_feed_lag_records 0 200000 200000 100 0x20`}, nil},
	},
}

// slowest is a histogram of a hundred a minute, all between two bounds.
func slowest(series, low, high string) []string {
	if name, labels, labelled := strings.Cut(series, "{"); labelled {
		series = name + "{" + labels + ","
	} else {
		series += "{"
	}
	return []string{
		series + `le="` + low + `"} 0x300`,
		perMinute(series+`le="`+high+`"}`, 100),
		perMinute(series+`le="+Inf"}`, 100),
	}
}

var diskCases = []testCase{
	{
		"SwitchdDiskLow",
		situation{"for minutes", "5m", []string{`switchd_disk_state 0 1x10`}, nil},
		situation{"for a moment", "5m", []string{`switchd_disk_state 0 1 0x10`}, nil},
	},
	{
		"SwitchdDiskBelowReserve",
		situation{"at once", "1m", []string{`switchd_disk_state 1 2`}, nil},
		situation{"it is only near", "5m", []string{`switchd_disk_state 1x10`}, nil},
	},
	{
		"SwitchdDiskFillsUp",
		situation{"a MiB a minute, and half a GiB above the reserve", "2h", []string{`switchd_disk_free_bytes 1610612736-1048576x200`, `switchd_disk_reserve_bytes 1073741824x200`}, nil},
		situation{"a KiB a minute", "2h", []string{`switchd_disk_free_bytes 1610612736-1024x200`, `switchd_disk_reserve_bytes 1073741824x200`}, nil},
	},
	{
		"SwitchdDiskErrors",
		situation{"one", "5m", []string{`switchd_disk_errors_total{what="ballast"} 0 0 1x20`}, nil},
		situation{"none", "5m", []string{`switchd_disk_errors_total{what="ballast"} 0x20`}, nil},
	},
	{
		"SwitchdJournalOnSecondDisk",
		situation{"at once", "1m", []string{`switchd_wal_failover_active 0 1`}, nil},
		situation{"it is back", "5m", []string{`switchd_wal_failover_active 1 1 0x10`}, nil},
	},
	{
		"SwitchdJournalOnSecondDiskLong",
		situation{"for minutes", "10m", []string{`switchd_wal_failover_active 0 1x20`}, nil},
		situation{"now and then", "10m", []string{`switchd_wal_failover_active 0 1 0 1 0 1 0 1 0 1 0`}, nil},
	},
	{
		"SwitchdSecondDiskLow",
		situation{"for minutes", "5m", []string{`switchd_wal_failover_room_state 0 1x10`}, nil},
		situation{"for a moment", "5m", []string{`switchd_wal_failover_room_state 0 1 0x10`}, nil},
	},
	{
		"SwitchdSecondDiskFull",
		situation{"the journal is there", "1m", []string{`switchd_wal_failover_room_state 1 2`, `switchd_wal_failover_active 1 1`}, nil},
		situation{"the journal is not there", "5m", []string{`switchd_wal_failover_room_state 2x10`, `switchd_wal_failover_active 0x10`}, nil},
	},
	{
		"SwitchdBackupOld",
		situation{"none since a start three days ago", "1h", []string{`process_start_time_seconds -259200x100`, `switchd_backup_last_timestamp_seconds 0x100`}, nil},
		situation{"the start was yesterday", "1h", []string{`process_start_time_seconds -86400x100`, `switchd_backup_last_timestamp_seconds 0x100`}, nil},
	},
	{
		"SwitchdBackupOld",
		situation{"the last one is of long ago", "51h", []string{`process_start_time_seconds -86400x3200`, `switchd_backup_last_timestamp_seconds 3600x3200`}, nil},
		situation{"the last one is of an hour ago", "2h", []string{`process_start_time_seconds -864000x200`, `switchd_backup_last_timestamp_seconds 3600x200`}, nil},
	},
	{
		"SwitchdBackupFailed",
		situation{"one", "1h", []string{`switchd_backups_total{result="failed"} 0 0 1x100`}, nil},
		situation{"one was made", "1h", []string{`switchd_backups_total{result="failed"} 0x100`, `switchd_backups_total{result="made"} 0 0 1x100`}, nil},
	},
	{
		"SwitchdRetentionFailed",
		situation{"one run", "1h", []string{`switchd_retention_runs_total{outcome="failed"} 0 0 1x100`}, nil},
		situation{"all runs are done", "1h", []string{`switchd_retention_runs_total{outcome="failed"} 0x100`, `switchd_retention_runs_total{outcome="done"} 0 0 1x100`}, nil},
	},
}
