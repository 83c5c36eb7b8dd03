package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"switchd/switch/view"
)

// TestOrders sends the form of every order as a browser would, and looks at what the
// source is asked to do and where the browser goes on.
func TestOrders(t *testing.T) {
	for _, c := range []struct {
		form string
		want view.Order
		to   string
	}{
		{"command=drain&participant=BANKA&reason=+night+", view.Order{Command: "drain", Participant: "BANKA", Reason: "night"}, "/console/participants/BANKA?done=90317"},
		{"command=resume&participant=CREDITU&reason=back", view.Order{Command: "resume", Participant: "CREDITU", Reason: "back"}, "/console/participants/CREDITU?done=90317"},
		{"command=debug&participant=BANKA&for=10m&reason=look", view.Order{Command: "debug", Participant: "BANKA", For: "10m", Reason: "look"}, "/console/participants/BANKA?done=90317"},
		{"command=close-link&link=41&participant=BANKB&reason=stuck", view.Order{Command: "close-link", Link: 41, Reason: "stuck"}, "/console/participants/BANKB?done=90317"},
		{"command=set-cap&participant=BANKB&amount=5.00&reason=more", view.Order{Command: "set-cap", Participant: "BANKB", Amount: "5.00", Reason: "more"}, "/console/approvals?waits=9"},
		{"command=settle&payment=1001&reason=paid", view.Order{Command: "settle", Payment: "1001", Reason: "paid"}, "/console/approvals?waits=9"},
		{"command=write-off&payment=1001&reason=paid", view.Order{Command: "write-off", Payment: "1001", Reason: "paid"}, "/console/approvals?waits=9"},
		{"command=retry&payment=1001&reason=again", view.Order{Command: "retry", Payment: "1001", Reason: "again"}, "/console/approvals?waits=9"},
		{"command=bank-posted&payment=1002&reason=letter", view.Order{Command: "bank-posted", Payment: "1002", Reason: "letter"}, "/console/approvals?waits=9"},
		{"command=bank-return&payment=1002&reason=letter", view.Order{Command: "bank-return", Payment: "1002", Reason: "letter"}, "/console/approvals?waits=9"},
		{"command=approve&approval=7&reason=fine", view.Order{Command: "approve", Approval: 7, Reason: "fine"}, "/console/approvals?done=90317"},
		{"command=reload&reason=a+bank+joins", view.Order{Command: "reload", Reason: "a bank joins"}, "/console/config?done=90317"},
		{"command=reject&approval=7&reason=no", view.Order{Command: "reject", Approval: 7, Reason: "no"}, "/console/approvals?done=90317"},
	} {
		form, _ := url.ParseQuery(c.form)
		f := newFake()
		w := newSite(f, operator).post("/console/order", form)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to || len(f.done) != 1 || f.done[0] != c.want {
			t.Errorf("%s: %d to %q, %+v", c.form, w.Code, w.Header().Get("Location"), f.done)
		}
		w = newSite(newFake(), operator).post("/console/order", form, "HX-Request", "true")
		if w.Code != http.StatusNoContent || w.Header().Get("HX-Redirect") != c.to {
			t.Errorf("%s from the dialog: %d to %q", c.form, w.Code, w.Header().Get("HX-Redirect"))
		}
	}
	if len(orders) != 13 {
		t.Errorf("%d orders, the table above has 13", len(orders))
	}
}

// TestReload: it is offered where the console can have it done, and refused in the words
// of who has refused it.
func TestReload(t *testing.T) {
	f := newFake()
	f.fail["Do"] = fmt.Errorf("%w: switchd.yml:3:1: unknown key", view.ErrRefused)
	form := url.Values{"command": {"reload"}, "reason": {"a bank joins"}}
	w := newSite(f, operator).post("/console/order", form)
	checkPage(t, w)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "<span>switchd.yml:3:1: unknown key.</span>") {
		t.Errorf("a file that is not good: %d", w.Code)
	}
	f = newFake()
	f.capsInFile = true
	s := newSite(f, operator)
	if page := s.get("/console/order?command=reload").Body.String(); !strings.Contains(page, "A second person must approve it") {
		t.Error("the form does not say that caps take a second person")
	}
	if w = s.post("/console/order", form); w.Header().Get("Location") != "/console/approvals?waits=9" {
		t.Errorf("a file with other caps: %d to %q", w.Code, w.Header().Get("Location"))
	}
	without := New(Options{Source: newFake()})
	for path, want := range map[string]int{"/console/config": http.StatusOK, "/console/order?command=reload": http.StatusBadRequest} {
		w := httptest.NewRecorder()
		without.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), `href="/console/order?command=reload"`) {
			t.Errorf("%s without a reload: %d", path, w.Code)
		}
	}
	if page := newSite(newFake(), operator).get("/console/config").Body.String(); !strings.Contains(page, `href="/console/order?command=reload"`) {
		t.Error("the page of the configuration offers no reload")
	}
}

