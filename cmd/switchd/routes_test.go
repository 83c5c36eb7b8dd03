package main

import (
	"bytes"
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

// office is a scheme with users.
type office struct {
	*scheme
	id       string // of a payment
	contract *contract.Contract
}

// officeUsers are those of an office; their names are their tokens, too.
var officeUsers = map[string]access.Roles{
	"vera": access.Viewer, "omar": access.Operator, "olga": access.Operator, "sam": access.SecurityOfficer, "ada": access.Auditor,
}

// tokenOfUser is long enough to be one.
func tokenOfUser(name string) string { return strings.Repeat(name, 12) }

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{scheme: newScheme(t, longTimers, 3)}
	var users strings.Builder
	for name, roles := range officeUsers {
		digest := access.DigestOf(tokenOfUser(name))
		fmt.Fprintf(&users, "%s %s token %s\n", name, roles, hex.EncodeToString(digest[:]))
	}
	file := filepath.Join(o.dir, "admin.users")
	config, err := os.ReadFile(o.config)
	if err == nil {
		err = os.WriteFile(file, []byte(users.String()), 0o600)
	}
	if err == nil {
		err = os.WriteFile(o.config, append(config, "admin_access: {users: admin.users}\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.serve()
	c := o.connect("BANKC")
	c.signOn()
	o.id = c.ask(c.pay("BANKC", "user1@nosuchhandle")).tags[2]
	status, document := o.ask("vera", http.MethodGet, "/api/v1/openapi.json", nil)
	if status != http.StatusOK {
		t.Fatalf("no document: %d %s", status, document)
	}
	if o.contract, err = contract.New(document); err != nil {
		t.Fatal(err)
	}
	return o
}

// ask asks as a user, or as nobody ("").
func (o *office) ask(name, method, path string, body any) (status int, answer []byte) {
	o.t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			o.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, "http://"+o.admin+path, in)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if name != "" {
		r.Header.Set("Authorization", "Bearer "+tokenOfUser(name))
	}
	response, err := o.http.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode, answer
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

// streams have answers without an end.
var streams = []string{"/v1/events", "/metrics"}

// TestRoutes: every question of the real switch is answered as the document says, to whom
// the table allows it, and to nobody else; orders need their roles, two persons where two
// are needed, and are all in the audit.
func TestRoutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	until(t, patience, "the first look", func() bool {
		status, _ := o.ask("vera", http.MethodGet, "/api/v1/overview", nil)
		return status == http.StatusOK
	})
	t.Run("questions", o.questions)
	t.Run("personal data", o.personal)
	t.Run("orders", o.orders)
	t.Run("hostile", o.hostile)
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
	}
	if asked < 20*len(officeUsers) {
		t.Errorf("%d questions only", asked)
	}
	for name, want := range map[string]int{"omar": http.StatusForbidden, "sam": http.StatusOK, "ada": http.StatusOK, "vera": http.StatusForbidden} {
		if status, _ := o.ask(name, http.MethodGet, "/api/v1/keys", nil); status != want {
			t.Errorf("%s asks for keys: %d", name, status)
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
	if status, answer := o.ask("omar", http.MethodPost, "/api/v1/reload", reloadOrder{Reason: "a test"}); status != http.StatusOK {
		t.Errorf("reload: %d %s", status, answer)
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
	if want := []string{"reload omar", "set-cap omarsam", "approved omarsam", "proposed omar", "resume sam", "drain omar"}; !slices.Equal(kinds, want) {
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

// hostile has nobody and users send what nobody should: no fault of the switch's own comes
// of it, and no secret.
func (o *office) hostile(t *testing.T) {
	target := attack.Target{Address: o.admin, Patience: patience, Secrets: []string{"1000030001", "BEGIN PRIVATE KEY"}}
	for _, operation := range o.contract.Paths() {
		if _, path, _ := strings.Cut(operation, " "); !slices.Contains(streams, path) {
			target.Paths = append(target.Paths, path)
		}
	}
	for name := range officeUsers {
		target.Tokens = append(target.Tokens, tokenOfUser(name))
	}
	slices.Sort(target.Tokens) // one seed, one attack
	requests := 10_000
	if testing.Short() || raced {
		requests = 1_000
	}
	report := attack.Attack(target, 1, requests)
	for _, f := range report.Faults {
		t.Error(f)
	}
	if report.Requests != requests {
		t.Errorf("%d requests", report.Requests)
	}
	if status, body := o.ask("vera", http.MethodGet, "/livez", nil); status != http.StatusOK {
		t.Errorf("/livez: %d %s", status, body)
	}
}
