package main

// dashboards are all pages, in the order in which an operator meets them.
func dashboards() []dashboard {
	return []dashboard{overviewBoard, participantsBoard, paymentsBoard, durabilityBoard, securityBoard, runtimeBoard}
}

var overviewBoard = dashboard{
	uid: "switchd-overview", title: "switchd: overview", says: "Is the switch well? The first page to look at; the others say where it is ill.",
	rows: []row{
		{"Now", []panel{
			stat("Alerts that page", "short", `count(ALERTS{alertstate="firing",severity="page",job="$job"}) or vector(0)`, "Firing alerts that wake somebody.", zeroIsGood...),
			stat("Ready", "short", "min("+selected("switchd_ready", "")+")", "What /readyz says: 1 if new payments should be sent here.", oneIsGood...),
			stat("Payments", "ops", "sum(rate("+selected("switchd_payments_total", "")+"[$__rate_interval]))", "Payments that have ended, per second."),
			stat("Dead letters", "short", "sum("+selected("switchd_dead_letters", "")+")", "Payments that wait for a person's decision.", zeroIsGood...),
			stat("Oldest in doubt", "s", "max("+selected("switchd_payments_in_doubt_oldest_seconds", "")+")", "How long no bank has told an outcome.", step{0, "green"}, step{60, "red"}),
			stat("Sum of positions", "short", "sum("+selected("switchd_positions_net_minor", "")+")", "Anything but 0 is a fault of the switch.", step{-1e15, "red"}, step{0, "green"}, step{1, "red"}),
		}},
		{"Objectives", []panel{
			chart("Share that fails by our own fault, against 1 %", "percentunit", "Payments that failed or were given back for want of room, time or a module; what banks make fail is not in it.",
				query{`job:switchd_success_errors:ratio_5m{job="$job"}`, "5 minutes"}, query{`job:switchd_success_errors:ratio_1h{job="$job"}`, "1 hour"}, query{`job:switchd_success_errors:ratio_3d{job="$job"}`, "3 days"}),
			chart("Share over 2 seconds, against 1 %", "percentunit", "Payments that took longer than the objective.",
				query{`job:switchd_latency_errors:ratio_5m{job="$job"}`, "5 minutes"}, query{`job:switchd_latency_errors:ratio_1h{job="$job"}`, "1 hour"}, query{`job:switchd_latency_errors:ratio_3d{job="$job"}`, "3 days"}),
			chart("Share not available, against 0.1 %", "percentunit", "Time not ready, and payments refused for reasons of the switch.",
				query{`job:switchd_availability_errors:ratio_5m{job="$job"}`, "5 minutes"}, query{`job:switchd_availability_errors:ratio_1h{job="$job"}`, "1 hour"}, query{`job:switchd_availability_errors:ratio_3d{job="$job"}`, "3 days"}),
			chart("Whose fault it is", "ops", "Payments that did not end as they should, by whose fault it was.",
				query{"sum by (fault) (rate(" + selected("switchd_payments_total", `result=~"failed|reversed|deemed"`) + "[$__rate_interval]))", "{{fault}}"}),
			chart("Share of the slow answers that is one participant's", "percentunit", "From 80 % on it is a participant, and its alert names it; below it may be us.",
				query{`job:switchd_legs_slow_by_one:ratio_5m{job="$job"}`, "slow"}),
		}},
		{"Traffic", []panel{
			chart("Payments by result", "ops", "Payments that have ended.", rate("switchd_payments_total", "", "result")),
			chart("How long payments take", "s", "From the commit of a request to the final state.", quantiles("switchd_payment_duration_seconds", "", "")...),
			chart("Open and in doubt", "short", "Payments that wait.",
				query{selected("switchd_payments_open", ""), "open"}, query{selected("switchd_payments_in_doubt", ""), "in doubt"}),
			chart("What the switch refuses itself", "ops", "No room in the queue, no room on the disk, load.",
				query{"sum(rate(" + selected("switchd_messages_shed_total", "") + "[$__rate_interval]))", "queue"},
				query{"sum by (reason) (rate(" + selected("switchd_requests_held_total", "") + "[$__rate_interval]))", "{{reason}}"},
				query{"sum(rate(" + selected("switchd_messages_limited_total", `class="requests",why="load"`) + "[$__rate_interval]))", "load"}),
		}},
	},
}

