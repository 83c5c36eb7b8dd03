package bench

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"
)

// surging are options of a run of 1 s at 100, 2 s at 300 and 5 s at 100 payments a second.
func surging(t *testing.T) *Options {
	o := options(t, 2)
	o.Rate, o.Warmup, o.Duration = 100, 0, time.Second
	o.Surge = Surge{Times: 3, For: 2 * time.Second}
	return &o
}

// TestSurgePlan: each payment has one time, later than the one before, at the rate of its
// part.
func TestSurgePlan(t *testing.T) {
	s := surging(t).plan(77)
	if s.count != 100+600+500 || s.until != 77+8*int64(time.Second) {
		t.Fatalf("%d payments until %d", s.count, s.until)
	}
	for n := int64(1); n < s.count; n++ {
		gap := time.Duration(s.due(n) - s.due(n-1))
		want := 10 * time.Millisecond
		if n > 100 && n < 700 {
			want = 3333333 * time.Nanosecond
		}
		if n != 700 && (gap < want-1 || gap > want+1) {
			t.Errorf("payment %d is due %v after the one before, want %v", n, gap, want)
		}
	}
	for at, want := range map[int64]int64{77: 0, 77 + 1e9: 100, 77 + 1e9 + 1: 101, 77 + 3e9: 700, 77 + 8e9: s.count, 1 << 62: s.count} {
		if got := s.firstAfter(at); got != want {
			t.Errorf("the first from %d on is %d, want %d", at, got, want)
		}
	}
}

// surgedRun is a run after a surge; answer says what became of a payment by its time from
// the begin of the surge: how long it took, and its code; "": no answer.
func surgedRun(t *testing.T, answer func(due int64) (took time.Duration, code string)) (*run, *facts) {
	r := newLink(t, 2, 0).run
	r.o = surging(t)
	r.from.Store(0)
	r.to.Store(int64(time.Second))
	f := &facts{plan: r.o.plan(0)}
	l := r.links[0]
	l.tally = newTallyOf(r.o, 2)
	r.links[1].tally = newTallyOf(r.o, 2)
	for n := range f.plan.count {
		due := f.plan.due(n) - r.to.Load()
		if took, code := answer(due); code != "" {
			l.tally.surge.answer(due, due+int64(took), fateDone, ending{code: []byte(code)})
		}
	}
	return r, f
}

// TestSurge: what was kept, refused and never answered, and when all is as before.
func TestSurge(t *testing.T) {
	const second = int64(time.Second)
	r, f := surgedRun(t, func(due int64) (time.Duration, string) {
		switch {
		case due < 0:
			return time.Millisecond, "00"
		case due < 2*second && due%7 == 0:
			return time.Millisecond, "91"
		case due < 2*second:
			return 400 * time.Millisecond, "00"
		case due < 3*second:
			return 300 * time.Millisecond, "00" // the backlog of the surge
		}
		return 5 * time.Millisecond, "00"
	})
	out := Report{P99: 20}
	r.surged(f, &out)
	s := out.Surge
	if s.Rate != 300 || s.Payments != 600 || s.Success+s.Refused != 600 || s.Refused == 0 || len(s.Refusals) != 1 || s.Refusals[0].Code != "91" || s.Unanswered != 0 {
		t.Errorf("%+v", s)
	}
	// Of the success of the surge the last 0.4 s were answered after it.
	if want := 0.8 * float64(s.Success) / 2; math.Abs(s.Kept-want) > want/20 || math.Abs(s.KeptRatio-s.Kept/100) > 1e-9 {
		t.Errorf("kept %g, want about %g; ratio %g", s.Kept, want, s.KeptRatio)
	}
	if s.Back == nil || *s.Back != 1 || !strings.HasPrefix(s.NotNormal, "second 1 after it: of 100 payments 100 were answered, 100 ") || s.Normal != 100 || s.P99 < 399 || s.Max != 400 {
		t.Errorf("back after %v, normal is %g, p99 %g, max %g", s.Back, s.Normal, s.P99, s.Max)
	}
	out.Rate, out.Achieved, out.SuccessRatio = 100, 100, 1
	if out.judge(nil, 0, nil); !out.Valid {
		t.Error(out.Reasons)
	}
}

