package retention

import (
	"context"
	"math"
)

// sliceRows is how many rows one slice of a sweep looks at. With the pause it makes
// some 30,000 a second: a day of any switch is swept within a day.
const sliceRows = 1024

// state forgets the finished payments that are older than the limit, by an event, and
// then deletes their rows. Rows of an earlier time that was cut short go with them.
func (j *Job) state(ctx context.Context, now int64) error {
	before, err := j.o.Rows.FirstSince(j.o.Calendar.Begin(j.kept(now, j.o.StateDays)))
	if err != nil {
		return err
	}
	known, err := j.o.Rows.Known(ctx)
	if err != nil {
		return err
	}
	if before > known {
		first, err := j.o.Rows.FirstSince(math.MinInt64)
		if err != nil {
			return err
		}
		if first < before { // else there is nothing to forget, and no event is made of it
			if err := j.o.Rows.Forget(ctx, before); err != nil {
				return err
			}
			known = before
		}
	}
	return j.sweep(ctx, known)
}

// sweep deletes the rows of what is forgotten, slice by slice.
func (j *Job) sweep(ctx context.Context, before uint64) error {
	swept := 0
	for more := before > 0; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var n int
		var err error
		if n, more, err = j.o.Rows.Sweep(ctx, before, sliceRows); err != nil {
			return err
		}
		swept += n
		j.metrics.swept.Add(float64(n))
		if more {
			if err := j.pause(ctx); err != nil {
				return err
			}
		}
	}
	if swept > 0 {
		j.o.Log.Info("old payments forgotten", "event", "retention.forgotten", "before", before, "deleted", swept)
	}
	return nil
}
