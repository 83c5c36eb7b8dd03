package config

import (
	"strings"
	"testing"
)

func TestSuggestion(t *testing.T) {
	known := []string{"participants", "timers", "institution", "iso87-npci"}
	f := func(name, want string) {
		t.Helper()
		if _, got := suggestion(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	all := ": known are participants, timers, institution, iso87-npci"
	f("timer", `: did you mean "timers"?`)
	f("Timers", `: did you mean "timers"?`)
	f("tmiers", `: did you mean "timers"?`)
	f("particpants", `: did you mean "participants"?`)
	f("iso87npci", `: did you mean "iso87-npci"?`)
	f("colour", all)
	f("", all)
	f(strings.Repeat("x", 10_000), all)
}

func TestEdits(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := edits(a, b); got != want || edits(b, a) != want {
			t.Errorf("%q %q: %d and %d, want %d", a, b, got, edits(b, a), want)
		}
	}
	f("", "", 0)
	f("abc", "", 3)
	f("abc", "abd", 1)
	f("abcd", "abdc", 1)
	f("kitten", "sitting", 3)
}
