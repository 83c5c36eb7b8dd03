package console

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"switchd/switch/access"
	"switchd/switch/view"
)

var (
	operator = access.Caller{Name: "meera", Roles: access.Operator, Secured: true}
	viewer   = access.Caller{Name: "vera", Roles: access.Viewer, Secured: true}
	anybody  = access.Caller{Roles: access.Anyone}
)

// site is a console in front of a fake.
type site struct {
	*fake
	http.Handler
	caller access.Caller
}

func newSite(f *fake, caller access.Caller) *site {
	s := &site{fake: f, caller: caller}
	s.Handler = New(Options{Source: f, Caller: func(*http.Request) access.Caller { return s.caller }, Reload: f.reload, Log: slog.New(slog.DiscardHandler)})
	return s
}

func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	return s.send(httptest.NewRequest(http.MethodGet, path, nil), headers...)
}

func (s *site) post(path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r, headers...)
}

func (s *site) send(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// allPages are the addresses of all pages.
var allPages = []string{
	"/", "/console/participants", "/console/participants?sort=-failed&filter=bank&state=unwell", "/console/participants/BANKB", "/console/participants/PAYCO",
	"/console/payments", "/console/payments?participant=BANKB&state=DEEMED", "/console/payments/1001", "/console/payments/1003", "/console/payments/1003?view=compact",
	"/console/payments/1003?view=full", "/console/payments/1004", "/console/payments/1002", "/console/exceptions", "/console/exceptions?list=exceptions", "/console/exceptions?list=unknown",
	"/console/exceptions?list=deemed", "/console/changes", "/console/changes?before=90121", "/console/approvals", "/console/approvals?waits=7", "/console/alerts", "/console/config", "/console/keys",
	"/console/order?command=drain&participant=BANKA", "/console/order?command=set-cap&participant=BANKB", "/console/order?command=debug&participant=BANKB",
	"/console/order?command=close-link&link=41&participant=BANKB", "/console/order?command=settle&payment=1001", "/console/order?command=approve&approval=7",
	"/console/order?command=reload",
}

// element is one element of a page.
type element struct {
	name  string
	attrs map[string]string
	text  string // of all that is in it
}

// parse reads a page as strictly as XML is read, but for what HTML leaves open. What
// does not nest is found by that.
func parse(t *testing.T, page string) []*element {
	t.Helper()
	in := xml.NewDecoder(strings.NewReader(page))
	in.Strict, in.AutoClose, in.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var list, open []*element
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				name := a.Name.Local
				if a.Name.Space != "" {
					name = a.Name.Space + ":" + name
				}
				e.attrs[name] = a.Value
			}
			list, open = append(list, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text += string(token)
			}
		}
	}
}

func find(list []*element, name string) []*element {
	var found []*element
	for _, e := range list {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

// checkPage holds what is true of every page.
func checkPage(t *testing.T, w *httptest.ResponseRecorder) []*element {
	t.Helper()
	if got := w.Header().Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", w.Header())
	}
	list := parse(t, w.Body.String())
	ids := map[string]bool{}
	for _, e := range list {
		if id, has := e.attrs["id"]; has {
			if id == "" || ids[id] {
				t.Errorf("id %q is empty or stands there twice", id)
			}
			ids[id] = true
		}
		for name, value := range e.attrs {
			if strings.HasPrefix(name, "on") || name == "style" || strings.HasPrefix(strings.TrimSpace(value), "javascript:") {
				t.Errorf("<%s %s=%q> may not be", e.name, name, value)
			}
			if (name == "src" || name == "href" || name == "action") && (strings.Contains(value, "//") || strings.Contains(value, "ZgotmplZ")) {
				t.Errorf("<%s %s=%q> leads elsewhere", e.name, name, value)
			}
		}
		checkElement(t, e)
	}
	for _, e := range list {
		for _, name := range []string{"for", "aria-labelledby"} {
			if of := e.attrs[name]; of != "" && !ids[of] && of != "dialog-title" {
				t.Errorf("<%s %s=%q>: there is none", e.name, name, of)
			}
		}
	}
	for name, want := range map[string]int{"h1": 1, "main": 1, "title": 1, "html": 1} {
		if got := len(find(list, name)); got != want {
			t.Errorf("%d <%s>", got, name)
		}
	}
	return list
}

// checkElement holds what is true of every element.
func checkElement(t *testing.T, e *element) {
	t.Helper()
	switch e.name {
	case "script":
		if e.attrs["src"] == "" || strings.TrimSpace(e.text) != "" {
			t.Errorf("a script in the page: %q", e.text)
		}
	case "style":
		t.Error("a style in the page")
	case "button", "a":
		if strings.TrimSpace(e.text) == "" && e.attrs["aria-label"] == "" {
			t.Errorf("<%s %v> has no name", e.name, e.attrs)
		}
	case "th":
		if e.attrs["scope"] == "" {
			t.Errorf("<th>%s has no scope", e.text)
		}
	}
}

// alone skips tests of pages, in which nothing runs at the same time as anything else, where
// tests are made shorter: under the race detector.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("nothing runs at the same time here")
	}
}

