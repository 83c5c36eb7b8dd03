package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"switchd/switch/config"
	"switchd/switch/simbank"
)

// judged compares what a check says with what it should begin with.
func judged(t *testing.T, what, warning string, err error, wantWarning, wantError string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if !strings.HasPrefix(warning, wantWarning) || !strings.HasPrefix(got, wantError) || (wantWarning == "") != (warning == "") || (wantError == "") != (got == "") {
		t.Errorf("%s: warning %q, error %q; want %q, %q", what, warning, got, wantWarning, wantError)
	}
}

// TestStall: events that wait without a commit are a fault after ten seconds; commits, and
// an empty queue, begin the time anew.
func TestStall(t *testing.T) {
	var s stall
	second := int64(time.Second)
	at := func(now int64, waiting int, groups uint64, want string) {
		t.Helper()
		s.look(now*second, waiting, groups)
		judged(t, "at once", "", s.check(now*second, 10*time.Second), "", want)
	}
	at(1, 0, 5, "")
	at(100, 3, 5, "")
	at(110, 3, 5, "")
	at(111, 3, 5, "events wait, and nothing has been committed for 11s")
	at(112, 3, 6, "")
	at(113, 3, 6, "")
	at(124, 0, 6, "")
	at(125, 1, 6, "")
	at(130, 1, 6, "")
	if err := s.check(130*second, 3*time.Second); err == nil {
		t.Error("what is configured does not count")
	}
}

// TestHealthSentences: what is a warning, and what a reason to send traffic elsewhere.
func TestHealthSentences(t *testing.T) {
	h := &config.Health{ClockWarning: 2 * time.Second, ClockStep: 2 * time.Minute, Certificates: 7}
	clock := func(set, ahead time.Duration, warning, fault string) {
		t.Helper()
		w, err := checkClock(h, set, ahead)
		judged(t, set.String(), w, err, warning, fault)
	}
	clock(time.Second, 59*time.Second, "", "")
	clock(-3*time.Second, 0, "the system's clock was set by -3s", "")
	clock(time.Hour, 0, "", "the system's clock was set by 1h0m0s")
	clock(-time.Hour, 0, "", "the system's clock was set by -1h0m0s")
	clock(0, 2*time.Hour, "the journal was 2h0m0s ahead", "")
	h.ClockWarning, h.ClockStep = time.Hour, 2*time.Hour
	clock(-59*time.Minute, 0, "", "")
	clock(61*time.Minute, 0, "the system's clock was set by 1h1m0s", "")
	clock(3*time.Hour, 0, "", "the system's clock was set by 3h0m0s")

	with, without := config.Participant{}, config.Participant{PIN: config.PIN{Key: "k"}}
	with.MAC.Key = "k"
	module := func(up bool, all []config.Participant, warning, fault string) {
		t.Helper()
		w, err := judgeModule(up, all)
		judged(t, "module", w, err, warning, fault)
	}
	module(true, []config.Participant{with}, "", "")
	module(false, []config.Participant{with, without}, "the security module does not answer: 1 of 2", "")
	module(false, []config.Participant{with, with}, "", "the security module does not answer, and every")

	for left, want := range map[time.Duration]string{8 * 24 * time.Hour: "", time.Hour: "switch/server expires in 1h0m0s", 0: "switch/server has expired"} {
		if got := certificateWarning(h, "switch/server", left); got != want {
			t.Errorf("%v: %q", left, got)
		}
	}
	h.Certificates = 30
	if got := certificateWarning(h, "BANKA", 29*24*time.Hour); got != "BANKA expires in 696h0m0s" {
		t.Error(got)
	}
	if got := certificateWarning(h, "", 0); got != "" {
		t.Error(got)
	}
}

// TestReadyOfAServingSwitch: every check holds, and what fails is named.
func TestReadyOfAServingSwitch(t *testing.T) {
	in := newInside(t, calmTimers, pairs(1), func(*simbank.Options) {})
	failing := func() (names []string) {
		for _, c := range in.node.checks() {
			if _, err := c.Run(); err != nil {
				names = append(names, c.Name)
			}
		}
		return names
	}
	until(t, patience, "it is ready", func() bool { return len(failing()) == 0 })
	if err := in.node.started(); err != nil {
		t.Error(err)
	}
	in.node.conf.fallback.Store(true)
	now := in.node.conf.inForce.Load()
	longer := *now.Config
	longer.Health.Certificates = 5000 // a reload has this effect at once
	in.node.conf.inForce.Store(&accepted{&longer, now.kept})
	for _, c := range in.node.checks() {
		if warning, err := c.Run(); (c.Name == "configuration" || c.Name == "certificates") && (warning == "" || err != nil) {
			t.Errorf("%s: %q %v", c.Name, warning, err)
		}
	}
	for _, c := range in.node.checks() {
		if c.Name == "clock" {
			t.Error("the check of the clock's jumps is called as if it knew whether the clock is kept right, as SwitchdClock does")
		}
	}
	in.node.leaving.Store(true)
	if got := strings.Join(failing(), " "); got != "accepting" {
		t.Errorf("failing: %s", got)
	}
	if _, err := alone(func() error { return errors.New("x") })(); err == nil {
		t.Error("a condition that does not hold is no error")
	}
}
