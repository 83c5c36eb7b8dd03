package hsm

import (
	"context"
	"errors"
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
func (j *job) finish(err error) bool {
	j.release()
	if !j.state.CompareAndSwap(started, answered) {
		j.pool.metrics.late.Inc()
		return false
	}
	j.count(err)
	return true
}

// giveUp is for the end of the context: the error to answer with, nil if the job has
// its answer.
func (j *job) giveUp() error {
	before := j.state.Swap(answered)
	if before == answered {
		return nil
	}
	kind := ErrTimeout
	if j.pool.base.Err() != nil {
		kind = ErrDown
	}
	err := &Fault{Kind: kind, Started: before == started}
	j.cancel()
	j.count(err)
	return err
}

// count puts the job into the metrics.
func (j *job) count(err error) {
	m := j.pool.metrics
	m.calls[j.op][endingOf(err)].Inc()
	m.duration[j.op].Observe(time.Duration(j.pool.o.Clock() - j.at).Seconds())
}

// endings by what errors are; the first that fits counts.
var endings = []struct {
	kind error
	end  ending
}{
	{ErrDenied, endDenied}, {ErrVerify, endVerify}, {ErrKey, endKey}, {ErrBlock, endBlock}, {ErrTimeout, endTimeout}, {ErrDown, endDown},
}

// endingOf is how metrics call an error.
func endingOf(err error) ending {
	if err == nil {
		return endOK
	}
	for _, k := range endings {
		if errors.Is(err, k.kind) {
			return k.end
		}
	}
	return endError
}
