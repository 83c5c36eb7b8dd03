package crash

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestScriptPlays(t *testing.T) {
	s := newScript(1, 2000)
	fs := vfs.NewCrashableMem()
	r := newRun(s, place{fs: fs})
	r.restarts = []int{500, 1000, 1500}
	if err := r.play(); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.o.faults {
		t.Error(f)
	}
	v := judge(fs, s, r.moment(func() {}))
	t.Logf("steps %d, heard %d, %+v", r.o.step, r.heard, v)
}
