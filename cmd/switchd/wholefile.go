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
func writeNew(file string, mode fs.FileMode, write func(io.Writer) error, check func(file string) error) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s exists: it is not overwritten", file)
	}
	return writeBeside(file, mode, write, check, giveName)
}

// replaceFile puts a file that only its owner may read in the place of the one before,
// if there is one, so that a crash leaves one of the two whole.
func replaceFile(file string, data []byte) error {
	write := func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
	return writeBeside(file, 0o600, write, nil, os.Rename)
}

// writeBeside writes a file under another name beside its own, and has it take its
// name in one way or the other.
func writeBeside(file string, mode fs.FileMode, write func(io.Writer) error, check func(file string) error, take func(part, file string) error) (err error) {
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
			if fault := os.Remove(part); !errors.Is(fault, fs.ErrNotExist) { // it has its name by then
				err = errors.Join(err, fault)
			}
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
	if err == nil {
		err = take(part, file)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(file))
	}
	return err
}

// giveName renames a file to a name that nothing has. A link fails when somebody else
// has just taken the name, a rename would not; some file systems know no links.
func giveName(part, file string) error {
	err := os.Link(part, file)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists: it is not overwritten", file)
	}
	return os.Rename(part, file)
}

// syncFolder makes what was created and renamed in a folder stay.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
