package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"switchd/switch/view"
)

// TestLists: each list asks for its page, shows what is on it, and gives the same values
// as JSON and YAML.
func TestLists(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, c := range []struct {
		line, asks string
		shows      []string
	}{
		{"status", "GET /api/v1/participants", []string{"It is BANKB: down since 2026-11-23 09:57:30 UTC, no link is signed on; and PSPC: degraded.", "in doubt 3, 7,500.00 INR, oldest 1m32s", "success 99.3%", "burns 2.4x", "ParticipantDown BANKB", "do: call BANKB", "links: BANKB has none"}},
		{"participant ls", "GET /api/v1/participants", []string{"BANKA", "99.93%", "0/2", "debit open", "resolve half-open", "no link is signed on"}},
		{"participant show BANKB", "GET /api/v1/participants/BANKB", []string{"500002, iso87-npci, psp and bank", "down since", "90.3% used", "7 messages for an answer; in doubt 3, 7,500.00 INR"}},
		{"link ls", "GET /api/v1/links", []string{"17", "signed on", "10.1.0.7:40112", "3.0 MiB", "120,334"}},
		{"link ls --participant BANKB", "GET /api/v1/links?participant=BANKB", []string{"BANKA"}},
		{"position ls", "GET /api/v1/positions", []string{"-812,345.00", "90.3%", "INR, sum 0"}},
		{"breaker ls", "GET /api/v1/breakers", []string{"debit", "open", "1,234"}},
		{"limit ls", "GET /api/v1/limits", []string{"queue", "messages", "97.7%", "12", "12,345.67", "INR"}},
		{"deadletter ls", "GET /api/v1/deadletters?limit=50", []string{"4711", "250.00 INR", "deemed (dead letter)", "--page p2", "BANKA > BANKB"}},
		{"exception ls --limit 5 --page x", "GET /api/v1/exceptions?limit=5&page=x", []string{"deemed, late answer"}},
		{"approval ls", "GET /api/v1/approvals", []string{"asha", "set the cap of BANKB to 100.00 INR", "security-officer", "ticket 312"}},
		{"audit ls --before 5", "GET /api/v1/audit?before=5&limit=50", []string{"asha", "drain: BANKB takes part in no new payment", "ticket 311", "--before 99000"}},
		{"alert ls", "GET /api/v1/alerts", []string{"page ParticipantDown BANKB, for ", "do: call BANKB", "CommitSlow", "2m30s"}},
		{"payment show 4711", "GET /api/v1/payments/4711/timeline", []string{"dead letter", "PSPC > switch", "switch > BANKA", "8.0s", "BANKB has not answered for 8 s", "waits: enquiry credit"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			args := append(strings.Fields(c.line), "--admin", f.address())
			out, said := commands(t, 0, args...)
			for _, want := range c.shows {
				if !strings.Contains(out, want) {
					t.Errorf("nothing about %q in\n%s", want, out)
				}
			}
			if f.last() != c.asks || said != "" || strings.Contains(out, "\x1b") {
				t.Errorf("it asked for %s, want %s; it said %q\n%s", f.last(), c.asks, said, out)
			}
			var asJSON, old any
			out, _ = commands(t, 0, append(args, "-o", "json")...)
			if err := json.Unmarshal([]byte(out), &asJSON); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, _ = commands(t, 0, append(args, "--json")...)
			if err := json.Unmarshal([]byte(out), &old); err != nil || !reflect.DeepEqual(asJSON, old) {
				t.Errorf("--json is not -o json: %v", err)
			}
			if out, _ = commands(t, 0, append(args, "-o", "yaml")...); !strings.HasPrefix(out, "---\n") || !strings.Contains(out, ": ") {
				t.Errorf("as YAML it is\n%s", out)
			}
		})
	}
}

// TestStatusExit: status ends with 1 when the switch is not ready, and when it does not
// answer.
func TestStatusExit(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	f.set("/api/v1/overview", view.Overview{Checks: []view.Check{{Name: "disk", Error: "below its reserve"}}, LoadStep: 2, LoadSheds: "enquiries"})
	f.set("/api/v1/participants", view.Participants{})
	out, said := commands(t, exitFailed, "status", "--admin", f.address())
	if !strings.Contains(out, "NOT READY") || !strings.Contains(out, "It is the switch: disk: below its reserve; it sheds load: enquiries.") || said != "" {
		t.Errorf("it said %q and\n%s", said, out)
	}
	f.Close()
	if out, said := commands(t, exitFailed, "status", "--admin", f.address()); out != "" || !strings.Contains(said, "no switch answers at "+f.address()+": is it running?") {
		t.Errorf("it said %q and %q", out, said)
	}
}

