package sim

import (
	"math/rand/v2"
	"testing"
)

// TestAgenda: by time, then by the order of adding.
func TestAgenda(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var a agenda
	type done struct {
		at    int64
		order int
	}
	var all []done
	for i := range 500 {
		at := rng.Int64N(40)
		do := func() { all = append(all, done{at, i}) }
		if i%3 == 0 {
			a.addBackground(at, do)
		} else {
			a.add(at, do)
		}
	}
	for len(a.items) > 0 {
		it := a.take()
		it.do()
	}
	for i := 1; i < len(all); i++ {
		if x, y := all[i-1], all[i]; y.at < x.at || (y.at == x.at && y.order < x.order) {
			t.Fatalf("%+v after %+v", y, x)
		}
	}
	if len(all) != 500 || a.waiting != 0 {
		t.Errorf("%d done, %d waiting", len(all), a.waiting)
	}
}
