package admin

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/access"
)

// ticking is a stream that says a line at once, and one for each tick, until its end.
func ticking(tick <-chan int, ended chan<- error) Route {
	return Route{Method: http.MethodGet, Path: "/v1/events", May: access.Anyone | access.Participant, Summary: "Lines.", Stream: func(c *Call, w http.ResponseWriter) error {
		if c.Header.Get("X-No") != "" {
			return fmt.Errorf("%w", errTest)
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		control := http.NewResponseController(w)
		for line := "begin"; ; {
			if _, err := fmt.Fprintf(w, "%q\n", line); err != nil {
				return err
			}
			if err := control.Flush(); err != nil {
				return err
			}
			select {
			case n := <-tick:
				line = fmt.Sprint(n)
			case <-c.Context.Done():
				if ended != nil {
					ended <- c.Context.Err()
				}
				return c.Context.Err()
			}
		}
	}}
}

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

var errTest error = reworded{"late", context.DeadlineExceeded}

func line(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	if got, err := r.ReadString('\n'); got != want+"\n" {
		t.Fatalf("%q %v, want %s", got, err, want)
	}
}

// TestStream: each line comes at once, and the end of the client ends the stream.
func TestStream(t *testing.T) {
	tick, ended := make(chan int), make(chan error, 1)
	s := serve(t, Options{Routes: []Route{ticking(tick, ended)}})
	ctx, cancel := context.WithCancel(t.Context())
	r := get(t, s, "/v1/events", func(r *http.Request) { *r = *r.WithContext(ctx) })
	in := bufio.NewReader(r.Body)
	line(t, in, `"begin"`)
	for i := range 3 {
		tick <- i
		line(t, in, fmt.Sprintf("%q", fmt.Sprint(i)))
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
	if r := get(t, s, "/v1/events", func(r *http.Request) { r.Header.Set("X-No", "1") }); r.StatusCode != 503 {
		t.Errorf("an error before the first byte: %d", r.StatusCode)
	}
	if r := get(t, s, "/v1/events", func(r *http.Request) { r.Method = "HEAD" }); r.StatusCode != 200 || r.ContentLength > 0 {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
}

// TestStreamsAreBounded: one of a user who has many, and one above all, are refused; a
// place that is given back is taken again.
func TestStreamsAreBounded(t *testing.T) {
	tokens := map[string]access.Caller{}
	for i := range streamsMax / streamsByOne {
		tokens[fmt.Sprint("token", i)] = access.Caller{Name: fmt.Sprint("staff", i), Roles: access.Operator}
		tokens[fmt.Sprint("feed", i)] = access.Caller{Name: fmt.Sprint("feed", i), Roles: access.Participant, Participant: fmt.Sprint("P", i)}
	}
	tokens["both"] = access.Caller{Name: "both", Roles: access.Participant | access.Viewer, Participant: "P0"}
	tokens["other"] = access.Caller{Name: "other", Roles: access.Viewer}
	reg := prometheus.NewRegistry()
	ended := make(chan error, streamsMax)
	s := serve(t, Options{Users: newPeople(tokens), Gatherer: reg, Registry: reg, Routes: []Route{ticking(nil, ended)}})
	end := map[int]context.CancelFunc{}
	open := func(i int, token string, want int) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		end[i] = cancel
		r := get(t, s, "/v1/events", bearer(token), func(r *http.Request) { *r = *r.WithContext(ctx) })
		if r.StatusCode != want {
			t.Fatalf("stream %d: %d, want %d", i, r.StatusCode, want)
		}
		if want == 200 {
			line(t, bufio.NewReader(r.Body), `"begin"`)
		} else if r.Header.Get("Retry-After") == "" {
			t.Error("it does not say when to try again")
		}
	}
	for i := range streamsMax {
		open(i, fmt.Sprint("token", i/streamsByOne), 200)
		if i == streamsByOne-1 {
			open(1000, "token0", 503)
		}
	}
	open(1001, "other", 503)
	open(1002, "both", 503)
	for i := range streamsMax / streamsByOne { // the first of each participant has its own place
		open(2000+i, fmt.Sprint("feed", i), 200)
		open(3000+i, fmt.Sprint("feed", i), 503)
	}
	got := text(t, get(t, s, "/metrics", bearer("other")))
	for _, want := range []string{"switchd_admin_streams 68\n", "switchd_admin_streams_refused_total 7\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	end[5]()
	<-ended
	for { // the place is given back behind the handler's end
		r := get(t, s, "/v1/events", bearer("other"))
		if r.StatusCode == 200 {
			break
		}
	}
}

// over says that a stream has ended in order, and was not cut.
func over(t *testing.T, r *http.Response) {
	t.Helper()
	if rest, err := io.ReadAll(r.Body); err != nil || len(rest) > 0 {
		t.Errorf("the end of the stream: %q %v", rest, err)
	}
}

// TestStreamsEndWithTheirUser: who is no user any more reads no more, and is told so by an
// end in order.
func TestStreamsEndWithTheirUser(t *testing.T) {
	users, ended := someone(), make(chan error, 2)
	s := serve(t, Options{Users: users, Routes: []Route{ticking(nil, ended)}})
	feed, vera := get(t, s, "/v1/events", bearer(feedToken)), get(t, s, "/v1/events", bearer(viewerToken))
	for _, r := range []*http.Response{feed, vera} {
		line(t, bufio.NewReader(r.Body), `"begin"`)
	}
	users.set(map[string]access.Caller{viewerToken: {Name: "vera", Roles: access.Viewer}})
	s.Recheck()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
	over(t, feed)
	select {
	case <-ended:
		t.Error("another one's stream has ended")
	default:
	}
}

// TestStreamsEndWithTheServer: at once, and not by the grace of open requests.
func TestStreamsEndWithTheServer(t *testing.T) {
	ended := make(chan error, 1)
	s, err := Listen(Options{Address: "127.0.0.1:0", Clock: still, Routes: []Route{ticking(nil, ended)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r := get(t, s, "/v1/events")
	line(t, bufio.NewReader(r.Body), `"begin"`)
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
	over(t, r)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !s.pages.streams.ended || len(s.pages.streams.all) != 0 {
		t.Errorf("%d streams are left", len(s.pages.streams.all))
	}
}

// TestAReaderThatReadsNothing is cut off when its stream has ended, though a write waits
// for it.
func TestAReaderThatReadsNothing(t *testing.T) {
	users, ended, begun := someone(), make(chan error, 1), make(chan struct{})
	flood := Route{Method: http.MethodGet, Path: "/v1/flood", May: access.Anyone | access.Participant, Summary: "Lines.", Stream: func(_ *Call, w http.ResponseWriter) error {
		close(begun)
		chunk := []byte(strings.Repeat("x", 1<<20))
		for {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return err
			}
		}
	}}
	s := serve(t, Options{Users: users, Routes: []Route{flood}})
	c := dial(t, s)
	if _, err := fmt.Fprintf(c, "GET /v1/flood HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", feedToken); err != nil {
		t.Fatal(err)
	}
	<-begun
	users.set(nil)
	s.Recheck()
	if err := <-ended; err == nil {
		t.Error("it writes on")
	}
}

// watching is a console whose live page says a line and then nothing, until its end.
func watching(ended chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != livePage {
			return
		}
		if _, err := fmt.Fprintln(w, access.From(r.Context()).Name); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		<-r.Context().Done()
		ended <- r.Context().Err()
	})
}

// TestTheLiveConsoleIsAStream: it is counted, and ends with its user, with a logout, and
// with the life of its session, which it does not make longer.
func TestTheLiveConsoleIsAStream(t *testing.T) {
	users, ended := someone(), make(chan error, 1)
	var now atomic.Int64
	now.Store(still())
	reg := prometheus.NewRegistry()
	s := serve(t, Options{Users: users, Clock: now.Load, Console: watching(ended), Gatherer: reg, Registry: reg})
	b := &browser{t, s}
	watch := func() *http.Cookie {
		t.Helper()
		session := b.login(viewerToken)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+livePage, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(session)
		answer, err := (&http.Client{Transport: client.Transport}).Do(r) // its patience has no end
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		line(t, bufio.NewReader(answer.Body), "vera")
		return session
	}
	over := func(why string) {
		t.Helper()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatalf("%s: the page is still shown live", why)
		}
	}
	session := watch()
	if got := text(t, get(t, s, "/metrics", bearer(viewerToken))); !strings.Contains(got, "switchd_admin_streams 1\n") {
		t.Error("it is no stream")
	}
	b.do("POST", "/logout", "", session)
	over("after a logout")
	watch()
	s.Recheck()
	now.Add(int64(sessionIdle) / 2)
	s.Recheck()
	now.Add(int64(sessionIdle) / 2)
	s.Recheck()
	over("after a session that nobody used")
	watch()
	users.set(nil)
	s.Recheck()
	over("after its user")
	if r := get(t, s, livePage, bearer(feedToken), func(r *http.Request) { r.Method = "HEAD" }); r.StatusCode != 401 {
		t.Errorf("nobody's HEAD: %d", r.StatusCode)
	}
	users.set(map[string]access.Caller{viewerToken: {Name: "vera", Roles: access.Viewer}})
	if r := get(t, s, livePage, bearer(viewerToken), func(r *http.Request) { r.Method = "HEAD" }); r.StatusCode != 200 {
		t.Errorf("HEAD: %d", r.StatusCode)
	}
}
