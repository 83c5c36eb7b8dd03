package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"switchd/switch/bench"
)

// TestBenchWithUsers: a switch that wants to know who asks is loaded by somebody who may
// read, and by nobody else; what cannot be meant is refused before anything starts.
func TestBenchWithUsers(t *testing.T) {
	t.Parallel()
	s := newStaff(t, longTimers, "")
	line := []string{"bench", "--config", s.config, "--rate", "100", "--duration", "1s", "--warmup", "0s"}
	if _, said := commands(t, exitUsage, line...); !strings.Contains(said, "name --token-file (or $SWITCHD_TOKEN_FILE)") {
		t.Error(said)
	}
	if _, said := commands(t, exitUsage, append(line, "--token-file", s.token("nobody"))...); !strings.Contains(said, "there is no token file") {
		t.Error(said)
	}
	if _, said := commands(t, exitUsage, "bench", "--spawn", "--token-file", s.token("vera")); !strings.Contains(said, "go with --config") {
		t.Error(said)
	}
	r := benchRun(t, append(line[1:], "--token-file", s.token("vera"))...)
	if r.Payments != 100 || r.CommitsPerPayment == nil || r.Fsyncs == 0 {
		t.Errorf("%d payments; figures of the admin port are missing: %+v", r.Payments, r)
	}
}

// TestAsking: the token goes with each question of the client, and the question that was
// given stays without it.
func TestAsking(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got = append(got, q.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"participants": [{"id": "A"}]}`))
	}))
	defer server.Close()
	for _, token := range []string{"", "secret"} {
		p := &adminPort{token: token, client: &http.Client{Transport: http.DefaultTransport}}
		a := bench.Admin{URL: server.URL, Client: p.asking()}
		if _, err := a.Summary(t.Context()); err != nil {
			t.Fatal(err)
		}
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.asking().Do(q)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if q.Header.Get("Authorization") != "" {
			t.Error("the token is in the question that was given")
		}
	}
	if strings.Join(got, "|") != "||Bearer secret|Bearer secret" {
		t.Errorf("asked with %q", got)
	}
}

// TestTokenOfTheEnvironment: it is not for a switch that asks nobody who he is, so that one
// can be loaded from afar.
func TestTokenOfTheEnvironment(t *testing.T) {
	t.Setenv(tokenFileEnv, "is-not-there")
	far := adminFlags{address: "192.0.2.1:8080", anybody: true}
	if p, err := far.port(); err != nil || p.token != "" {
		t.Errorf("a switch that asks nobody: %v", err)
	}
	far.anybody = false
	if _, err := far.port(); err == nil {
		t.Error("a token is sent in the clear")
	}
}
