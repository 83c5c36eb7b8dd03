package bench

import (
	"testing"
	"time"
)

// TestLateInTheWindow: a long warm-up in which all payments left in time does not make up
// for a window in which one in ten was late, nor one that was late spoil the window.
func TestLateInTheWindow(t *testing.T) {
	second := int64(time.Second)
	r := newLink(t, 2, 0).run
	r.o.Surge = Surge{Times: 2, For: time.Second}
	r.from.Store(100 * second)
	r.to.Store(101 * second)
	for n := range int64(10_000) {
		r.left(n*second/100, n*second/100)
	}
	for n := range int64(100) {
		late := int64(0)
		if n%10 == 0 {
			late = 30 * ms
		}
		due := r.from.Load() + n*10*ms
		r.left(due, due+late)
	}
	if r.late.TotalCount() != 100 || r.late.millis(99) < 29 {
		t.Errorf("of %d payments, p99 is %g ms", r.late.TotalCount(), r.late.millis(99))
	}
	out := Report{Rate: 100, Achieved: 100, SuccessRatio: 1, GeneratorLateP99: r.late.millis(99)}
	if out.judge(nil, 0, nil); out.Valid {
		t.Error("valid, though one payment in ten was late")
	}

	r.late = newHistogram()
	r.left(50*second, 60*second)
	r.left(r.to.Load(), r.to.Load()+ms)
	r.left(r.to.Load()+999*ms, r.to.Load()+second)
	if r.late.TotalCount() != 0 || r.surgeLate.TotalCount() != 2 || r.surgeSent != 1 {
		t.Errorf("%d outside the window are counted in it, %d behind it, %d while the surge lasted", r.late.TotalCount(), r.surgeLate.TotalCount(), r.surgeSent)
	}
}
