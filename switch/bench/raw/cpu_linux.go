package raw

import (
	"fmt"
	"net"
	"syscall"
	"time"
)

// processCPU is what all threads have used.
func processCPU() (time.Duration, bool) { return cpu(syscall.RUSAGE_SELF) }

// threadCPU is what this thread has used.
func threadCPU() (time.Duration, bool) { return cpu(syscall.RUSAGE_THREAD) }

func cpu(who int) (time.Duration, bool) {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}

// blocking is a connection whose calls block their thread, so that the thread's CPU time
// is all that its user costs: with Go's own poller others work for him.
type blocking struct {
	net.Conn
	fd int
}

// echoWait bounds the wait for one read.
const echoWait = 10

// block gives c up for a connection that blocks.
func block(c *net.TCPConn) (net.Conn, error) {
	file, err := c.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return nil, err
	}
	b := &blocking{Conn: c, fd: fd}
	err = syscall.SetNonblock(fd, false)
	if err == nil {
		err = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: echoWait})
	}
	if err != nil {
		_ = b.Close() // what has failed before counts
		return nil, err
	}
	return b, nil
}

// Read blocks the thread until something comes.
func (b *blocking) Read(p []byte) (int, error) {
	for {
		n, err := syscall.Read(b.fd, p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, fmt.Errorf("nothing came within %d s", echoWait)
		case err != nil:
			return 0, err
		case n == 0:
			return 0, net.ErrClosed
		}
		return n, nil
	}
}

// Write blocks the thread until all is written.
func (b *blocking) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n, err := syscall.Write(b.fd, p[done:])
		if err != nil && err != syscall.EINTR {
			return done, err
		}
		done += max(n, 0)
	}
	return len(p), nil
}

// Close closes both ends of what was one.
func (b *blocking) Close() error {
	err := syscall.Close(b.fd)
	if wrong := b.Conn.Close(); err == nil {
		err = wrong
	}
	return err
}
