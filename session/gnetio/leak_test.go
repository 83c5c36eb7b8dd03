package gnetio

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"
)

// nothingLeft waits until no goroutine of this package's is left but the test's.
// What gnet keeps for its next connection is not counted.
func nothingLeft(t *testing.T) {
	t.Helper()
	eventually(t, "goroutines gone", func() bool { return len(ourGoroutines()) == 0 })
}

// ourGoroutines are those that run code of session/..., without tests.
func ourGoroutines() (all []string) {
	buf := make([]byte, 4<<20)
	for _, g := range bytes.Split(buf[:runtime.Stack(buf, true)], []byte("\n\n")) {
		text := string(g)
		if strings.Contains(text, "switchd/session/") && !strings.Contains(text, "_test.go") {
			all = append(all, text)
		}
	}
	return all
}

// openFiles counts the descriptors of this process.
func openFiles(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here")
	}
	return len(list)
}
