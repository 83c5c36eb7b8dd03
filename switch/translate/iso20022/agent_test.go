package iso20022

import (
	"testing"

	codec "switchd/codec/iso20022"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// branches takes the IFSCs out of a payment's fields and puts BICs in.
func branches(f map[codec.Field]string, payer, payee string) map[codec.Field]string {
	for _, field := range []codec.Field{codec.DebtorAgent, codec.DebtorAgentSystem, codec.CreditorAgent, codec.CreditorAgentSystem} {
		delete(f, field)
	}
	f[codec.DebtorAgentBIC], f[codec.CreditorAgentBIC] = payer, payee
	return f
}

// TestAgentByBIC: a bank is named by its BIC where BICs lead to banks; where they do
// not, a BIC means nothing.
func TestAgentByBIC(t *testing.T) {
	d := dialect(t, 1)
	b := &bank{t: t, from: "100002"}
	body := b.message("pacs.008.001.08", branches(push(), "BNKBINBB", "BNKAINBBDEL"))
	var ev payment.Event
	if in := d.Open().Read(body, &ev); in.Kind != translate.Malformed {
		t.Errorf("a payee's bank that is not found: %+v", in)
	}
	d.directory.Found = func() translate.Found { return translate.Found{ByBIC: true} }
	in := d.Open().Read(body, &ev)
	if in.Kind != translate.Request || string(ev.Text.Get(payment.PayerIFSC)) != "BNKBINBB" || string(ev.Text.Get(payment.PayeeIFSC)) != "BNKAINBBDEL" {
		t.Errorf("%+v from %q to %q", in, ev.Text.Get(payment.PayerIFSC), ev.Text.Get(payment.PayeeIFSC))
	}
	// An IFSC beside it decides: that is the branch.
	f := push()
	f[codec.CreditorAgentBIC] = "BNKZINBB"
	if in := d.Open().Read(b.message("pacs.008.001.08", f), &ev); in.Kind != translate.Request || string(ev.Text.Get(payment.PayeeIFSC)) != f[codec.CreditorAgent] {
		t.Errorf("%+v to %q", in, ev.Text.Get(payment.PayeeIFSC))
	}
}

// TestAccountAlone: where accounts lead to banks, the payee's needs none.
func TestAccountAlone(t *testing.T) {
	d := dialect(t, 1)
	b := &bank{t: t, from: "100002"}
	f := branches(push(), "BNKBINBB", "BNKAINBB")
	var ev payment.Event
	d.directory.Found = func() translate.Found { return translate.Found{ByAccount: true} }
	if in := d.Open().Read(b.message("pacs.008.001.08", f), &ev); in.Kind != translate.Request || ev.Text.Has(payment.PayeeIFSC) || !ev.Text.Has(payment.PayeeAccount) {
		t.Errorf("%+v", in)
	}
}

// TestComposeBIC: a bank that was named by its BIC is named so to the others.
func TestComposeBIC(t *testing.T) {
	for _, leg := range []payment.Leg{payment.LegDebit, payment.LegCredit, payment.LegAdvice} {
		p := sample()
		p.Text.Set(payment.PayerIFSC, []byte("BNKAINBB"))
		p.Text.Set(payment.PayeeIFSC, []byte("BNKBINBBDEL"))
		body, err := dialect(t, 1).Open().Compose(nil, &payment.Effect{Send: true, Leg: leg, Payment: p, Outcome: payment.OK, At: stamp})
		if err != nil {
			t.Errorf("%v: %v", leg, err)
			continue
		}
		m := parsed(t, body)
		for f, want := range map[codec.Field]string{
			codec.DebtorAgentBIC: "BNKAINBB", codec.CreditorAgentBIC: "BNKBINBBDEL", codec.DebtorAgent: "", codec.CreditorAgent: "",
		} {
			if got := string(m.Text(f)); got != want {
				t.Errorf("%v: %v is %q, want %q", leg, f, got, want)
			}
		}
	}
}
