package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// steady has payments answered each millisecond of the window but in the given gap.
func (r *run) steady(from, to int64) {
	for at := int64(990); at < 2010; at++ {
		if at <= from || at >= to {
			r.answersAt(at)
		}
	}
}

// TestStallLengths: pauses of 10 ms count, those of 50 ms are listed.
func TestStallLengths(t *testing.T) {
	for length, want := range map[int64]struct {
		own    float64
		listed int
	}{9: {0, 0}, 10: {10, 0}, 49: {49, 0}, 50: {50, 1}} {
		r, f := stalledRun(t)
		r.steady(1500, 1500+length)
		var out Report
		if r.stalls(f, &out); *out.StallMaxOwn != want.own || len(out.Stalls) != want.listed {
			t.Errorf("%d ms: longest of its own %v, %+v", length, *out.StallMaxOwn, out.Stalls)
		}
	}
}

// TestStallsOfAKill: a switch that was killed answers nothing, which is no stall.
func TestStallsOfAKill(t *testing.T) {
	r, f := stalledRun(t)
	r.steady(1200, 1500)
	r.out.at = interval{1250 * ms, 1450 * ms}
	var out Report
	if r.stalls(f, &out); *out.StallMaxOwn != 0 || out.StallCount != 0 {
		t.Errorf("%+v", out.Stalls)
	}
	r.out.at = interval{1500 * ms, 1600 * ms}
	if r.stalls(f, &out); out.StallCount != 1 {
		t.Errorf("a stall beside the time that it was gone is not told: %+v", out.Stalls)
	}
}

// TestStallBehindTheWindow: behind it the only payments left are those that banks were
// silent about, and a pause there says nothing.
func TestStallBehindTheWindow(t *testing.T) {
	for silence, want := range map[float64]float64{0: 300, 0.1: 100} {
		r, f := stalledRun(t)
		r.o.Silence = silence
		r.steady(1900, 5000)
		r.answersAt(2200)
		var out Report
		if r.stalls(f, &out); len(out.Stalls) != 1 || out.Stalls[0].Ms != want {
			t.Errorf("silence %g: %+v", silence, out.Stalls)
		}
	}
}

// TestStallsUnknown: where nobody has watched, nothing is said.
func TestStallsUnknown(t *testing.T) {
	r, f := stalledRun(t)
	r.steady(1200, 1500)
	f.probe = nil
	var out Report
	if r.stalls(f, &out); out.StallMaxOwn != nil || len(out.Stalls) != 0 {
		t.Errorf("%+v", out)
	}
}

// TestAnswersAreNoticed: each burst with an answer to an own payment ends a pause, and one
// without does not.
func TestAnswersAreNoticed(t *testing.T) {
	l := newLink(t, 2, 0)
	for n, at := range []int64{100, 200} {
		l.run.open.open(int64(n+1), 1, &order{payer: 0, payee: 1, amount: 800})
		if _, err := l.burst(l.answerOf(t, int64(n+1), 800), at*ms); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.burst(l.answerOf(t, 2, 800), 300*ms); err != nil { // it is answered already
		t.Fatal(err)
	}
	if all := l.run.gaps.long.list(); len(all) != 1 || all[0] != (interval{100 * ms, 200 * ms}) || l.run.gaps.last.Load() != 200*ms {
		t.Errorf("%v, the last answer at %d", all, l.run.gaps.last.Load())
	}
}

// pages answers each question for pauses with the next of them, and then with nothing new.
func pages(t *testing.T, asked *[]string, answers ...string) Admin {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if *asked = append(*asked, q.URL.RawQuery); len(*asked) <= len(answers) {
			fmt.Fprint(w, answers[len(*asked)-1])
			return
		}
		fmt.Fprint(w, `{"next": 1}`)
	}))
	t.Cleanup(server.Close)
	return Admin{URL: server.URL}
}

// TestPausesOfARestart: a switch that was started again counts its syncs from the begin;
// all of them are read, and what it has not told of before is not lost by it.
func TestPausesOfARestart(t *testing.T) {
	_, f := stalledRun(t)
	var asked []string
	w := f.syncs
	w.next, w.known = 500, true
	w.poll(t.Context(), pages(t, &asked, `{"next": 3}`, `{"next": 3, "lost": 7, "sync_end": [1200000000, 1300000000], "sync_ns": [1, 2]}`))
	if strings.Join(asked, " ") != "since=500 since=0" || w.count != 2 || w.lost != 0 || w.next != 3 {
		t.Errorf("asked %q: %d syncs, %d lost, the next is %d", asked, w.count, w.lost, w.next)
	}
}

// TestPausesLost: what was forgotten before the window began is not of it.
func TestPausesLost(t *testing.T) {
	_, f := stalledRun(t)
	w := f.syncs
	w.known = true
	w.take(&pauses{Next: 9, Lost: 5, SyncEnd: []int64{900 * ms, 1200 * ms}, SyncNs: []int64{1, 1}})
	if w.count != 1 || w.lost != 0 {
		t.Errorf("%d syncs, %d lost", w.count, w.lost)
	}
}

// TestPausesInPages: a full answer is asked for its rest at once.
func TestPausesInPages(t *testing.T) {
	_, f := stalledRun(t)
	full := strings.TrimSuffix(strings.Repeat("1500000000,", pausesPageMax), ",")
	var asked []string
	f.syncs.poll(t.Context(), pages(t, &asked, `{"next": 4096, "sync_end": [`+full+`], "sync_ns": [`+full+`]}`, `{"next": 4097, "sync_end": [1600000000], "sync_ns": [1]}`))
	if strings.Join(asked, " ") != "since=0 since=4096" || f.syncs.count != pausesPageMax+1 {
		t.Errorf("asked %q: %d syncs", asked, f.syncs.count)
	}
}

// TestStopsOnce: the switch tells its latest stops again and again; each counts once.
func TestStopsOnce(t *testing.T) {
	_, f := stalledRun(t)
	for range 3 {
		f.syncs.take(&pauses{GCEnd: []int64{1400 * ms, 1500 * ms}, GCNs: []int64{20 * ms, 30 * ms}})
	}
	if n := f.syncs.stops.TotalCount(); n != 2 || len(f.syncs.stopped.list()) != 2 {
		t.Errorf("%d stops", n)
	}
}
