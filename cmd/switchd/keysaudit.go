package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"switchd/hsm"
)

// keyEvent is a line of the audit file of keys. It holds no key, component or token.
type keyEvent struct {
	Seq uint64 `json:"seq"` // from 1, without a gap
	At  string `json:"at"`  // UTC, RFC 3339
	// Officer has proven who he is by his token; so has Second, whose approval was
	// needed. Account is the login of the operating system, which is only claimed.
	Officer string `json:"officer,omitempty"`
	Second  string `json:"second,omitempty"`
	Account string `json:"account"`
	Action  string `json:"action"`
	// Name, Version and KCV are of the key.
	Name    hsm.KeyRef `json:"key,omitempty"`
	Version uint32     `json:"version,omitempty"`
	KCV     string     `json:"kcv,omitempty"`
	// Outcome is of outcomes; Of is the event that it is the outcome of.
	Outcome string `json:"outcome"`
	Of      uint64 `json:"of,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// Prev is the SHA-256 of the line before, without its end; zeros of the first.
	Prev string `json:"prev"`
}

// What an event says of its action.
const (
	keyStarted = "started" // what follows says how it ended
	keyDone    = "done"
	keyRefused = "refused" // nothing was done
	keyFailed  = "failed"  // it may have been done
	keyFound   = "found"   // it had no outcome, and this is what the key file says
)

// auditLineMax is the longest line, with room for any name and sentence.
const auditLineMax = 8 << 10

// keyAudit is the audit file of keys while it is open. It has one writer.
type keyAudit struct {
	file *os.File // nil for a reader
	path string
	size int64 // of whole lines
	sum  [sha256.Size]byte
	last keyEvent // zero without an event
	open keyEvent // begun and without an outcome; zero without one
	torn []byte   // an unfinished line at the end
	sync func(*os.File) error
}

// errAudit is wrapped by all that is wrong with an audit file.
var errAudit = errors.New("the audit file is not what was written")

// openKeyAudit opens the audit file for a writer, made if there is none, when all of
// its lines hold together.
func openKeyAudit(path string) (*keyAudit, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	a := &keyAudit{file: f, path: path, sync: (*os.File).Sync}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errors.New("another 'switchd keys' is at work: try again when it has ended")
		}
	} else if err = a.mine(); err == nil {
		err = a.read(f, func(*keyEvent) error { return nil })
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path)) // a new file's name
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return a, nil
}

// mine refuses a file that others may have written.
func (a *keyAudit) mine() error {
	info, err := a.file.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file")
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others than its owner may write to it (mode %04o), so it proves nothing: find out who did, then chmod 600 %s", info.Mode().Perm(), a.path)
	}
	return nil
}

// read goes through all lines, and ends with an error at the first that is not what
// was written.
func (a *keyAudit) read(in io.Reader, each func(*keyEvent) error) error {
	lines := bufio.NewReaderSize(in, auditLineMax)
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			a.torn = bytes.Clone(line)
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("%w: line %d has more than %d bytes", errAudit, number, auditLineMax)
		case err != nil:
			return err
		}
		e, err := a.next(line[:len(line)-1])
		if err != nil {
			return fmt.Errorf("%w: line %d: %w", errAudit, number, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// next takes a line that follows the last one.
func (a *keyAudit) next(line []byte) (*keyEvent, error) {
	var e keyEvent
	in := json.NewDecoder(bytes.NewReader(line))
	in.DisallowUnknownFields()
	if err := in.Decode(&e); err != nil || in.More() {
		return nil, errors.New("it is no event")
	}
	if e.Seq != a.last.Seq+1 {
		return nil, fmt.Errorf("it is event %d where %d should be: a line was taken out or put in", e.Seq, a.last.Seq+1)
	}
	if e.Prev != hex.EncodeToString(a.sum[:]) {
		return nil, errors.New("it does not follow the line before: that one or this one was changed")
	}
	a.took(&e, line)
	return &e, nil
}

// took counts a line that is in the file.
func (a *keyAudit) took(e *keyEvent, line []byte) {
	a.last, a.sum, a.size = *e, sha256.Sum256(line), a.size+int64(len(line))+1
	switch {
	case e.Outcome == keyStarted:
		a.open = *e
	case e.Of != 0 && e.Of == a.open.Seq:
		a.open = keyEvent{}
	}
}

// head names the last event and all before it.
func (a *keyAudit) head() string { return fmt.Sprintf("%d:%x", a.last.Seq, a.sum) }

// append writes an event, which is on disk when it returns.
func (a *keyAudit) append(e keyEvent, at int64) (*keyEvent, error) {
	e.Seq, e.At, e.Prev = a.last.Seq+1, time.Unix(0, at).UTC().Format(time.RFC3339Nano), hex.EncodeToString(a.sum[:])
	e.Detail = strings.ToValidUTF8(e.Detail, "?")
	line, err := json.Marshal(e)
	if err == nil && len(line) >= auditLineMax {
		err = fmt.Errorf("the event has more than %d bytes", auditLineMax)
	}
	if err == nil {
		_, err = a.file.WriteAt(append(line, '\n'), a.size)
	}
	if err == nil {
		err = a.sync(a.file)
	}
	if err != nil {
		// What is there of the line must not be taken for an event.
		return nil, errors.Join(fmt.Errorf("%s: %w", a.path, err), a.file.Truncate(a.size))
	}
	a.took(&e, line)
	return &e, nil
}

// mend cuts off a line that a process has not finished: nothing can have followed it,
// because an action waits for its line.
func (a *keyAudit) mend(account string, at int64) error {
	if len(a.torn) == 0 {
		return nil
	}
	detail := fmt.Sprintf("cut off an unfinished line of %d bytes, SHA-256 %x", len(a.torn), sha256.Sum256(a.torn))
	if err := a.file.Truncate(a.size); err != nil {
		return err
	}
	a.torn = nil
	_, err := a.append(keyEvent{Account: account, Action: "audit", Outcome: keyDone, Detail: detail}, at)
	return err
}

func (a *keyAudit) close() error { return a.file.Close() }

// readInto reads an audit file into a, also one that is being written.
func readInto(a *keyAudit, path string, each func(*keyEvent) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	a.path = path
	if err := a.read(f, each); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
