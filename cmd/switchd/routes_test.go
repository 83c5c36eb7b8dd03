package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// office is a scheme with users.
type office struct {
	*scheme
	process  *process
	id       string // of a payment
	contract *contract.Contract
}

// officeUsers are those of an office; their names are their tokens, too.
var officeUsers = map[string]access.Roles{
	"vera": access.Viewer, "omar": access.Operator, "olga": access.Operator, "sam": access.SecurityOfficer, "ada": access.Auditor,
}

// tokenOfUser is long enough to be one; nobody's is none.
func tokenOfUser(name string) string { return strings.Repeat(name, 12) }

// usersOf are the lines of the file of users with some of them.
func usersOf(names ...string) string {
	var users strings.Builder
	for _, name := range names {
		digest := access.DigestOf(tokenOfUser(name))
		fmt.Fprintf(&users, "%s %s token %s\n", name, officeUsers[name], hex.EncodeToString(digest[:]))
	}
	return users.String()
}

// people gives the switch users, or other ones.
func (s *scheme) people(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "admin.users"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{scheme: newScheme(t, longTimers, 3)}
	o.edit("admin: "+o.admin+"\n", "admin: "+o.admin+"\nadmin_access: {users: admin.users}\n")
	o.people("asha root token x\n")
	if _, said := runs(t, exitUsage, "check-config", "--files", o.config); !strings.Contains(said, filepath.Join(o.dir, "admin.users")+":1:6: role \"root\" is not known") {
		t.Errorf("bad users: %s", said)
	}
	o.people(usersOf("vera", "omar", "olga", "sam"))
	o.process = o.serve()
	c := o.connect("BANKC")
	c.signOn()
	o.id = c.ask(c.pay("BANKC", "user1@nosuchhandle")).tags[2]
	status, document := o.ask("vera", http.MethodGet, "/api/v1/openapi.json", nil)
	if status != http.StatusOK {
		t.Fatalf("no document: %d %s", status, document)
	}
	var err error
	if o.contract, err = contract.New(document); err != nil {
		t.Fatal(err)
	}
	return o
}

// ask asks as a user, or as nobody ("").
func (o *office) ask(name, method, path string, body any) (status int, answer []byte) {
	o.t.Helper()
	return o.asToken(tokenOfUser(name), method, path, body)
}

// asToken asks as who has a token, or as nobody ("").
func (o *office) asToken(token, method, path string, body any) (status int, answer []byte) {
	o.t.Helper()
	text := ""
	if body != nil {
		in, err := json.Marshal(body)
		if err != nil {
			o.t.Fatal(err)
		}
		text = string(in)
	}
	status, said := o.as(token, method, path, text)
	return status, []byte(said)
}

// as asks as who has a token, or as nobody.
func (s *scheme) as(token, method, page, body string) (status int, answer string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.admin+page, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
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

// order gives an order and wants this status.
func (o *office) order(name string, order view.Order, want int) (v view.Done) {
	o.t.Helper()
	if order.Reason == "" {
		order.Reason = "a test"
	}
	status, answer := o.ask(name, http.MethodPost, "/api/v1/commands", order)
	if status != want {
		o.t.Errorf("%s by %s: %d %s, want %d", order.Command, name, status, answer, want)
	}
	if status == http.StatusOK {
		if err := json.Unmarshal(answer, &v); err != nil {
			o.t.Error(err)
		}
	}
	return v
}

// streams have answers without an end, or no JSON.
var streams = []string{"/v1/events", "/metrics", profilePage}

// TestRoutes: a switch with users. What is wrong with their file is told with its place;
// every question is answered as the document says, to whom the table allows it, and to
// nobody else, also one about what is not there; orders need their roles, two persons where
// two are needed, and are all in the audit; a reload takes other users; hostile requests
// find nothing.
func TestRoutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	until(t, patience, "the first look", func() bool {
		status, _ := o.ask("vera", http.MethodGet, "/api/v1/overview", nil)
		return status == http.StatusOK
	})
	t.Run("users", o.users)
	t.Run("questions", o.questions)
	t.Run("personal data", o.personal)
	t.Run("orders", o.orders)
	t.Run("gone before approval", o.gone)
	t.Run("caps by a reload", o.caps)
	t.Run("profiles", o.profiles)
	t.Run("hostile", o.hostile)
	o.process.signal(os.Interrupt)
	o.process.wait(patience, 0)
	log := o.process.err.String()
	for name := range officeUsers {
		if strings.Contains(log, tokenOfUser(name)) {
			t.Errorf("the token of %s is in the log", name)
		}
	}
	if strings.Contains(log, "panic") {
		t.Errorf("there was a panic:\n%s", log)
	}
}

