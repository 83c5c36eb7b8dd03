package payment

import (
	"fmt"
	"testing"
)

// referenceRow is one row of the transition table of the payments reference (7.3),
// written by hand: what it says, and the causes that it is in this machine. A row
// whose next state is its own state changes nothing; it names the scenario text
// that proves that. A row that is not the machine's says whose it is.
type referenceRow struct {
	state State
	event string
	next  State
	by    []Cause
	model Model
	text  string // for rows that are no transition: the text that shows it
	not   string // for rows that are not this package's: whose they are
}

// reference is 7.3 row by row, in its order, then 7.6.
var reference = []referenceRow{
	{state: StateNone, event: "request new, valid", next: Received, by: []Cause{NewRequest}},
	{state: Received, event: "request new, refused", next: Declined, by: []Cause{Refused}},
	{state: StateNone, event: "request duplicate, same hash", next: StateNone, text: "success.txt"},
	{state: StateNone, event: "request with a known id, other hash", next: StateNone, text: "success.txt"},
	{state: Received, event: "payee is VPA", next: Resolving, by: []Cause{PayeeByAddress}},
	{state: Received, event: "payee is account", next: Resolved, by: []Cause{PayeeByAccount}},
	{state: Resolving, event: "resolved", next: Resolved, by: []Cause{Approved}},
	{state: Resolving, event: "declined / unknown VPA", next: Declined, by: []Cause{Refusal}},
	{state: Resolving, event: "timeout, nack, PSP down", next: Declined, by: []Cause{Timeout, Ambiguous, NotSent}},
	{state: Resolved, event: "risk / cap / breaker / past D0", next: Declined, by: []Cause{Refused}},
	{state: Resolved, event: "go", next: DebitSent, by: []Cause{Go}},
	{state: DebitSent, event: "00, amount+ids+MAC ok", next: Debited, by: []Cause{Approved}},
	{state: DebitSent, event: "clear business decline", next: Declined, by: []Cause{Refusal}},
	{state: DebitSent, event: "ambiguous, bad MAC, unparsable, amount differs", next: DebitRevSent, by: []Cause{Ambiguous}},
	{state: DebitSent, event: "zero bytes written", next: Declined, by: []Cause{NotSent}},
	{state: DebitSent, event: "timeout, link lost after write", next: DebitRevSent, by: []Cause{Timeout}},
	{state: DebitRevSent, event: "reversal 00 / ND / OD", next: FailedReversed, by: []Cause{Approved}},
	{state: DebitRevSent, event: "late debit 00", next: DebitRevSent, text: "reversal.txt"},
	{state: DebitRevSent, event: "late debit decline, reversal not written", next: FailedReversed, by: []Cause{NeverDebited}},
	{state: DebitRevSent, event: "late debit decline, reversal written", next: DebitRevSent, text: "order.txt"},
	{state: DebitRevSent, event: "try timeout / bank down", next: DebitRevSent, text: "reversal.txt"},
	{state: DebitRevSent, event: "reversal refused or 48 h over", next: ReversalStuck, by: []Cause{Refusal, Timeout}},
	{state: Debited, event: "beneficiary reachable, before D0", next: CreditSent, by: []Cause{Go}},
	{state: Debited, event: "beneficiary down / past D0", next: DebitRevSent, by: []Cause{Refused}},
	{state: CreditSent, event: "00 / ACCC / ACSP", next: Success, by: []Cause{Approved}},
	{state: CreditSent, event: "clear business decline", next: DebitRevSent, by: []Cause{Refusal}},
	{state: CreditSent, event: "zero bytes written", next: DebitRevSent, by: []Cause{NotSent}},
	{state: CreditSent, event: "timeout, link lost, ambiguous", next: CreditUnknown, by: []Cause{Timeout, Ambiguous}},
	{state: CreditUnknown, event: "late 00 or status DONE", next: Success, by: []Cause{Approved}},
	{state: CreditUnknown, event: "late decline, or status NOT_DONE with guarantee", next: DebitRevSent, by: []Cause{Refusal}},
	{state: CreditUnknown, event: "late decline, no_reversal", next: Deemed, by: []Cause{Bound}},
	{state: CreditUnknown, event: "status not found: fence 00 / NC / OC", next: DebitRevSent, by: []Cause{Fenced}},
	{state: CreditUnknown, event: "status not found: fence CS", next: Success, by: []Cause{Approved}},
	{state: CreditUnknown, event: "status not found: fence 96", next: Deemed, by: []Cause{FenceFailed}},
	{state: CreditUnknown, event: "status not found: fence timeout (RB)", next: Deemed, by: []Cause{Timeout}},
	{state: CreditUnknown, event: "checks exhausted (600 s)", next: Deemed, by: []Cause{Timeout}},
	{state: Deemed, event: "TCC", next: Deemed, text: "deadletter.txt"},
	{state: Deemed, event: "RET", next: Deemed, text: "deadletter.txt"},
	{state: Deemed, event: "T+1 over, nothing filed", next: Deemed, not: "settlement: penalty accrual by policy"},
	{state: AwaitAuth, event: "approved with Creds in time", next: Resolved, by: []Cause{Approved}},
	{state: AwaitAuth, event: "declined", next: Declined, by: []Cause{Refusal}},
	{state: AwaitAuth, event: "expired", next: CollectExpired, by: []Cause{Timeout}},
	{state: Success, event: "late response", next: Success, text: "late.txt"},
	{state: FailedReversed, event: "late response", next: FailedReversed, text: "late.txt"},
	{state: CreditUnknown, event: "ChkTxn", next: CreditUnknown, text: "enquiry.txt"},
	{state: Received, event: "cancel from PSP", next: Received, not: "the rim: refused without becoming an event"},

	// 7.5, what a restart finds.
	{state: DebitSent, event: "crash", next: DebitRevSent, by: []Cause{Restarted}},
	{state: CreditSent, event: "crash", next: CreditUnknown, by: []Cause{Restarted}},

	// 7.6.
	{state: Resolved, event: "model B: go", next: CreditSent, by: []Cause{Go}, model: ModelB},
	{state: CreditSent, event: "model B: yes", next: Success, by: []Cause{Approved}, model: ModelB},
	{state: CreditSent, event: "model B: no", next: Declined, by: []Cause{Refusal, NotSent}, model: ModelB},
	{state: CreditSent, event: "model B: in doubt", next: CreditUnknown, by: []Cause{Timeout, Ambiguous, Restarted}, model: ModelB},
	{state: CreditUnknown, event: "model B: no", next: Declined, by: []Cause{Refusal, Fenced}, model: ModelB},
	{state: CreditUnknown, event: "model B: deemed", next: Deemed, by: []Cause{Timeout, FenceFailed, Bound}, model: ModelB},
	{state: CreditSent, event: "on_confirm: time-out, model A", next: DebitRevSent, by: []Cause{Rejected}},
	{state: CreditSent, event: "on_confirm: time-out, model B", next: Declined, by: []Cause{Rejected}, model: ModelB},
	{state: Received, event: "collect", next: AwaitAuth, by: []Cause{PayerAsked}},
	{state: AwaitAuth, event: "payer's PSP not reached or unreadable: safe", next: Declined, by: []Cause{NotSent, Ambiguous}},
}

