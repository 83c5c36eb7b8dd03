package payshield

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"switchd/hsm"
)

// trial is a change whose write failed. The file may have it all the same: it is renamed
// before its folder is synced.
type trial struct {
	text []byte
	lmk  string
	keys map[hsm.KeyRef][]*entry
}

// readBounded reads a file that only its owner can write: the table says which key a
// participant has.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s can be written by others than its owner (mode %s)", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, tableMax+1))
	if err == nil && len(text) > tableMax {
		err = fmt.Errorf("%s is longer than %d bytes", path, tableMax)
	}
	return text, err
}

// save has the file say what the table will, and then the table. t.writing is held.
func (t *table) save(n *trial) error {
	if err := t.write(t.path, n.text); err != nil {
		t.tried = n
		return &hsm.Fault{Kind: hsm.ErrDown, Started: true, Cause: fmt.Errorf("key table: %w", err)}
	}
	t.sum, t.tried = sha256.Sum256(n.text), nil
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys, t.lmk = n.keys, n.lmk
	return nil
}

// settle takes the change whose write failed, if the file has it. It is written once
// more, since after a crash the file of before could be there. t.writing is held.
func (t *table) settle() error {
	if t.tried == nil {
		return nil
	}
	has, err := t.has()
	if err != nil {
		return err
	}
	if has == sha256.Sum256(t.tried.text) {
		return t.save(t.tried)
	}
	t.tried = nil
	return nil
}

// has is the sum of the file as it is now, zero if there is none.
func (t *table) has() (sum [sha256.Size]byte, err error) {
	text, err := readBounded(t.path)
	switch {
	case err == nil:
		return sha256.Sum256(text), nil
	case errors.Is(err, fs.ErrNotExist):
		return sum, nil
	}
	return sum, fmt.Errorf("%w: key table: %w", hsm.ErrDenied, err)
}

// unchanged refuses to write over what somebody else has written: a person who has put
// in the keys of a ceremony would lose them. t.writing is held.
func (t *table) unchanged() error {
	sum, err := t.has()
	if err != nil {
		return err
	}
	if sum != t.sum {
		return fmt.Errorf("%w: the key table's file was changed by another hand: no key is taken until a start has read it", hsm.ErrDenied)
	}
	return nil
}

// replace writes a file so that after a crash the old or the new one is there, whole.
func replace(path string, text []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(text); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	return folder.Sync()
}
