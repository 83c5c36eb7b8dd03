package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"switchd/switch/config"
)

// holding is a service manager that keeps who tells it something waiting: a replay, at
// each percent, until the test has looked. It is the notifier's connection.
type holding struct {
	net.Conn
	t    *testing.T
	told chan string
	on   chan struct{}
	free chan struct{} // closed: nobody waits any more
}

// Write takes a message.
func (h *holding) Write(message []byte) (int, error) {
	select {
	case h.told <- string(message):
	case <-h.free:
		return len(message), nil
	}
	select {
	case <-h.on:
	case <-h.free:
	}
	return len(message), nil
}

// hears waits for the next message; who has told it waits for next, or for go on.
func (h *holding) hears() string {
	h.t.Helper()
	select {
	case said := <-h.told:
		return said
	case <-time.After(patience):
		h.t.Fatal("nothing is told")
		return ""
	}
}

// next has who waits go on, and waits for the next message.
func (h *holding) next() string {
	h.t.Helper()
	h.on <- struct{}{}
	return h.hears()
}

// startUnderWay is a switch that starts under a holding manager.
type startUnderWay struct {
	*holding
	node  *node
	stop  context.CancelFunc // as Ctrl-C
	ended chan error
	talk  *strings.Builder // of the switch, to be read when it has ended
}

// beginStart starts a switch.
func beginStart(t *testing.T, cfg *config.Config) *startUnderWay {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	n, err := newNode(cfg, log, false)
	if err != nil {
		t.Fatal(err)
	}
	s := &startUnderWay{&holding{t: t, told: make(chan string), on: make(chan struct{}), free: make(chan struct{})}, n, nil, make(chan error, 1), new(strings.Builder)}
	n.manager = &notifier{conn: s.holding, log: log}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.ended <- n.serve(ctx, &serveFlags{drain: patience}, s.talk) }()
	return s
}

// end has everything go on, and waits for the end.
func (s *startUnderWay) end() {
	s.t.Helper()
	s.stop()
	close(s.free)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Error(err)
		}
	case <-time.After(patience):
		s.t.Fatal("it does not end")
	}
}

