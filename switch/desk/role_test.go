package desk

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"switchd/codec/iso8583"
	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/view"
)

// TestWhatWaitsIsShownByRole: reasons are for those who may read them, what is over is not
// shown, and an order is rejected by who might approve it or has given it.
func TestWhatWaitsIsShownByRole(t *testing.T) {
	r := newRig(t)
	const card = "4111111111111111"
	v := r.do(omar, view.Order{Command: "set-cap", Participant: "BANKA", Amount: "5.00", Reason: "the payer " + card + " called"})
	for _, c := range []access.Caller{viewer, omar, sam, auditor} {
		waits, err := r.Approvals(context.Background(), c)
		if err != nil || len(waits.Approvals) != 1 {
			t.Fatalf("%s: %+v %v", c.Name, waits, err)
		}
		reason := waits.Approvals[0].Order.Reason
		if hidden := reason == Hidden; hidden != (c.Name == viewer.Name) || strings.Contains(reason, card) {
			t.Errorf("%s reads %q", c.Name, reason)
		}
		for _, d := range r.changes(c) {
			if strings.Contains(d, card) || strings.Contains(d, "|"+Hidden+"|") != (c.Name == viewer.Name) {
				t.Errorf("%s reads %q", c.Name, d)
			}
		}
	}
	reject := view.Order{Command: "reject", Approval: v.Approval}
	r.refused(olga, reject, view.ErrForbidden) // a cap is for security officers, and not hers
	r.refused(auditor, reject, view.ErrForbidden)
	r.do(omar, reject)
	r.do(omar, view.Order{Command: "set-cap", Participant: "BANKA", Amount: "5.00"})
	r.pass(approvalLife)
	if waits, err := r.Approvals(context.Background(), sam); err != nil || len(waits.Approvals) != 0 {
		t.Errorf("%+v %v", waits, err)
	}
}

// TestRolesOfQuestions: keys and accounts are for some.
func TestRolesOfQuestions(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		who        access.Caller
		keys, sees bool
	}{{viewer, false, false}, {omar, false, true}, {sam, true, true}, {auditor, true, true}} {
		if _, err := r.KeyList(t.Context(), c.who); (err == nil) != c.keys || err != nil && !errors.Is(err, view.ErrForbidden) {
			t.Errorf("keys for %s: %v", c.who.Name, err)
		}
		if _, err := r.Search(t.Context(), c.who, url.Values{"account": {payerAccount}}); (err == nil) != c.sees || err != nil && !errors.Is(err, view.ErrForbidden) {
			t.Errorf("a search by an account for %s: %v", c.who.Name, err)
		}
		if Personal(c.who.Roles) != c.sees {
			t.Errorf("%s sees personal data: %v", c.who.Name, !c.sees)
		}
	}
}

// TestOnePersonIsEnough: where the rule is off; and what time debugging may take.
func TestOnePersonIsEnough(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.TwoPerson, o.Debug = false, func(string, int64) error { return nil }
	})
	if v := r.do(omar, view.Order{Command: "set-cap", Participant: "BANKA", Amount: "5.00"}); !v.Done || r.cap(0) != 500 {
		t.Errorf("%+v, the cap is %d", v, r.cap(0))
	}
	for _, wait := range []string{"-1m", "61m", "", "10"} {
		r.refused(omar, view.Order{Command: "debug", Participant: "BANKA", For: wait}, view.ErrRefused)
	}
	r.do(omar, view.Order{Command: "debug", Participant: "BANKA", For: "60m"})
}

// TestVeil: secrets are for nobody, and an account is one in whatever field it stands.
func TestVeil(t *testing.T) {
	e := request(1)
	for _, roles := range []access.Roles{access.Viewer, access.Anyone} {
		if _, there := textsFor(&e.Text, roles)[payment.PINToken]; there {
			t.Errorf("%s sees what stands for a PIN", roles)
		}
		v := veilOf(&e.Text, roles)
		if got := v.show(fieldSecret, []byte("4242"), iso8583.MaskNone); got != Hidden {
			t.Errorf("%s sees the secret %q", roles, got)
		}
		for _, text := range []string{payerAccount, "ref " + payeeAccount, strings.ToUpper(payerName)} {
			if got := v.show(fieldPlain, []byte(text), iso8583.MaskNone); got != Hidden {
				t.Errorf("%s sees %q of %q", roles, got, text)
			}
		}
		if got := v.show(fieldPlain, []byte("0210"), iso8583.MaskNone); got != "0210" {
			t.Errorf("%s sees %q of what is nobody's", roles, got)
		}
	}
}
