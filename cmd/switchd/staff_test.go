package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"switchd/switch/view"
)

// staff is a switch whose operators show who they are, each by a token in a file.
type staff struct {
	*scheme
	p     *process
	where []string // flags that name the admin port
}

// staffRoles are the people and what they may do.
var staffRoles = []struct{ name, roles string }{
	{"alice", "operator,security-officer"}, {"oscar", "operator"}, {"sofia", "security-officer"}, {"vera", "viewer"}, {"adam", "auditor"},
}

// newStaff starts it with more keys of admin_access.
func newStaff(t *testing.T, timers, more string, certificates ...string) *staff {
	t.Helper()
	s := &staff{scheme: newScheme(t, timers, 4)}
	users := filepath.Join(s.dir, "admin.users")
	for _, one := range staffRoles {
		commands(t, 0, "user", "add", one.name, "--roles", one.roles, "--users", users, "--token-out", s.token(one.name))
	}
	for _, name := range certificates {
		commands(t, 0, "user", "add", name, "--roles", "operator", "--users", users, "--certificate", "urn:switch:operator:"+name)
	}
	s.edit("admin: "+s.admin+"\n", "admin: "+s.admin+"\nadmin_access: {users: admin.users"+more+"}\n")
	s.p, s.where = s.serve("--drain", "100ms"), []string{"--admin", s.admin}
	return s
}

func (s *staff) token(name string) string { return filepath.Join(s.dir, name+".token") }

