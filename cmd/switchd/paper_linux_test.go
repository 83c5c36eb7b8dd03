package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// colours are the only control sequences that a page may have.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// atTerminal runs a command line in this process with a terminal of so many columns, and
// gives what is to be seen on it.
func atTerminal(t *testing.T, columns uint16, args ...string) string {
	t.Helper()
	keyboard, tty := terminal(t)
	resize(t, tty, columns)
	const end = "\x04END\x04"
	var seen output
	go func() { _, _ = io.Copy(&seen, keyboard) }() // ends with the terminal
	var talk strings.Builder
	if code := run(context.Background(), args, tty, &talk); code != 0 {
		t.Fatalf("switchd %s: exit code %d\n%s", strings.Join(args, " "), code, talk.String())
	}
	if _, err := io.WriteString(tty, end); err != nil {
		t.Fatal(err)
	}
	until(t, patience, "the end", func() bool { return strings.HasSuffix(seen.String(), end) })
	return strings.ReplaceAll(colours.ReplaceAllString(strings.TrimSuffix(seen.String(), end), ""), "\r\n", "\n")
}

// resize gives a terminal so many columns.
func resize(t *testing.T, tty *os.File, columns uint16) {
	t.Helper()
	window := [4]uint16{30, columns} // rows, columns, and both in pixels
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, tty.Fd(), syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&window))); errno != 0 {
		t.Fatal(errno)
	}
}

// wordyDay is badDay, and everybody has much to say.
func wordyDay(f *fakeSwitch) {
	reason := strings.Repeat("the bank has confirmed by telephone ", 4)
	references := view.References{RRN: "632710000471", MsgID: "BKID20261123MSG000000000000000000001", EndToEndID: "E2E-2026-11-23-000000000000000000001", UETR: "eb6305c9-1f7f-49de-aed0-16487c27b42d"}
	head := view.Head{
		ID: 123_456_789, Type: "collect", State: "FAILED_REVERSED", Outcome: "TIMEOUT_DEBIT", BankCode: "96", Minor: 123_456_789_00, Currency: 356, Sender: "PARTICIPANT",
		PayerBank: "PARTICIPAN1", PayeeBank: "PARTICIPAN2", References: references, CreatedAt: "2026-11-23T10:00:00.000Z", DeadLetter: true, Exceptions: []string{"late answer", "answer changed", "reversal stuck"},
	}
	found := view.Found{Payments: []view.Head{head}, Next: strings.Repeat("AQAAAAAA", 4)}
	f.set("/api/v1/deadletters", found)
	f.set("/api/v1/exceptions", found)
	f.set("/api/v1/payments/search", found)
	f.set("/api/v1/limits", view.Limits{Currency: "INR", Exponent: 2, Limits: []view.Limit{
		{Name: "messages in flight: resolve", Participant: "PARTICIPANT", Unit: view.UnitMessages, Used: 2861, Max: 2862, Reached: 1234},
		{Name: "net debit cap", Participant: "PARTICIPANT", Unit: view.UnitMinor, Used: 123_456_789_00, Max: 999_999_999_99},
	}})
	f.set("/api/v1/audit", view.Changes{Changes: []view.Change{{Seq: 123_456_789, At: "2026-11-23T10:00:00Z", Kind: "set-cap", Operator: "an-operator", Approver: "a-second-person", Reason: reason, Text: "the net debit cap of PARTICIPANT is 123,456,789.00 INR from now on, it was 100.00 INR"}}, Next: 99_000})
	f.set("/api/v1/approvals", view.Approvals{Approvals: []view.Approval{{ID: 17, Order: view.Order{Reason: reason}, Text: "set the net debit cap of PARTICIPANT to 123,456,789.00 INR, it is 100.00 INR", By: "an-operator", At: "2026-11-23T10:00:00Z", Expires: "2026-11-23T10:15:00Z", Roles: []string{"operator", "security-officer"}}}})
	f.set("/api/v1/alerts", view.Alerts{Firing: []view.Alert{{Name: "ParticipantDown", Severity: "page", Participant: "PARTICIPANT", Summary: reason, Todo: reason, Runbook: "participant-down"}}, Ended: []view.Ended{{Alert: view.Alert{Name: "CommitSlow", Summary: reason}}}})
	f.set("/api/v1/payments/4711", map[string]any{
		"id": 123_456_789, "switch_id": "SWD00000000000000000000000123456789", "state": "FAILED_REVERSED", "outcome": "TIMEOUT_DEBIT", "bank_code": "96", "told": "TIMEOUT_DEBIT", "minor": 25000, "currency": 356,
		"sender": "PARTICIPANT", "payer_bank": "PARTICIPAN1", "payee_bank": "PARTICIPAN2", "references": references, "created_at": "2026-11-23T10:00:00.000Z", "closed_at": "2026-11-23T10:00:00.000Z", "reason": reason, "operator": "asha",
		"legs": []legView{{Leg: "reversal", SentAt: "2026-11-23T10:00:00.000Z", Tries: 12, Answer: "AMOUNT_MISMATCH", After: 123_456}},
	})
	line := badDay()["/api/v1/payments/4711/timeline"].(view.Timeline)
	for i := range line.Moments {
		line.Moments[i].Text, line.Moments[i].State = reason, "FAILED_REVERSED"
	}
	f.set("/api/v1/payments/4711/timeline", line)
}

