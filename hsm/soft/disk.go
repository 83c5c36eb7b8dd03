package soft

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"switchd/hsm"
	"switchd/hsm/unlock"
)

// disk writes files, by steps that a test can have fail.
type disk struct {
	create func(path string) (*os.File, error)
	write  func(f *os.File, b []byte) error
	sync   func(f *os.File) error // of the file, and of the folder after the rename
	rename func(from, to string) error
}

func realDisk() disk {
	return disk{
		create: func(path string) (*os.File, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		},
		write: func(f *os.File, b []byte) error {
			_, err := f.Write(b)
			return err
		},
		sync:   (*os.File).Sync,
		rename: os.Rename,
	}
}

// replace puts new content in the place of a file: beside it, synced, then renamed.
// Only the writer, who has the lock, comes here, so what lies beside it is left over.
func (d disk) replace(path string, b []byte) error {
	beside := path + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &hsm.Fault{Kind: hsm.ErrDown, Cause: err}
	}
	f, err := d.create(beside)
	if err != nil {
		return &hsm.Fault{Kind: hsm.ErrDown, Cause: err}
	}
	if err = d.write(f, b); err == nil {
		err = d.sync(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.rename(beside, path)
	}
	if err != nil {
		return &hsm.Fault{Kind: hsm.ErrDown, Cause: errors.Join(err, os.Remove(beside))}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(d.sync(dir), dir.Close())
	}
	if err != nil {
		// The new name may be there after a power cut, or the old one.
		return &hsm.Fault{Kind: hsm.ErrDown, Started: true, Cause: err}
	}
	return nil
}

// bare is an error of the disk without its file, which the message has already.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// unopened is the error about a key file that cannot be opened.
func unopened(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("hsm/soft: key file %s: %w: put it back, or make one (switchd keys create)", path, bare(err))
	}
	return fmt.Errorf("hsm/soft: %s: %w", path, bare(err))
}

// Unlock reads the file of what opens a key file, one line: 64 hexadecimal digits are
// Key, anything else is Passphrase. Nobody but its owner may have access to it.
func (o *Options) Unlock(path string) error {
	secret, err := unlock.Line(path)
	if err != nil {
		want := ""
		if errors.Is(err, unlock.ErrLine) || errors.Is(err, fs.ErrNotExist) {
			want = fmt.Sprintf(": it has one line, a passphrase or %d bytes in hexadecimal", rootBytes)
		}
		return fmt.Errorf("hsm/soft: unlock file %s: %w%s", path, bare(err), want)
	}
	defer secret.Wipe()
	line := secret.Reveal()
	if key, err := hex.AppendDecode(nil, line); err == nil && len(key) == rootBytes {
		o.Passphrase, o.Key = hsm.Secret{}, hsm.NewSecret(key)
	} else {
		clear(key)
		o.Passphrase, o.Key = hsm.CopySecret(line), hsm.Secret{}
	}
	return nil
}
