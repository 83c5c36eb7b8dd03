package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"switchd/switch/access"
	"switchd/switch/admin/contract"
	attack "switchd/switch/admin/hostile"
	"switchd/switch/view"
)

// Tokens of tests: they must be in no log and in no answer.
const (
	operatorToken = "operator-canary-7d1f"
	officerToken  = "officer-canary-83ab"
	auditorToken  = "auditor-canary-2c9e"
)

// lineFor is a line of the file of users.
func lineFor(name, roles, token string) string {
	d := access.DigestOf(token)
	return name + " " + roles + " token " + hex.EncodeToString(d[:]) + "\n"
}

// people gives the switch users, or other ones.
func (s *scheme) people(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "admin.users"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// as asks as who has a token.
func (s *scheme) as(token, method, page, body string) (status int, answer string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.admin+page, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// TestAdminAccess: a switch with users. What is wrong with their file is told with its
// place; who asks may do what his roles say; answers are as the OpenAPI document; hostile
// requests find nothing; a reload takes other users.
func TestAdminAccess(t *testing.T) {
	s := newScheme(t, longTimers, 2)
	s.edit("admin: "+s.admin+"\n", "admin: "+s.admin+"\nadmin_access: {users: admin.users}\n")
	s.people("asha root token x\n")
	if _, said := runs(t, exitUsage, "check-config", "--files", s.config); !strings.Contains(said, filepath.Join(s.dir, "admin.users")+":1:6: role \"root\" is not known") {
		t.Errorf("bad users: %s", said)
	}
	users := lineFor("asha", "operator", operatorToken) + lineFor("olga", "security-officer", officerToken)
	s.people(users)
	p := s.serve()
	for token, want := range map[string]int{"": 401, "x": 401, operatorToken: 403, officerToken: 200} {
		if status, answer := s.as(token, "GET", "/api/v1/keys", ""); status != want {
			t.Errorf("keys: %d %s, want %d", status, answer, want)
		}
	}
	s.testContract()
	s.testHostile()
	s.people(users + lineFor("udo", "auditor", auditorToken))
	if status, answer := s.as(operatorToken, "POST", "/api/v1/reload", `{"reason": "a new auditor", "operator": "asha"}`); status != 200 {
		t.Errorf("reload: %d %s", status, answer)
	}
	if status, answer := s.as(auditorToken, "GET", "/api/v1/me", ""); status != 200 || !strings.Contains(answer, `"auditor"`) {
		t.Errorf("the new user: %d %s", status, answer)
	}
	s.testGoneBeforeApproval(lineFor("olga", "security-officer", officerToken) + lineFor("udo", "auditor", auditorToken))
	s.people("nonsense\n")
	if status, answer := s.as(officerToken, "POST", "/api/v1/reload", `{"reason": "a slip"}`); status != 422 || !strings.Contains(answer, "admin.users:1:1: an entry is four words") {
		t.Errorf("a bad file: %d %s", status, answer)
	}
	if status, _ := s.as(auditorToken, "GET", "/api/v1/me", ""); status != 200 {
		t.Errorf("the users of before: %d", status)
	}
	p.signal(os.Interrupt)
	p.wait(patience, 0)
	if log := p.err.String(); strings.Contains(log, "canary") || strings.Contains(log, "panic") {
		t.Errorf("the log has a token, or a panic:\n%s", log)
	}
}

// testGoneBeforeApproval: what somebody has ordered who is no user any more is not carried
// out.
func (s *scheme) testGoneBeforeApproval(left string) {
	s.t.Helper()
	status, answer := s.as(operatorToken, "POST", "/api/v1/commands", `{"command": "set-cap", "participant": "BANKA", "amount": "7.00", "reason": "a test"}`)
	var waits view.Done
	if err := json.Unmarshal([]byte(answer), &waits); err != nil || waits.Approval == 0 {
		s.t.Fatalf("an order: %d %s", status, answer)
	}
	s.people(left)
	if status, answer := s.as(officerToken, "POST", "/api/v1/reload", `{"reason": "asha has left"}`); status != 200 {
		s.t.Errorf("reload: %d %s", status, answer)
	}
	if status, answer := s.as(officerToken, "POST", "/api/v1/commands", fmt.Sprintf(`{"command": "approve", "approval": %d, "reason": "a test"}`, waits.Approval)); status != 409 {
		s.t.Errorf("approved: %d %s", status, answer)
	}
}

// contract is the document of the running switch.
func (s *scheme) contract() *contract.Contract {
	s.t.Helper()
	status, document := s.as(operatorToken, "GET", "/api/v1/openapi.json", "")
	if status != 200 {
		s.t.Fatal(status, document)
	}
	c, err := contract.New([]byte(document))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// testContract asks all that can be asked without a body, and holds the answers to the
// document, also those about what is not there.
func (s *scheme) testContract() {
	s.t.Helper()
	c := s.contract()
	asked := 0
	for _, operation := range c.Paths() {
		method, path, _ := strings.Cut(operation, " ")
		if method != "GET" || path == "/metrics" || path == "/v1/events" || path == "/api/v1/openapi.json" {
			continue
		}
		for _, id := range []string{"BANKA", "1", "nobody"} {
			page := strings.ReplaceAll(path, "{id}", id)
			status, answer := s.as(officerToken, method, page, "")
			if err := c.Check(method, path, status, []byte(answer)); err != nil && json.Valid([]byte(answer)) || status >= 500 && path != "/readyz" {
				s.t.Errorf("%s: %d %v\n%.500s", page, status, err, answer)
			}
			asked++
			if page == path {
				break
			}
		}
	}
	if asked < 20 {
		s.t.Errorf("%d questions are all that the document has", asked)
	}
}

// testHostile sends what nobody should send. The tokens may do all that users may, so some
// of it is carried out.
func (s *scheme) testHostile() {
	s.t.Helper()
	target := attack.Target{Address: s.admin, Tokens: []string{operatorToken, officerToken}, Patience: patience}
	for _, operation := range s.contract().Paths() {
		_, path, _ := strings.Cut(operation, " ")
		if path != "/v1/events" && !slices.Contains(target.Paths, path) {
			target.Paths = append(target.Paths, path)
		}
	}
	target.Paths = append(target.Paths, "/", "/login", "/logout", "/console/", "/console/payments", "/console/payments/{id}")
	r := attack.Attack(target, 7, 1500)
	for _, f := range r.Faults {
		s.t.Error(f)
	}
	for _, status := range []int{200, 400, 401, 403, 404, 405} {
		if r.Statuses[status] == 0 {
			s.t.Errorf("no request was answered with %d: %v", status, r.Statuses)
		}
	}
}
