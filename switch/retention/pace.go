package retention

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNoRoom means that the archive would take the room that payments need.
var ErrNoRoom = errors.New("the archive is on the disk of the data folder, which has no room to spare for it")

// spareLeast is how much must be to spare while the archive is written: more than
// what is written between two looks at the disk.
const spareLeast = 64 << 20

// pauseEvery is how many bytes are read or written between two pauses.
const pauseEvery = 1 << 20

// pace keeps the reading or writing of a segment to what payments can bear, and ends
// it when ctx ends: a day may take minutes, and a switch that stops does not wait.
type pace struct {
	ctx   context.Context
	job   *Job
	since int // bytes since the last pause
}

func (j *Job) pace(ctx context.Context) *pace { return &pace{ctx: ctx, job: j} }

// took counts bytes, and waits when it is time to.
func (p *pace) took(n int) error {
	if p.since += n; p.since < pauseEvery {
		return p.ctx.Err()
	}
	p.since = 0
	return p.job.pause(p.ctx)
}

// pacedWriter writes to the archive, until the room ends.
type pacedWriter struct {
	*pace
	w io.Writer
}

// Write writes a block of a segment.
func (p pacedWriter) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	if spare := p.job.o.Spare; spare != nil {
		room, err := await(p.job.archived, func() (int64, error) { return spare(), nil })
		if err != nil {
			return 0, err
		}
		if room < spareLeast {
			return 0, ErrNoRoom
		}
	}
	n, err := p.w.Write(b)
	p.job.metrics.bytes.Add(float64(n))
	if err == nil {
		err = p.took(n)
	}
	return n, err
}

// pacedDrop drops what is written.
type pacedDrop struct{ *pace }

// Write drops b.
func (p pacedDrop) Write(b []byte) (int, error) { return len(b), p.took(len(b)) }

// pacedReader reads a file of the archive.
type pacedReader struct {
	*pace
	r io.Reader
}

// Read reads on.
func (p pacedReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if slow := p.took(n); slow != nil {
		err = slow
	}
	return n, err
}

// pause waits a moment, or until ctx ends.
func (j *Job) pause(ctx context.Context) error {
	timer := time.NewTimer(j.o.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
