package bench

import (
	"slices"
	"testing"
	"time"
)

// TestSilenceAtTheEnds: of the payments that a bank was silent about only those count that
// are answered on the other side of an end of the window than they were due.
func TestSilenceAtTheEnds(t *testing.T) {
	const second = int64(time.Second)
	for name, c := range map[string]struct {
		due, now int64 // seconds; the window is from 10 to 20
		fate     fate
		code     string
		want     int64
	}{
		"inside":                    {12, 15, fateDebitSilent, "68", 0},
		"at the last moment inside": {10, 19, fateDebitSilent, "68", 0},
		"behind":                    {18, 21, fateDebitSilent, "68", 1},
		"just behind":               {17, 20, fateDebitSilent, "68", 1},
		"from before":               {8, 11, fateDebitSilent, "68", -1},
		"from just before":          {9, 10, fateDebitSilent, "68", -1},
		"before":                    {5, 8, fateDebitSilent, "68", 0},
		"after":                     {20, 23, fateDebitSilent, "68", 0},
		"over all of it":            {9, 20, fateDebitSilent, "68", 0},
		"behind, a bank answered":   {18, 21, fateDone, "00", 0},
		"behind, a wrong end":       {18, 21, fateDebitSilent, "00", 0},
	} {
		o := options(t, 2)
		o.Silence = 0.1
		r := newLinks(o)
		r.from.Store(10 * second)
		r.to.Store(20 * second)
		l := r.links[0]
		l.count(1, opened{number: 1, due: c.due * second, amount: 8*fates + int64(c.fate), payee: 1}, c.now*second, ending{code: []byte(c.code)})
		all := newTally(2)
		all.merge(&l.tally)
		all.merge(&l.tally)
		if all.carried != 2*c.want {
			t.Errorf("%s: %d of two, want %d", name, all.carried, 2*c.want)
		}
	}
	// However many were silent: a switch that answers four fifths has not achieved the rate.
	for _, c := range []struct {
		achieved float64
		carried  int64
		valid    bool
	}{{800, 0, false}, {800, 1899, false}, {800, 1900, true}, {1000, 0, true}, {1000, -101, false}, {1000, -100, true}} {
		out := Report{Rate: 1000, Duration: 10, SuccessRatio: 1, Achieved: c.achieved, Silent: 2000, SilentCarried: c.carried}
		if out.judge(nil, 0, nil); out.Valid != c.valid {
			t.Errorf("%+v: valid %t", c, out.Valid)
		}
	}
}

// TestNoRoom: a payment that finds as many open as there may be was not sent, and its
// customer waits until the end.
func TestNoRoom(t *testing.T) {
	const second = int64(time.Second)
	o := options(t, 2)
	o.Surge = Surge{Times: 2, For: time.Second}
	r := newLinks(o)
	r.from.Store(10 * second)
	r.to.Store(20 * second)
	s := sender{run: r, dealer: newDealer(r.o)}
	for _, at := range r.stations {
		s.speakers = append(s.speakers, newSpeaker(at))
	}
	slots := r.open.mask + 1
	for _, due := range []int64{5, 12, 18, 20} {
		n := due // the first of each two takes the room of the second
		s.send(n, due*second, due*second)
		s.send(n+slots, due*second, due*second)
	}
	if r.overrun != 4 || r.sent.Load() != 4 || r.surgeSent != 1 || r.late.TotalCount() != 2 {
		t.Errorf("%d found no room, %d were sent, %d in the surge, the lateness of %d is known", r.overrun, r.sent.Load(), r.surgeSent, r.late.TotalCount())
	}
	all := newHistogram()
	all.record(second)
	all.mergeLater(&r.overran, 15*second) // the wait for answers ended at 35 s
	var got []int64
	for _, bar := range all.Distribution() {
		if bar.Count > 0 {
			got = append(got, (bar.To+50_000)/100_000)
		}
	}
	if all.TotalCount() != 3 || !slices.Equal(got, []int64{10, 170, 230}) || all.max != 23*second {
		t.Errorf("%d, tenths of a second: %d, at most %d ns", all.TotalCount(), got, all.max)
	}
	all.mergeLater(&r.overran, 1000*second) // beyond the range
	if none := newHistogram(); all.TotalCount() != 5 {
		t.Errorf("%d are counted", all.TotalCount())
	} else if none.mergeLater(&histogram{Histogram: newHistogram().Histogram}, second); none.max != 0 || none.TotalCount() != 0 {
		t.Error("of none there is one")
	}
}