// TestReferenceRows compares the table of this package with the rows of the
// payments reference: each row must be there, and nothing else may be. Model B has
// the rows before the debit in common with model A.
func TestReferenceRows(t *testing.T) {
	texts := scenarioTexts(t)
	listed := map[string]bool{}
	for _, row := range reference {
		name := fmt.Sprintf("%v | %s | %v", row.state, row.event, row.next)
		t.Run(name, func(t *testing.T) {
			kinds := 0
			for _, is := range []bool{len(row.by) > 0, row.text != "", row.not != ""} {
				if is {
					kinds++
				}
			}
			if kinds != 1 {
				t.Fatal("a row is a transition, a text, or somebody else's")
			}
			if row.text != "" && !texts[row.text] {
				t.Errorf("%s is not there", row.text)
			}
			for _, cause := range row.by {
				to, ok := Next(row.state, cause, row.model)
				if !ok || to != row.next {
					t.Errorf("by %v: the machine goes to %v", cause, to)
				}
				listed[fmt.Sprint(row.state, cause, row.model)] = true
			}
		})
	}
	for from := State(0); from < stateCount; from++ {
		for cause := Cause(0); cause < causeCount; cause++ {
			for model := Model(0); model < modelCount; model++ {
				to, ok := Next(from, cause, model)
				common := model == ModelB && (from == StateNone || from == Received || from == Resolving || from == Resolved && cause == Refused) ||
					model == ModelB && from == CreditUnknown && cause == Approved
				if ok && !common && !listed[fmt.Sprint(from, cause, model)] {
					t.Errorf("%v by %v to %v (model %d) is in no row of the reference", from, cause, to, model)
				}
			}
		}
	}
}
