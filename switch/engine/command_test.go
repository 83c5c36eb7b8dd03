package engine

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/ledger"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/state"
)

// TestCommand: a decision takes effect once it is durable, also across a restart;
// one without a reason, or about nothing, is refused.
func TestCommand(t *testing.T) {
	fs := vfs.NewMem()
	e := openOn(t, fs, testConfig(time.Minute))
	stop := start(e, &sink{})
	limit := payment.Command{Kind: payment.SetCap, Participant: 1, Amount: testAmount}
	for name, c := range map[string]struct {
		command payment.Command
		reason  string
		done    bool
	}{
		"cap":                     {limit, "more business", true},
		"without a reason":        {limit, "", false},
		"too long a reason":       {limit, strings.Repeat("x", 141), false},
		"no such payment":         {payment.Command{Kind: payment.Settle, Payment: 99}, "done by phone", false},
		"no participant":          {payment.Command{Kind: payment.SetCap, Participant: 99}, "typing error", false},
		"not a command, a zero":   {payment.Command{}, "typing error", false},
		"negative, of course not": {payment.Command{Kind: payment.SetCap, Amount: ledger.Amount{Minor: -1, Currency: 356}}, "x", false},
	} {
		_, done, err := e.Command(by("tester", c.reason, c.command))
		if err != nil || done != c.done {
			t.Errorf("%s: %v %v, want %v", name, done, err, c.done)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Command(by("tester", "too late", limit)); err == nil {
		t.Error("a stopped engine took a command")
	}
	e = openOn(t, fs, testConfig(time.Minute))
	stop = start(e, &sink{})
	err := e.Inspect(context.Background(), func(m *payment.Machine) {
		if got := m.Position(1).Cap; got != 4711 {
			t.Errorf("after a restart the cap is %d", got)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestVerdictComesWithTheRows: who has been told that a command is done finds it in the
// state store.
func TestVerdictComesWithTheRows(t *testing.T) {
	e := openOn(t, vfs.NewMem(), testConfig(time.Minute))
	early := 0
	stop := start(e, &sink{released: func() { early += len(e.verdict) }})
	c := payment.Command{Kind: payment.SetCap, Participant: 1, Amount: testAmount}
	ev := payment.Event{Kind: payment.CommandGiven, Command: &c}
	ev.Text.Set(payment.Reason, []byte("a test"))
	submit(t, e, ev) // nobody takes the verdict away
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if early != 0 || len(e.verdict) != 1 {
		t.Errorf("%d verdicts before the group was stored, %d after", early, len(e.verdict))
	}
}

// TestExceptionsSurviveACrash: one whose group was durable and not yet stepped is told
// by the replay.
func TestExceptionsSurviveACrash(t *testing.T) {
	fs := vfs.NewCrashableMem()
	e := openOn(t, fs, testConfig(time.Minute))
	s := &sink{sent: make(chan string, 10)}
	stop := start(e, s)
	submit(t, e, append(links(), push(1))...)
	<-s.sent
	answer := payment.Event{Kind: payment.AnswerArrived, From: 0, Answer: payment.Answer{Leg: payment.LegDebit, Minor: 100}}
	err := e.Inspect(context.Background(), func(m *payment.Machine) {
		m.OpenPayments(func(p *payment.Payment) {
			l := &p.Legs[payment.LegDebit]
			answer.Answer.Payment, answer.Answer.STAN, answer.Answer.Transmitted = p.ID, l.STAN, l.Transmitted
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	no, yes := answer, answer
	no.Answer.Outcome, yes.Answer.Outcome = payment.InsufficientFunds, payment.OK
	submit(t, e, no, yes, push(2))
	<-s.sent // the answer to the first
	<-s.sent // the debit of the second
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	j, err := journal.OpenPebble("journal", journal.Options{FS: crashed})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := state.Open("state", state.Options{FS: crashed})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(Options{Log: j, State: rows, Config: testConfig(time.Minute), Clock: clockOf, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), payment.DebitAfterFail.String()); n != 1 {
		t.Errorf("told %d times after the crash:\n%s", n, &log)
	}
	if err := start(again, &sink{})(); err != nil {
		t.Fatal(err)
	}
}

// by is an order of one person.
func by(operator, reason string, c payment.Command) Order {
	return Order{Author: Author{Reason: reason, Operator: operator}, Command: c}
}

var testAmount = ledger.Amount{Minor: 4711, Currency: 356}
