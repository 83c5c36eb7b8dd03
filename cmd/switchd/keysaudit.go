package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
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
	// Participant has brought the key over its link, to a switch that runs.
	Participant string `json:"participant,omitempty"`
	Action      string `json:"action"`
	// Name, Version and KCV are of the key.
	Name    hsm.KeyRef `json:"key,omitempty"`
	Version uint32     `json:"version,omitempty"`
	KCV     string     `json:"kcv,omitempty"`
	// Outcome is of outcomes; Of is the event that it is the outcome of.
	Outcome string `json:"outcome"`
	Of      uint64 `json:"of,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// Officers is the digest of who the officers are from here on; "" as before.
	Officers string `json:"officers,omitempty"`
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

// keyAudit is the audit file of keys while it is open. Several processes may write to
// it: a switch that runs, and commands beside it. Each line is written under a lock that
// is held for that line only, after those that others have written in between were read
// and verified. Safe for concurrent use.
type keyAudit struct {
	// turn is full while somebody of this process is at what is below, whom a lock on
	// a file does not part from the others.
	turn  chan struct{}
	file  *os.File // nil while there is none
	fresh bool     // nothing of the file was read yet
	path  string
	keyChain
	sync func(*os.File) error
}

// keyChain is how far an audit file was read, and what it says so far.
type keyChain struct {
	size int64 // of whole lines
	sum  [sha256.Size]byte
	last keyEvent   // zero without an event
	open []keyEvent // begun and without an outcome
	torn []byte     // an unfinished line at the end

	officers string // the last digest of the officers
}

// errAudit is wrapped by all that is wrong with an audit file.
var errAudit = errors.New("the audit file is not what was written")

// auditTail is what the name of an audit file has after that of the key file.
const auditTail = ".audit"

// keyAuditOf names the audit file of a key file: beside the file, not beside a link to it.
func keyAuditOf(keys string) string {
	if file, err := filepath.EvalSymlinks(keys); err == nil {
		keys = file
	}
	return keys + auditTail
}

// newKeyAudit is an audit file that the first line opens, made if there is none.
func newKeyAudit(path string) *keyAudit {
	return &keyAudit{turn: make(chan struct{}, 1), path: path, sync: (*os.File).Sync}
}

// openKeyAudit opens the audit file for one who writes to it, made if there is none,
// when all of its lines hold together.
func openKeyAudit(path string) (*keyAudit, error) {
	a := newKeyAudit(path)
	if err := a.reopen(); err != nil {
		return nil, err
	}
	return a, nil
}

// reopen opens the file that has the name now, and reads it from its beginning.
func (a *keyAudit) reopen() error {
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := a.enter(ctx); err != nil {
		return err
	}
	defer a.leave()
	_ = a.shut() // of what was written to it, all is synced
	return a.locked(ctx, func() error { return nil })
}

// enter waits for the turn of one goroutine. Who need not wait gets it with a ctx that
// has ended, too.
func (a *keyAudit) enter(ctx context.Context) error {
	select {
	case a.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w: %w", a.path, errAuditHeld, ctx.Err())
	}
}

func (a *keyAudit) leave() { <-a.turn }

// openFile opens the file, of which nothing is read before it is locked: a line that its
// writer takes back must not be counted.
func (a *keyAudit) openFile() error {
	f, err := os.OpenFile(a.path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = a.make()
	}
	if err != nil {
		return err
	}
	a.file, a.fresh, a.keyChain = f, true, keyChain{}
	if err = a.mine(); err == nil {
		err = syncFolder(filepath.Dir(a.path)) // a new file's name
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", a.path, err), a.shut())
	}
	return nil
}

// make makes the file. It belongs to the owner of the keys, where the process may give it
// away: one that 'sudo switchd keys list' has made would else refuse the lines of a
// switch under another login.
func (a *keyAudit) make() (*os.File, error) {
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return os.OpenFile(a.path, os.O_RDWR, 0)
	}
	if err != nil {
		return nil, err
	}
	keys, err := os.Stat(strings.TrimSuffix(a.path, auditTail))
	if err != nil { // those of a hardware module
		keys, err = os.Stat(filepath.Dir(a.path))
	}
	if err == nil {
		if owner, ok := keys.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
			_ = f.Chown(int(owner.Uid), int(owner.Gid)) // only root may
		}
	}
	return f, nil
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

// catchUp reads what was written since.
func (a *keyAudit) catchUp() error {
	info, err := a.file.Stat()
	if err == nil && info.Size() < a.size {
		err = fmt.Errorf("%w: it was %d bytes long and is %d: lines at the end were cut off", errAudit, a.size, info.Size())
	}
	if err != nil {
		return err
	}
	return a.read(io.NewSectionReader(a.file, a.size, math.MaxInt64-a.size), func(*keyEvent) error { return nil })
}

const (
	// auditPatience bounds how long a line waits for others, who are at the file for one
	// line each, and auditLockPause is how often it looks for them.
	auditPatience  = 10 * time.Second
	auditLockPause = 10 * time.Millisecond
)

// errAuditHeld is wrapped by what says that a line was not written, because others were
// at the file for longer than it could wait.
var errAuditHeld = errors.New("others have held it for too long")

// locked does something while nobody else writes, of this process or another: the caller
// has the turn. Where the file was moved away since it was opened, it is the one in its
// place that is written to.
func (a *keyAudit) locked(ctx context.Context, do func() error) error {
	if err := a.lockInPlace(ctx); err != nil {
		return err
	}
	err := a.catchUp()
	switch {
	case err == nil:
		a.fresh = false
		err = do()
	case a.fresh: // what is in its place now is no audit file
		return errors.Join(fmt.Errorf("%s: %w", a.path, err), a.shut())
	default:
		err = fmt.Errorf("%s: %w", a.path, err)
	}
	return errors.Join(err, syscall.Flock(int(a.file.Fd()), syscall.LOCK_UN))
}

// lockInPlace locks the file that has the name.
func (a *keyAudit) lockInPlace(ctx context.Context) error {
	for {
		if a.file == nil {
			if err := a.openFile(); err != nil {
				return err
			}
		}
		if err := a.lock(ctx); err != nil {
			return fmt.Errorf("%s: %w", a.path, err)
		}
		here, err := a.file.Stat()
		if err != nil {
			return errors.Join(err, a.shut())
		}
		if there, err := os.Stat(a.path); err == nil && os.SameFile(here, there) {
			return nil
		}
		_ = a.shut() // which gives its lock back; of what was written to it, all is synced
	}
}

func (a *keyAudit) lock(ctx context.Context) error {
	for {
		err := syscall.Flock(int(a.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errAuditHeld, ctx.Err())
		case <-time.After(auditLockPause):
		}
	}
}

// read goes through all lines, and ends with an error at the first that is not what
// was written.
func (a *keyChain) read(in io.Reader, each func(*keyEvent) error) error {
	lines := bufio.NewReaderSize(in, auditLineMax)
	for number := a.last.Seq + 1; ; number++ {
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
func (a *keyChain) next(line []byte) (*keyEvent, error) {
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
func (a *keyChain) took(e *keyEvent, line []byte) {
	a.last, a.sum, a.size = *e, sha256.Sum256(line), a.size+int64(len(line))+1
	a.officers = cmp.Or(e.Officers, a.officers)
	if e.Outcome == keyStarted {
		a.open = append(a.open, *e)
	} else if e.Of != 0 {
		a.open = slices.DeleteFunc(a.open, func(o keyEvent) bool { return o.Seq == e.Of })
	}
}

// head names the last event and all before it.
func (a *keyChain) head() string { return fmt.Sprintf("%d:%x", a.last.Seq, a.sum) }

// append writes an event, which is on disk when it returns. While others are at the file,
// it waits for them until ctx ends, for auditPatience at most; then nothing was written.
func (a *keyAudit) append(ctx context.Context, e keyEvent, at int64) (written *keyEvent, err error) {
	ctx, cancel := context.WithTimeout(ctx, auditPatience)
	defer cancel()
	if err := a.enter(ctx); err != nil {
		return nil, err
	}
	defer a.leave()
	err = a.locked(ctx, func() error {
		if err := a.mend(e.Account, at); err != nil {
			return err
		}
		if a.last.Seq == 0 && e.Action != createAction {
			if _, err := a.write(keyEvent{Account: e.Account, Action: "audit", Outcome: keyDone, Detail: auditBegun}, at); err != nil {
				return err
			}
		}
		written, err = a.write(e, at)
		return err
	})
	return written, err
}

// createAction makes a key file: what was there before is in no audit file otherwise.
const createAction = "create"

// auditBegun is what the first line says when keys are older than it.
const auditBegun = "this file begins here, beside keys that were there before: what was done with them until now is not in it"

func (a *keyAudit) write(e keyEvent, at int64) (*keyEvent, error) {
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
	_, err := a.write(keyEvent{Account: account, Action: "audit", Outcome: keyDone, Detail: detail}, at)
	return err
}

// close gives the file back, after the line that is being written. An append after it
// would open it again.
func (a *keyAudit) close() error {
	_ = a.enter(context.Background()) // the one before has auditPatience, too
	defer a.leave()
	return a.shut()
}

// shut closes the file, by who has the turn.
func (a *keyAudit) shut() error {
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}

// readInto reads an audit file into a, also one that is being written.
func readInto(a *keyChain, path string, each func(*keyEvent) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := a.read(f, each); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
