package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// TestDeedsAreKept: who has ordered what, who has approved it and why is found again, by
// the number of its record, after a crash that leaves the journal alone as well; and
// what a start or a reload has changed says whose doing it was.
func TestDeedsAreKept(t *testing.T) {
	fs := vfs.NewCrashableMem()
	e := openOn(t, fs, testConfig(time.Minute))
	stop := start(e, &sink{})
	both := Author{Reason: "agreed", Operator: "ann", Approver: "bob"}
	given, done, err := e.Command(Order{Author: both, Command: payment.Command{Kind: payment.SetCap, Participant: 1, Amount: testAmount}})
	if !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	noted, done, err := e.Command(Order{Author: both, Command: payment.Command{Kind: payment.Noted, Participant: route.Nobody}, Deed: "took a copy"})
	if !done || err != nil || noted <= given {
		t.Fatalf("record %d after %d, %v, %v", noted, given, done, err)
	}
	next := testConfig(time.Minute)
	next.OpenMax++
	if _, err := e.Reconfigure(context.Background(), next, Author{Reason: strings.Repeat("x", payment.ReasonBytesMax+1)}); err == nil {
		t.Error("a reason that is too long was taken")
	}
	if changed, err := e.Reconfigure(context.Background(), next, Author{Reason: "more room", Operator: "eve"}); !changed || err != nil {
		t.Fatal(changed, err)
	}
	want := []string{
		"config/none why=more room who=eve by= what=", fmt.Sprintf("command/noted why=agreed who=ann by=bob what=took a copy %d", noted),
		fmt.Sprintf("command/set-cap why=agreed who=ann by=bob what= %d", given), "config/none why=start who=switchd by= what=",
	}
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	if got := deeds(t, e, noted, given); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, crashed, next)
	if got := deeds(t, again, noted, given); !slices.Equal(got, want) {
		t.Errorf("after a crash: %q, want %q", got, want)
	}
	if err := start(again, &sink{})(); err != nil {
		t.Fatal(err)
	}
}

// deeds lists what the state store has, with the number of those records that are asked
// for.
func deeds(t *testing.T, e *Engine, numbered ...uint64) (all []string) {
	t.Helper()
	found, err := e.o.State.Changes(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		c := &found[i]
		text := fmt.Sprintf("%v/%v why=%s who=%s by=%s what=%s", c.Kind, c.Command.Kind, c.Text.Get(payment.Reason),
			c.Text.Get(payment.Operator), c.Text.Get(payment.Approver), c.Text.Get(payment.Deed))
		if slices.Contains(numbered, c.Seq) {
			text += fmt.Sprintf(" %d", c.Seq)
		}
		all = append(all, text)
	}
	return all
}