// users come by a reload; a file with a fault changes nothing.
func (o *office) users(t *testing.T) {
	if status, _ := o.ask("ada", http.MethodGet, "/api/v1/me", nil); status != http.StatusUnauthorized {
		t.Errorf("who is no user yet: %d", status)
	}
	o.people(usersOf("vera", "omar", "olga", "sam", "ada"))
	if status, answer := o.ask("omar", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "a new auditor"}); status != http.StatusOK {
		t.Errorf("reload: %d %s", status, answer)
	}
	o.people("nonsense\n")
	if status, answer := o.ask("sam", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "a slip"}); status != http.StatusUnprocessableEntity || !bytes.Contains(answer, []byte("admin.users:1:1: an entry is four words")) {
		t.Errorf("a bad file: %d %s", status, answer)
	}
	if status, answer := o.ask("ada", http.MethodGet, "/api/v1/me", nil); status != http.StatusOK || !bytes.Contains(answer, []byte(`"auditor"`)) {
		t.Errorf("the new user, and those of before: %d %s", status, answer)
	}
	o.people(usersOf("vera", "omar", "olga", "sam", "ada"))
}

func (o *office) questions(t *testing.T) {
	asked := 0
	for _, operation := range o.contract.Paths() {
		method, path, ok := strings.Cut(operation, " ")
		if !ok || !strings.EqualFold(method, http.MethodGet) || slices.Contains(streams, path) {
			continue
		}
		id := "BANKC"
		if strings.Contains(path, "/payments/") {
			id = o.id
		}
		for name := range officeUsers {
			status, body := o.ask(name, http.MethodGet, strings.ReplaceAll(path, "{id}", id), nil)
			if status != http.StatusOK && status != http.StatusForbidden && status != http.StatusConflict {
				t.Errorf("%s asks %s: %d %s", name, path, status, body)
			}
			if err := o.contract.Check(http.MethodGet, path, status, body); err != nil {
				t.Errorf("%s asks %s: %v\n%s", name, path, err, body)
			}
			asked++
		}
		if status, _ := o.ask("", http.MethodGet, strings.ReplaceAll(path, "{id}", id), nil); status != http.StatusUnauthorized && strings.HasPrefix(path, "/api/") {
			t.Errorf("%s answers nobody with %d", path, status)
		}
		o.nothing(t, path)
	}
	if asked < 20*len(officeUsers) {
		t.Errorf("%d questions only", asked)
	}
	for name, want := range map[string]int{"omar": http.StatusForbidden, "sam": http.StatusOK, "ada": http.StatusOK, "vera": http.StatusForbidden} {
		if status, _ := o.ask(name, http.MethodGet, "/api/v1/keys", nil); status != want {
			t.Errorf("%s asks for keys: %d", name, status)
		}
	}
	if status, _ := o.asToken("x", http.MethodGet, "/api/v1/keys", nil); status != http.StatusUnauthorized {
		t.Errorf("a token of nobody: %d", status)
	}
}

// nothing asks about what is not there.
func (o *office) nothing(t *testing.T, path string) {
	if !strings.Contains(path, "{id}") {
		return
	}
	for _, id := range []string{"nobody", "4711"} {
		status, body := o.ask("sam", http.MethodGet, strings.ReplaceAll(path, "{id}", id), nil)
		if status != http.StatusNotFound && status != http.StatusForbidden {
			t.Errorf("%s of %s: %d %s", path, id, status, body)
		}
		if err := o.contract.Check(http.MethodGet, path, status, body); err != nil {
			t.Errorf("%s of %s: %v\n%s", path, id, err, body)
		}
	}
}