func TestPages(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		access.Caller
		empty bool
	}{{operator, false}, {viewer, false}, {anybody, true}} {
		f := newFake()
		f.empty = c.empty
		s := newSite(f, c.Caller)
		for _, path := range allPages {
			t.Run(fmt.Sprintf("%s empty=%v %s", c.Roles, c.empty, path), func(t *testing.T) {
				w := s.get(path)
				checkPage(t, w)
				want := http.StatusOK
				switch {
				case c.empty && strings.HasPrefix(path, "/console/participants/"):
					want = http.StatusNotFound
				case c.Roles == access.Viewer && strings.HasPrefix(path, "/console/order"), !c.Roles.Any(keyReaders) && path == "/console/keys":
					want = http.StatusForbidden
				}
				if w.Code != want {
					t.Errorf("status %d, want %d", w.Code, want)
				}
			})
		}
	}
}

// TestWords looks for what people must find on a page.
func TestWords(t *testing.T) {
	alone(t)
	s := newSite(newFake(), operator)
	for path, words := range map[string][]string{
		"/": {"PAYCO", "down: no link is signed on", "for 11 min", "brown-out step 1 of 4", "12,345,678.90", "48,100.50 INR, oldest 5 min 41 s", "16.2×", "too little traffic to say",
			"Call PAYCO&#39;s operations", "11.2 GiB are free", "0.9.0 (ef08e8e7a1b2)", "1 d 2 h", "meera"},
		"/console/participants":                     {"7 up, 1 degraded, 1 down, 1 drained", "credit open", "debit half-open", "0/2", "93.0 %", "4.31 s", "Resume", "success 98"},
		"/console/participants/BANKB":               {"its core times out", "half-open", "10.4.1.7:50412", "TLS 1.3", "2.0 KiB", "1,203", "/api/v1/participants/BANKB/diagnosis", "Change cap", ">111<", "48,100.50 INR: it has not told"},
		"/console/participants/PAYCO":               {"No link is up", "0/2"},
		"/console/payments/1003":                    {"1,250.50", "FAILED_REVERSED", "nothing for 15.0 s", "Δ 720 µs", "reversal", "2 tries", "push 1000", "UETR", "000000125050", "30.0 s"},
		"/console/payments/1003?view=full":          {"record 90000", "<details open"},
		"/console/payments/1004":                    {"Timers that run", "waits", `hx-trigger="every 2s"`},
		"/console/payments/1001":                    {"It waits for a decision", "Write off", "This is not all", "retention has moved"},
		"/console/payments/1002":                    {"Bank has posted", "Bank returns"},
		"/console/payments?participant=BANKB":       {"Found by participant BANKB", "1002", "1003"},
		"/console/exceptions":                       {"dead letter", "1001"},
		"/console/exceptions?list=exceptions":       {"late answer", "1002"},
		"/console/changes":                          {"approved by anders", "ticket 4411", "refused", "/console/payments/1002", "90312"},
		"/console/approvals":                        {"Set the cap of BANKB", "You have ordered it", "lapses in", "collateral has come"},
		"/console/alerts":                           {"docs/runbooks/participant-down.md", "CommitSlow", "10 min", "2026-11-23 08:53:12"},
		"/console/config":                           {"participants.NEWBANK: added", "limits.queue", "/etc/switchd/switchd.yml", "  - id: BANKA"},
		"/console/order?command=approve&approval=7": {"collateral has come", "meera"},
		"/console/order?command=reload":             {"participants.NEWBANK: added", "Reload the configuration"},
		"/console/config?done=90312":                {"their data centre moves tonight"},
	} {
		page := s.get(path).Body.String()
		for _, word := range words {
			if !strings.Contains(page, word) {
				t.Errorf("%s does not say %q", path, word)
			}
		}
	}
}

