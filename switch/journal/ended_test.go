package journal

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestLongReadingsEnd: who has enough of a long reading ends it, and is not told of
// damage.
func TestLongReadingsEnd(t *testing.T) {
	l := open(t, vfs.NewMem())
	defer l.Close()
	write(t, l, 3, 3, 3)
	flush(t, l)
	ctx, end := context.WithCancel(t.Context())
	groups := 0
	if _, err := l.Verify(ctx, func(uint64, uint64) { groups++; end() }); !errors.Is(err, context.Canceled) || groups != 1 {
		t.Errorf("verify went on to group %d: %v", groups, err)
	}
	if _, err := l.Verify(ctx, nil); !errors.Is(err, context.Canceled) || errors.Is(err, ErrDamaged) {
		t.Errorf("verify: %v", err)
	}
	if seg, err := l.Export(ctx, io.Discard, 1, 9, SegmentHeader{}); !errors.Is(err, context.Canceled) {
		t.Errorf("export: %+v, %v", seg, err)
	}
}