// asks asks for a page.
func (s *startUnderWay) asks(method, page, accept string) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.node.admin.URL()+page, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// toReplay is the configuration of a switch with some 2,100 records in its journal, whose
// folder state was moved away.
func toReplay(t *testing.T) *config.Config {
	t.Helper()
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint32(7) { // not at once: that would be load
		past(t, cfg, 0, 1+300*i, 300)
	}
	if err := os.RemoveAll(filepath.Join(cfg.DataDir, stateDir)); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// halfWay is what a replay says after its first group of records.
var halfWay = regexp.MustCompile(`^STATUS=(replaying the journal: 4\d %, 1,024 of 2,1\d\d records)$`)

// startHalfWay is a start in the middle of its replay, and what it says of that.
func startHalfWay(t *testing.T) (cfg *config.Config, s *startUnderWay, far string) {
	t.Helper()
	cfg = toReplay(t)
	s = beginStart(t, cfg)
	s.hears()
	found := halfWay.FindStringSubmatch(s.next())
	if found == nil {
		t.Fatal("it does not say how far it is")
	}
	return cfg, s, found[1]
}

// TestStartIsSeen: while the journal is replayed, the admin port says how far that is and
// answers nothing else; a second start is told of the folder; and when the replay is over,
// the same port has all answers.
func TestStartIsSeen(t *testing.T) {
	t.Parallel()
	cfg := toReplay(t)
	s := beginStart(t, cfg)
	if said := s.hears(); !strings.HasPrefix(said, "STATUS=replaying the journal: 0 %, 0 of 2,1") {
		t.Fatalf("at first %q", said)
	}
	found := halfWay.FindStringSubmatch(s.next())
	if found == nil {
		t.Fatal("it does not say how far it is")
	}
	far, at := found[1], s.node.admin.Addr()
	f := func(method, page, accept string, status int, body string) {
		t.Helper()
		if got, said := s.asks(method, page, accept); got != status || said != body {
			t.Errorf("%s %s: %d %q, want %d %q", method, page, got, said, status, body)
		}
	}
	f("GET", "/livez", "", 200, "ok\n")
	f("GET", "/startupz", "", 503, "[-] started: "+far+"\nfailed\n")
	f("GET", "/startupz", "application/json", 503, `{"ok":false,"checks":[{"name":"started","ok":false,"error":"`+far+`"}]}`+"\n")
	f("GET", "/readyz", "", 503, "[-] recovered: "+far+"\nfailed\n")
	for _, route := range s.node.routes() {
		f(route.Method, route.Path, "", 503, "the switch is starting: "+far+"\n")
	}
	f("GET", "/console/", "text/html", 503, "the switch is starting: "+far+"\n")
	if status, said := s.asks("GET", "/metrics", ""); status != 200 || !strings.Contains(said, "\nswitchd_ready 0\n") || strings.Contains(said, "switchd_payments_open") {
		t.Errorf("metrics: %d %s", status, said)
	}
	var out, talk strings.Builder
	if code := run(t.Context(), []string{"status", "--admin", at}, &out, &talk); code != exitFailed || talk.String() != "switchd: the switch is starting: "+far+"\n" {
		t.Errorf("status ends with %d and says %q", code, talk.String())
	}
	out.Reset()
	talk.Reset()
	// The configuration in force is that of the start before, on another port.
	if code := run(t.Context(), []string{"status", "--dir", cfg.DataDir}, &out, &talk); code != exitFailed || talk.String() != "switchd: the switch is starting: "+far+"\n" {
		t.Errorf("status --dir ends with %d and says %q", code, talk.String())
	}
	secondStart(t, cfg, at)

	for said := s.next(); !strings.HasPrefix(said, "READY=1"); said = s.next() {
		if !strings.HasPrefix(said, "STATUS=replaying") {
			t.Errorf("it says %q", said)
		}
	}
	f("GET", "/startupz", "", 200, "ok\n")
	if status, said := s.asks("GET", "/api/v1/overview", ""); status != 200 || s.node.admin.Addr() != at {
		t.Errorf("overview on %s: %d %s", s.node.admin.Addr(), status, said)
	}
	if _, said := s.asks("GET", "/metrics", ""); !strings.Contains(said, "\nswitchd_payments_open 0\n") {
		t.Error("the metrics of the machine are missing")
	}
	s.end()
}

// secondStart starts another switch on the same folder, and on the admin port of the first.
func secondStart(t *testing.T, cfg *config.Config, admin string) {
	t.Helper()
	source := cfg.Sources()[0]
	file := filepath.Join(filepath.Dir(source.File), "second.yml")
	text := strings.Replace(string(source.Data), "admin: 127.0.0.1:0", "admin: "+admin, 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, exitFailed, "serve", "--config", file); !strings.Contains(said, "switchd: data folder "+cfg.DataDir+" is in use by another process") {
		t.Errorf("a second start says %s", said)
	}
}

// TestInterruptedStart: Ctrl-C ends a replay at once and in good order, and what was
// replayed need not be replayed again.
func TestInterruptedStart(t *testing.T) {
	t.Parallel()
	cfg, s, far := startHalfWay(t)
	s.stop()
	if said := s.hears(); said != "STOPPING=1\nSTATUS=in the middle of the start" {
		t.Errorf("it says %q", said)
	}
	s.end()
	if want := "switchd: stopping in the middle of the start (" + far + "): the next one goes on\n"; s.talk.String() != want {
		t.Errorf("it said %q, want %q", s.talk, want)
	}
	portFree(t, s.node)

	again := beginStart(t, cfg)
	if said := again.hears(); !strings.HasPrefix(said, "STATUS=replaying the journal: 0 %, 0 of 1,") {
		t.Errorf("the next start says %q", said)
	}
	again.end()
}

// portFree looks whether the admin port of a switch that has ended can be taken.
func portFree(t *testing.T, n *node) {
	t.Helper()
	l, err := net.Listen("tcp", n.admin.Addr())
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestFailedStart: a start that fails when its port is open gives the port and the folder back.
func TestFailedStart(t *testing.T) {
	t.Parallel()
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	past(t, cfg, 0, 0, 0)
	other := *cfg
	other.Participants = append([]config.Participant{}, cfg.Participants...)
	other.Participants[0].Institution = "100009"
	log := slog.New(slog.DiscardHandler)
	n, err := newNode(&other, log, false)
	if err != nil {
		t.Fatal(err)
	}
	if err = n.run(t.Context(), func() { t.Error("it serves") }); err == nil || !strings.Contains(err.Error(), "is institution 100001 in this data folder, 100009 in the configuration") {
		t.Errorf("it ends with %v", err)
	}
	portFree(t, n)
	past(t, cfg, 0, 0, 0)
}