// TestEmpty looks for what is said when there is nothing yet.
func TestEmpty(t *testing.T) {
	f := newFake()
	f.empty = true
	s := newSite(f, operator)
	for path, words := range map[string]string{
		"/": "No participant is configured", "/console/participants": "No participant is configured", "/console/payments": "There is no payment yet",
		"/console/exceptions": "No payment waits for a decision", "/console/changes": "Nobody has ordered or changed anything yet",
		"/console/approvals": "No order waits", "/console/alerts": "No alert fires", "/console/config": "the file on disk is what is in force",
		"/console/payments?rrn=123456789012": "No payment fits",
	} {
		if page := s.get(path).Body.String(); !strings.Contains(page, words) {
			t.Errorf("%s does not say %q", path, words)
		}
	}
}

// TestFaults has every question fail in every way.
func TestFaults(t *testing.T) {
	alone(t)
	statuses := map[error]int{view.ErrQuestion: 400, view.ErrForbidden: 403, view.ErrNotFound: 404, view.ErrConflict: 409, view.ErrRefused: 422, view.ErrBusy: 503, errors.New("broken"): 500}
	for method, path := range map[string]string{
		"Participants": "/console/participants", "Links": "/console/participants/BANKA", "Limits": "/console/participants/BANKA", "Timeline": "/console/payments/1003",
		"Changes": "/console/changes", "Approvals": "/console/approvals", "Alerts": "/console/alerts", "Config": "/console/config", "Overview": "/",
	} {
		for kind, status := range statuses {
			f := newFake()
			f.fail[method] = fmt.Errorf("%w: the <reason> of it", kind)
			w := newSite(f, operator).get(path)
			checkPage(t, w)
			if w.Code != status || !strings.Contains(w.Body.String(), "he &lt;reason&gt; of it.") {
				t.Errorf("%s fails with %v: status %d, want %d", method, kind, w.Code, status)
			}
		}
	}
	for kind, status := range statuses {
		f := newFake()
		f.fail["Search"] = fmt.Errorf("%w: the reason", kind)
		if w := newSite(f, operator).get("/console/payments?rrn=1"); w.Code != status || !strings.Contains(w.Body.String(), "he reason.") {
			t.Errorf("a search fails with %v: status %d", kind, w.Code)
		}
	}
	// A switch that cannot say how it is still shows the rest.
	f := newFake()
	f.fail["Overview"] = view.ErrBusy
	w := newSite(f, operator).get("/console/changes")
	if page := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(page, "The state of the switch is not known") || !strings.Contains(page, "Not known") {
		t.Errorf("status %d without an overview", w.Code)
	}
}

func TestAddresses(t *testing.T) {
	s := newSite(newFake(), operator)
	for path, status := range map[string]int{
		"/nothing": 404, "/console/": 404, "/console/nothing": 404, "/console/participants/NOBODY": 404, "/console/payments/99": 404, "/console/payments?min=nonsense": 400,
		"/console/changes?before=x": 400, "/console/order": 400, "/console/order?command=explode": 400, "/console/order?command=drain": 400, "/console/assets/nothing.js": 404,
		"/console/live?topics=nothing": 400, "/console/live": 400, "/console/live?topics=" + strings.Repeat("head,", 8) + "head": 400, "/console/live?topics=participant:": 400,
		"/console/participants?sort=nonsense&state=nonsense": 200, "/console/exceptions?list=nonsense": 200, "/console/payments/1003?view=nonsense": 200,
	} {
		if w := s.get(path); w.Code != status {
			t.Errorf("%s: status %d, want %d", path, w.Code, status)
		}
	}
	for _, path := range []string{"/", "/console/participants", "/console/changes", "/console/live"} {
		if w := s.post(path, nil); w.Code != http.StatusBadRequest && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, w.Code)
		}
	}
	if n := s.count("Do"); n != 0 {
		t.Errorf("%d orders by looking", n)
	}
}

// TestPartial has htmx ask for the body of a page only.
func TestPartial(t *testing.T) {
	w := newSite(newFake(), operator).get("/console/order?command=drain&participant=BANKA", "HX-Request", "true")
	if page := w.Body.String(); strings.Contains(page, "<html") || !strings.Contains(page, `name="reason"`) || w.Header().Get("Vary") != "HX-Request" {
		t.Errorf("%v %s", w.Header(), page)
	}
}

func TestTheme(t *testing.T) {
	s := newSite(newFake(), operator)
	for cookie, want := range map[string]string{"theme=dark": `data-theme="dark"`, "theme=light": `data-theme="light"`, "theme=x": `<html lang="en">`, "": `<html lang="en">`} {
		if page := s.get("/", "Cookie", cookie).Body.String(); !strings.Contains(page, want) {
			t.Errorf("cookie %q: no %s", cookie, want)
		}
	}
}