// personal looks that a viewer sees no account at all.
func (o *office) personal(t *testing.T) {
	for _, path := range []string{"/api/v1/payments", "/api/v1/payments/" + o.id, "/api/v1/payments/" + o.id + "/timeline"} {
		_, all := o.ask("omar", http.MethodGet, path, nil)
		_, few := o.ask("vera", http.MethodGet, path, nil)
		if !bytes.Contains(all, []byte("***")) || bytes.Contains(few, []byte("***")) || !bytes.Contains(few, []byte("•••")) {
			t.Errorf("%s: an operator sees\n%s\na viewer\n%s", path, all, few)
		}
	}
	if status, _ := o.ask("vera", http.MethodPost, "/api/v1/payments/search", map[string]string{"account": "1"}); status != http.StatusForbidden {
		t.Errorf("a viewer searches by an account: %d", status)
	}
}

func (o *office) orders(t *testing.T) {
	drain := view.Order{Command: "drain", Participant: "BANKA"}
	o.order("vera", drain, http.StatusForbidden)
	o.order("ada", drain, http.StatusForbidden)
	o.order("omar", view.Order{Command: "drain", Participant: "BANKA", Reason: strings.Repeat("x", 141)}, http.StatusUnprocessableEntity)
	o.order("omar", drain, http.StatusOK)
	o.order("sam", view.Order{Command: "resume", Participant: "BANKA"}, http.StatusOK)
	v := o.order("omar", view.Order{Command: "set-cap", Participant: "BANKA", Amount: "77.00"}, http.StatusOK)
	if v.Done || v.Approval == 0 || capOfOffice(o) == 7700 {
		t.Errorf("one person has changed a cap: %+v", v)
	}
	o.order("omar", view.Order{Command: "approve", Approval: v.Approval}, http.StatusForbidden)
	o.order("olga", view.Order{Command: "approve", Approval: v.Approval}, http.StatusForbidden)
	if v = o.order("sam", view.Order{Command: "approve", Approval: v.Approval}, http.StatusOK); !v.Done || capOfOffice(o) != 7700 {
		t.Errorf("two persons have not: %+v", v)
	}
	if status, answer := o.ask("omar", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "for 4111111111111111"}); status != http.StatusOK {
		t.Errorf("reload: %d %s", status, answer)
	}
	for name, want := range map[string]string{"vera": "•••", "omar": "********"} {
		var k kept
		if _, body := o.ask(name, http.MethodGet, "/api/v1/config", nil); json.Unmarshal(body, &k) != nil || k.Reason != want {
			t.Errorf("%s sees the reason %q, want %q", name, k.Reason, want)
		}
	}
	_, body := o.ask("ada", http.MethodGet, "/api/v1/audit", nil)
	var deeds view.Changes
	if err := json.Unmarshal(body, &deeds); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, d := range deeds.Changes {
		if d.Kind != "config" {
			kinds = append(kinds, d.Kind+" "+d.Operator+d.Approver)
		}
	}
	if want := []string{"reload omar", "set-cap omarsam", "approved omarsam", "proposed omar", "resume sam", "drain omar", "reload omar"}; !slices.Equal(kinds, want) {
		t.Errorf("the audit has %q, want %q", kinds, want)
	}
}

func capOfOffice(o *office) int64 {
	_, body := o.ask("vera", http.MethodGet, "/api/v1/summary", nil)
	var all summary
	if err := json.Unmarshal(body, &all); err != nil {
		o.t.Fatal(err)
	}
	for _, p := range all.Participants {
		if p.ID == "BANKA" {
			return p.Position.Cap
		}
	}
	return 0
}

