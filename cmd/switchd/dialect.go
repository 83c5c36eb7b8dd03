package main

import (
	"slices"

	"switchd/codec/iso20022"
	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/translate"
	message20022 "switchd/switch/translate/iso20022"
	message8583 "switchd/switch/translate/iso8583"
)

// dialect20022 is the name of the dialect of ISO 20022 in a configuration; its
// messages are those of a profile, profileDefault unless another is named.
const (
	dialect20022   = "iso20022"
	profileDefault = "ips-base"
)

// newDialect is how a participant speaks, by its configuration.
func newDialect(p *config.Participant, dir *translate.Directory, n route.Participant) (translate.Dialect, error) {
	if p.Dialect == dialect20022 {
		profile, err := profileOf(p)
		if err != nil {
			return nil, err
		}
		return message20022.New(profile, dir, n)
	}
	spec, err := builtinSpec(p.Dialect)
	if err != nil {
		return nil, err
	}
	d, err := (&message8583.Dialect{Spec: spec, Directory: dir, Number: n}).With(p.DuplicateKey, p.MatchKey)
	if err != nil {
		return nil, err
	}
	return d.WithQuirks(quirksOf(p))
}

// quirksOf are the ways in which a participant differs from its dialect of ISO 8583.
func quirksOf(p *config.Participant) message8583.Quirks {
	q := message8583.Quirks{Padding: message8583.Padding(p.AccountPadding), Unit: 1}
	if p.AmountInMajorUnits {
		money, _ := config.CurrencyOf(p.Currency)
		for range money.Exponent {
			q.Unit *= 10
		}
	}
	return q
}

// profileOf is what the messages of an ISO 20022 participant must have.
func profileOf(p *config.Participant) (*iso20022.Profile, error) {
	name := p.Profile
	if name == "" {
		name = profileDefault
	}
	profile, err := builtinProfile(name)
	if err != nil {
		return nil, err
	}
	return profile.With(p.Versions...)
}

// versions are all messages that profiles may be narrowed to.
func versions() []string {
	var names []string
	for _, d := range iso20022.Definitions() {
		names = append(names, d.Name)
	}
	return names
}

// abilities20022 are what every participant of ISO 20022 can do, unless its
// configuration says otherwise: the messages for it are part of the dialect.
var abilities20022 = []string{"receipts", "updates", "checks"}

// abilitiesOf are what a participant can do beyond the messages of every payment.
func abilitiesOf(p *config.Participant) []string {
	if p.Abilities == nil && p.Dialect == dialect20022 {
		return abilities20022
	}
	return p.Abilities
}

// enable gives the machine's profile of a participant its abilities.
func enable(profile *payment.Profile, p *config.Participant) {
	can := abilitiesOf(p)
	profile.RepeatSafe = slices.Contains(can, "repeat_safe")
	profile.Receipts = slices.Contains(can, "receipts")
	profile.Updates = slices.Contains(can, "updates")
	profile.Checks = slices.Contains(can, "checks")
	profile.Binding = slices.Contains(can, "binding")
	if p.Posting == "on_confirm" {
		profile.Posting = payment.PostOnConfirm
	}
}

// matchOf is the machine's form of a match key; none is its default. Messages of
// ISO 20022 carry no trace numbers, only the reference.
func matchOf(p *config.Participant) payment.Match {
	if p.Dialect == dialect20022 {
		return payment.Match{Reference: true}
	}
	return payment.Match{
		Reference: slices.Contains(p.MatchKey, 37), Transmitted: slices.Contains(p.MatchKey, 7), STAN: slices.Contains(p.MatchKey, 11),
	}
}

// ambiguous20022 are the reasons of ISO 20022 that prove nothing about a debit:
// time-outs and faults somewhere between (domain reference 2.5).
var ambiguous20022 = []string{"AB01", "AB02", "AB03", "AB04", "AB05", "AB06", "AB09", "AB10", "AB11"}

// ambiguousDebit are the codes of a participant's debit answers that prove nothing.
func ambiguousDebit(p *config.Participant) []string {
	if p.Dialect == dialect20022 && slices.Equal(p.Ambiguous, config.DefaultAmbiguous()) {
		return ambiguous20022
	}
	return p.Ambiguous
}
