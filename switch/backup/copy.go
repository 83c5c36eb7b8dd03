package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const (
	// chunkBytes is what is copied between two looks at the context.
	chunkBytes = 1 << 20
	// syncEvery bounds what is written and not synced: a disk that has to write
	// much at once makes the journal's next fsync wait for it.
	syncEvery = 16 << 20
)

// copier copies and reads files in chunks, tells how far it is, and ends when its
// context does.
type copier struct {
	d        disk
	o        *Options
	progress Progress
	each     func() error // called before each file; may end the work
	buf      []byte
}

func newCopier(d disk, o *Options, step string, total int64) *copier {
	return &copier{d: d, o: o, progress: Progress{Step: step, Total: total}, each: func() error { return nil }, buf: make([]byte, chunkBytes)}
}

// copy copies a file, syncs the copy and returns what was copied. to "" reads only.
func (c *copier) copy(ctx context.Context, from, to string) (f File, err error) {
	if err := c.each(); err != nil {
		return f, err
	}
	in, err := c.d.Open(from)
	if err != nil {
		return f, err
	}
	defer in.Close()
	sum := sha256.New()
	if to == "" {
		f.Bytes, err = c.pump(ctx, in, sum)
	} else {
		f.Bytes, err = c.pumpTo(ctx, in, to, sum)
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f, err
}

// pumpTo is pump into a file, which it makes and syncs, behind sum: what a file system
// does to the buffer must not be hashed.
func (c *copier) pumpTo(ctx context.Context, in io.Reader, to string, sum io.Writer) (bytes int64, err error) {
	out, err := c.d.Create(to, writeCategory)
	if err != nil {
		return 0, err
	}
	if bytes, err = c.pump(ctx, in, io.MultiWriter(sum, &steady{f: out})); err == nil {
		err = out.Sync()
	}
	return bytes, errors.Join(err, out.Close())
}

// steady is a file that is synced every now and then.
type steady struct {
	f interface {
		io.Writer
		SyncData() error
	}
	unsynced int
}

// Write writes to the file.
func (s *steady) Write(b []byte) (int, error) {
	n, err := s.f.Write(b)
	if s.unsynced += n; err == nil && s.unsynced >= syncEvery {
		s.unsynced, err = 0, s.f.SyncData()
	}
	return n, err
}

// pump copies all that in has, in chunks.
func (c *copier) pump(ctx context.Context, in io.Reader, out io.Writer) (bytes int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return bytes, err
		}
		n, err := in.Read(c.buf)
		if _, err := out.Write(c.buf[:n]); err != nil {
			return bytes, err
		}
		bytes += int64(n)
		c.progress.Done += int64(n)
		c.o.Progress(c.progress)
		if err == io.EOF {
			return bytes, nil
		}
		if err != nil {
			return bytes, err
		}
	}
}

// check is copy of a file that must be f.
func (c *copier) check(ctx context.Context, from, to string, f *File) error {
	is, err := c.copy(ctx, from, to)
	if err != nil {
		return err
	}
	return f.compare(is)
}

// compare says how a file differs from what it must be; a file of a snapshot has
// its size alone.
func (f *File) compare(is File) error {
	switch {
	case is.Bytes != f.Bytes:
		return fmt.Errorf("%w: %s has %d bytes, %d were written", ErrDamaged, f.Path, is.Bytes, f.Bytes)
	case f.SHA256 != "" && is.SHA256 != f.SHA256:
		return fmt.Errorf("%w: %s is not what was written (SHA-256)", ErrDamaged, f.Path)
	}
	return nil
}

// room refuses to begin what would not fit. A file system that does not know its
// room is tried.
func room(d disk, dir string, need int64, what string) error {
	usage, err := d.GetDiskUsage(dir)
	if err == nil && need > 0 && uint64(need) > usage.AvailBytes {
		return fmt.Errorf("%s needs %d MiB, the disk of %s has %d MiB free", what, mib(need), dir, usage.AvailBytes>>20)
	}
	return nil
}

// mib is a size in MiB, rounded up.
func mib(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
