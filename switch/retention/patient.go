package retention

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// errNoAnswer means that the archive was given up because it did not answer.
var errNoAnswer = errors.New("the archive does not answer")

// patient is an archive that is waited for as long as ctx lasts, and a moment longer:
// a file system of another machine may never answer, and the stores cannot be closed
// while a day is read from them. What hangs is left behind on a goroutine of its own,
// and then nothing more is asked for. It belongs to one goroutine.
type patient struct {
	Folder
	ctx  context.Context
	wait time.Duration
	gone bool
}

// answer is what a call has returned, or its panic.
type answer[T any] struct {
	v     T
	err   error
	panic any
}

// await calls f and waits for it as long as p is patient.
func await[T any](p *patient, f func() (T, error)) (T, error) {
	var none T
	if p.gone {
		return none, errNoAnswer
	}
	done := make(chan answer[T], 1)
	go func() {
		var a answer[T]
		defer func() {
			a.panic = recover() // it is the caller's
			done <- a
		}()
		a.v, a.err = f()
	}()
	take := func(a answer[T]) (T, error) {
		if a.panic != nil {
			panic(a.panic)
		}
		return a.v, a.err
	}
	select {
	case a := <-done:
		return take(a)
	case <-p.ctx.Done():
	}
	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case a := <-done:
		return take(a)
	case <-timer.C:
		p.gone = true
		return none, fmt.Errorf("%w: %w", errNoAnswer, p.ctx.Err())
	}
}

// awaitDone is await for what returns an error only.
func awaitDone(p *patient, f func() error) error {
	_, err := await(p, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Names lists the files.
func (p *patient) Names() ([]string, error) { return await(p, p.Folder.Names) }

// Create makes a new file.
func (p *patient) Create(pattern string) (File, string, error) {
	var name string
	f, err := await(p, func() (f File, err error) {
		f, name, err = p.Folder.Create(pattern)
		return f, err
	})
	if err != nil {
		return nil, "", err
	}
	return patientFile{p, f}, name, nil
}

// Open reads a file.
func (p *patient) Open(name string) (io.ReadCloser, error) {
	f, err := await(p, func() (io.ReadCloser, error) { return p.Folder.Open(name) })
	if err != nil {
		return nil, err
	}
	return patientReader{p, f}, nil
}

// Rename gives a file its name.
func (p *patient) Rename(old, name string) error {
	return awaitDone(p, func() error { return p.Folder.Rename(old, name) })
}

// Remove removes a file.
func (p *patient) Remove(name string) error {
	return awaitDone(p, func() error { return p.Folder.Remove(name) })
}

// Sync makes the names stay.
func (p *patient) Sync() error { return awaitDone(p, p.Folder.Sync) }

// patientFile is a file of a patient archive that is being written. What was handed
// over belongs to a call that was left behind.
type patientFile struct {
	p *patient
	f File
}

// Write writes b.
func (f patientFile) Write(b []byte) (int, error) {
	return await(f.p, func() (int, error) { return f.f.Write(b) })
}

// Sync makes the bytes stay.
func (f patientFile) Sync() error { return awaitDone(f.p, f.f.Sync) }

// Close ends it.
func (f patientFile) Close() error { return awaitDone(f.p, f.f.Close) }

// patientReader is a file of a patient archive that is being read.
type patientReader struct {
	p *patient
	r io.ReadCloser
}

// Read reads on.
func (f patientReader) Read(b []byte) (int, error) {
	return await(f.p, func() (int, error) { return f.r.Read(b) })
}

// Close ends it.
func (f patientReader) Close() error { return awaitDone(f.p, f.r.Close) }
