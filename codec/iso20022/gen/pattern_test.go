package main

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// matchRows is what the codec does with rows, written as plainly as possible.
func matchRows(ways [][]patternRow, s string) bool {
	for _, rows := range ways {
		rest, ok := s, true
		for _, r := range rows {
			if r.end && rest == "" {
				break
			}
			n := 0
			for n < len(rest) && n < r.max && r.class.has(rest[n]) {
				n++
			}
			ok = ok && n >= r.min
			rest = rest[n:]
		}
		if ok && rest == "" {
			return true
		}
	}
	return false
}

// known are patterns as the schemas have them.
var known = []string{
	"[A-Z]{3,3}", "[0-9]{1,15}", "[0-9]", `[\+]{0,1}[0-9]{1,15}`, "[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}",
	"[A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}", "[BEOVW]{1,1}[0-9]{2,2}|DUM",
	"[a-z]{4,4}[.]{1,1}[0-9]{3,3}[.]{1,1}001[.]{1,1}[0-9]{2,2}", `\+[0-9]{1,3}-[0-9()+\-]{1,30}`,
	"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
}

// TestPatterns compares the rows with Go's regular expressions, on values that
// match and on some that nearly do.
func TestPatterns(t *testing.T) {
	for _, text := range known {
		ways, err := compilePattern(text)
		if err != nil {
			t.Error(err)
			continue
		}
		full := regexp.MustCompile("^(?:" + text + ")$")
		matched := 0
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.StringMatching(text).Draw(t, "value")
			if rapid.Bool().Draw(t, "change") {
				at := rapid.IntRange(0, len(s)).Draw(t, "at")
				s = s[:at] + rapid.SampledFrom([]string{"", "A", "a", "0", "-", "+", "AB"}).Draw(t, "put") + s[min(len(s), at+rapid.IntRange(0, 1).Draw(t, "drop")):]
			}
			if got, want := matchRows(ways, s), full.MatchString(s); got != want {
				t.Fatalf("%s on %q: %v, want %v", text, s, got, want)
			} else if got {
				matched++
			}
		})
		if matched == 0 {
			t.Errorf("%s never matched", text)
		}
	}
}

// TestPatternsRefused: what a greedy match would judge wrongly, and what is not
// understood.
func TestPatternsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[A-Z]{1,3}[A-Z]":       "may take too much",
		"[A-Z]{0,1}[0-9]{0,1}A": "may take too much",
		"A*":                    "not understood",
		"A.B":                   "not understood",
		"(A)B":                  "only an optional group",
		"(A){0,2}":              "only an optional group",
		"[^A]":                  "not understood",
		`\d`:                    "not understood",
		"[A":                    "does not end",
		"[]":                    "does not end",
		"A{2":                   "not understood",
		"A{2,1}":                "not understood",
		"A{0}":                  "not understood",
		"[&]":                   "as an entity",
		"é":                     "not understood",
	} {
		if _, err := compilePattern(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
