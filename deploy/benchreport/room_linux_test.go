package main

import (
	"path/filepath"
	"testing"
)

// TestFreeBytes: a folder has some; one that is not there has no answer.
func TestFreeBytes(t *testing.T) {
	dir := t.TempDir()
	if free, err := freeBytes(dir); err != nil || free <= 0 {
		t.Errorf("%d, %v", free, err)
	}
	if _, err := freeBytes(filepath.Join(dir, "none")); err == nil {
		t.Error("no error of a folder that is not there")
	}
}
