package alert

import (
	"fmt"
	"strings"
	"time"
)

// MoneyKinds are the kinds of exceptions after which books may differ until a person has
// decided: all but "answer changed", where the later answer changes nothing.
var MoneyKinds = []string{
	"advice refused", "amount differs", "credit after fail", "credit refused",
	"debit after fail", "fence too late", "no receipt", "reversal stuck",
}

// Outcomes are to be known within a minute; after a quarter of an hour a person asks.
const (
	doubtSeconds     = 60
	doubtLongSeconds = 15 * 60
)

// doubt is the condition that no bank has told an outcome for so long.
func doubt(seconds float64) condition {
	return condition{
		`switchd_payments_in_doubt_oldest_seconds`, ">", seconds, func(in *Input) float64 { return in.Overview.OldestInDoubt }, "the oldest for %.0f s",
	}
}

var moneyRules = []Rule{
	Rule{
		Name: "SwitchdMoneyNotBalanced", Severity: Page, Group: "money",
		Summary: "The sum of all positions is not 0: the switch's own books are wrong",
		Todo:    "Drain all participants, keep the data folder as it is, and call the people who build the switch.",
		Runbook: "money-not-balanced",
	}.when(condition{`switchd_positions_net_minor`, "!=", 0, func(in *Input) float64 { return float64(in.Overview.PositionsSum) }, "%.0f minor units"}),
	{
		Name: "SwitchdMoneyException", Severity: Page, Group: "money", By: "kind",
		Expr:    fmt.Sprintf(`sum by (job, instance, kind) (increase(switchd_exceptions_total{kind=~"%s"}[5m])) > 0`, strings.Join(MoneyKinds, "|")),
		Summary: "An answer contradicts what was decided about a payment: the books of a participant may differ from ours",
		Todo:    "Find the payments with `switchd payment find --exceptions` and read their timelines.",
		Runbook: "money-exception",
		Holds: func(in *Input) []Held {
			return when(in.Lately.MoneyExceptions > 0, fmt.Sprintf("%d within 5 minutes", in.Lately.MoneyExceptions))
		},
	},
	Rule{
		Name: "SwitchdDeadLetters", Severity: Page, Group: "money",
		Summary: "Payments wait for a person's decision: the switch has given up on them",
		Todo:    "List them with `switchd deadletter ls` and ask the bank that is named what its books say.",
		Runbook: "dead-letters",
	}.when(condition{`switchd_dead_letters`, ">", 0, func(in *Input) float64 { return float64(in.Overview.DeadLetters) }, "%.0f"}),
	Rule{
		Name: "SwitchdOutcomeUnknown", Severity: Ticket, For: time.Minute, Group: "money",
		Summary: "No bank has told the outcome of a payment for more than a minute",
		Todo:    "See on the console's participants which bank is down or does not answer, and call it.",
		Runbook: "outcome-unknown",
	}.when(doubt(doubtSeconds)),
	Rule{
		Name: "SwitchdOutcomeUnknownLong", Severity: Page, For: time.Minute, Group: "money",
		Summary: "No bank has told the outcome of a payment for more than a quarter of an hour",
		Todo:    "Call the bank whose answer is missing, and drain it if it cannot say when it will answer.",
		Runbook: "outcome-unknown",
	}.when(doubt(doubtLongSeconds)),
	{
		Name: "SwitchdInDoubtGrowing", Severity: Ticket, For: 5 * time.Minute, Group: "money",
		Expr:    `switchd_payments_in_doubt > 20 and delta(switchd_payments_in_doubt[10m]) > 10`,
		Summary: "Reversals and enquiries that wait for an answer become more and more",
		Todo:    "See which bank does not answer reversals, and drain it before more money hangs.",
		Runbook: "outcome-unknown",
		Unknown: "the process judges the oldest that waits, not how their number has moved",
	},
}
