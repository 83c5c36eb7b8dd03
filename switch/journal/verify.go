package journal

import (
	"context"
	"fmt"

	"switchd/switch/storage"
)

// Report is what Verify has read.
type Report struct {
	Files   int    `json:"files"`   // sorted files, every block of them
	Groups  uint64 `json:"groups"`  // and what is in them
	Records uint64 `json:"records"` //
	Bytes   uint64 `json:"bytes"`   // of the groups
	First   uint64 `json:"first"`   // sequence numbers of the first record and of the last one
	Last    uint64 `json:"last"`    //
	FirstAt int64  `json:"first_at"`
	LastAt  int64  `json:"last_at"`
	Chain   Hash   `json:"chain"`     // hash of the last group
	Tree    uint64 `json:"tree"`      // leaves of the Merkle log
	Root    Hash   `json:"tree_root"` // and its root
}

// Progress says how far a long reading has come, in records.
type Progress func(done, of uint64)

// Verify reads everything: every block of every file against its checksum; every
// group against the one before it, by number, order, time and hash; every record
// against its checksum and the root of its group; every hash of the Merkle log
// against the groups. The write-ahead logs were read when the journal was opened.
// It reads what is there when it begins, as long as ctx lasts. progress may be nil.
// Safe for concurrent use.
func (l *PebbleLog) Verify(ctx context.Context, progress Progress) (Report, error) {
	var r Report
	last := l.Durable()
	snapshot := l.db.NewSnapshot()
	defer snapshot.Close()
	base, err := readBase(snapshot)
	if err != nil {
		return r, err
	}
	if r.Files, err = storage.VerifyTables(ctx, l.db, l.o.FS, l.dir, l.o.Pebble("journal")); err != nil {
		return r, tableError(ctx, err)
	}
	var t tree
	if err := readTree(snapshot, base.Groups, &t); err != nil {
		return r, err
	}
	hashes := levelReader{r: snapshot, from: base.Groups}
	defer hashes.close()
	var c checker
	r.First, r.Last, r.Chain = base.First, base.First-1, base.Chain
	err = walk(snapshot, base.First, last, func(h *head, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.records(value, h); err != nil {
			return err
		}
		if r.Groups == 0 {
			r.FirstAt = h.at
		}
		r.Groups, r.Records, r.Bytes = r.Groups+1, r.Records+uint64(h.count), r.Bytes+uint64(len(value))
		r.Last, r.LastAt, r.Chain = h.next()-1, h.at, chainHash(value)
		if progress != nil {
			progress(r.Records, max(last, r.Last)+1-base.First)
		}
		return t.addStored(leafHash(value[:headBytes]), hashes.expect)
	})
	if err == nil {
		err = hashes.ended()
	}
	r.Tree, r.Root = t.n, t.root()
	return r, err
}

// tableError is damage, unless it is that ctx has ended.
func tableError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
