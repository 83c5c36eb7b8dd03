package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// The files in the data folder that are ours.
const (
	ballastName = "ballast"
	noteName    = "declined-requests"
)

// system is the real disk under a data folder.
type system struct {
	dir    string
	filled int64 // bytes that SetBallast has written here
}

// On returns the disk of the data folder dir, which must exist.
func On(dir string) Disk { return &system{dir: dir} }

// String names the folder.
func (s *system) String() string { return s.dir }

func (s *system) path(name string) string { return filepath.Join(s.dir, name) }

// Free is what the file system has left for users without privileges.
func (s *system) Free() (int64, error) { return freeBytes(s.dir) }

// Ballast is what the ballast file takes: less than its length when it was copied
// with holes. What was written here counts in full: some file systems say only
// after a while what a file takes.
func (s *system) Ballast() (int64, error) {
	info, err := os.Stat(s.path(ballastName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if size := info.Size(); size == s.filled || takenBytes(info) >= size {
		return size, nil
	}
	return takenBytes(info), nil
}

// SetBallast allocates the file, or writes it where that cannot be done.
func (s *system) SetBallast(bytes int64) error {
	s.filled = 0
	path := s.path(ballastName)
	if bytes == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(s.dir)
	}
	if err := fill(path, bytes); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	s.filled = bytes
	return syncDir(s.dir)
}

func fill(path string, bytes int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = f.Truncate(bytes)
	if err == nil {
		if err = allocate(f, bytes); errors.Is(err, errors.ErrUnsupported) {
			err = write(f, bytes)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// write fills a file with what cannot be compressed away.
func write(f *os.File, bytes int64) error {
	chunk := make([]byte, 1<<20)
	noise := rand.NewChaCha8([32]byte{})
	for at := int64(0); at < bytes; at += int64(len(chunk)) {
		chunk = chunk[:min(int64(len(chunk)), bytes-at)]
		_, _ = noise.Read(chunk) // never fails
		if _, err := f.WriteAt(chunk, at); err != nil {
			return err
		}
	}
	return nil
}

// Note writes the text beside the old one and renames it.
func (s *system) Note(text string) error {
	path := s.path(noteName)
	if text == "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncDir(s.dir)
	}
	if err := writeSynced(path+".new", text); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(s.dir)
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Noted reads the text.
func (s *system) Noted() (string, error) {
	text, err := os.ReadFile(s.path(noteName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// syncDir makes what was created, renamed or removed in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
