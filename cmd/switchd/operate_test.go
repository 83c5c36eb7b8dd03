package main

import (
	"encoding/json"
	"strings"
	"testing"

	"switchd/switch/payment"
	"switchd/switch/translate"
)

// TestOperate: an operator looks at a payment, cannot decide about one that needs
// no decision, and changes a cap, which lasts over a restart.
func TestOperate(t *testing.T) {
	t.Parallel()
	s := newScheme(t, longTimers, 3)
	p := s.serve()
	c := s.connect("BANKC")
	c.signOn()
	id := c.ask(c.pay("BANKC", "user1@nosuchhandle")).tags[2]
	out, _ := runs(t, 0, "payment", "show", id, "--admin", s.admin, "--json")
	var v paymentView
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.SwitchID != id || v.State != "DECLINED" || v.Outcome != "ADDRESS_UNKNOWN" || v.Sender != "BANKC" {
		t.Errorf("show: %v\n%s", err, out)
	}
	if out, _ := runs(t, 0, "payment", "show", id, "--config", s.config); !strings.Contains(out, "DECLINED (ADDRESS_UNKNOWN)") || strings.Contains(out, "user1@") {
		t.Errorf("show for people:\n%s", out)
	}
	if _, said := runs(t, exitFailed, "payment", "show", "4711", "--admin", s.admin); said != "switchd: no such payment\n" {
		t.Error(said)
	}
	if _, said := runs(t, exitFailed, "payment", "settle", id, "--reason", "by phone", "--admin", s.admin); !strings.Contains(said, "does not fit payment") {
		t.Error(said)
	}
	runs(t, 0, "cap", "BANKC", "0.50", "--reason", "a test", "--operator", "asha", "--admin", s.admin)
	if _, said := runs(t, exitFailed, "cap", "NOBODY", "1", "--reason", "a test", "--admin", s.admin); !strings.Contains(said, "known are BANKA, BANKB, BANKC") {
		t.Error(said)
	}
	if _, said := runs(t, exitFailed, "cap", "BANKC", "1.005", "--reason", "a test", "--admin", s.admin); !strings.Contains(said, "2 decimals") {
		t.Error(said)
	}
	if got := capOf(t, s, "BANKC"); got != 50 {
		t.Errorf("the cap is %d", got)
	}
	p.kill()
	s.serve()
	if got := capOf(t, s, "BANKC"); got != 50 {
		t.Errorf("after a restart the cap is %d", got)
	}
}

// capOf is the net debit cap that the summary shows.
func capOf(t *testing.T, s *scheme, id string) int64 {
	t.Helper()
	all, ok := s.summary()
	if !ok {
		t.Fatal("no summary")
	}
	for _, p := range all.Participants {
		if p.ID == id {
			return p.Position.Cap
		}
	}
	t.Fatalf("%s is not in the summary", id)
	return 0
}

// TestParsePaymentID: whatever a participant names a payment by is understood.
func TestParsePaymentID(t *testing.T) {
	whole := translate.SwitchID(4711)
	reference := translate.Reference(4711, payment.LegRequest)
	for _, s := range []string{"4711", string(whole[:]), "SWD" + string(reference[:]) + "Q00"} {
		if id, ok := translate.ParsePayment(s); !ok || id != 4711 {
			t.Errorf("%q is payment %d, %v", s, id, ok)
		}
	}
	for _, s := range []string{"", "0", "-1", "x", "SWD", "SWD" + string(reference[:]), "SWD000000000000Q00", "SWD!!!!!!!!!!!!Q00", "ABC" + string(reference[:]) + "Q00"} {
		if id, ok := translate.ParsePayment(s); ok {
			t.Errorf("%q is payment %d", s, id)
		}
	}
}
