package bench

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// loaded has an accounted run send its payments by the clock to nobody, with a warm-up of
// 20 ms and a window of 60 ms.
func loaded(t *testing.T, admin http.HandlerFunc) *accounted {
	a := newAccounted(t)
	server := httptest.NewServer(admin)
	t.Cleanup(server.Close)
	a.o.Admin = Admin{URL: server.URL}
	a.o.Rate, a.o.Warmup, a.o.Duration, a.o.Drain = 1000, 20*time.Millisecond, 60*time.Millisecond, time.Minute
	a.o.Clock = func() int64 { return time.Now().UnixNano() }
	return a
}

// TestLoadWithASlowAdminPort: a switch that is slow to tell its figures at the begin of the
// window does not move the end of it.
func TestLoadWithASlowAdminPort(t *testing.T) {
	var questions, together atomic.Int32
	second := make(chan struct{})
	a := loaded(t, func(_ http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/metrics" {
			return
		}
		if questions.Add(1) == 2 {
			close(second)
			return
		}
		select {
		case <-second:
			together.Add(1)
		case <-q.Context().Done():
		}
	})
	f := a.loadUntil(t.Context(), t.Context())
	if together.Load() != 1 || f.first.Err != nil {
		t.Errorf("the end of the window waited for the figures of its begin: %v", f.first.Err)
	}
	if f.unsent != 80 || f.measured != 60 || a.sent.Load() != 80 || f.ended < a.to.Load() {
		t.Errorf("%d payments left, %d of them in the window, %d were sent", f.unsent, f.measured, a.sent.Load())
	}
	if n := a.late.TotalCount(); n != 60 {
		t.Errorf("it is known of %d payments how late they left, want 60", n)
	}
}

// TestLoadCutShort: a run whose link is lost in its warm-up says that, and not that 0.0
// payments a second were achieved.
func TestLoadCutShort(t *testing.T) {
	for want, into := range map[string]int64{"before the window began: lost": -1, "400ms into the window of 1s: lost": 400 * ms, "ended before its time: lost": 2000 * ms} {
		a := newAccounted(t)
		a.f.ended = a.from.Load() + into
		a.f.failure = a.cutShort(a.f, errors.New("lost"))
		a.agree()
		r := a.report(a.f)
		if text := strings.Join(r.Reasons, "; "); r.Valid || !strings.Contains(text, want) || strings.Contains(text, "achieved") {
			t.Errorf("want %s, got %s", want, text)
		}
	}
	a := loaded(t, func(http.ResponseWriter, *http.Request) {})
	work, lose := context.WithCancelCause(t.Context())
	lose(errors.New("lost"))
	if f := a.loadUntil(t.Context(), work); f.ended > a.from.Load() || f.unsent == f.plan.count || a.cutShort(f, nil) != nil {
		t.Errorf("it ended at %d of a window from %d on, with %d payments left", f.ended, a.from.Load(), f.unsent)
	}
}

// TestFirstSummary: a switch that is too busy to look is asked again, one that refuses is
// not.
func TestFirstSummary(t *testing.T) {
	var asked atomic.Int32
	a := loaded(t, func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1, 2:
			_, _ = w.Write([]byte(`{}`))
		case 3:
			_, _ = w.Write([]byte(`{"participants": [{"id": "A"}]}`))
		default:
			http.Error(w, "no", http.StatusForbidden)
		}
	})
	if s, err := a.firstSummary(t.Context()); err != nil || len(s.Participants) != 1 || asked.Load() != 3 {
		t.Errorf("%+v, %v after %d questions", s, err, asked.Load())
	}
	if _, err := a.firstSummary(t.Context()); err == nil || asked.Load() != 4 {
		t.Errorf("%v after %d questions", err, asked.Load())
	}
}
