package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// VerifyTables reads every block of the sorted files of a database in dir, also those
// parts that no reading of its rows touches, so that a damaged one is named. It
// returns how many files there are. options are those of Pebble.
func VerifyTables(ctx context.Context, db *pebble.DB, disk FS, dir string, options *pebble.Options) (files int, err error) {
	seen, gone := map[string]bool{}, map[string]bool{}
	for again := true; again; {
		again = false
		levels, err := db.SSTables()
		if err != nil {
			return 0, err
		}
		for _, table := range slices.Concat(levels...) {
			path := disk.PathJoin(dir, fmt.Sprintf("%s.sst", table.BackingSSTNum))
			if seen[path] {
				continue
			}
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			switch err := verifyTable(ctx, disk, path, options); {
			case errors.Is(err, fs.ErrNotExist) && !gone[path]:
				gone[path], again = true, true // a compaction has replaced it, or it is lost: look once more
			case err != nil:
				return 0, fmt.Errorf("%s: %w", path, Sentence(err))
			default:
				seen[path] = true
			}
		}
	}
	return len(seen), nil
}

func verifyTable(ctx context.Context, disk FS, path string, options *pebble.Options) error {
	f, err := disk.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		_ = f.Close()
		return err
	}
	reader, err := sstable.NewReader(ctx, readable, options.MakeReaderOptions())
	if err != nil {
		_ = readable.Close()
		return err
	}
	err = reader.ValidateBlockChecksums()
	if closing := reader.Close(); err == nil {
		err = closing
	}
	return err
}
