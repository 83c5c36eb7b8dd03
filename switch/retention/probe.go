package retention

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// probeText is what a probe writes.
const probeText = "a probe of switchd: this file can be removed\n"

// Probe says why a day could not be archived in a folder, long before one is due. One
// that is not there is not made: what it would be made in is looked at.
func Probe(path string) error {
	for {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path:
			path = filepath.Dir(path)
			continue
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is not a folder", path)
		}
		return probe(At(path))
	}
}

// probe writes a file and removes it. Its name is one that is tidied away when a crash
// leaves it.
func probe(archive Folder) error {
	f, name, err := archive.Create(Day(0).String() + segmentSuffix + ".*" + partSuffix)
	if err != nil {
		return fmt.Errorf("the archive cannot be written: %w", err)
	}
	_, err = f.Write([]byte(probeText))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), archive.Remove(name)); err != nil {
		return fmt.Errorf("the archive cannot be written: %w", err)
	}
	return nil
}