// TestOrders: each order goes through the one door with reason and operator.
func TestOrders(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, c := range []struct {
		line string
		want view.Order
	}{
		{"participant drain BANKB", view.Order{Command: "drain", Participant: "BANKB"}},
		{"participant resume BANKB", view.Order{Command: "resume", Participant: "BANKB"}},
		{"participant debug BANKB --for 5m", view.Order{Command: "debug", Participant: "BANKB", For: "5m0s"}},
		{"participant debug BANKB --for 0s", view.Order{Command: "debug", Participant: "BANKB", For: "0s"}},
		{"link close 17", view.Order{Command: "close-link", Link: 17}},
		{"deadletter resolve 4711 --as settle", view.Order{Command: "settle", Payment: "4711"}},
		{"deadletter resolve 4711 --as write-off", view.Order{Command: "write-off", Payment: "4711"}},
		{"payment retry 4711", view.Order{Command: "retry", Payment: "4711"}},
		{"payment bank-posted 4711", view.Order{Command: "bank-posted", Payment: "4711"}},
		{"approval approve 7", view.Order{Command: "approve", Approval: 7}},
		{"approval reject 7", view.Order{Command: "reject", Approval: 7}},
		{"cap BANKB 100.00", view.Order{Command: "set-cap", Participant: "BANKB", Amount: "100.00"}},
	} {
		c.want.Reason, c.want.Operator = "ticket 312", "asha"
		out, said := commands(t, 0, append(strings.Fields(c.line), "--reason", c.want.Reason, "--operator", "asha", "--admin", f.address())...)
		body, _ := json.Marshal(c.want) // plain values
		if want := "POST /api/v1/commands " + string(body); f.last() != want || said != "" || !strings.Contains(out, "done: BANKB takes part in no new payment (record 99124 of the journal)") {
			t.Errorf("%s asked for\n%s, want\n%s\nand said %q\n%s", c.line, f.last(), want, said, out)
		}
		if _, said := commands(t, exitUsage, append(strings.Fields(c.line), "--admin", f.address())...); !strings.Contains(said, "why? --reason") {
			t.Errorf("%s without a reason said %q", c.line, said)
		}
	}
}

// TestSecondPerson: an order that waits for a second person has been taken, and says how
// it goes on.
func TestSecondPerson(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	f.set("/api/v1/commands", view.Done{Approval: 7, Text: "set the cap of BANKB to 100.00 INR"})
	out, _ := commands(t, 0, "cap", "BANKB", "100.00", "--reason", "x", "--admin", f.address())
	if !strings.Contains(out, "not done yet: ") || !strings.Contains(out, "'switchd approval approve 7'") {
		t.Errorf("it said\n%s", out)
	}
	out, _ = commands(t, 0, "cap", "BANKB", "100.00", "--reason", "x", "--admin", f.address(), "-o", "json")
	var done view.Done
	if err := json.Unmarshal([]byte(out), &done); err != nil || done.Done || done.Approval != 7 {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRefused: what the switch refuses is told in its words, with the exit code of its
// kind.
func TestRefused(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, c := range []struct {
		status, code int
		body, want   string
	}{
		{http.StatusBadRequest, exitUsage, "this is no command", "this is no command\n"},
		{http.StatusUnauthorized, exitFailed, "", "wants to know who you are: name --token-file (or $SWITCHD_TOKEN_FILE)"},
		{http.StatusForbidden, exitFailed, "a viewer may not do this", "switchd: a viewer may not do this\n"},
		{http.StatusConflict, exitFailed, `{"error": "somebody was faster"}`, "switchd: somebody was faster\n"},
		{http.StatusFound, exitFailed, "<a href=/login>", "does not answer as a switch: 302 Found"},
		{http.StatusTeapot, exitFailed, "", "does not answer as a switch: 418"},
	} {
		f.set("/api/v1/commands", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		if out, said := commands(t, c.code, "participant", "drain", "BANKB", "--reason", "x", "--admin", f.address()); out != "" || !strings.Contains(said, c.want) {
			t.Errorf("%d: it said %q and %q, want %q", c.status, out, said, c.want)
		}
	}
	f.set("/api/v1/positions", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	file := filepath.Join(t.TempDir(), "bad.token")
	if err := os.WriteFile(file, []byte("switchd_none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := commands(t, exitFailed, "position", "ls", "--token-file", file, "--admin", f.address()); !strings.Contains(said, "this token is not known") || strings.Contains(said, "name --token-file") {
		t.Errorf("of a token that nobody knows it said %q", said)
	}
	f.set("/api/v1/links", "<html>")
	if _, said := commands(t, exitFailed, "link", "ls", "--admin", f.address()); !strings.Contains(said, "is not understood") {
		t.Errorf("of a page it said %q", said)
	}
}

// TestToken: a token comes from a file that nobody else reads, and goes to nobody but the
// switch that was named.
func TestTokenFile(t *testing.T) {
	f := newFakeSwitch(t)
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(tokenFileEnv, "")
	write("secret-token\n", 0o600)
	commands(t, 0, "link", "ls", "--admin", f.address(), "--token-file", file)
	if got := f.header.Get("Authorization"); got != "Bearer secret-token" {
		t.Errorf("it sent %q", got)
	}
	commands(t, 0, "link", "ls", "--admin", f.address())
	if got := f.header.Get("Authorization"); got != "" {
		t.Errorf("without a file it sent %q", got)
	}
	for _, c := range []struct {
		text, want string
		mode       os.FileMode
	}{
		{"secret-token", "can be read by others", 0o640},
		{"", "not one token", 0o600},
		{"two tokens", "not one token", 0o600},
		{strings.Repeat("x", tokenBytesMax+1), "not one token", 0o600},
	} {
		write(c.text, c.mode)
		if _, said := commands(t, exitUsage, "link", "ls", "--admin", f.address(), "--token-file", file); !strings.Contains(said, c.want) || strings.Contains(said, "secret") {
			t.Errorf("of %q it said %q", c.text, said)
		}
	}
	write("secret-token", 0o600)
	t.Setenv(tokenFileEnv, file)
	commands(t, 0, "link", "ls", "--admin", f.address())
	if got := f.header.Get("Authorization"); got != "Bearer secret-token" {
		t.Errorf("by the environment it sent %q", got)
	}
	if _, said := commands(t, exitUsage, "link", "ls", "--admin", "192.0.2.1:9583"); !strings.Contains(said, "not sent over the network in the clear") {
		t.Errorf("to another machine it said %q", said)
	}
	t.Setenv(tokenFileEnv, file+".none")
	if _, said := commands(t, exitUsage, "link", "ls", "--admin", f.address()); !strings.Contains(said, "there is no token file") {
		t.Errorf("of a file that is not there it said %q", said)
	}
}
