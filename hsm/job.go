package hsm

import (
	"context"
	"sync/atomic"
	"time"
)

// Where a job stands. Only who moves it to answered calls back.
const (
	waiting uint32 = iota
	started
	answered
)

// job is a call on its way through the pool.
type job struct {
	pool    *Pool
	op      Op
	at      int64 // when it was asked for
	ctx     context.Context
	cancel  context.CancelFunc
	run     func()
	release func() // ends the timer and the context
	state   atomic.Uint32
}

// finish takes the module's answer; false if the job has been given up.
func (j *job) finish() bool {
	j.release()
	if !j.state.CompareAndSwap(started, answered) {
		j.pool.metrics.late.Inc()
		return false
	}
	j.count(leftAnswered)
	return true
}

// giveUp is for the end of the context: the error to answer with, nil if the job has
// its answer.
func (j *job) giveUp() error {
	before := j.state.Swap(answered)
	if before == answered {
		return nil
	}
	f, how := &Fault{Kind: ErrTimeout, Started: before == started}, leftUnstarted
	switch {
	case j.pool.base.Err() != nil:
		f.Kind, how = ErrDown, leftStopped
	case f.Started:
		how = leftGivenUp
	}
	j.cancel()
	j.count(how)
	return f
}

// count puts the job into the metrics.
func (j *job) count(how leaving) {
	m := j.pool.metrics
	m.requests[j.op][how].Inc()
	m.duration.Observe(time.Duration(j.pool.o.Clock() - j.at).Seconds())
}
