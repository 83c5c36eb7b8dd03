package logtext

import (
	"log/slog"
	"sync"
	"testing"
)

// TestText: what many write at a time is there, line by line.
func TestText(t *testing.T) {
	var log Text
	l := slog.New(slog.NewTextHandler(&log, nil))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 100 {
				l.Info("one line", "by", i)
			}
		})
	}
	all.Wait()
	if log.Count("level=INFO msg=\"one line\" by=") != 800 || log.Count("by=7\n") != 100 || log.Count("another") != 0 {
		t.Error(log.String())
	}
}
