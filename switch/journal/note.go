package journal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/storage"
)

// A journal that may go on in a second folder has a note that says so, and the second
// folder has one that says whose it is. Both have the same id: by it the pair is known
// wherever the two folders are. A journal whose note says that records may be in its
// second folder is never opened without that folder: what is missing there would be lost
// payments, and nothing in the first folder has to show it.

// FailoverNote is the name of the note in a journal's folder. It belongs to the pair of
// folders: a copy of the journal must not have it.
const FailoverNote = "FAILOVER"

// ownerNote is the name of the note in a second folder.
const ownerNote = "JOURNAL"

// noteBytes bounds a note: two paths at most.
const noteBytes = 16 << 10

// pairState says where a journal's records may be.
type pairState string

const (
	pairBegun  pairState = "begun"  // the second folder may have no note yet; nothing was ever written there
	pairTurned pairState = "turned" // the same as open, and the second folder's turn may still be the one before
	pairOpen   pairState = "open"   // records may be in the second folder
	pairClosed pairState = "closed" // the journal was closed, and all its records are in its own folder
	pairOwned  pairState = "owned"  // in the note of a second folder
)

// pairNote is what a note says.
type pairNote struct {
	id    string // of the pair, 32 hexadecimal digits
	state pairState
	turn  uint64 // how often the journal was opened to go on in the two folders; the same in both
	other string // the folder that this one goes with
}

// needs says that records may be in the second folder alone.
func (n *pairNote) needs() bool {
	return n != nil && (n.state == pairOpen || n.state == pairTurned)
}

// text is a note as people can read it, with a checksum in its last line.
func (n *pairNote) text() []byte {
	b := fmt.Appendf(nil, "switchd journal in two folders 1\nid %s\nstate %s\nturn %d\nother %s\n", n.id, n.state, n.turn, strconv.Quote(n.other))
	return fmt.Appendf(b, "crc %08x\n", crc32.Checksum(b, castagnoli))
}

func parseNote(b []byte) (*pairNote, bool) {
	n := &pairNote{}
	at := bytes.LastIndex(b, []byte("crc "))
	if at < 0 || string(b[at:]) != fmt.Sprintf("crc %08x\n", crc32.Checksum(b[:at], castagnoli)) {
		return nil, false
	}
	lines := strings.Split(string(b[:at]), "\n")
	if len(lines) != 6 || lines[0] != "switchd journal in two folders 1" {
		return nil, false
	}
	var has [4]bool
	n.id, has[0] = strings.CutPrefix(lines[1], "id ")
	state, there := strings.CutPrefix(lines[2], "state ")
	n.state, has[1] = pairState(state), there
	number, there := strings.CutPrefix(lines[3], "turn ")
	turn, err := strconv.ParseUint(number, 10, 64)
	n.turn, has[2] = turn, there && err == nil
	quoted, there := strings.CutPrefix(lines[4], "other ")
	other, err := strconv.Unquote(quoted)
	n.other, has[3] = other, there && err == nil
	return n, has == [4]bool{true, true, true, true} && len(n.id) == 32
}

// readNote reads the note at path; nil when there is none.
func readNote(disk vfs.FS, path string) (*pairNote, error) {
	f, err := disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, noteBytes))
	if err != nil {
		return nil, readError(err)
	}
	n, ok := parseNote(b)
	if !ok {
		return nil, fmt.Errorf("%w: %s is not what was written: it names the two folders that the journal is in; put it back, or see docs/operating.md", ErrDamaged, path)
	}
	return n, nil
}

// write puts the note in a folder, in the place of the one before, so that it stays.
func (n *pairNote) write(disk vfs.FS, dir, name string) error {
	path, fresh := disk.PathJoin(dir, name), disk.PathJoin(dir, name+".new")
	f, err := disk.Create(fresh, vfs.WriteCategoryUnspecified)
	if err != nil {
		return writeError(err)
	}
	_, err = f.Write(n.text())
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = disk.Rename(fresh, path)
	}
	if err == nil {
		err = storage.SyncDir(disk, dir)
	}
	if err != nil {
		return writeError(err)
	}
	return nil
}

// removeNote takes a note away, so that it stays away.
func removeNote(disk vfs.FS, dir, name string) error {
	err := disk.Remove(disk.PathJoin(dir, name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = storage.SyncDir(disk, dir)
	}
	if err != nil {
		return writeError(err)
	}
	return nil
}