// TestOrderRefused keeps what was typed, says why, and does nothing.
func TestOrderRefused(t *testing.T) {
	form := url.Values{"command": {"drain"}, "participant": {"BANKA"}, "reason": {"  "}}
	f := newFake()
	w := newSite(f, operator).post("/console/order", form)
	checkPage(t, w)
	if w.Code != http.StatusUnprocessableEntity || len(f.done) != 0 || !strings.Contains(w.Body.String(), "Say why") {
		t.Errorf("without a reason: %d, %d done", w.Code, len(f.done))
	}
	form.Set("reason", "they asked for it")
	w = newSite(f, viewer).post("/console/order", form)
	checkPage(t, w)
	if w.Code != http.StatusForbidden || len(f.done) != 0 || !strings.Contains(w.Body.String(), "It takes the role operator") {
		t.Errorf("a viewer: %d, %d done", w.Code, len(f.done))
	}
	for kind, status := range map[error]int{view.ErrConflict: 409, view.ErrRefused: 422, view.ErrBusy: 503, view.ErrNotFound: 404} {
		f := newFake()
		f.fail["Do"] = fmt.Errorf("%w: it is so", kind)
		w := newSite(f, operator).post("/console/order", form)
		checkPage(t, w)
		if w.Code != status || !strings.Contains(w.Body.String(), "It is so.") || !strings.Contains(w.Body.String(), `value="they asked for it"`) {
			t.Errorf("%v: %d", kind, w.Code)
		}
	}
	for _, bad := range []url.Values{{}, {"command": {"explode"}}, {"command": {"close-link"}, "link": {"x"}, "reason": {"r"}}, {"command": {"drain"}, "reason": {"r"}}} {
		f := newFake()
		if w := newSite(f, operator).post("/console/order", bad); w.Code != http.StatusBadRequest || len(f.done) != 0 {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	if w := newSite(f, operator).post("/console/order", url.Values{"command": {strings.Repeat("x", formBytesMax)}}); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a long form: %d", w.Code)
	}
}

// TestOutcome has the page after an order say what the journal has, and no address make it
// say anything else.
func TestOutcome(t *testing.T) {
	s := newSite(newFake(), operator)
	for path, want := range map[string]string{
		"/console/participants/CREDITU?done=90312": "Record 90312 of the journal, by meera: their data centre moves tonight",
		"/console/payments/1002?done=90120":        "by meera, approved by anders",
		"/console/approvals?done=90312":            "CREDITU takes no new payments",
		"/console/approvals?waits=9":               "Order 9 waits for a second person",
		"/console/approvals?done=5":                "Changes tells what it was",
	} {
		if page := s.get(path).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

// TestName has who has not logged in say who he is, once.
func TestName(t *testing.T) {
	f := newFake()
	s := newSite(f, anybody)
	w := s.post("/console/order", url.Values{"command": {"drain"}, "participant": {"BANKA"}, "reason": {"r"}, "operator": {"joe;\r\nSet-Cookie: x=y"}})
	if f.done[0].Operator != "joe;\r\nSet-Cookie: x=y" {
		t.Errorf("%+v", f.done)
	}
	if got := w.Header().Values("Set-Cookie"); len(got) != 1 || !strings.Contains(got[0], "HttpOnly") || strings.Contains(got[0], "\n") {
		t.Errorf("%q", got)
	}
	if page := s.get("/console/order?command=drain&participant=BANKA", "Cookie", "operator=joe").Body.String(); !strings.Contains(page, `value="joe"`) {
		t.Error("the name is asked for again")
	}
	// Who has logged in cannot say that he is somebody else.
	f = newFake()
	newSite(f, operator).post("/console/order", url.Values{"command": {"drain"}, "participant": {"BANKA"}, "reason": {"r"}, "operator": {"joe"}})
	if f.done[0].Operator != "" {
		t.Errorf("%+v", f.done)
	}
}
