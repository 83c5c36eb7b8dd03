package ingress

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"switchd/session"
)

// TestEveryMessageIsASignOfLife: a link on which something comes needs no echo.
func TestEveryMessageIsASignOfLife(t *testing.T) {
	r := newBench(t, Limits{})
	const idle = int64(30 * time.Second) // the default
	asked := func(after int64) bool {
		r.now += after
		return r.a.automaton.Tick(r.now) == session.Echo
	}
	for range 3 {
		if asked(idle - 1) {
			t.Error("an echo, although something has come")
		}
		r.quiet(r.a, r.pays(0x0200, 1))
	}
	if !asked(idle) {
		t.Error("no echo, although nothing has come")
	}
}

// TestMalformedFillsNoLog: one that sends rubbish without end has a line a second, and
// keeps the line about another out of the log no more than its own next one.
func TestMalformedFillsNoLog(t *testing.T) {
	r := newBench(t, Limits{})
	r.a.understood, r.b.understood = true, true // no need to find out what it speaks
	amount := []byte(pushTo("000001")[4])
	body := bytes.Replace(r.pays(0x0200, 1), amount, append(amount[:len(amount)-1:len(amount)-1], 'X'), 1)
	expect := func(lines int, last string) {
		t.Helper()
		all := strings.Split(strings.TrimSpace(r.log.String()), "\n")
		if n := strings.Count(r.log.String(), "malformed message"); n != lines || len(all) != lines || !strings.Contains(all[len(all)-1], last) {
			t.Errorf("%d lines, want %d, the last with %s:\n%s", n, lines, last, r.log.String())
		}
	}
	for range 5 {
		r.answer(r.a, body, "0210 30 DE4 n12")
	}
	expect(1, "times=1")
	r.answer(r.b, body, "0210 30 DE4 n12")
	expect(2, "times=1")
	r.now += int64(time.Second) - 1
	r.answer(r.a, body, "0210 30 DE4 n12")
	expect(2, "times=1")
	r.now++
	r.answer(r.a2, body, "0210 30 DE4 n12")
	expect(3, "times=6")
}