// secret is what stands in that file.
func (s *staff) secret(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.token(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// by has somebody run a command line: words that end at spaces, then more.
func (s *staff) by(who string, code int, line string, more ...string) (out, said string) {
	s.t.Helper()
	args := append(strings.Fields(line), more...)
	return commands(s.t, code, append(append(args, s.where...), "--token-file", s.token(who))...)
}

// refused has somebody run a command line that the switch refuses with words.
func (s *staff) refused(who, words, line string) {
	s.t.Helper()
	if out, said := s.by(who, exitFailed, line); !strings.Contains(said, words) || out != "" {
		s.t.Errorf("%s: %s: %s%s, want %q", who, line, out, said, words)
	}
}

// proposes has somebody order what needs a second person.
func (s *staff) proposes(who, line string) (approval string) {
	s.t.Helper()
	out, _ := s.by(who, 0, line, "-o", "json")
	done := unmarshal[view.Done](s.t, out)
	if done.Done || done.Approval == 0 {
		s.t.Fatalf("%s: %s: %s, want that it waits for a second person", who, line, out)
	}
	return strconv.FormatUint(done.Approval, 10)
}

// TestStaff: people with roles run a day's commands at a real switch. What one alone may
// not do waits for a second one who is somebody else; who may only look is told so; the
// audit has it all, with who, who approved, and why.
func TestStaff(t *testing.T) {
	t.Parallel()
	s := newStaff(t, "resolve: 300ms, debit: 200ms, credit: 300ms, total: 2s, reversal: 100ms, backoff_min: 100ms, backoff_max: 200ms, give_up: 300ms, credit_unknown: 600ms, idle: 60s, echo: 30s", "")
	dead := s.deadLetter()
	s.ready("vera")
	s.testOne()
	s.testTwo(dead)
	s.testAudit(dead)
	s.testBackup()
	s.testKilled()
	if out, _ := s.by("adam", 0, "approval ls"); !strings.Contains(out, "nothing waits") {
		t.Errorf("what waits at the end:\n%s", out)
	}
}

// ready waits until the switch has looked at itself with its links up.
func (s *staff) ready(who string) {
	s.t.Helper()
	until(s.t, patience, "a status that is good", func() bool {
		args := append(append([]string{"status"}, s.where...), "--token-file", s.token(who))
		var out, said strings.Builder
		return run(s.t.Context(), args, &out, &said) == 0 && strings.Contains(out.String(), "BANKB")
	})
}

// deadLetter has a bank keep silent until the switch gives up the reversal.
func (s *staff) deadLetter() (id string) {
	s.t.Helper()
	silent, payee := s.connect("BANKC"), s.connect("BANKD")
	silent.signOn()
	payee.signOn()
	silent.send(silent.payAccount("BANKC", "BANKD"))
	until(s.t, patience, "a dead letter", func() bool {
		out, _ := s.by("alice", 0, "deadletter ls -o json")
		for _, h := range unmarshal[view.Found](s.t, out).Payments {
			id = strconv.FormatUint(h.ID, 10)
		}
		return id != ""
	})
	return id
}

// testOne is what one person does alone, or may not at all.
func (s *staff) testOne() {
	t := s.t
	t.Helper()
	s.by("oscar", 0, "participant drain BANKD --reason", "its core is down")
	until(t, patience, "a look that sees BANKD drained", func() bool {
		out, _ := s.by("vera", 0, "participant show BANKD")
		return strings.Contains(out, "drained")
	})
	s.refused("oscar", "drained already", "participant drain BANKD --reason again")
	s.by("oscar", 0, "participant resume BANKD --reason", "it is back")
	for _, line := range []string{"participant drain BANKD --reason x", "cap BANKC 5.00 --reason x", "approval approve 1 --reason x"} {
		s.refused("vera", "is for operator, security-officer", line)
		s.refused("adam", "is for operator, security-officer", line)
	}
	if _, said := commands(t, exitFailed, append([]string{"status"}, s.where...)...); !strings.Contains(said, "wants to know who you are") {
		t.Errorf("nobody is told %s", said)
	}
}

// testTwo is what two persons do.
func (s *staff) testTwo(dead string) {
	t := s.t
	t.Helper()
	limit := s.proposes("oscar", "cap BANKC 5.00 --reason festival")
	s.refused("oscar", "cannot approve it", "approval approve "+limit+" --reason mine")
	s.refused("vera", "is for", "approval approve "+limit+" --reason curious")
	if out, _ := s.by("sofia", 0, "approval ls"); !strings.Contains(out, "oscar") || !strings.Contains(out, "festival") {
		t.Errorf("what waits:\n%s", out)
	}
	s.by("sofia", 0, "approval approve "+limit+" --reason seen")
	until(t, patience, "a look that sees the cap of BANKC", func() bool {
		out, _ := s.by("vera", 0, "position ls -o json")
		return strings.Contains(out, `"cap": 500,`)
	})
	s.refused("sofia", "no order waits", "approval approve "+limit+" --reason twice")

	// Who has both roles is one person all the same.
	own := s.proposes("alice", "cap BANKD 7.00 --reason alone")
	s.refused("alice", "cannot approve it", "approval approve "+own+" --reason other-role")
	s.by("sofia", 0, "approval reject "+own+" --reason too-little")
	s.refused("oscar", "no order waits", "approval approve "+own+" --reason late")

	// Nor is she another one when her name is written otherwise.
	_, said := commands(t, exitUsage, "user", "add", "Alice", "--roles", "security-officer", "--users", filepath.Join(s.dir, "admin.users"))
	if !strings.Contains(said, "differs from alice") {
		t.Errorf("a second Alice: %s", said)
	}

	letter := s.proposes("alice", "deadletter resolve "+dead+" --as settle --reason by-phone")
	s.refused("alice", "cannot approve it", "approval approve "+letter+" --reason mine")
	s.by("oscar", 0, "approval approve "+letter+" --reason ticket-312")
	if out, _ := s.by("alice", 0, "deadletter ls"); !strings.Contains(out, "no payment waits") {
		t.Errorf("after the decision:\n%s", out)
	}
}

// testBackup makes a backup, which says why, and stands in the audit with where it went.
func (s *staff) testBackup() {
	t := s.t
	t.Helper()
	out := filepath.Join(s.dir, "copy")
	line := "backup --no-verify --out " + out
	if _, said := s.by("oscar", exitUsage, line); !strings.Contains(said, "why? --reason") {
		t.Errorf("a backup for no reason: %s", said)
	}
	for _, body := range []string{fmt.Sprintf(`{"out": %q}`, out), fmt.Sprintf(`{"out": %q, "reason": " "}`, out)} {
		if status, said := s.as(s.secret("oscar"), http.MethodPost, "/api/v1/backup", body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	s.refused("oscar", "its record has at most", "backup --reason long --out "+out+strings.Repeat("x", 140))
	s.refused("vera", "is for operator", line+" --reason curious")
	s.by("oscar", 0, line+" --reason before-the-change")
	listed, _ := s.by("adam", 0, "audit ls -o json")
	found := 0
	for _, c := range unmarshal[view.Changes](t, listed).Changes {
		if c.Kind == "backup" {
			found++
			if c.Operator != "oscar" || c.Reason != "before-the-change" || c.Text != "Make a backup in "+out+"." {
				t.Errorf("the audit has %+v", c)
			}
		}
	}
	if found != 1 {
		t.Errorf("the audit has %d backups:\n%s", found, listed)
	}
}

// testKilled kills the switch while an order waits: the next start ends it in the audit.
func (s *staff) testKilled() {
	t := s.t
	t.Helper()
	approval := s.proposes("oscar", "cap BANKC 9.00 --reason never")
	s.p.kill()
	s.p = s.serve("--drain", "100ms")
	until(t, patience, "a record that "+approval+" has ended", func() bool {
		out, _ := s.by("adam", 0, "audit ls -o json")
		return slices.ContainsFunc(unmarshal[view.Changes](t, out).Changes, func(c view.Change) bool {
			return c.Kind == "expired" && strconv.FormatUint(c.Approval, 10) == approval && c.Operator == "oscar" && strings.Contains(c.Reason, "started again")
		})
	})
	s.refused("sofia", "no order waits", "approval approve "+approval+" --reason late")
}

// testAudit finds all of it.
func (s *staff) testAudit(dead string) {
	t := s.t
	t.Helper()
	out, _ := s.by("adam", 0, "audit ls -o json")
	all := unmarshal[view.Changes](t, out).Changes
	number, _ := strconv.ParseUint(dead, 10, 64)
	for _, want := range []view.Change{
		{Kind: "drain", Operator: "oscar", Reason: "its core is down", Participant: "BANKD"},
		{Kind: "drain", Operator: "oscar", Reason: "again", Participant: "BANKD", Refused: true},
		{Kind: "resume", Operator: "oscar", Reason: "it is back", Participant: "BANKD"},
		{Kind: "proposed", Operator: "oscar", Reason: "festival", Participant: "BANKC"},
		{Kind: "approved", Operator: "oscar", Approver: "sofia", Reason: "seen", Participant: "BANKC"},
		{Kind: "set-cap", Operator: "oscar", Approver: "sofia", Reason: "festival", Participant: "BANKC"},
		{Kind: "proposed", Operator: "alice", Reason: "alone", Participant: "BANKD"},
		{Kind: "rejected", Operator: "sofia", Reason: "too-little", Participant: "BANKD"},
		{Kind: "approved", Operator: "alice", Approver: "oscar", Reason: "ticket-312", Payment: number},
		{Kind: "settle", Operator: "alice", Approver: "oscar", Reason: "by-phone", Payment: number},
	} {
		found := 0
		for _, c := range all {
			c.Seq, c.At, c.Text, c.Approval = 0, "", "", 0
			if c == want {
				found++
			}
		}
		if found != 1 {
			t.Errorf("the audit has %d times %+v:\n%s", found, want, out)
		}
	}
	if out, _ := s.by("adam", 0, "audit ls"); !strings.Contains(out, "festival") || !strings.Contains(out, "sofia") {
		t.Errorf("for people:\n%s", out)
	}
}
