package logline

import (
	"log/slog"
	"sync"
	"testing"
)

// TestManyAtOnce: lines, watching and looking go on at the same time.
func TestManyAtOnce(t *testing.T) {
	r := newRig(t, Options{PerEvent: 5})
	log := slog.New(r.h)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 50 {
				log.Debug("message", "event", "gnet.note", "participant", "BANKA")
				if err := r.h.Watch("BANKA", r.now+int64(i)); err != nil {
					t.Error(err)
				}
				r.h.Watching()
			}
		})
	}
	all.Wait()
}
