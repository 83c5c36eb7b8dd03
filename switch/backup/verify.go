package backup

import (
	"context"
	"fmt"
	"slices"
)

// Verify reads all of a backup: every file against its hash, every group of the
// journal against its checksums, its root and the chain, and, when the keys are
// given or none are needed, the rows against their hash. It changes nothing, and
// needs no medium that can be written.
func Verify(ctx context.Context, dir string, o Options) (*Manifest, error) {
	o = o.withDefaults()
	d := diskOf(o.FS)
	m, err := o.open(d, dir)
	if err != nil {
		return nil, err
	}
	c := newCopier(d, &o, StepVerify, m.Bytes)
	for i := range m.Files {
		if err := c.check(ctx, d.path(dir, m.Files[i].Path), "", &m.Files[i]); err != nil {
			return nil, fmt.Errorf("backup %s: %w", dir, err)
		}
	}
	err = o.verifyJournal(ctx, d, dir, m)
	if err == nil && m.StateHash != "" && (o.Keys != nil || len(m.Keys) == 0) {
		err = o.verifyRows(ctx, d, dir, m)
	}
	if err != nil {
		return nil, fmt.Errorf("backup %s: %w", dir, err)
	}
	return m, nil
}

// open reads what a backup says of itself, and refuses one that this binary cannot
// read, or whose files are not those that it names.
func (o *Options) open(d disk, dir string) (*Manifest, error) {
	m, err := readManifest(d, dir)
	if err != nil {
		return nil, err
	}
	if newer := m.Writer.Formats.newer(); newer != "" {
		return nil, fmt.Errorf("backup %s was written by version %s, which is newer than this one (%s): %s; use that version", dir, m.Writer.Version, o.Build.Version, newer)
	}
	if o.Keys != nil {
		if err := m.CheckKeys(o.Keys); err != nil {
			return nil, fmt.Errorf("backup %s: %w", dir, err)
		}
	}
	names, err := d.list(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for _, f := range m.Files {
		if !slices.Contains(names, f.Path) {
			return nil, fmt.Errorf("%w: %s is missing in %s", ErrDamaged, f.Path, dir)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(m.Files, func(f File) bool { return f.Path == name }) {
			return nil, fmt.Errorf("%w: %s in %s does not belong to it", ErrDamaged, name, dir)
		}
	}
	return m, nil
}
