package main

import (
	"runtime"
	"testing"
)

// TestOneMoreProcessor: one thread more than there are processors, unless somebody has
// said how many.
func TestOneMoreProcessor(t *testing.T) {
	was := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(was)
	oneMoreProcessor(func(string) string { return "2" })
	if n := runtime.GOMAXPROCS(0); n != was {
		t.Errorf("%d threads although GOMAXPROCS was set, want %d", n, was)
	}
	oneMoreProcessor(func(string) string { return "" })
	if n := runtime.GOMAXPROCS(0); n != was+1 {
		t.Errorf("%d threads, want %d", n, was+1)
	}
}
