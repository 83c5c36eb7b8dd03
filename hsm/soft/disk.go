package soft

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"switchd/hsm"
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

// readPrivate reads a file that nobody but its owner may have access to.
func readPrivate(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others than its owner may have access (mode %04o): chmod 600 %s", info.Mode().Perm(), path)
	case info.Size() > bytesMax:
		return nil, fmt.Errorf("it has more than %d bytes", bytesMax)
	}
	return io.ReadAll(io.LimitReader(f, bytesMax))
}

// unlockBytesMax is the longest passphrase in a file.
const unlockBytesMax = 1024

// Unlock reads the file of what opens a key file, one line: 64 hexadecimal digits are
// Key, anything else is Passphrase. Nobody but its owner may have access to it.
func (o *Options) Unlock(path string) error {
	b, err := readPrivate(path, unlockBytesMax)
	if err != nil {
		return fmt.Errorf("hsm/soft: %s: %w", path, err)
	}
	defer clear(b)
	line := bytes.TrimRight(b, "\r\n")
	if len(line) == 0 || bytes.ContainsAny(line, "\r\n") {
		return fmt.Errorf("hsm/soft: %s: want one line: a passphrase, or %d bytes in hexadecimal", path, rootBytes)
	}
	if key, err := hex.AppendDecode(nil, line); err == nil && len(key) == rootBytes {
		o.Passphrase, o.Key = hsm.Secret{}, hsm.NewSecret(key)
	} else {
		clear(key)
		o.Passphrase, o.Key = hsm.CopySecret(line), hsm.Secret{}
	}
	return nil
}
