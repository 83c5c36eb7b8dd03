package main

import (
	"errors"
	"fmt"

	"switchd/certs"
	"switchd/session/gnetio"
	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/ingress"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
)

// What the parts of the rim and the machine need of a configuration, each in its own
// words.

// trustOf is who is let in with which certificate.
func trustOf(cfg *config.Config) (certs.Options, error) {
	o := certs.Options{
		Paths: certs.Paths{CA: cfg.TLS.CA, Cert: cfg.TLS.Cert, Key: cfg.TLS.Key},
		CRLs:  cfg.TLS.CRL, CRLGrace: cfg.TLS.CRLGrace, Peers: map[string]certs.Peer{}, Clock: clock,
	}
	var faults []error
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		peer := certs.Peer{TLS12: p.TLSMin == "1.2", Allow: p.Allow}
		for _, text := range p.Pins {
			pin, err := certs.ParsePin(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("participant %s: %w", p.ID, err))
			}
			peer.Pins = append(peer.Pins, pin)
		}
		o.Peers[p.ID] = peer
	}
	return o, errors.Join(faults...)
}

// accessOf is where participants come from, and where they are dialled.
func accessOf(cfg *config.Config) gnetio.Access {
	a := gnetio.Access{Allow: cfg.Allow, Peers: map[string]gnetio.Peer{}}
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		peer := gnetio.Peer{Allow: p.Allow, LinksMax: p.Links.Listen, OutboxBytesMax: int(p.Links.Outbox)}
		for _, d := range p.Links.Dial {
			peer.Dial = append(peer.Dial, gnetio.Target{Group: d.Group, Addresses: d.Addresses, Links: d.Links})
		}
		a.Peers[p.ID] = peer
	}
	return a
}

// limitsOf is what a participant may send.
func limitsOf(p *config.Participant) ingress.Limits {
	return ingress.Limits{Requests: rateOf(p.Rates.Requests), Enquiries: rateOf(p.Rates.Enquiries), Others: rateOf(p.Rates.Others)}
}

// rateOf is a rate in the words of the rim, where less than none is no limit.
func rateOf(r config.Rate) ingress.Rate {
	if r.Off {
		return ingress.Rate{Rate: -1}
	}
	return ingress.Rate{Rate: r.PerSecond, Burst: r.Burst}
}

// loadStepsOf is when new work is shed.
func loadStepsOf(cfg *config.Config) (steps engine.LoadSteps) {
	for i := range steps {
		steps[i] = engine.LoadStep{Fill: cfg.BrownOut.Steps[i].Queue, Commit: cfg.BrownOut.Steps[i].Commit}
	}
	return steps
}

// reach is how a participant is found and what it is there for.
func reach(profile *payment.Profile, p *config.Participant) {
	profile.BIC, profile.BINs, profile.Accounts = p.BIC, ranges(p.BINRanges), ranges(p.AccountRanges)
	profile.NotPSP, profile.NotBank = !p.PSP, !p.Bank
	if p.Dialect != dialect20022 {
		profile.AmountMax, profile.AmountUnit = quirksOf(p).AmountMax()
	}
}

// foundBy says by what else than an IFSC banks are found.
func foundBy(cfg *config.Config) (found translate.Found) {
	for i := range cfg.Participants {
		p := &cfg.Participants[i]
		found.ByBIC = found.ByBIC || p.BIC != ""
		found.ByAccount = found.ByAccount || len(p.BINRanges)+len(p.AccountRanges) > 0
	}
	return found
}

func ranges(of []config.Range) []route.Range {
	var out []route.Range
	for _, r := range of {
		out = append(out, route.Range(r))
	}
	return out
}

// bound is what a participant is kept from, and what it keeps from others.
func bound(profile *payment.Profile, p *config.Participant) {
	b := &p.Breaker
	profile.Breaker = payment.Breaker{
		Off: b.Off, InRow: uint8(b.InRow), Window: uint8(b.Window), Percent: uint8(b.Percent), OpenFor: b.OpenFor, Closes: uint8(b.Closes),
	}
	profile.InFlight = p.RequestsOpen
	profile.Flow = payment.Flow{Off: p.InFlight.Off, Min: int32(p.InFlight.Min), Max: int32(p.InFlight.Max)}
}

// paymentLimits are what payers may pay.
func paymentLimits(cfg *config.Config) []payment.Limit {
	var out []payment.Limit
	for _, l := range cfg.PaymentLimits {
		limit := payment.Limit{
			Name: l.Name, Purposes: l.Purposes, PerPayment: l.PerPayment, PerDay: l.PerDay, CountPerDay: uint32(l.CountPerDay),
			Payees: map[string]payment.Payees{"merchant": payment.Merchants, "person": payment.Persons}[l.Payee],
		}
		for _, name := range l.Types {
			limit.Types = append(limit.Types, map[string]payment.Type{"push": payment.Push, "collect": payment.Collect, "refund": payment.Refund}[name])
		}
		out = append(out, limit)
	}
	return out
}
