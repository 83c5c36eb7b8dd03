package engine

import (
	"context"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/ledger"
	"switchd/switch/payment"
)

// TestCommand: a decision takes effect once it is durable, also across a restart;
// one without a reason, or about nothing, is refused.
func TestCommand(t *testing.T) {
	fs := vfs.NewMem()
	e := openOn(t, fs, testConfig(time.Minute))
	stop := start(e, &sink{})
	limit := payment.Command{Kind: payment.SetCap, Participant: 1, Amount: ledger.Amount{Minor: 4711, Currency: 356}}
	for name, c := range map[string]struct {
		command payment.Command
		reason  string
		done    bool
	}{
		"cap":                     {limit, "more business", true},
		"without a reason":        {limit, "", false},
		"no such payment":         {payment.Command{Kind: payment.Settle, Payment: 99}, "done by phone", false},
		"no participant":          {payment.Command{Kind: payment.SetCap, Participant: 99}, "typing error", false},
		"not a command, a zero":   {payment.Command{}, "typing error", false},
		"negative, of course not": {payment.Command{Kind: payment.SetCap, Amount: ledger.Amount{Minor: -1, Currency: 356}}, "x", false},
	} {
		done, err := e.Command(c.command, c.reason, "tester")
		if err != nil || done != c.done {
			t.Errorf("%s: %v %v, want %v", name, done, err, c.done)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Command(limit, "too late", "tester"); err == nil {
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