// TestPaper: at terminals of 80 and 120 columns no line of a list is wider than the
// terminal, and what a list is there for is on it as a whole.
func TestPaper(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	f := newFakeSwitch(t)
	wordyDay(f)
	const said = "the bank has confirmed by telephone the bank has confirmed by telephone"
	for line, shows := range map[string][]string{
		"status":                         {"burns 2.4x over 5 min, 0.9x over 1 h; 71.0% of the last hour's budget left", "too little traffic to say"},
		"participant ls":                 {"BANKB", "down"},
		"participant show BANKB":         {"posted -812,345.00 INR, reserved 0.00 INR, cap 900,000.00 INR", "90.3% used"},
		"link ls":                        {"signed on", "3.0 MiB"},
		"position ls":                    {"-812,345.00", "900,000.00"},
		"breaker ls":                     {"debit", "1,234"},
		"limit ls":                       {"messages in flight: resolve", "99.96%", "1,234", "123,456,789.00"},
		"deadletter ls":                  {"123456789", "FAILED_REVERSED (dead letter)", "123456789.00 INR"},
		"exception ls":                   {"123456789", "FAILED_REVERSED"},
		"approval ls":                    {"set the net debit cap of PARTICIPANT to 123,456,789.00 INR, it is 100.00 INR", said},
		"audit ls":                       {"the net debit cap of PARTICIPANT is 123,456,789.00 INR from now", said},
		"alert ls":                       {said},
		"payment find":                   {"123456789", "FAILED_REVERSED", "123456789.00 INR"},
		"payment show 4711":              {"eb6305c9-1f7f-49de-aed0-16487c27b42d", "debit in doubt, answered 96", "AMOUNT_MISMATCH", said},
		"participant drain B --reason x": {"BANKB takes part in no new payment"},
	} {
		for _, columns := range []uint16{80, 120} {
			t.Run(fmt.Sprint(line, " ", columns), func(t *testing.T) {
				page := atTerminal(t, columns, append(strings.Fields(line), "--admin", f.address())...)
				for l := range strings.Lines(page) {
					if n := screen.Width(strings.TrimSuffix(l, "\n")); n > int(columns) {
						t.Errorf("%d wide: %s", n, l)
					}
				}
				words := strings.Join(strings.Fields(page), " ")
				for _, want := range shows {
					if !strings.Contains(words, want) && !inColumns(page, want) {
						t.Errorf("no %q in\n%s", want, page)
					}
				}
			})
		}
	}
}

// inColumns says whether all the words of a text stand on a page, where other columns
// stand between its lines.
func inColumns(page, text string) bool {
	all := strings.Fields(page)
	for _, word := range strings.Fields(text) {
		at := -1
		for i := range all {
			if all[i] == word {
				at = i
				break
			}
		}
		if at < 0 {
			return false
		}
		all = append(all[:at:at], all[at+1:]...)
	}
	return true
}
