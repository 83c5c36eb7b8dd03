package retention

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestClockSetForward: a start with a clock that is years ahead makes everything too
// old. Nothing is forgotten or deleted before somebody had a day to see it, however
// often the switch is started meanwhile.
func TestClockSetForward(t *testing.T) {
	for _, c := range []struct {
		name  string
		jump  time.Duration
		waits bool
	}{
		{"eleven years", 11 * 366 * dayLength, true},
		{"two days", 2*dayLength + 10*time.Hour, true},
		{"a night", 9 * time.Hour, false},
	} {
		w := newWorld(t, 8)
		w.write(60)
		w.run()
		names, first, known := w.names(), w.first(), w.rows.known
		if names == "" || known == 0 {
			t.Fatal("this proves nothing")
		}
		w.now += int64(c.jump)
		w.write(1) // what every start records
		var log strings.Builder
		same := func() bool { return w.names() == names && w.first() == first && w.rows.known == known }
		for hour := range 25 {
			o := w.options()
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			j, err := New(o) // another start
			if err != nil {
				t.Fatal(err)
			}
			j.due(context.Background())
			if c.waits && !same() {
				t.Fatalf("%s: after %d hours the archive has %q, the journal begins at %d, known is %d", c.name, hour, w.names(), w.first(), w.rows.known)
			}
			w.now += int64(time.Hour) - 1
		}
		if told := strings.Count(log.String(), "clock was set forward"); (told == 25) != c.waits || (told == 0) == c.waits {
			t.Errorf("%s: told %d times", c.name, told)
		}
		j, err := New(w.options())
		if err != nil {
			t.Fatal(err)
		}
		j.due(context.Background())
		w.now += int64(time.Hour)
		j.retry = 0
		if j.due(context.Background()); same() {
			t.Errorf("%s: nothing was done after a day", c.name)
		}
	}
}
