package ingress

import (
	"sync/atomic"
	"time"
)

// bucket lets so many messages through a second, and some at once. All links of a
// participant share it without a lock: its state is one word, the time up to which
// what went through has used the rate up. Other forms of the same bucket keep a
// count and the time of the count, which no single write can change.
type bucket struct {
	every atomic.Int64 // ns of the rate that one message uses up; 0: no limit
	ahead atomic.Int64 // how far used may be ahead of the clock
	used  atomic.Int64
}

// set gives the bucket its rate. What was used stays used.
func (b *bucket) set(r Rate) {
	if r.Rate <= 0 {
		b.every.Store(0)
		return
	}
	every := int64(time.Second) / int64(min(r.Rate, RateMax))
	b.ahead.Store(every * int64(min(max(r.Burst, 1), RateMax)))
	b.every.Store(every)
}

// give makes room for one message more, up to a full bucket. Safe for concurrent use.
func (b *bucket) give() {
	b.used.Add(-b.every.Load()) // take lets nobody have more than a full bucket
}

// take lets one message through and returns 0, or says in how many ns there will be
// room for one. Safe for concurrent use.
func (b *bucket) take(now int64) (wait int64) {
	every := b.every.Load()
	if every == 0 {
		return 0
	}
	ahead := b.ahead.Load()
	for {
		used := b.used.Load()
		// Never further ahead than a full bucket: neither a clock that was set back
		// nor a smaller burst may close it for longer than that.
		next := min(max(used, now), now+ahead) + every
		if over := next - now - ahead; over > 0 {
			return over
		}
		if b.used.CompareAndSwap(used, next) {
			return 0
		}
	}
}
