package main

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"switchd/switch/config"
)

// TestKeysHaveEffect: what a configuration says about participants and limits arrives
// where it counts.
func TestKeysHaveEffect(t *testing.T) {
	base := func() *config.Config {
		return &config.Config{
			Currency: "INR", BrownOut: config.BrownOut{Steps: config.DefaultLoadSteps()},
			Participants: []config.Participant{{ID: "BANKA", PSP: true, Bank: true, TLSMin: "1.3", Timers: config.DefaultTimers(), Currency: "INR"}},
		}
	}
	arrives := func(c *config.Config) string {
		trust, err := trustOf(c)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v %+v %+v %+v %v %+v %+v %v", machineConfig(c), accessOf(c), trust.Peers, trust.CRLs, trust.CRLGrace, foundBy(c), limitsOf(&c.Participants[0]), loadStepsOf(c))
	}
	before := arrives(base())
	if again := arrives(base()); again != before {
		t.Fatalf("the same configuration gives %s, then %s", before, again)
	}
	pin := "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, change := range map[string]func(*config.Config, *config.Participant){
		"allow": func(c *config.Config, _ *config.Participant) {
			c.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		},
		"tls.crl":           func(c *config.Config, _ *config.Participant) { c.TLS.CRL = []string{"ca.crl"} },
		"brown_out.small":   func(c *config.Config, _ *config.Participant) { c.BrownOut.SmallAmount = 5 },
		"brown_out.steps":   func(c *config.Config, _ *config.Participant) { c.BrownOut.Steps[2].Commit++ },
		"payment_limits":    func(c *config.Config, _ *config.Participant) { c.PaymentLimits = []config.PaymentLimit{{Name: "a"}} },
		"bic":               func(_ *config.Config, p *config.Participant) { p.BIC = "BANKINBB" },
		"bin_ranges":        func(_ *config.Config, p *config.Participant) { p.BINRanges = []config.Range{{Low: "4", High: "4"}} },
		"account_ranges":    func(_ *config.Config, p *config.Participant) { p.AccountRanges = []config.Range{{Low: "4", High: "4"}} },
		"roles without psp": func(_ *config.Config, p *config.Participant) { p.PSP = false },
		"roles of a psp":    func(_ *config.Config, p *config.Participant) { p.Bank = false },
		"links.listen":      func(_ *config.Config, p *config.Participant) { p.Links.Listen = 3 },
		"links.outbox":      func(_ *config.Config, p *config.Participant) { p.Links.Outbox = 3 },
		"links.dial": func(_ *config.Config, p *config.Participant) {
			p.Links.Dial = []config.Dial{{Addresses: []string{"a:1"}}}
		},
		"participant.allow": func(_ *config.Config, p *config.Participant) {
			p.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		},
		"pins":             func(_ *config.Config, p *config.Participant) { p.Pins = []string{pin} },
		"tls_min":          func(_ *config.Config, p *config.Participant) { p.TLSMin = "1.2" },
		"tls.crl_grace":    func(c *config.Config, _ *config.Participant) { c.TLS.CRLGrace = time.Hour },
		"rate.requests":    func(_ *config.Config, p *config.Participant) { p.Rates.Requests.PerSecond = 7 },
		"rate.burst":       func(_ *config.Config, p *config.Participant) { p.Rates.Requests.Burst = 7 },
		"rate.off":         func(_ *config.Config, p *config.Participant) { p.Rates.Requests.Off = true },
		"rate.enquiries":   func(_ *config.Config, p *config.Participant) { p.Rates.Enquiries.PerSecond = 7 },
		"rate.others":      func(_ *config.Config, p *config.Participant) { p.Rates.Others.Off = true },
		"major units":      func(_ *config.Config, p *config.Participant) { p.AmountInMajorUnits = true },
		"requests_open":    func(_ *config.Config, p *config.Participant) { p.RequestsOpen = 7 },
		"in_flight.off":    func(_ *config.Config, p *config.Participant) { p.InFlight.Off = true },
		"in_flight.min":    func(_ *config.Config, p *config.Participant) { p.InFlight.Min = 7 },
		"in_flight.max":    func(_ *config.Config, p *config.Participant) { p.InFlight.Max = 7 },
		"breaker.off":      func(_ *config.Config, p *config.Participant) { p.Breaker.Off = true },
		"breaker.in_row":   func(_ *config.Config, p *config.Participant) { p.Breaker.InRow = 7 },
		"breaker.window":   func(_ *config.Config, p *config.Participant) { p.Breaker.Window = 7 },
		"breaker.percent":  func(_ *config.Config, p *config.Participant) { p.Breaker.Percent = 7 },
		"breaker.open_for": func(_ *config.Config, p *config.Participant) { p.Breaker.OpenFor = time.Second },
		"breaker.closes":   func(_ *config.Config, p *config.Participant) { p.Breaker.Closes = 7 },
	} {
		c := base()
		change(c, &c.Participants[0])
		if arrives(c) == before {
			t.Errorf("%s changes nothing", name)
		}
	}
	bad := base()
	bad.Participants[0].Pins = []string{"sha1/AAAA"}
	if _, err := trustOf(bad); err == nil {
		t.Error("a pin that is none is taken")
	}
}

// TestPaymentLimitsInWords: the words of a configuration are the machine's values.
func TestPaymentLimitsInWords(t *testing.T) {
	got := paymentLimits(&config.Config{PaymentLimits: []config.PaymentLimit{
		{Name: "a", Types: []string{"push", "collect", "refund"}, Payee: "merchant"}, {Name: "b", Payee: "person"}, {Name: "c"},
	}})
	if text := fmt.Sprintf("%v %v %v %v", got[0].Types, got[0].Payees, got[1].Payees, got[2].Payees); text != "[0 1 2] 1 2 0" && text != "[push collect refund] 1 2 0" {
		t.Errorf("limits are %s", text)
	}
}

// TestFoundBy: dialects are told what leads to banks, and only that.
func TestFoundBy(t *testing.T) {
	for _, p := range []config.Participant{{}, {BIC: "BANKINBB"}, {BINRanges: make([]config.Range, 1)}, {AccountRanges: make([]config.Range, 1)}} {
		found := foundBy(&config.Config{Participants: []config.Participant{{}, p}})
		if found.ByBIC != (p.BIC != "") || found.ByAccount != (p.BINRanges != nil || p.AccountRanges != nil) {
			t.Errorf("%+v: %+v", p, found)
		}
	}
}
