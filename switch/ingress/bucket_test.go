package ingress

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func newBucket(rate, burst int) *bucket {
	b := new(bucket)
	b.set(Rate{Rate: rate, Burst: burst})
	return b
}

// TestBucketOverHours: whatever the traffic, in no span of time does more pass than
// the burst and the rate; and traffic that always wants more gets exactly that.
func TestBucketOverHours(t *testing.T) {
	for _, c := range []struct{ rate, burst int }{{1, 1}, {7, 20}, {100, 200}, {3000, 1}, {50_000, 50_000}} {
		b, chance := newBucket(c.rate, c.burst), rand.New(rand.NewPCG(1, uint64(c.rate)))
		const span = int64(4 * time.Hour)
		gap := int64(time.Second) / int64(c.rate)
		bound := func(ns int64) int64 { return int64(c.burst) + ns/gap + 1 }
		passed, windowPassed, windowAt := int64(0), int64(0), int64(0)
		now, steps := int64(1), 400_000
		for range steps {
			// Bursts, pauses, and a demand near the rate.
			switch chance.IntN(10) {
			case 0:
				now += chance.Int64N(2*span/int64(steps)*10 + 1)
			case 1, 2, 3:
				now += chance.Int64N(gap + 1)
			}
			if now-windowAt > int64(time.Second) {
				windowAt, windowPassed = now, 0
			}
			if b.take(now) == 0 {
				passed++
				windowPassed++
			}
			if windowPassed > bound(now-windowAt) {
				t.Fatalf("%d/s, burst %d: %d within %v", c.rate, c.burst, windowPassed, time.Duration(now-windowAt))
			}
		}
		if passed > bound(now) {
			t.Errorf("%d/s, burst %d: %d in %v", c.rate, c.burst, passed, time.Duration(now))
		}
	}
	b := newBucket(7, 20)
	passed := 0
	for now := int64(0); now <= int64(3*time.Hour); now += int64(20 * time.Millisecond) {
		if b.take(now) == 0 {
			passed++
		}
	}
	if want := 7*3*3600 + 20; passed < want-1 || passed > want+1 {
		t.Errorf("%d pass in three hours of more than that, want %d", passed, want)
	}
}

// TestBucketSaysWhen: who waits as long as it was told is let through, and not before.
func TestBucketSaysWhen(t *testing.T) {
	b, now := newBucket(3, 5), int64(0)
	for range 5 {
		if wait := b.take(now); wait != 0 {
			t.Fatalf("within the burst: wait %v", time.Duration(wait))
		}
	}
	for range 1000 {
		wait := b.take(now)
		if wait <= 0 || b.take(now+wait-1) == 0 || b.take(now+wait) != 0 {
			t.Fatalf("at %v: wait %v is not when there is room", time.Duration(now), time.Duration(wait))
		}
		now += wait
	}
}

// TestBucketAndTheClock: a clock that was set back closes it for no longer than a
// whole burst takes, and other settings count from now on.
func TestBucketAndTheClock(t *testing.T) {
	b, late := newBucket(10, 10), int64(time.Hour)
	for b.take(late) == 0 {
	}
	if wait := b.take(0); wait > int64(time.Second/10) {
		t.Errorf("after the clock went back an hour: wait %v", time.Duration(wait))
	}
	b.set(Rate{Rate: 10, Burst: 2})
	if wait := b.take(late); wait > int64(time.Second/10) {
		t.Errorf("with a smaller burst: wait %v", time.Duration(wait))
	}
	b.set(Rate{Rate: -1})
	for range 1000 {
		if b.take(late) != 0 {
			t.Fatal("a bucket without a rate is closed")
		}
	}
}

// TestBucketShared: links on several loops at the same time get the burst together.
func TestBucketShared(t *testing.T) {
	b := newBucket(1, 1000)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if b.take(42) == 0 {
					passed.Add(1)
				}
			}
		})
	}
	if all.Wait(); passed.Load() != 1000 {
		t.Errorf("%d pass, want 1000", passed.Load())
	}
}

// TestLimitsAreChecked: by Validate, before they are used.
func TestLimitsAreChecked(t *testing.T) {
	for _, c := range []struct {
		limits Limits
		ok     bool
	}{
		{Limits{}, true},
		{Limits{Requests: Rate{500, 1000}, Enquiries: Rate{-1, 0}, Others: Rate{0, 10}}, true},
		{Limits{Requests: Rate{RateMax + 1, 0}}, false},
		{Limits{Enquiries: Rate{1, -1}}, false},
		{Limits{Others: Rate{1, RateMax + 1}}, false},
		{Limits{Requests: Rate{0, 10}}, false},
	} {
		if err := c.limits.Validate(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.limits, err)
		}
	}
}