// ofParticipant selects the participants that are looked at.
const ofParticipant = `participant=~"$participant"`

// byParticipant is a query of participants' series.
func byParticipant(metric, more string) query {
	if more != "" {
		more = "," + more
	}
	return query{"sum by (participant) (" + selected(metric, ofParticipant+more) + ")", "{{participant}}"}
}

var participantsBoard = dashboard{
	uid: "switchd-participants", title: "switchd: participants", says: "Is it us or a bank? Each participant's links, answers and limits.",
	variables: []variable{{"participant", "Participant", `label_values(switchd_participant_links{job="$job"}, participant)`}},
	rows: []row{
		{"Answers", []panel{
			chart("Share that fails or is not answered", "percentunit", "Of the messages to the participant; from 10 % on its alert fires.", query{`participant:switchd_legs_failed:ratio_5m{job="$job",` + ofParticipant + `}`, "{{participant}}"}),
			chart("Share that is declined", "percentunit", "Of the messages to the participant.", query{`participant:switchd_legs_declined:ratio_5m{job="$job",` + ofParticipant + `}`, "{{participant}}"}),
			chart("Share of answers over a second", "percentunit", "From 5 % on its alert fires.", query{`participant:switchd_legs_slow:ratio_5m{job="$job",` + ofParticipant + `}`, "{{participant}}"}),
			chart("Messages", "ops", "Messages to the participant that have been answered or given up.", rate("switchd_legs_total", ofParticipant, "participant")),
		}},
		{"Links", []panel{
			chart("Links signed on", "short", "0: payments to it are declined.", byParticipant("switchd_participant_links", `state="signed_on"`)),
			chart("Breakers", "short", "0 closed, 1 open, 2 half-open.", query{"max by (participant, class) (" + selected("switchd_breaker_state", ofParticipant) + ")", "{{participant}} {{class}}"}),
		}},
		{"Money and limits", []panel{
			chart("Net debit cap used", "percentunit", "At 1 its payments are declined.", byParticipant("switchd_position_used_ratio", "")),
			chart("Turned away at the rim", "ops", "By the participant's own limits, or by our load.", query{"sum by (participant, class, why) (rate(" + selected("switchd_messages_limited_total", ofParticipant) + "[$__rate_interval])) > 0", "{{participant}} {{class}} {{why}}"}),
			chart("Not proven", "ops", "Messages whose code or signature is wrong, or could not be checked.", query{"sum by (participant, why) (rate(" + selected("switchd_messages_unproven_total", ofParticipant) + "[$__rate_interval]))", "{{participant}} {{why}}"}),
			{title: "Drained", says: "Participants that get no new payments by an operator's order.", kind: table, unit: "short", width: 12,
				queries: []query{{"sum by (participant) (" + selected("switchd_drained", ofParticipant) + ") > 0", ""}}},
		}},
	},
}

