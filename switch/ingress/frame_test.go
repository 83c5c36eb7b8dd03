package ingress

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

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
