package top

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"switchd/switch/screen"
	"switchd/switch/verdict"
	"switchd/switch/view"
)

// bad is a switch of which one bank is down, another slow, with more banks than a small
// terminal has lines.
type bad struct {
	err   error
	asked int
	end   func()
}

func (b *bad) Overview(context.Context) (view.Overview, error) {
	if b.asked++; b.asked == 3 && b.end != nil {
		b.end()
	}
	return view.Overview{
		Version: "1.0", StartedAt: "2026-11-23T06:00:00Z", Currency: "INR", Exponent: 2, Ready: true, Latest: view.Sample{PerSecond: 1215, Success: 0.9931, P50: 4.4, P99: 140},
		LinksUp: 3, LinksWanted: 5, InDoubt: 3, InDoubtMinor: 750_000, OldestInDoubt: 92,
	}, b.err
}

func (b *bad) Participants(context.Context) (view.Participants, error) {
	all := []view.Participant{
		{ID: "BANKA", State: "up", LinksUp: 2, LinksWanted: 2, Latest: view.Sample{PerSecond: 1203, Success: 0.999, P99: 61}},
		{ID: "BANKB", State: "down", Why: "no link is signed on", Since: "2026-11-23T09:57:30Z", LinksWanted: 2, Latest: view.Sample{PerSecond: 12, Success: 0.4, InDoubt: 3}, Breakers: []view.Breaker{{Class: "debit", State: "open"}}},
		{ID: "PSPC", State: "degraded", Why: "slow", LinksUp: 1, Latest: view.Sample{PerSecond: 3, Success: 0.97, P99: 2100}},
	}
	for i := range 30 {
		all = append(all, view.Participant{ID: fmt.Sprintf("REST%02d", i), State: "up", LinksUp: 1, Latest: view.Sample{Success: 1}})
	}
	return view.Participants{Participants: all}, nil
}

func at() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

// shown is a model that has looked once, on a terminal of a size.
func shown(t *testing.T, width, height int) model {
	t.Helper()
	m := model{ctx: t.Context(), source: &bad{}, every: time.Second, now: at}
	return press(t, m, tea.WindowSizeMsg{Width: width, Height: height}, m.Init()())
}

// press gives a model messages.
func press(t *testing.T, m model, messages ...tea.Msg) model {
	t.Helper()
	for _, message := range messages {
		next, _ := m.Update(message)
		m = next.(model)
	}
	return m
}

// keys are keys by their names.
func keys(names ...string) (all []tea.Msg) {
	special := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "space": tea.KeySpace}
	for _, name := range names {
		if code, ok := special[name]; ok {
			all = append(all, tea.KeyPressMsg{Code: code})
			continue
		}
		all = append(all, tea.KeyPressMsg{Code: []rune(name)[0], Text: name})
	}
	return all
}

// TestFits: no screen is larger than its terminal, and each says whose fault it is.
func TestFits(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 12}, {200, 10}, {10, 4}, {1, 1}} {
		m := shown(t, size[0], size[1])
		if text := m.text(); size[0] >= 80 && strings.Contains(strings.Split(text, "participant ")[0], "…") {
			t.Errorf("%v: figures are cut:\n%s", size, text)
		}
		for _, then := range [][]tea.Msg{nil, keys("?"), keys("enter"), keys("/", "x"), {look{err: errors.New("no switch answers at 127.0.0.1:9583: is it running?")}}} {
			changed := press(t, m, then...)
			lines := strings.Split(changed.text(), "\n")
			for _, line := range lines {
				if screen.Width(line) > size[0] {
					t.Errorf("%v: %q is %d wide", size, line, screen.Width(line))
				}
			}
			if len(lines) > max(size[1], 2) {
				t.Errorf("%v: %d lines", size, len(lines))
			}
		}
	}
	small := shown(t, 80, 24)
	if text := small.text(); !strings.Contains(text, "It is BANKB: down since 2026-11-23 09:57:30 UTC, no link is signed on; and") || !strings.Contains(text, "> BANKB") || !strings.Contains(text, "in doubt 3, 7,500.00 INR") {
		t.Errorf("on 80 columns:\n%s", text)
	}
}

