package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestGuesses(t *testing.T) {
	for text, want := range map[string]string{
		"1003":                                 "payment number, reference, account or address",
		"632719001003":                         "payment number, RRN, reference, account or address",
		"A1B2C3D4E5F6":                         "RRN, reference, account or address",
		"8A562C67-ca16-48ba-b074-65581be61003": "UETR, reference",
		"SWD" + strings.Repeat("0", 32):        "transaction id, reference, account or address",
		"SWD" + strings.Repeat("e", 32):        "transaction id, reference, account or address",
		"SWD00000000FFXD001":                   "message of the switch, reference, account or address",
		"E2E-1003":                             "reference, account or address",
		"asha@banka":                           "reference, account or address",
		"deemed":                               "state",
		"credit unknown":                       "state",
		"1,250.50":                             "amount",
		"2026-11-22":                           "date",
		"99999999999999999999999":              "reference, account or address",
		strings.Repeat("x", 37):                "",
	} {
		var names []string
		for _, g := range guesses(text) {
			names = append(names, g.name)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%q may be %s, want %s", text, got, want)
		}
	}
}

// TestSearchBox types into the box of every page.
func TestSearchBox(t *testing.T) {
	s := newSite(newFake(), operator)
	for text, to := range map[string]string{
		"":                                     "/console/payments",
		"bankb":                                "/console/participants/BANKB",
		" 1003 ":                               "/console/payments/1003",
		"632719001003":                         "/console/payments/1003",
		"8A562C67-CA16-48BA-B074-65581BE61003": "/console/payments/1003",
		"E2E-1001":                             "/console/payments/1001",
		fmt.Sprintf("SWD%032x", 1003):          "/console/payments/1003",
		fmt.Sprintf("SWD%032X", 1003):          "/console/payments/1003",
		"deemed":                               "/console/payments/1002",
		"1,250.50":                             "/console/payments/1003",
	} {
		w := s.post("/console/search", url.Values{"text": {text}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("%q leads to %q (%d), want %q", text, w.Header().Get("Location"), w.Code, to)
		}
	}
	w := s.post("/console/search", url.Values{"text": {"nobody-knows-this"}})
	checkPage(t, w)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "It was looked for as reference or account or address") || !strings.Contains(w.Body.String(), `value="nobody-knows-this"`) {
		t.Errorf("%d", w.Code)
	}
}

// TestAccountStaysOutOfAddresses has a search by account be answered at once, and nothing
// in the page lead to an address with it.
func TestAccountStaysOutOfAddresses(t *testing.T) {
	s := newSite(newFake(), operator)
	w := s.post("/console/search", url.Values{"text": {"asha@banka"}})
	list := checkPage(t, w)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "1003") || !strings.Contains(w.Body.String(), "1004") {
		t.Fatalf("%d", w.Code)
	}
	for _, e := range list {
		if strings.Contains(e.attrs["href"]+e.attrs["action"], "asha") {
			t.Errorf("<%s %v>", e.name, e.attrs)
		}
	}
	// Who may not search by account hears nothing of it.
	if w := newSite(newFake(), viewer).post("/console/search", url.Values{"text": {"asha@banka"}}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No payment is known by this") {
		t.Errorf("a viewer: %d", w.Code)
	}
}