var paymentsBoard = dashboard{
	uid: "switchd-payments", title: "switchd: payments and legs", says: "What payments go through, and where their time goes.",
	rows: []row{
		{"Payments", []panel{
			chart("Ended, by type", "ops", "Push, collect, refund.", rate("switchd_payments_total", "", "type")),
			chart("Failed, given back, deemed", "ops", "By whose fault: the switch's uses up the objective of success.", query{"sum by (result, fault) (rate(" + selected("switchd_payments_total", `result=~"failed|reversed|deemed"`) + "[$__rate_interval]))", "{{result}}, {{fault}}"}),
			chart("Duration, by type", "s", "99 of 100 payments.", query{"histogram_quantile(0.99, sum by (le, type) (rate(" + selected("switchd_payment_duration_seconds_bucket", "") + "[$__rate_interval])))", "{{type}}"}),
			chart("States entered", "ops", "Every state that payments enter.", rate("switchd_payment_states_total", "", "state")),
		}},
		{"Legs", []panel{
			chart("Duration of a leg, p99", "s", "From the message to its answer, all participants.", query{"histogram_quantile(0.99, sum by (le, class) (rate(" + selected("switchd_leg_duration_seconds_bucket", "") + "[$__rate_interval])))", "{{class}}"}),
			chart("Legs by result", "ops", "Answered well, declined, not sent, not answered.", rate("switchd_legs_total", "", "result")),
		}},
		{"Trouble", []panel{
			chart("Notices", "ops", "Repeated requests, late and unmatched answers, conflicts.", rate("switchd_notices_total", "", "notice")),
			chart("Exceptions", "short", "What a person has to look at, over the time shown.", query{"sum by (kind) (increase(" + selected("switchd_exceptions_total", "") + "[$__range])) > 0", "{{kind}}"}),
			chart("Money in flight", "short", "Of open payments, in minor units.", query{selected("switchd_payments_in_flight_minor", ""), "{{instance}}"}),
			chart("Messages not sent", "ops", "No link, a full window, or a value that the dialect cannot carry.",
				query{"sum(rate(" + selected("switchd_messages_unsent_total", "") + "[$__rate_interval]))", "no link"},
				query{"sum(rate(" + selected("switchd_messages_windowed_total", "") + "[$__rate_interval]))", "window full"},
				query{"sum(rate(" + selected("switchd_messages_unencodable_total", "") + "[$__rate_interval]))", "does not fit"}),
		}},
	},
}

var durabilityBoard = dashboard{
	uid: "switchd-durability", title: "switchd: durability and disk", says: "Commits, the journal, the disk, backups and retention.",
	rows: []row{
		{"Commits", []panel{
			chart("Commit", "s", "From the append of a group to its durability; a payment waits for three or four.", quantiles("switchd_commit_duration_seconds", "", "")...),
			chart("Fsync, p99", "s", "By store.", query{"histogram_quantile(0.99, sum by (le, store) (rate(" + selected("switchd_fsync_duration_seconds_bucket", "") + "[$__rate_interval])))", "{{store}}"}),
			chart("Events in a commit", "short", "Many events share one when there is much to do.", query{"sum(rate(" + selected("switchd_commit_events_sum", "") + "[$__rate_interval])) / sum(rate(" + selected("switchd_commit_events_count", "") + "[$__rate_interval]))", "events"}),
			chart("What commits wait for", "ops", "Nothing, company, or the disk.", rate("switchd_commit_held_total", "", "for")),
			chart("Queue", "short", "Events that wait for the writer, and how many requests may: few when the queue is crowded.",
				query{selected("switchd_queue_events", ""), "{{instance}}"}, query{selected("switchd_queue_room", ""), "room of {{instance}}"}),
			chart("Brown-out", "short", "0 nothing is shed, 4 all new payments.", query{selected("switchd_load_step", ""), "{{instance}}"}),
		}},
		{"Disk", []panel{
			chart("Free, and the reserve", "bytes", "Below the reserve new payments are declined.", query{selected("switchd_disk_free_bytes", ""), "free"}, query{selected("switchd_disk_reserve_bytes", ""), "reserve"}),
			chart("Journal", "Bps", "Bytes appended.", query{"rate(" + selected("switchd_journal_bytes_total", "") + "[$__rate_interval])", "{{instance}}"}),
		}},
		{"Kept", []panel{
			stat("Last backup", "s", "time() - (max("+selected("switchd_backup_last_timestamp_seconds", "")+") > 0)", "Age; nothing: none since the start.", step{0, "green"}, step{172800, "red"}),
			stat("Size of it", "bytes", "max("+selected("switchd_backup_last_bytes", "")+")", "The last online backup."),
			stat("Failed backups", "short", "sum(increase("+selected("switchd_backups_total", `result="failed"`)+"[$__range]))", "Within the time shown.", zeroIsGood...),
			stat("Failed retention", "short", "sum(increase("+selected("switchd_retention_runs_total", `outcome="failed"`)+"[$__range]))", "Within the time shown.", zeroIsGood...),
			stat("Journal since", "s", "time() - min("+selected("switchd_journal_first_time_seconds", "")+")", "Age of the oldest event."),
			stat("Snapshots", "short", "max("+selected("switchd_snapshots", "")+")", "Made before upgrades; each keeps room."),
		}},
	},
}

