package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestWatchCost: neighbours are compared with each other, so that a machine that
// becomes slow in the middle of a run says nothing about consoles; what could not be
// measured counts for neither side.
func TestWatchCost(t *testing.T) {
	s := func(ms, payments int) span {
		return span{cpu: time.Duration(ms) * time.Millisecond, payments: int64(payments), known: true}
	}
	var c WatchCost
	c.sum(
		[]span{s(102, 1000), s(408, 2000), {payments: 1000}, s(105, 1000)},
		[]span{s(100, 1000), s(400, 2000), s(1, 1000), s(100, 1000)},
	)
	if c.Spans != 3 || c.Ratio == nil || *c.Ratio != 1.02 || *c.Unwatched != 150 || *c.Watched != 153.75 {
		t.Errorf("%+v: ratio %v, %v to %v", c, value(c.Ratio), value(c.Unwatched), value(c.Watched))
	}
	if c.Within == nil || !*c.Within {
		t.Error("a ratio of 1.02 is not within the budget")
	}
	var dear WatchCost
	dear.sum([]span{s(106, 1000)}, []span{s(100, 1000)})
	if dear.Within == nil || *dear.Within {
		t.Errorf("a ratio of %v is within the budget", value(dear.Ratio))
	}
	var none WatchCost
	none.sum([]span{{}}, []span{s(1, 1)})
	if none.Spans != 0 || none.Ratio != nil || none.Within != nil {
		t.Errorf("a cost out of nothing: %+v", none)
	}
}

// TestStream: events are counted, and what is no stream of events is an error.
func TestStream(t *testing.T) {
	events := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/live":
			w.Header().Set("Content-Type", "text/event-stream")
			for _, part := range []string{"event: a\ndata: 1\n\nda", "ta: 2\n", "\n"} {
				_, _ = io.WriteString(w, part)
				w.(http.Flusher).Flush()
			}
			if r.Header.Get("Accept") == "text/event-stream" {
				<-r.Context().Done() // a stream has no end
			}
		case "/ends":
			w.Header().Set("Content-Type", "text/event-stream")
		}
	}))
	defer events.Close()
	a := Admin{URL: events.URL}
	ctx, stop := context.WithCancel(t.Context())
	got := 0
	err := a.stream(ctx, "/live", func() {
		if got++; got == 2 {
			stop()
		}
	})
	if err == nil || ctx.Err() == nil || got != 2 {
		t.Errorf("%d events, %v", got, err)
	}
	for page, want := range map[string]string{"/ends": "has ended", "/none": "/none: 200 OK, "} {
		if err := a.stream(t.Context(), page, func() {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", page, err)
		}
	}
}
