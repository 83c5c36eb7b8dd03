package retention

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Job does what is due, again and again. Run belongs to one goroutine; Stop is safe
// for concurrent use.
type Job struct {
	o       Options
	metrics *metrics
	done    Day   // for which all was done; only of use when begun
	begun   bool  // it was done once
	retry   int64 // not before this time, after a failure
	told    Day   // for which somebody was told that it waits

	archived *patient // the archive, during Once

	stopped context.Context // ends with Stop
	stop    func()
	running sync.Mutex // held by Run, so that Stop can wait for it
}

// New returns a Job.
func New(o Options) (*Job, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	j := &Job{o: o, metrics: newMetrics(o.Registry)}
	j.stopped, j.stop = context.WithCancel(context.Background())
	return j, nil
}

// Stop ends Run, and returns when nothing is read from the stores or written to them
// any more. An archive that does not answer is waited for ArchiveWait. A Run that has
// not begun does nothing. Rows may be asked for until then.
func (j *Job) Stop() {
	j.stop()
	j.running.Lock() // only to wait
	defer j.running.Unlock()
}

const (
	lookEvery  = time.Minute // whether a new day has begun
	retryAfter = time.Hour
)

// Run does what is due at once, and then once each business day, until ctx ends or
// Stop is called. A failure is logged, and what is left is tried again after an hour.
func (j *Job) Run(ctx context.Context) error {
	j.running.Lock()
	defer j.running.Unlock()
	if j.stopped.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(j.stopped, cancel)()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		j.due(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// due runs the job if its day has come.
func (j *Job) due(ctx context.Context) {
	now := j.o.Clock()
	today := j.o.Calendar.DayOf(now)
	if ctx.Err() != nil || j.begun && j.done == today || now < j.retry {
		return
	}
	jumped, err := j.jumped(now)
	if err == nil && !jumped {
		err = j.Once(ctx)
	}
	switch {
	case ctx.Err() != nil: // it was told to end, which is no failure
	case jumped:
		j.wait(now, today)
	case err != nil:
		j.retry = now + int64(retryAfter)
		j.metrics.runs.WithLabelValues(failed).Inc()
		j.o.Log.Error("retention", "event", "retention.failed", "day", today.String(), "error", err, "again_in", retryAfter)
	default:
		j.done, j.begun, j.retry = today, true, 0
		j.metrics.runs.WithLabelValues(done).Inc()
	}
}

// wait has the job look again in an hour, and says so once a day.
func (j *Job) wait(now int64, today Day) {
	j.retry = now + int64(retryAfter)
	if j.told != today {
		j.told = today
		j.o.Log.Warn("retention waits: nothing was recorded for a day and more until a day ago or less; if the switch has not rested, its clock was set forward: stop it and set the clock", "event", "retention.waits", "day", today.String())
	}
}

// jumped says whether time has made a jump within the last day: something was
// recorded in that day and nothing in the one before, but older days are there. The
// switch has rested, or was started with a wrong clock; by that all payments could be
// too old, and what is forgotten or deleted does not come back. So somebody has a day
// to see it. It is asked of the journal, so that another start makes no difference.
func (j *Job) jumped(now int64) (bool, error) {
	s, err := j.o.Journal.Stat()
	if err != nil || s.Last < s.First {
		return false, err
	}
	late, err := j.o.Journal.FirstSince(now - int64(dayLength))
	if err != nil {
		return false, err
	}
	early, err := j.o.Journal.FirstSince(now - 2*int64(dayLength))
	return early == late && late > s.First && late <= s.Last, err
}

// Once does everything that is due. What one part cannot do does not keep the others
// from their work.
func (j *Job) Once(ctx context.Context) error {
	now := j.o.Clock()
	j.archived = &patient{Folder: j.o.Archive, ctx: ctx, wait: j.o.ArchiveWait}
	return errors.Join(
		part("journal", j.journal(ctx, now)),
		part("state", j.state(ctx, now)),
		part("archive", j.prune(ctx, now)),
	)
}

func part(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// kept is the first day that is kept when so many days are.
func (j *Job) kept(now int64, days int) Day { return j.o.Calendar.DayOf(now) - Day(days) }
