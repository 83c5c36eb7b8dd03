package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// partial is what is appended to the name of a backup until it is whole.
const partial = ".partial"

// Take writes a backup of s to out, which must not be there yet, and returns what
// it has written. The switch may go on working. When it fails, or ctx ends, nothing
// is left of it; when the process is killed, a folder out.partial is. One at a time
// for each data folder.
func Take(ctx context.Context, s *Source, out string, o Options) (*Manifest, error) {
	o = o.withDefaults()
	t := &taking{d: diskOf(o.FS), o: &o, s: s, out: out}
	m, err := t.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("backup to %s: %w", out, err)
	}
	return m, nil
}

// taking is one backup on its way.
type taking struct {
	d   disk
	o   *Options
	s   *Source
	out string
}

func (t *taking) take(ctx context.Context) (m *Manifest, err error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	t.o.Progress(Progress{Step: StepCheckpoint})
	staged, err := stage(t.d, t.s)
	defer t.clear(staged)
	if err != nil {
		return nil, err
	}
	if m, err = t.o.describe(ctx, t.d, staged, KindBackup); err != nil {
		return nil, err
	}
	if m.Writer, err = t.writer(); err != nil {
		return nil, err
	}
	if err := room(t.d, t.d.PathDir(t.out), m.Bytes+manifestRoom, "it"); err != nil {
		return nil, err
	}
	if err = t.write(ctx, staged, m); err != nil {
		return nil, errors.Join(err, t.d.RemoveAll(t.out+partial))
	}
	return m, t.name()
}

// clear removes what was staged. What stays holds disk space until the next backup
// or the next start, which remove it too.
func (t *taking) clear(staged string) {
	if err := t.d.RemoveAll(staged); err != nil {
		t.o.Log.Error("backup: the checkpoints it was made of cannot be removed", "event", "backup.staged", "dir", staged, "error", err)
	}
}

// name gives a whole backup its name. If that is not durable for sure, it is none.
func (t *taking) name() error {
	if err := t.d.Rename(t.out+partial, t.out); err != nil {
		return errors.Join(err, t.d.RemoveAll(t.out+partial))
	}
	if err := t.d.syncDir(t.d.PathDir(t.out)); err != nil {
		return errors.Join(err, t.d.RemoveAll(t.out))
	}
	return nil
}

// manifestRoom is room for backup.json and for what file systems need themselves.
const manifestRoom = 4 << 20

// check looks at what can be known before anything is done.
func (t *taking) check() error {
	if inside(t.out, t.s.Dir) {
		return fmt.Errorf("it would lie in the data folder %s, and be lost with it: name a folder elsewhere", t.s.Dir)
	}
	for _, path := range []string{t.out, t.out + partial} {
		there, err := t.d.there(path)
		if err != nil {
			return err
		}
		if there && path != t.out {
			return fmt.Errorf("%s %w: a backup was killed, or is being made; if it is not, remove that folder", path, ErrExists)
		}
		if there {
			return fmt.Errorf("%s %w: name a folder that is not there yet", path, ErrExists)
		}
	}
	if there, err := t.d.there(t.d.PathDir(t.out)); err != nil || !there {
		return errors.Join(fmt.Errorf("the folder %s that it is to lie in is not there", t.d.PathDir(t.out)), err)
	}
	return t.reserve()
}

// reserve refuses to go on when the data folder has no room to spare: what the
// checkpoints hold cannot be freed by the stores meanwhile.
func (t *taking) reserve() error {
	return room(t.d, t.s.Dir, t.o.Reserve, "the switch itself")
}

// writer is who wrote the data folder last; this binary, when it is not said.
func (t *taking) writer() (Writer, error) {
	w, err := readWriter(t.d, t.s.Dir)
	if w == nil {
		w = &Writer{Build: t.o.Build, Formats: ours}
	}
	return *w, err
}

// write copies what is staged, all of it durable.
func (t *taking) write(ctx context.Context, staged string, m *Manifest) error {
	dir := t.out + partial
	for _, store := range stores {
		if err := t.d.MkdirAll(t.d.PathJoin(dir, store), 0o700); err != nil {
			return err
		}
	}
	c := newCopier(t.d, t.o, StepCopy, m.Bytes)
	c.each = t.reserve
	for i := range m.Files {
		f := &m.Files[i]
		written, err := c.copy(ctx, t.d.path(staged, f.Path), t.d.path(dir, f.Path))
		if err != nil {
			return err
		}
		if err := f.compare(written); err != nil {
			return err
		}
		f.SHA256 = written.SHA256
	}
	b, err := m.encode()
	if err != nil {
		return err
	}
	if err := t.d.create(t.d.PathJoin(dir, manifest), b); err != nil {
		return err
	}
	for _, store := range stores {
		if err := t.d.syncDir(t.d.PathJoin(dir, store)); err != nil {
			return err
		}
	}
	return t.d.syncDir(dir)
}

// describe says what the stores below dir are. It opens them to look only.
func (o *Options) describe(ctx context.Context, d disk, dir, kind string) (*Manifest, error) {
	m := &Manifest{Format: Format, Kind: kind, MadeAt: time.Unix(0, o.Clock()).UTC().Format(time.RFC3339Nano)}
	m.sealed(o.Keys)
	names, err := d.list(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		info, err := d.Stat(d.path(dir, name))
		if err != nil {
			return nil, err
		}
		m.Files = append(m.Files, File{Path: name, Bytes: info.Size()})
		m.Bytes += info.Size()
	}
	if m.Journal, err = o.extent(ctx, d, dir); err != nil {
		return nil, err
	}
	return m, o.describeRows(ctx, d, dir, m)
}

// describeRows says what the rows below dir are. A snapshot must be quick, and has
// no hash of them. There may be none: they were taken away, to be made again, or the
// switch was killed before it had written any.
func (o *Options) describeRows(ctx context.Context, d disk, dir string, m *Manifest) (err error) {
	switch {
	case !slices.ContainsFunc(m.Files, func(f File) bool { return strings.HasPrefix(f.Path, stateDir+"/"+storeMarker) }):
	case m.Kind == KindBackup:
		if m.StateHash, m.Applied, err = o.hash(ctx, d, dir); m.Applied == 0 {
			m.StateHash = ""
		}
	default:
		m.Applied, err = o.applied(ctx, d, dir)
	}
	if err == nil && (m.Applied > m.Journal.Last || m.Applied+1 < m.Journal.First) {
		err = fmt.Errorf("the rows are the effect of the events up to %d, the journal has %d to %d: they do not belong together", m.Applied, m.Journal.First, m.Journal.Last)
	}
	return err
}
