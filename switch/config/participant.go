package config

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// DefaultAmbiguous are the DE39 codes that prove nothing about a debit when a
// participant's profile does not say otherwise (domain.md 1.3). The caller owns
// the slice.
func DefaultAmbiguous() []string { return []string{"09", "68", "91", "96"} }

func (b *binder) participants(v value, timers Timers) []Participant {
	if v.absent() {
		return nil
	}
	entries := v.list("{id: BANKA, ...}")
	out := make([]Participant, 0, len(entries))
	for _, entry := range entries {
		out = append(out, b.participant(entry, timers))
	}
	return out
}

func (b *binder) participant(v value, timers Timers) Participant {
	owner := "this participant"
	if id := v.peek("id"); idForm.re.MatchString(id) {
		owner = "participant " + id
	}
	o := v.object(owner)
	p := Participant{
		Institution:  b.institution(o.get("institution")),
		Dialect:      o.get("dialect").oneOf(b.known),
		Framing:      o.get("framing").oneOf(b.known),
		KeepAlive:    o.get("keepalive").oneOf(b.known),
		Profile:      o.get("profile").oneOf(b.known),
		Versions:     b.words(o.get("versions"), "pacs.008.001.08"),
		Posting:      o.get("posting").oneOf(b.known),
		Abilities:    b.words(o.get("abilities"), "checks"),
		NetDebitCap:  b.amount(o.get("net_debit_cap")),
		Ambiguous:    b.ambiguous(o.get("ambiguous")),
		DuplicateKey: b.fields(o.get("duplicate_key"), b.known.DuplicateFields),
		MatchKey:     b.fields(o.get("match_key"), b.known.MatchFields),
		Timers:       b.timers(o.get("timers"), timers),

		AmountInMajorUnits: o.get("amount_in_major_units").truth(),
		AccountPadding:     b.padding(o.get("account_padding")),
	}
	if id := o.get("id"); !id.absent() {
		if s, ok := id.match(); ok && b.ids.add(id, s, "id "+s) {
			p.ID = s
			id.noCanary(s)
		}
	}
	b.connections(o, &p)
	b.measures(o, &p)
	b.security(o, &p)
	b.reach(o, owner, &p)
	if b.known.CheckKeys != nil {
		if err := b.known.CheckKeys(p.DuplicateKey, p.MatchKey); err != nil {
			v.fault("%s: %v", owner, err)
		}
	}
	b.wire(o, &p)
	if len(o.values) > 0 && !slices.ContainsFunc(addressKeys, func(k string) bool { return !o.empty(k) }) {
		v.fault("%s has none of handles, ifsc_prefixes, bic, bin_ranges and account_ranges: nobody could be paid there; add one of them", owner)
	}
	return p
}

// wire checks what belongs to dialect and framing, if both are known.
func (b *binder) wire(o object, p *Participant) {
	if header := o.get("header"); !header.absent() {
		p.Header, _ = header.match()
	}
	if p.Dialect == "" || p.Framing == "" || b.known.CheckWire == nil {
		return
	}
	if err := b.known.CheckWire(p); err != nil {
		o.get("framing").fault("framing %s: %v", p.Framing, err)
	}
}

// empty tells whether a key is absent or an empty list; anything else was meant
// as content, and its own faults are reported where they are.
func (o object) empty(name string) bool {
	v, there := o.values[name]
	if !there {
		return true
	}
	seq, isList := v.node.(*ast.SequenceNode)
	return isList && len(seq.Values) == 0
}

// fields reads a list of data elements out of those that the key may have.
func (b *binder) fields(v value, allowed []int) []int {
	if v.absent() {
		return nil
	}
	var out []int
	for _, entry := range v.list("11") {
		de := entry.integer()
		switch {
		case de == 0:
		case !slices.Contains(allowed, de):
			entry.fault("%s cannot have DE%d: possible are %v", v.name, de, allowed)
		case slices.Contains(out, de):
			entry.fault("%s has DE%d twice: remove one", v.name, de)
		default:
			out = append(out, de)
		}
	}
	return out
}

// words reads a list of words out of those of its shape, each at most once; nil
// when the key is absent.
func (b *binder) words(v value, each string) []string {
	if v.absent() {
		return nil
	}
	words, here := []string{}, seen{}
	for _, entry := range v.list(each) {
		if s := entry.oneOf(b.known); s != "" && here.add(entry, s, s) {
			words = append(words, s)
		}
	}
	return words
}

func (b *binder) ambiguous(v value) []string {
	if v.absent() {
		return DefaultAmbiguous()
	}
	codes := []string{} // an empty list is a choice: every answer proves something
	here := seen{}      // unique per participant only
	for _, entry := range v.list(`"91"`) {
		s, ok := entry.match()
		switch {
		case !ok || !here.add(entry, s, "ambiguous code "+s):
		case s == "00":
			entry.fault(`ambiguous has "00", which is the approval: remove it`)
		default:
			codes = append(codes, s)
		}
	}
	return codes
}

// CheckID says what keeps a text from being the id of a participant.
func CheckID(id string) error {
	if !idForm.re.MatchString(id) {
		return fmt.Errorf("id %s: a participant has %s", shown(id), idForm.says)
	}
	return nil
}
