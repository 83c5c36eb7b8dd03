package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demoKeys are the names that --json prints, a promise to scripts.
var demoKeys = []string{"payments", "success", "declined", "reversed", "deemed", "open", "p50_ms", "p99_ms", "books_balanced", "positions_sum"}

// TestDemoJSON: one JSON object on stdout, nothing else, balanced and closed,
// whatever the participants do.
func TestDemoJSON(t *testing.T) {
	t.Parallel()
	t.Run("honest", func(t *testing.T) {
		r := demoJSON(t)
		// A participant that does not get the processor in time is as good as one
		// that misbehaves, so this counts on a machine that is not stalled.
		if r.P99 < 100 && r.Reversed+r.Deemed > r.Payments/100 {
			t.Errorf("repairs without faults: %+v", r)
		}
	})
	t.Run("faults", func(t *testing.T) {
		r := demoJSON(t, "--faults")
		if r.Reversed == 0 || r.Deemed == 0 || r.Declined == 0 {
			t.Errorf("a repair path was not seen: %+v", r)
		}
	})
}

func demoJSON(t *testing.T, flags ...string) demoResult {
	out, said := runs(t, 0, append([]string{"demo", "--duration", "3s", "--rate", "200", "--json"}, flags...)...)
	var r demoResult
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if rest := strings.TrimSpace(out[d.InputOffset():]); rest != "" {
		t.Errorf("after the object comes %q", rest)
	}
	if keys := keysOf(t, out); !slices.Equal(keys, demoKeys) {
		t.Errorf("keys %v, want %v", keys, demoKeys)
	}
	// The machine may be too busy for the whole rate, but not for half of it.
	if !r.BooksBalanced || r.Open != 0 || r.PositionsSum != 0 || r.Payments < 300 || r.Success == 0 ||
		r.Success+r.Declined+r.Reversed+r.Deemed < r.Payments || r.P50 <= 0 || r.P99 < r.P50 {
		t.Errorf("%s; it said:\n%s", out, tail(said))
	}
	t.Log(strings.TrimSpace(out))
	return r
}

// keysOf lists the keys of a flat JSON object in their order.
func keysOf(t *testing.T, object string) (keys []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(object)))
	for i := 0; ; i++ {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		if token == json.Delim('}') {
			return keys
		}
		if i%2 == 1 {
			keys = append(keys, token.(string))
		}
	}
}

// TestDemoCtrlC: without a terminal and --json the demo prints plain lines, and
// a Ctrl-C ends it with the summary.
func TestDemoCtrlC(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, "demo", "--rate", "50", "--dir", dir)
	until(t, patience, "two lines of payments", func() bool { return strings.Count(p.out.String(), "payments") >= 2 })
	if out, _ := commands(t, 0, "participant", "ls", "--dir", filepath.Join(dir, "data")); !strings.Contains(out, "BANKA") {
		t.Errorf("by its data folder the demo has the participants\n%s", out)
	}
	p.signal(syscall.SIGINT)
	p.wait(patience, 0)
	out := p.out.String()
	for _, want := range []string{"0 open; p50", "every participant's book agrees with the switch's ledger to the unit"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, tail(out))
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("control sequences without a terminal")
	}
	if !strings.Contains(p.err.String(), "admin http://127.0.0.1:") {
		t.Errorf("it does not say where the admin pages are:\n%s", p.err.String())
	}
}

// TestDemoSecondCtrlC: the second one does not wait for the repairs.
func TestDemoSecondCtrlC(t *testing.T) {
	t.Parallel()
	p := start(t, "demo", "--rate", "500", "--faults", "--dir", t.TempDir())
	until(t, patience, "two lines of payments", func() bool { return strings.Count(p.out.String(), "payments") >= 2 })
	p.signal(syscall.SIGINT)
	p.says(patience, "Ctrl-C again ends at once")
	until(t, doubledWithin+2*time.Second, "a second Ctrl-C ends it", func() bool { p.signal(syscall.SIGINT); return p.ended() })
	p.wait(patience, exitFailed)
}

// TestDemoTable: the table is drawn over itself, in as many lines as it has also on
// a terminal that is narrower than they are.
func TestDemoTable(t *testing.T) {
	var out strings.Builder
	v := demoView{out: &out}
	v.draw([]byte("one\ntwo\n"))
	v.draw([]byte("three\nfour\n"))
	want := "\x1b[?7l\x1b[2Kone\n\x1b[2Ktwo\n\x1b[?7h" + "\x1b[?7l\x1b[2A\x1b[2Kthree\n\x1b[2Kfour\n\x1b[?7h"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestDemoWithoutLedger: what the switch does not say is not taken for "all closed".
func TestDemoWithoutLedger(t *testing.T) {
	t.Parallel()
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &demo{}
	if d.node, err = newNode(cfg, slog.New(slog.DiscardHandler), false); err == nil {
		err = d.node.rise(t.Context()) // nobody runs it, so it never answers
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := d.settle(ctx, func(context.Context) {}); r.BooksBalanced {
		t.Errorf("balanced without a ledger: %+v", r)
	}
}
