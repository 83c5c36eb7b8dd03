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
	write  func(f *os.File, b []byte) error // and sync
	rename func(from, to string) error
	sync   func(dir string) error
}

func realDisk() disk {
	return disk{
		create: func(path string) (*os.File, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		},
		write: func(f *os.File, b []byte) error {
			_, err := f.Write(b)
			return errors.Join(err, f.Sync())
		},
		rename: os.Rename,
		sync: func(dir string) error {
			d, err := os.Open(dir)
			if err != nil {
				return err
			}
			return errors.Join(d.Sync(), d.Close())
		},
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
	err = d.write(f, b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.rename(beside, path)
	}
	if err != nil {
		return &hsm.Fault{Kind: hsm.ErrDown, Cause: errors.Join(err, os.Remove(beside))}
	}
	if err := d.sync(filepath.Dir(path)); err != nil {
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

// ReadKey reads the file of a sealing key: 32 bytes as they are, or as 64 hexadecimal
// digits on a line. Nobody but its owner may have access to it.
func ReadKey(path string) (hsm.Secret, error) {
	b, err := readPrivate(path, 2*rootBytes+2)
	if err != nil {
		return hsm.Secret{}, fmt.Errorf("hsm/soft: %s: %w", path, err)
	}
	defer clear(b)
	if len(b) == rootBytes {
		return hsm.CopySecret(b), nil
	}
	key, err := hex.AppendDecode(nil, bytes.TrimRight(b, "\r\n"))
	if err != nil || len(key) != rootBytes {
		clear(key)
		return hsm.Secret{}, fmt.Errorf("hsm/soft: %s: a sealing key is %d bytes, or as many in hexadecimal", path, rootBytes)
	}
	return hsm.NewSecret(key), nil
}
