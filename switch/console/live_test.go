package console

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long a test waits for a sign before it gives up.
const patience = 90 * time.Second

// handTicked is a hub that a test ticks, and which tells how often it has drawn.
func handTicked(frame func(string) []byte) (h *hub, ticks chan time.Time, stopped chan struct{}) {
	h, ticks, stopped = newHub(frame), make(chan time.Time), make(chan struct{}, 8)
	h.ticks = func() (<-chan time.Time, func()) { return ticks, func() { stopped <- struct{}{} } }
	return h, ticks, stopped
}

func take(t *testing.T, r *reader) string {
	t.Helper()
	select {
	case frames, more := <-r.frames:
		if !more {
			return "dropped"
		}
		return string(frames)
	case <-time.After(patience):
		t.Fatal("nothing has come")
		return ""
	}
}

func newReader(topics ...string) *reader {
	return &reader{topics: topics, frames: make(chan []byte, framesMax), kick: func() {}}
}

// TestFanOut has many readers cost one drawing.
func TestFanOut(t *testing.T) {
	var drawn atomic.Int64
	h, ticks, stopped := handTicked(func(topic string) []byte { return fmt.Appendf(nil, "%s %d", topic, drawn.Add(1)) })
	var all []*reader
	for range readersMax {
		r := newReader("head")
		if !h.join(r) {
			t.Fatal("not all that may be are taken in")
		}
		all = append(all, r)
	}
	if h.join(newReader("head")) {
		t.Error("one more than may be is taken in")
	}
	for _, r := range all {
		if got := take(t, r); got != "head 1" {
			t.Fatalf("first %q", got)
		}
	}
	ticks <- time.Time{}
	for _, r := range all {
		if got := take(t, r); got != "head 2" {
			t.Fatalf("then %q", got)
		}
	}
	if n := drawn.Load(); n != 2 {
		t.Errorf("drawn %d times for %d readers and 2 looks", n, readersMax)
	}
	for _, r := range all {
		h.leave(r)
	}
	ticks <- time.Time{}
	<-stopped
	if n := drawn.Load(); n != 2 {
		t.Errorf("drawn %d times though nobody looks", n)
	}
	// The next one begins anew, with nothing of before.
	r := newReader("head")
	h.join(r)
	if got := take(t, r); got != "head 3" {
		t.Errorf("the next reader gets %q", got)
	}
	h.leave(r)
	ticks <- time.Time{}
	<-stopped
}

// TestOnlyChanges has what is the same not sent again, and a reader who comes later have
// all of it at once.
func TestOnlyChanges(t *testing.T) {
	n := map[string]int{}
	h, ticks, stopped := handTicked(func(topic string) []byte {
		n[topic]++
		if topic == "still" {
			return []byte("still ")
		}
		return fmt.Appendf(nil, "%s%d ", topic, n[topic])
	})
	first := newReader("head", "still")
	h.join(first)
	if got := take(t, first); got != "head1 still " {
		t.Errorf("%q", got)
	}
	ticks <- time.Time{}
	if got := take(t, first); got != "head2 " {
		t.Errorf("%q", got)
	}
	second := newReader("still", "other")
	h.join(second)
	if got := take(t, second); got != "still " {
		t.Errorf("%q", got)
	}
	ticks <- time.Time{}
	if got := take(t, second); got != "other1 " {
		t.Errorf("%q", got)
	}
	h.leave(first)
	h.leave(second)
	ticks <- time.Time{}
	<-stopped
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.latest) != 0 {
		t.Errorf("%d topics are kept though nobody looks", len(h.latest))
	}
}

// TestSlowReader has who does not read be dropped, and nobody wait for him.
func TestSlowReader(t *testing.T) {
	var n, kicked atomic.Int64
	h, ticks, stopped := handTicked(func(string) []byte { return fmt.Append(nil, n.Add(1)) })
	slow, quick := newReader("head"), newReader("head")
	slow.kick = func() { kicked.Add(1) }
	h.join(slow)
	h.join(quick)
	take(t, quick)
	for i := range framesMax {
		ticks <- time.Time{}
		if got := take(t, quick); got != fmt.Sprint(i+2) {
			t.Fatalf("the quick one gets %q", got)
		}
	}
	for i := range framesMax {
		if got := take(t, slow); got != fmt.Sprint(i+1) {
			t.Errorf("the slow one gets %q", got)
		}
	}
	if got := take(t, slow); got != "dropped" || kicked.Load() != 1 {
		t.Errorf("the slow one gets %q, kicked %d times", got, kicked.Load())
	}
	h.leave(slow)
	h.leave(quick)
	ticks <- time.Time{}
	<-stopped
}

// TestStream reads events from a server, with a deadline on writes as in front of the
// console.
func TestStream(t *testing.T) {
	f := newFake()
	server := httptest.NewUnstartedServer(newSite(f, viewer))
	server.Config.WriteTimeout = 30 * time.Second
	server.Start()
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/console/live?topics=head,sample,overview,participants,alerts,participant:BANKB,participant:NOBODY", nil)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("%d %s", answer.StatusCode, kind)
	}
	seen := map[string]string{}
	lines := bufio.NewScanner(answer.Body)
	for name := ""; lines.Scan() && len(seen) < 7; {
		if event, is := strings.CutPrefix(lines.Text(), "event: "); is {
			name = event
		} else if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			seen[name] += data
		} else {
			continue
		}
	}
	for topic, word := range map[string]string{"head": `"badges":{"alerts":3,"approvals":2,"exceptions":2}`, "sample": `"per_second":`, "overview": "PAYCO", "participants": `id="matrix"`,
		"alerts": "docs/runbooks", "participant:BANKB": "half-open", "fault": "No participant is called"} {
		if !strings.Contains(seen[topic], word) {
			t.Errorf("%s: no %q in %.200q", topic, word, seen[topic])
		}
	}
}

// TestStreamEnds has a stream end with its browser, and the drawing with the last stream.
func TestStreamEnds(t *testing.T) {
	s := newFake()
	c := &console{Options: Options{Source: s}.withDefaults()}
	_, c.fragments = templates()
	var ticks chan time.Time
	var stopped chan struct{}
	c.live, ticks, stopped = handTicked(c.frame)
	server := httptest.NewServer(http.HandlerFunc(c.serveLive))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /console/live?topics=head HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := conn.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for {
		select {
		case ticks <- time.Time{}:
		case <-stopped:
			return
		case <-time.After(patience):
			t.Fatal("the drawing goes on though nobody looks")
		}
	}
}

func TestFull(t *testing.T) {
	s := newFake()
	c := &console{Options: Options{Source: s}.withDefaults()}
	_, c.fragments = templates()
	c.live, _, _ = handTicked(c.frame)
	for range readersMax {
		c.live.join(newReader("head"))
	}
	server := httptest.NewServer(http.HandlerFunc(c.serveLive))
	defer server.Close()
	answer, err := http.Get(server.URL + "?topics=head")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

// BenchmarkDraw is what a second costs the switch for each topic that somebody looks at.
func BenchmarkDraw(b *testing.B) {
	c := &console{Options: Options{Source: newFake()}.withDefaults()}
	_, c.fragments = templates()
	for _, topic := range []string{"head", "sample", "overview", "participants", "participant:BANKB", "alerts"} {
		b.Run(topic, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.frame(topic)
			}
		})
	}
}
