package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeNew makes a file that nobody ever sees half written, and that is still
// there after a power cut: written under another name beside it, synced, and then
// given its name, which nothing may have yet. check, if there is one, looks at what
// was written before it gets its name.
func writeNew(file string, mode fs.FileMode, write func(io.Writer) error, check func(file string) error) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s exists: it is not overwritten", file)
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.part")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s cannot be written: the folder %s is not there", file, filepath.Dir(file))
	case err != nil:
		return err
	}
	part := f.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	err = f.Chmod(mode)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil && check != nil {
		err = check(part)
	}
	if err != nil {
		return err
	}
	return giveName(part, file)
}

// giveName renames a file to a name that nothing has, and makes that durable. A
// link fails when somebody else has just taken the name, a rename would not; some
// file systems know no links.
func giveName(part, file string) error {
	err := os.Link(part, file)
	switch {
	case err == nil:
		err = os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists: it is not overwritten", file)
	default:
		err = os.Rename(part, file)
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// syncFolder makes what was created and renamed in a folder stay.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
