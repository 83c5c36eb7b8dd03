package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"switchd/switch/view"
)

// fakeSwitch answers as the admin port of a switch does, with values of a test.
type fakeSwitch struct {
	*httptest.Server
	mu      sync.Mutex // guards the rest
	answers map[string]any
	asked   []string // method, address and body of each request
	header  http.Header
}

// newFakeSwitch answers with what operators see on a bad day.
func newFakeSwitch(t *testing.T) *fakeSwitch {
	t.Helper()
	f := &fakeSwitch{answers: badDay()}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// ServeHTTP answers.
func (f *fakeSwitch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a test that cuts it sees that in what was asked
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.URL.String()+" "+string(body)))
	f.header = r.Header
	answer, known := f.answers[r.URL.Path]
	switch a := answer.(type) {
	case http.HandlerFunc:
		a(w, r)
	case string:
		_, _ = io.WriteString(w, a)
	default:
		if !known {
			http.Error(w, "there is no such page", http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(a) // the test's own value
	}
}

// last is what was asked last.
func (f *fakeSwitch) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return ""
	}
	return f.asked[len(f.asked)-1]
}

// set replaces an answer.
func (f *fakeSwitch) set(path string, answer any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answer
}

// address is the flag that names it.
func (f *fakeSwitch) address() string { return strings.TrimPrefix(f.URL, "http://") }