var securityBoard = dashboard{
	uid: "switchd-security", title: "switchd: security", says: "The security module, certificates, connections and the admin port.",
	rows: []row{
		{"Security module", []panel{
			stat("Module", "short", "min("+selected("switchd_hsm_up", "")+")", "1: it answers.", oneIsGood...),
			stat("Connections", "short", "min("+selected("switchd_hsm_payshield_connections", "")+")", "To payShields, that calls can use."),
			stat("Waiting", "short", "max("+selected("switchd_hsm_waiting", "")+")", "Requests that wait for a worker."),
			stat("Busy", "short", "max("+selected("switchd_hsm_busy", "")+")", "Workers inside the module."),
			stat("PIN blocks", "short", "max("+selected("switchd_vault_blocks", "")+")", "That wait for their debit."),
			stat("Not proven", "ops", "sum(rate("+selected("switchd_messages_unproven_total", `why="wrong"`)+"[$__rate_interval]))", "Messages with a wrong code or signature."),
			chart("Calls", "ops", "By outcome.", rate("switchd_hsm_calls_total", "", "outcome")),
			chart("How long calls take", "s", "99 of 100, by operation.", query{"histogram_quantile(0.99, sum by (le, op) (rate(" + selected("switchd_hsm_call_duration_seconds_bucket", "") + "[$__rate_interval]))) > 0", "{{op}}"}),
		}},
		{"Certificates", []panel{
			{title: "Time left", says: "Certificates, authorities and revocation lists.", kind: table, unit: "s", width: 12,
				queries: []query{{"sort(min by (certificate) (" + selected("switchd_cert_expiry_timestamp_seconds", "") + " - time()))", ""}}},
			chart("Files", "short", "Files on disk that are not good.", query{selected("switchd_cert_files_refused", ""), "{{instance}}"}),
		}},
		{"Doors", []panel{
			chart("Handshakes", "ops", "By result.", rate("switchd_handshakes_total", "", "result")),
			chart("Links closed", "ops", "By reason.", rate("switchd_links_closed_total", "", "reason")),
			chart("Admin port", "ops", "Requests by page and status.", query{"sum by (page, status) (rate(" + selected("switchd_admin_requests_total", "") + "[$__rate_interval]))", "{{page}} {{status}}"}),
			chart("Logins refused", "ops", "By why.", rate("switchd_admin_logins_refused_total", "", "why")),
		}},
	},
}

var runtimeBoard = dashboard{
	uid: "switchd-runtime", title: "switchd: process", says: "The process itself: memory, goroutines, files, processor.",
	rows: []row{
		{"Process", []panel{
			stat("Up for", "s", "time() - max("+selected("process_start_time_seconds", "")+")", "Since the start of the process."),
			{title: "Version", says: "What runs.", kind: table, unit: "short", width: 8, queries: []query{{"sum by (instance, version, commit, go) (" + selected("switchd_build_info", "") + ")", ""}}},
			chart("Processor", "short", "Cores in use.", query{"rate(" + selected("process_cpu_seconds_total", "") + "[$__rate_interval])", "{{instance}}"}),
			chart("Memory", "bytes", "Resident, and the heap in use.", query{selected("process_resident_memory_bytes", ""), "resident"}, query{selected("go_memstats_heap_inuse_bytes", ""), "heap"}),
			chart("Files", "short", "Open file descriptors, and the limit.", query{selected("process_open_fds", ""), "open"}, query{selected("process_max_fds", ""), "limit"}),
			chart("Goroutines", "short", "They grow with links, not with payments.", query{selected("go_goroutines", ""), "{{instance}}"}),
			chart("Pauses of the collector", "s", "The longest of late.", query{selected("go_gc_duration_seconds", `quantile="1"`), "{{instance}}"}),
		}},
	},
}
