package main

import (
	"context"
	"errors"
	"os"
	"testing"
)

// TestTouched: each page is there, and has a price; who is stopped holds none.
func TestTouched(t *testing.T) {
	const size = 64 << 20 // so much that it takes CPU time that is counted
	all, each, err := touched(t.Context(), size)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(all); at += os.Getpagesize() {
		if all[at] != 1 {
			t.Fatalf("the page at %d was not touched", at)
		}
	}
	if len(all) != size || each <= 0 {
		t.Errorf("%d bytes, %v a page", len(all), each)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := touched(ctx, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	if free, err := freeMemory(); err != nil || free < 1<<20 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
}
