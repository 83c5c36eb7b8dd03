package main

import (
	"fmt"
	"slices"

	"switchd/switch/alert"
)

// cases are a firing and a silent case of each alert of the table.
func cases() []testCase {
	return slices.Concat(moneyCases, budgetCases(), startCases, participantCases, engineCases, diskCases, securityCases, platformCases)
}

var moneyCases = []testCase{
	{
		"SwitchdMoneyNotBalanced",
		situation{"a sum of one", "1m", []string{`switchd_positions_net_minor 0 1`}, nil},
		situation{"a sum of nothing", "10m", []string{`switchd_positions_net_minor 0x10`}, nil},
	},
	{
		"SwitchdMoneyException",
		situation{"a credit after the payment had failed", "5m", []string{`switchd_exceptions_total{kind="credit after fail"} 0 0 1x10`}, []string{`kind="credit after fail"`}},
		situation{"an answer that has changed nothing", "5m", []string{`switchd_exceptions_total{kind="answer changed"} 0 0 1x10`}, nil},
	},
	{
		"SwitchdDeadLetters",
		situation{"one waits", "1m", []string{`switchd_dead_letters 0 1`}, nil},
		situation{"it is settled", "3m", []string{`switchd_dead_letters 0 1 1 0`}, nil},
	},
	{
		"SwitchdOutcomeUnknown",
		situation{"for more than a minute", "4m", []string{`switchd_payments_in_doubt_oldest_seconds 0 60 120 180 240`}, nil},
		situation{"each is known within a minute", "10m", []string{`switchd_payments_in_doubt_oldest_seconds 0 50 20 50 60 50 50 50 40 30 50`}, nil},
	},
	{
		"SwitchdOutcomeUnknownLong",
		situation{"for more than a quarter of an hour", "20m", []string{`switchd_payments_in_doubt_oldest_seconds 0+60x30`}, nil},
		situation{"after ten minutes", "10m", []string{`switchd_payments_in_doubt_oldest_seconds 0+60x30`}, nil},
	},
	{
		"SwitchdInDoubtGrowing",
		situation{"four more each minute", "20m", []string{`switchd_payments_in_doubt 0+4x30`}, nil},
		situation{"many, and not more", "20m", []string{`switchd_payments_in_doubt 80x30`}, nil},
	},
}

// budgetCases are of the alerts of objectives: all windows, of each objective.
func budgetCases() []testCase {
	var all []testCase
	for _, o := range alert.Objectives {
		for _, b := range []struct{ name, at string }{{"BurnFast", "10m"}, {"BurnSteady", "1h"}, {"BurnSlow", "2h"}, {"BurnLong", "4h"}} {
			all = append(all, budgetCase(o.Name, "Switchd"+o.Camel+b.name, b.at))
		}
	}
	return all
}

// perMinute is a counter that rises by so much a minute, for five hours.
func perMinute(series string, n int) string { return fmt.Sprintf("%s 0+%dx300", series, n) }

func budgetCase(objective, rule, at string) testCase {
	switch objective {
	case alert.Success:
		good := []string{
			perMinute(`switchd_payments_total{type="push",result="success",fault="nobody"}`, 70), perMinute(`switchd_payments_total{type="push",result="declined",fault="nobody"}`, 10),
		}
		return testCase{rule,
			situation{"one in five for want of room, or because our module is away", at, append(slices.Clone(good),
				perMinute(`switchd_payments_total{type="push",result="failed",fault="switch"}`, 15), perMinute(`switchd_payments_total{type="push",result="reversed",fault="switch"}`, 5)), nil},
			situation{"banks are down, do not answer, or decline what is debited", at, append(slices.Clone(good),
				perMinute(`switchd_payments_total{type="push",result="failed",fault="participant"}`, 100), perMinute(`switchd_payments_total{type="push",result="deemed",fault="participant"}`, 10),
				perMinute(`switchd_payments_total{type="push",result="reversed",fault="nobody"}`, 100), `switchd_payments_total{type="push",result="failed",fault="switch"} 0x300`,
				perMinute(failedLegs("BANKA"), 10), perMinute(failedLegs("BANKB"), 10)), nil},
		}
	case alert.Latency:
		bad := []string{perMinute(`switchd_payment_duration_seconds_bucket{type="push",le="`+fmt.Sprint(alert.SlowPayment.Seconds())+`"}`, 80), perMinute(`switchd_payment_duration_seconds_count{type="push"}`, 100)}
		return testCase{rule,
			situation{"two participants are slow", at, append(slices.Clone(bad), perMinute(slowLegs("BANKA"), 10), perMinute(slowLegs("BANKB"), 10)), nil},
			situation{"it is one participant", at, append(slices.Clone(bad), perMinute(slowLegs("BANKA"), 1), perMinute(slowLegs("BANKB"), 19)), nil},
		}
	}
	calm := []string{
		`up 1x300`, `switchd_ready 1x300`, perMinute(`switchd_payments_total{type="push",result="success",fault="nobody"}`, 100),
		`switchd_requests_held_total{reason="disk"} 0x300`, `switchd_messages_limited_total{participant="BANKA",class="requests",why="load"} 0x300`,
	}
	return testCase{rule,
		situation{"one in twenty is refused for want of room", at, append(slices.Clone(calm), perMinute(`switchd_messages_shed_total`, 5)), nil},
		situation{"participants' own limits are no fault of ours", at, append(slices.Clone(calm), `switchd_messages_shed_total 0x300`,
			perMinute(`switchd_messages_limited_total{participant="BANKB",class="requests",why="rate"}`, 50)), nil},
	}
}

// startCases are of the availability of a switch that is seen since its start.
var startCases = []testCase{{
	"SwitchdAvailabilityBurnSteady",
	situation{"it was not ready for its first three minutes", "25m", slices.Concat([]string{`up 1x60`, `switchd_ready 0x2 1x60`}, quiet), nil},
	situation{"it was not ready for its first minute", "25m", slices.Concat([]string{`up 1x60`, `switchd_ready 0 1x60`}, quiet), nil},
}}

// quiet is a switch that has refused nothing.
var quiet = []string{
	perMinute(`switchd_payments_total{type="push",result="success",fault="nobody"}`, 100), `switchd_messages_shed_total 0x60`,
	`switchd_requests_held_total{reason="disk"} 0x60`, `switchd_messages_limited_total{participant="BANKA",class="requests",why="load"} 0x60`,
}

func failedLegs(participant string) string {
	return `switchd_legs_total{participant="` + participant + `",class="debit",result="failed"}`
}

func slowLegs(participant string) string {
	return `switchd_legs_slow_total{participant="` + participant + `",class="debit"}`
}