// commands runs a command line in this process.
func commands(t testing.TB, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, talk bytes.Buffer
	if got := run(context.Background(), args, &out, &talk); got != code {
		t.Fatalf("switchd %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), talk.String())
	}
	return out.String(), talk.String()
}

// badDay is a switch of which one bank is down and another one slow.
func badDay() map[string]any {
	const at, before = "2026-11-23T10:00:00Z", "2026-11-23T09:57:30Z"
	down := view.Participant{
		ID: "BANKB", Institution: "500002", Dialect: "iso87-npci", Roles: []string{"psp", "bank"}, State: "down", Why: "no link is signed on", Since: before, LinksWanted: 2,
		Latest: view.Sample{Seconds: 10, PerSecond: 12.5, Success: 0.42, Failed: 0.58, P50: 900, P99: 12_400, Open: 7, InDoubt: 3}, InDoubtMinor: 7_500_00, Position: view.Position{Participant: "BANKB", Posted: -812_345_00, Cap: 900_000_00, Used: 0.9026},
		Breakers: []view.Breaker{{Participant: "BANKB", Class: "debit", State: "open", Asked: 1234, Approved: 1000, Declined: 34, Failed: 200}, {Participant: "BANKB", Class: "credit", State: "closed", InFlight: 2, Limit: 64, Asked: 88, Approved: 88}},
		Trend:    []float64{1, 1, 1, 0.9, 0.4, -1},
	}
	up := view.Participant{
		ID: "BANKA", Institution: "500001", Dialect: "iso20022", Roles: []string{"bank"}, State: "up", Since: "2026-11-20T00:00:00Z", LinksUp: 2, LinksWanted: 2,
		Latest: view.Sample{Seconds: 10, PerSecond: 1203, Success: 0.9993, Declined: 0.0005, Failed: 0.0002, P50: 4.2, P99: 61}, Position: view.Position{Participant: "BANKA", Posted: 812_345_00, Cap: 900_000_00}, Trend: []float64{1, 1, 1},
	}
	slow := view.Participant{
		ID: "PSPC", Institution: "500003", Dialect: "iso93", Roles: []string{"psp"}, State: "degraded", Why: "the breaker of resolve is half-open", Since: before, LinksUp: 1,
		Latest: view.Sample{Seconds: 10, PerSecond: 3, Success: 0.97, P50: 40, P99: 2100}, Breakers: []view.Breaker{{Participant: "PSPC", Class: "resolve", State: "half-open", InFlight: 1}},
	}
	head := view.Head{
		ID: 4711, SwitchID: "SWD00000000000000000000000000004711", Type: "push", State: "deemed", Outcome: "deemed", Minor: 250_00, Currency: 356, Sender: "PSPC", PayerBank: "BANKA", PayeeBank: "BANKB",
		References: view.References{RRN: "632710000471"}, Payer: "500001******0011", CreatedAt: before, DeadLetter: true, Exceptions: []string{"deemed", "late answer"},
	}
	found := view.Found{Payments: []view.Head{head}, Next: "p2", Examined: 1}
	alert := view.Alert{Name: "ParticipantDown", Severity: "page", Participant: "BANKB", Since: before, Summary: "BANKB has no link that is signed on", Todo: "call BANKB; drain it if it is to last.", Runbook: "participant-down"}
	return map[string]any{
		"/api/v1/overview": view.Overview{
			At: at, StartedAt: "2026-11-23T06:00:00Z", Version: releaseVersion, Currency: "INR", Exponent: 2, Ready: true, Checks: []view.Check{{Name: "links", OK: true, Warning: "BANKB has none"}},
			Latest:  view.Sample{Seconds: 10, PerSecond: 1215.5, Success: 0.9931, Declined: 0.0012, Failed: 0.0057, P50: 4.4, P99: 140, InFlight: 88_230_00, CommitP99: 2.1},
			LinksUp: 3, LinksWanted: 5, Open: 42, InDoubt: 3, InDoubtMinor: 7_500_00, OldestInDoubt: 92.5, DeadLetters: 1,
			Objectives: []view.Burn{{Name: "success", Goal: 0.99, Fast: 2.4, Slow: 0.9, Budget: 0.71, Seconds: 3600, Enough: true}, {Name: "money safety", Goal: 1}}, Alerts: []view.Alert{alert},
		},
		"/api/v1/participants":       view.Participants{At: at, Participants: []view.Participant{up, down, slow}},
		"/api/v1/participants/BANKB": down,
		"/api/v1/links": view.Links{Links: []view.Link{
			{ID: 17, Participant: "BANKA", State: "signed on", Direction: "in", Remote: "10.1.0.7:40112", Since: before, TLS: "TLS 1.3, TLS_AES_128_GCM_SHA256", Expires: "2027-02-01T00:00:00Z", LastIn: at, MessagesIn: 120_334, MessagesOut: 120_340, OutboxBytes: 0},
			{ID: 21, Participant: "PSPC", State: "connected", Direction: "out", Group: 1, Remote: "10.3.0.9:7000", Since: at, OutboxBytes: 3 << 20},
		}},
		"/api/v1/breakers":    view.Breakers{Breakers: down.Breakers},
		"/api/v1/limits":      view.Limits{Currency: "INR", Exponent: 2, Limits: []view.Limit{{Name: "net debit cap", Participant: "BANKB", Unit: view.UnitMinor, Used: 1_234_567, Max: 90_000_000}, {Name: "queue", Unit: view.UnitMessages, Used: 8000, Max: 8192, Reached: 12}, {Name: "links", Participant: "BANKA", Used: 2, Max: 4}}},
		"/api/v1/positions":   view.Positions{Currency: "INR", Exponent: 2, Positions: []view.Position{up.Position, down.Position}},
		"/api/v1/deadletters": found, "/api/v1/exceptions": found,
		"/api/v1/approvals": view.Approvals{Approvals: []view.Approval{{ID: 7, Order: view.Order{Command: "set-cap", Participant: "BANKB", Amount: "100.00", Reason: "ticket 312"}, Text: "set the cap of BANKB to 100.00 INR", By: "asha", At: before, Expires: "2026-11-23T10:12:30Z", Roles: []string{"security-officer"}}}},
		"/api/v1/audit":     view.Changes{Changes: []view.Change{{Seq: 99_123, At: at, Kind: "drain", Operator: "asha", Reason: "ticket 311", Participant: "BANKB", Text: "BANKB takes part in no new payment"}}, Next: 99_000},
		"/api/v1/alerts":    view.Alerts{Firing: []view.Alert{alert}, Ended: []view.Ended{{Alert: view.Alert{Name: "CommitSlow", Severity: "ticket", Since: before, Summary: "commits took 40 ms"}, Until: at}}},
		"/api/v1/payments/4711": map[string]any{
			"id": 4711, "switch_id": head.SwitchID, "state": "deemed", "outcome": "deemed", "told": "deemed", "minor": 25000, "currency": 356, "sender": "PSPC", "payer_bank": "BANKA", "payee_bank": "BANKB",
			"references": head.References, "created_at": before, "dead_letter": true, "legs": []any{},
		},
		"/api/v1/payments/4711/timeline": view.Timeline{Payment: head, Whole: true, Moments: []view.Moment{
			{Seq: 4711, At: before, Kind: "request", Leg: "request", From: "PSPC", State: "received", Text: "PSPC asks for a push payment"},
			{At: before, AfterMicros: 1800, GapMicros: 1800, Kind: "message", Leg: "debit", To: "BANKA", Text: "BANKA is asked to debit"},
			{Seq: 4799, At: at, AfterMicros: 8_002_000, GapMicros: 8_000_200, Kind: "timer", Leg: "credit", State: "deemed", Text: "BANKB has not answered for 8 s"},
		}, Timers: []view.Timer{{Name: "enquiry", Leg: "credit", Ends: "2026-11-23T10:00:30Z"}}},
		"/api/v1/commands": view.Done{Done: true, Seq: 99_124, Text: "BANKB takes part in no new payment"},
	}
}
