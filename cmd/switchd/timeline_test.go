package main

import "testing"

// TestMicros: the times of a timeline have one form, so that a column of them compares.
func TestMicros(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0.0ms", 8199: "8.2ms", 12_000: "12.0ms", 999_900: "999.9ms", 1_500_000: "1.5s", 70_000_000: "1m10s"} {
		if got := micros(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