// TestMatrix sorts and filters on the server, as pages without script do.
func TestMatrix(t *testing.T) {
	alone(t)
	s := newSite(newFake(), operator)
	for query, want := range map[string]string{
		"":                        "PAYCO BANKB CREDITU BANKA BANKC FIRSTB GRAMIN NATIONAL POSTBANK UNITED",
		"?sort=id":                "BANKA BANKB BANKC CREDITU FIRSTB GRAMIN NATIONAL PAYCO POSTBANK UNITED",
		"?sort=-id&state=up":      "UNITED POSTBANK NATIONAL GRAMIN FIRSTB BANKC BANKA",
		"?sort=-cap&state=unwell": "BANKB PAYCO CREDITU",
		"?filter=iso20022":        "BANKC GRAMIN POSTBANK",
		"?filter=601104":          "FIRSTB",
		"?filter=nobody":          "",
	} {
		w := s.get("/console/participants" + query)
		var shown []string
		for _, row := range find(checkPage(t, w), "tr") {
			if _, hidden := row.attrs["hidden"]; !hidden && row.attrs["data-id"] != "" {
				shown = append(shown, row.attrs["data-id"])
			}
		}
		if got := strings.Join(shown, " "); got != want {
			t.Errorf("%q shows %s, want %s", query, got, want)
		}
	}
	page := s.get("/console/participants?sort=-tps").Body.String()
	if !strings.Contains(page, `aria-sort="descending"`) || !strings.Contains(page, `href="?sort=tps"`) {
		t.Error("the column that is sorted by does not say so, or leads to the same again")
	}
}

// TestRoles has nobody but operators and security officers see what orders something.
func TestRoles(t *testing.T) {
	for _, c := range []struct {
		roles  access.Roles
		orders bool
	}{{access.Viewer, false}, {access.Auditor, false}, {access.Operator, true}, {access.SecurityOfficer, true}, {access.Anyone, true}} {
		page := newSite(newFake(), access.Caller{Name: "x", Roles: c.roles, Secured: true}).get("/").Body.String()
		if got := strings.Contains(page, `<body class="orders">`); got != c.orders {
			t.Errorf("%s: orders shown %v", c.roles, got)
		}
	}
	if page := newSite(newFake(), anybody).get("/").Body.String(); !strings.Contains(page, "open mode") || strings.Contains(page, "Log out") {
		t.Error("the page of a switch without users does not say so")
	}
}

// TestKeys: the page is for those who may see it, and nobody else is shown the way to it.
func TestKeys(t *testing.T) {
	const way = `href="/console/keys"`
	for roles, may := range map[access.Roles]bool{access.Viewer: false, access.Operator: false, access.Auditor: true, access.SecurityOfficer: true, access.Anyone: true} {
		s := newSite(newFake(), access.Caller{Name: "x", Roles: roles, Secured: true})
		if got := strings.Contains(s.get("/").Body.String(), way); got != may {
			t.Errorf("%s: the way is shown %v", roles, got)
		}
		w := s.get("/console/keys")
		checkPage(t, w)
		page := w.Body.String()
		if may != (w.Code == http.StatusOK) || may != strings.Contains(page, "5DB4A1") {
			t.Errorf("%s: %d", roles, w.Code)
		}
		if !may {
			continue
		}
		for _, word := range []string{"zpk-bankb", "in 11 d 23 h", "expired", "nothing is made or checked with it", "2026-12-05 10:53:12", "never", "/console/participants/BANKC", `data-key="k"`} {
			if !strings.Contains(page, word) {
				t.Errorf("the page does not say %q", word)
			}
		}
		if strings.Count(page, "nothing is made or checked with it") != 1 {
			t.Error("an old key counts as one that has expired in use")
		}
	}
}

func TestAddressesOfTheFormAreKept(t *testing.T) {
	s := newSite(newFake(), operator)
	list := checkPage(t, s.get("/console/payments?rrn=632719001003&state=DEEMED&exceptions=true"))
	values := map[string]string{}
	for _, e := range find(list, "input") {
		_, checked := e.attrs["checked"]
		values[e.attrs["name"]] = e.attrs["value"] + fmt.Sprint(checked)
	}
	if values["rrn"] != "632719001003false" || values["exceptions"] != "truetrue" || values["dead_letters"] != "truefalse" {
		t.Error(slices.Sorted(maps.Keys(values)), values)
	}
}
