package disk

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSame: a folder that is not there yet is on the disk of the one above it.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	if !Same(dir, filepath.Join(dir, "not", "there", "yet")) {
		t.Error("a folder below another is on another disk")
	}
	if _, err := os.Stat("/proc/self"); err == nil && Same(dir, "/proc/self") {
		t.Error("/proc is on a disk")
	}
}