// TestHeavyRoutes: what reads thousands of records or stops all goroutines is bounded, and
// ends when who asks is gone.
func TestHeavyRoutes(t *testing.T) {
	t.Parallel()
	heavy := map[string]bool{"/api/v1/journal": true, "/api/v1/journal/records": true, goroutinesPage: true}
	for _, r := range new(node).routes() {
		if heavy[r.Path] && r.AtOnce != 2 {
			t.Errorf("%s: %d at once", r.Path, r.AtOnce)
		}
		delete(heavy, r.Path)
	}
	if len(heavy) != 0 {
		t.Errorf("there are no %v", heavy)
	}
}

// gone: what somebody has ordered who is no user any more is not carried out.
func (o *office) gone(t *testing.T) {
	v := o.order("omar", view.Order{Command: "set-cap", Participant: "BANKA", Amount: "7.00"}, http.StatusOK)
	if v.Approval == 0 {
		t.Fatalf("an order: %+v", v)
	}
	o.people(usersOf("vera", "olga", "sam", "ada"))
	if status, answer := o.ask("sam", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "omar has left"}); status != http.StatusOK {
		t.Errorf("reload: %d %s", status, answer)
	}
	o.order("sam", view.Order{Command: "approve", Approval: v.Approval}, http.StatusConflict)
	if got := capOfOffice(o); got != 7700 {
		t.Errorf("the cap is %d", got)
	}
	o.people(usersOf("vera", "omar", "olga", "sam", "ada"))
	if status, answer := o.ask("sam", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "omar is back"}); status != http.StatusOK {
		t.Errorf("reload: %d %s", status, answer)
	}
}

// hostileRequests are what an admin port must stand.
const hostileRequests = 10_000

// hostile has nobody and users send what nobody should: no fault of the switch's own comes
// of it, and no secret. The tokens may do all that users may, so some of it is carried out.
func (o *office) hostile(t *testing.T) {
	target := attack.Target{Address: o.admin, Patience: patience, Secrets: []string{"1000030001", "BEGIN PRIVATE KEY"}}
	for _, operation := range o.contract.Paths() {
		if _, path, _ := strings.Cut(operation, " "); !slices.Contains(streams, path) && !slices.Contains(target.Paths, path) {
			target.Paths = append(target.Paths, path)
		}
	}
	target.Paths = append(target.Paths, "/", "/login", "/logout", "/console/", "/console/payments", "/console/payments/{id}")
	for name := range officeUsers {
		target.Tokens = append(target.Tokens, tokenOfUser(name))
	}
	slices.Sort(target.Tokens) // one seed, one attack
	requests := hostileRequests
	if testing.Short() || raced {
		requests /= 10
	}
	report := attack.Attack(target, 1, requests)
	for _, f := range report.Faults {
		t.Error(f)
	}
	if report.Requests != requests {
		t.Errorf("%d requests", report.Requests)
	}
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed} {
		if report.Statuses[status] == 0 {
			t.Errorf("no request was answered with %d: %v", status, report.Statuses)
		}
	}
	t.Logf("%d requests, %v, %d without an answer", report.Requests, report.Statuses, report.Silent)
	if status, body := o.ask("vera", http.MethodGet, "/livez", nil); status != http.StatusOK {
		t.Errorf("/livez: %d %s", status, body)
	}
}

// TestHostileFinds: the attack sees a fault of a server's own, a secret, and what is no
// answer.
func TestHostileFinds(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"its own fault": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/weak") {
				http.Error(w, "oops", http.StatusInternalServerError)
			}
		},
		"a secret is in the answer": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Header.Get("Authorization"))
		},
		"not HTTP": func(w http.ResponseWriter, _ *http.Request) {
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_, _ = io.WriteString(c, "oops")
				_ = c.Close()
			}
		},
	} {
		s := httptest.NewServer(answer)
		report := attack.Attack(attack.Target{Address: s.Listener.Addr().String(), Patience: patience, Paths: []string{"/weak", "/sound/{id}"}, Tokens: []string{tokenOfUser("vera")}}, 1, 200)
		if len(report.Faults) == 0 || !strings.Contains(report.Faults[0].String(), name) {
			t.Errorf("%s: of %d requests %v", name, report.Requests, report.Faults)
		}
		s.Close()
	}
}