// TestSurgeOfFates: what a bank is meant to decline is not refused by the switch, and what
// one is silent about is not slow; told otherwise than they should, they are.
func TestSurgeOfFates(t *testing.T) {
	const second = int64(time.Second)
	for name, c := range map[string]struct {
		declined, silent string
		refused          int64
		back             bool
	}{"as they should": {"51", "68", 0, true}, "declined by another": {"91", "68", 60, false}, "a success that nobody made": {"51", "00", 60, false}} {
		r, f := surgedRun(t, func(int64) (time.Duration, string) { return 0, "" })
		s := r.links[0].tally.surge
		for n := range f.plan.count {
			due := f.plan.due(n) - r.to.Load()
			switch n % 10 {
			case 0:
				s.answer(due, due+int64(time.Millisecond), fateNoFunds, ending{code: []byte(c.declined)})
			case 1:
				s.answer(due, due+4*second, fateDebitSilent, ending{code: []byte(c.silent)})
			default:
				s.answer(due, due+int64(time.Millisecond), fateDone, ending{code: []byte("00")})
			}
		}
		var out Report
		r.surged(f, &out)
		if s := out.Surge; s.Refused != c.refused || s.Success != 600-c.refused || s.Unanswered != 0 || (s.Back != nil) != c.back || s.Max != 1 {
			t.Errorf("%s: %+v", name, s)
		}
		// One in ten is told after the surge.
		if s := out.Surge; c.refused == 0 && s.Kept != 540/2 {
			t.Errorf("%s: kept %g", name, s.Kept)
		}
	}
}

// TestSurgeNotBack: a second in which one payment in a hundred is refused, slow or not
// answered is not as before, and neither are those in front of it.
func TestSurgeNotBack(t *testing.T) {
	const second = int64(time.Second)
	for name, last := range map[string]func() (time.Duration, string){
		"refused": func() (time.Duration, string) { return 0, "91" }, "slow": func() (time.Duration, string) { return time.Second, "00" }, "silent": func() (time.Duration, string) { return 0, "" },
	} {
		r, f := surgedRun(t, func(due int64) (time.Duration, string) {
			if due > 6*second && due < 6*second+50e6 {
				return last()
			}
			return time.Millisecond, "00"
		})
		var out Report
		if r.surged(f, &out); out.Surge.Back != nil {
			t.Errorf("%s: back after %g s", name, *out.Surge.Back)
		}
		if got, want := out.Surge.NotNormal, map[string]string{
			"refused": "100 were answered, 96 as they should, p99 up to 1 ms", "slow": "100 were answered, 100 as they should, p99 up to 1010 ms", "silent": "96 were answered, 96 as they should, p99 up to 1 ms",
		}[name]; !strings.HasSuffix(got, "of 100 payments "+want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := out.Surge.Unanswered; (got != 0) != (name == "silent") {
			t.Errorf("%s: %d were not answered", name, got)
		}
		out.Rate, out.Achieved, out.SuccessRatio = 100, 100, 1
		if out.judge(nil, 0, nil); out.Valid == (name == "silent") {
			t.Errorf("%s: valid %t, %q", name, out.Valid, out.Reasons)
		}
	}
}

// TestSurgeOptions: what cannot be meant is refused.
func TestSurgeOptions(t *testing.T) {
	for name, bend := range map[string]func(*Options){
		"once": func(o *Options) { o.Surge.Times = 1 }, "too high": func(o *Options) { o.Rate = 400_000 }, "too short": func(o *Options) { o.Surge.For = time.Millisecond },
		"with a kill": func(o *Options) { o.Duration = time.Minute; o.Kill = killing() },
	} {
		o := surging(t)
		o.Address, o.Admin.URL, o.Clock = "x", "x", func() int64 { return 0 }
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		if bend(o); o.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	o := surging(t)
	o.Address, o.Admin.URL, o.Clock, o.Surge, o.Kill = "x", "x", func() int64 { return 0 }, Surge{}, killing()
	if o.Validate() == nil {
		t.Error("a kill a second before the end of the window is taken")
	}
}

func killing() Kill {
	return Kill{At: time.Second / 2, Kill: func() error { return nil }, Start: func(context.Context) (string, Admin, error) { return "", Admin{}, nil }}
}