// TestRowsStay: who is equally bad stays where he is, whatever the figures of the moment.
func TestRowsStay(t *testing.T) {
	t.Parallel()
	for _, success := range []float64{0.2, 0.9} {
		rows := sorted([]view.Participant{
			{ID: "C", State: "up"}, {ID: "B", State: "degraded", Latest: view.Sample{Success: success}},
			{ID: "A", State: "degraded", Latest: view.Sample{Success: 0.5}}, {ID: "D", State: "down"},
		}, 0, false, "")
		var ids []string
		for i := range rows {
			ids = append(ids, rows[i].ID)
		}
		if got := strings.Join(ids, " "); got != "D A B C" {
			t.Errorf("with a success of %v: %s", success, got)
		}
	}
}

// TestKeys: keys sort, filter, move, show one participant, pause, and quit.
func TestKeys(t *testing.T) {
	t.Parallel()
	m := shown(t, 100, 24)
	first := func(m model) string { return m.rows()[0].ID }
	for _, c := range []struct{ key, want string }{{"t", "BANKA"}, {"l", "PSPC"}, {"d", "BANKB"}, {"n", "BANKA"}, {"r", "REST29"}, {"s", "BANKB"}} {
		if m = press(t, m, keys(c.key)...); first(m) != c.want {
			t.Errorf("by %s %s is first, want %s", c.key, first(m), c.want)
		}
	}
	m = press(t, m, keys("/", "p", "s", "x", "backspace", "enter", "enter")...)
	if text := m.text(); len(m.rows()) != 1 || !m.detail || !strings.Contains(text, "PSPC") || strings.Contains(text, "REST01") {
		t.Errorf("the filter shows\n%s", text)
	}
	m = press(t, m, keys("esc", "esc", "end")...)
	if text := m.text(); m.at != "REST29" || !strings.Contains(text, "> REST29") {
		t.Errorf("at the end is %s:\n%s", m.at, text)
	}
	m = press(t, m, keys("space")...)
	if next, _ := m.Update(tick{}); next.(model).asking || !strings.Contains(m.text(), "PAUSED") {
		t.Error("a pause asks the switch")
	}
	for _, quit := range []tea.KeyPressMsg{{Code: 'c', Mod: tea.ModCtrl}, {Code: 'q', Text: "q"}} {
		if _, then := m.Update(quit); then == nil || then() != tea.Quit() {
			t.Errorf("%s does not quit", quit)
		}
	}
}

// TestSilent: what is on the screen stays when the switch does not answer, with its age.
func TestSilent(t *testing.T) {
	t.Parallel()
	m := shown(t, 100, 24)
	m.now = func() time.Time { return at().Add(90 * time.Second) }
	m = press(t, m, look{err: errors.New("no switch answers")})
	if text := m.text(); !strings.Contains(text, "the switch does not answer: no switch answers") || !strings.Contains(text, "what follows is 1m30s old") || !strings.Contains(text, "BANKA") {
		t.Errorf("it shows\n%s", text)
	}
}

// TestPlain: without a terminal there are lines, so many pages as are asked for, and no
// control characters.
func TestPlain(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := Options{Source: &bad{}, Every: time.Millisecond, Now: at, Out: &out, Plain: true, Times: 2}
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "2026-11-23T10:00:00Z\n") != 2 || strings.Count(text, "no link is signed on") < 2 || strings.Contains(text, "\x1b") {
		t.Errorf("it writes\n%s", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.Source, o.Times = &bad{end: cancel}, 0
	if err := Run(ctx, o); err != nil {
		t.Errorf("at the end of its context: %v", err)
	}
	errGone := errors.New("gone")
	o.Source = &bad{err: errGone}
	if err := Run(t.Context(), o); !errors.Is(err, errGone) {
		t.Errorf("of a switch that is not there: %v", err)
	}
}

// TestTurnedAway: success alone does not hide that requests are refused at the rim.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	for away, want := range map[float64]bool{0: false, 42: true} {
		o := view.Overview{TurnedAway: away, Latest: view.Sample{Success: 1}}
		if text := strings.Join(Head(screen.Paper{}, &o, &verdict.Verdict{}, at()), " "); strings.Contains(text, "turned away 42") != want {
			t.Errorf("%v: %s", away, text)
		}
	}
}
