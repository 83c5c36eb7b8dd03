package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"switchd/switch/storage"
)

// disk is a file system with what durability needs on top of it.
type disk struct{ storage.FS }

// diskOf is the given file system, or the real one.
func diskOf(fs storage.FS) disk { return disk{storage.Options{FS: fs}.WithDefaults().FS} }

// there says whether something has this name.
func (d disk) there(path string) (bool, error) {
	switch _, err := d.Stat(path); {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, err
	}
}

// syncDir makes the names in a folder durable.
func (d disk) syncDir(path string) error { return storage.SyncDir(d.FS, path) }

// inside says whether a path lies in a folder, also by way of symbolic links.
func inside(path, dir string) bool {
	rel, err := filepath.Rel(resolved(dir), resolved(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolved is a path without symbolic links, as far as there is something. In the
// file system of a test it is the path.
func resolved(path string) string {
	path = filepath.Clean(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if above := filepath.Dir(path); above != path {
		return filepath.Join(resolved(above), filepath.Base(path))
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// read reads a file of at most so many bytes.
func (d disk) read(path string, bytesMax int64) ([]byte, error) {
	f, err := d.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, bytesMax+1))
	if err = errors.Join(err, f.Close()); err == nil && int64(len(b)) > bytesMax {
		err = fmt.Errorf("%s: longer than %d bytes", path, bytesMax)
	}
	return b, err
}

// create writes a file and syncs it; its name is durable with the folder's sync.
func (d disk) create(path string, b []byte) error {
	f, err := d.Create(path, writeCategory)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace puts a file in place of the one before, all of it or nothing, durably.
func (d disk) replace(dir, name string, b []byte) error {
	path := d.PathJoin(dir, name)
	if err := d.create(path+".new", b); err != nil {
		return err
	}
	if err := d.Rename(path+".new", path); err != nil {
		return err
	}
	return d.syncDir(dir)
}

// stores are the folders that a data folder's payments are in.
var stores = []string{journalDir, stateDir}

// list names the files of the stores below dir, with slashes, in a fixed order.
// A store has no folders in it; its lock is nobody's but the process's that has it
// open.
func (d disk) list(dir string) ([]string, error) {
	var all []string
	for _, store := range stores {
		names, err := d.List(d.PathJoin(dir, store))
		if err != nil {
			return nil, err
		}
		slices.Sort(names)
		for _, name := range names {
			if name != lockFile {
				all = append(all, store+"/"+name)
			}
		}
	}
	return all, nil
}

// path is the place of a file that list has named.
func (d disk) path(dir, listed string) string {
	for _, store := range stores {
		if len(listed) > len(store) && listed[:len(store)] == store {
			return d.PathJoin(dir, store, listed[len(store)+1:])
		}
	}
	return d.PathJoin(dir, listed)
}
