package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"switchd/switch/config"
	"switchd/switch/logtext"
	"switchd/switch/simbank"
)

// TestLinesOfPayments: a thousand payments have no line at info, and those of a
// participant that is watched have lines that say nothing of what is in them.
func TestLinesOfPayments(t *testing.T) {
	in := newInside(t, calmTimers, pairs(2), func(*simbank.Options) {}, "log: {format: json}")
	pay := func(from, to string, times int) {
		t.Helper()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range times / 10 {
					if r, err := in.members[from].Send(t.Context(), in.members[to].to(100)); err != nil || r.Code != "00" {
						t.Errorf("%+v, %v", r, err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	pay("PAYER00", "PAYEE00", 10) // whatever is said once has been said
	before := in.said.String()
	pay("PAYER00", "PAYEE00", 1000)
	if more := strings.TrimPrefix(in.said.String(), before); strings.Count(more, "\n") > 2 || strings.Contains(more, `"participant"`) {
		t.Errorf("lines of payments: %s", more)
	}

	before = in.said.String()
	if err := in.node.watch("PAYEE00", clock()+int64(time.Hour)); err != nil {
		t.Fatal(err)
	}
	pay("PAYER00", "PAYEE00", 10)
	pay("PAYER01", "PAYEE01", 10)
	until(t, patience, "the lines are there", func() bool {
		more := strings.TrimPrefix(in.said.String(), before)
		return strings.Count(more, `"event":"message.out"`) >= 10 && strings.Count(more, `"event":"message.in"`) >= 10
	})
	for line := range strings.Lines(strings.TrimPrefix(in.said.String(), before)) {
		var l struct{ Level, Event, Participant string }
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Event == "" {
			t.Errorf("%v: %s", err, line)
		}
		if l.Level == "DEBUG" && l.Participant != "PAYEE00" || strings.Contains(line, in.members["PAYEE00"].account(1)) {
			t.Error(line)
		}
	}
	if err := in.node.watch("PAYEE00", 0); err != nil {
		t.Fatal(err)
	}
	before = in.said.String()
	pay("PAYER00", "PAYEE00", 10)
	if more := strings.TrimPrefix(in.said.String(), before); strings.Contains(more, `"level":"DEBUG"`) {
		t.Errorf("it goes on: %s", more)
	}
}

// TestLevelOf: quiet makes lines fewer, never more.
func TestLevelOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		quiet bool
		want  slog.Level
	}{
		{"debug", false, slog.LevelDebug}, {"info", false, slog.LevelInfo}, {"debug", true, slog.LevelWarn}, {"error", true, slog.LevelError},
	} {
		if got := levelOf(config.Log{Level: c.name}, c.quiet); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	var said logtext.Text
	newLogger(&said, true).Info("nothing")
	newLogger(&said, false).Info("something")
	if said.Count("\n") != 1 {
		t.Error(said.String())
	}
}
