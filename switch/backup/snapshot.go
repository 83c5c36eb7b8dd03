package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// snapshotsKept bounds the snapshots of a data folder. Each keeps what the stores
// would have deleted since it was made.
const snapshotsKept = 2

// snapshot keeps the folder as the version before has left it.
func (e *Entry) snapshot(s *Source) error {
	all := e.d.PathJoin(e.dir, snapshotDir)
	fresh := e.d.PathJoin(all, "new")
	err := errors.Join(e.d.RemoveAll(fresh), e.d.MkdirAll(fresh, 0o700)) // of a start that was killed
	if err != nil {
		return err
	}
	name, err := e.fill(fresh, s)
	if err != nil {
		return errors.Join(fmt.Errorf("data folder %s: snapshot before another version writes it: %w", e.dir, err), e.d.RemoveAll(fresh))
	}
	dir := e.d.PathJoin(all, name)
	if there, err := e.d.there(dir); err != nil || there { // of a start that went no further: nothing has changed since
		return errors.Join(err, e.d.RemoveAll(fresh))
	}
	if err := e.d.Rename(fresh, dir); err != nil {
		return err
	}
	if err := errors.Join(e.d.syncDir(all), e.d.syncDir(e.dir)); err != nil {
		return err
	}
	e.o.Log.Info("data folder was written by another version: snapshot made", "event", "snapshot.made", "dir", dir, "version", e.o.Build.Version)
	return e.prune()
}

// fill makes the snapshot in dir and returns its name: the last event, and the
// version that has logged it.
func (e *Entry) fill(dir string, s *Source) (name string, err error) {
	if err := s.State.Checkpoint(e.d.PathJoin(dir, stateDir)); err != nil {
		return "", err
	}
	if err := s.Journal.Checkpoint(e.d.PathJoin(dir, journalDir)); err != nil {
		return "", err
	}
	m, err := e.o.describe(context.Background(), e.d, dir, KindSnapshot)
	if err != nil {
		return "", err
	}
	if m.Writer = (Writer{Build: Build{Version: "unknown"}}); e.was != nil {
		m.Writer = *e.was
	}
	b, err := m.encode()
	if err != nil {
		return "", err
	}
	if err := e.d.create(e.d.PathJoin(dir, manifest), b); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d-%s", m.Journal.Last, plain(m.Writer.Version)), e.d.syncDir(dir)
}

// plain keeps of a version what can stand in the name of a folder.
func plain(version string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".+-", r) {
			return r
		}
		return '_'
	}, version)
}

// snapshots are the folders of the snapshots, the latest first.
func (d disk) snapshots(dir string) ([]string, error) {
	all := d.PathJoin(dir, snapshotDir)
	names, err := d.List(all)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	type snapshot struct {
		seq uint64
		dir string
	}
	var found []snapshot
	for _, name := range names {
		number, _, _ := strings.Cut(name, "-")
		if seq, err := strconv.ParseUint(number, 10, 64); err == nil {
			found = append(found, snapshot{seq, d.PathJoin(all, name)})
		}
	}
	slices.SortFunc(found, func(a, b snapshot) int { return cmp.Or(cmp.Compare(b.seq, a.seq), cmp.Compare(b.dir, a.dir)) })
	dirs := make([]string, len(found))
	for i := range found {
		dirs[i] = found[i].dir
	}
	return dirs, nil
}

// prune removes the oldest snapshots.
func (e *Entry) prune() error {
	dirs, err := e.d.snapshots(e.dir)
	if err != nil {
		return err
	}
	for _, dir := range dirs[min(len(dirs), snapshotsKept):] {
		if err := e.d.RemoveAll(dir); err != nil {
			return err
		}
		e.o.Log.Info("old snapshot removed", "event", "snapshot.removed", "dir", dir)
	}
	return nil
}

// usable is the latest snapshot that this binary can read; "": there is none.
func (e *Entry) usable() string {
	dirs, err := e.d.snapshots(e.dir)
	if err != nil {
		return ""
	}
	for _, dir := range dirs {
		if m, err := readManifest(e.d, dir); err == nil && m.Writer.Formats.newer() == "" {
			return dir
		}
	}
	return ""
}
