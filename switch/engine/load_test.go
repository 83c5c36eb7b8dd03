package engine

import (
	"fmt"
	"testing"
	"time"

	"switchd/switch/payment"
)

// TestLoadLadder walks up and down: one step at a time, up at once and down slowly,
// and a value between leaving and entering moves nothing.
func TestLoadLadder(t *testing.T) {
	l := loadMeter{steps: DefaultLoadSteps()}
	now := int64(time.Hour)
	var walk []string
	look := func(after time.Duration, fill int, waiting time.Duration) {
		now += int64(after)
		walk = append(walk, fmt.Sprint(int(l.look(now, fill, int64(waiting)))))
	}
	expect := func(want string) {
		t.Helper()
		if got := fmt.Sprint(walk); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		walk = nil
	}
	look(0, 49, 0)
	look(0, 95, 0) // a full queue: up by one step
	look(time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	look(250*time.Millisecond, 95, 0)
	expect("[0 1 1 2 3 4 4]")
	look(time.Minute, 55, 0) // above 60 % of 90: stays
	expect("[4]")
	look(time.Millisecond, 0, 0)
	look(4*time.Second, 0, 0)
	look(time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(time.Second, 60, 0) // wants step 1, and 2 when it is there: the calm is over
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	look(5*time.Second, 0, 0)
	expect("[4 4 3 2 2 2 1 0 0]")
	look(0, 0, 3*time.Second) // a disk that hangs counts while it hangs
	expect("[1]")
}

// TestLoadMean: one stall is forgotten, a disk that is slow all the time is not.
func TestLoadMean(t *testing.T) {
	l := loadMeter{steps: DefaultLoadSteps()}
	l.committed(int64(600 * time.Millisecond))
	if got := l.look(int64(time.Hour), 0, 0); got != payment.LoadNormal {
		t.Errorf("after one stall: %v", got)
	}
	for range 100 {
		l.committed(int64(600 * time.Millisecond))
	}
	if got := l.look(int64(time.Hour), 0, 0); got != payment.LoadNoEnquiries {
		t.Errorf("with a slow disk: %v", got)
	}
}
