package config

import (
	"regexp"
	"slices"
)

var participantKeys = []key{
	{"id", "BANKA"},
	{"institution", `"100001"`},
	{"handles", ""},
	{"ifsc_prefixes", ""},
	{"dialect", "iso87-npci"},
	{"framing", "BIN2"},
	{"keepalive", ""},
	{"header", ""},
	{"profile", ""},
	{"versions", ""},
	{"posting", ""},
	{"abilities", ""},
	{"net_debit_cap", `"1000000.00"`},
	{"ambiguous", ""},
	{"duplicate_key", ""},
	{"match_key", ""},
	{"timers", ""},
}

var (
	idForm     = pattern{regexp.MustCompile(`^[A-Z0-9]{2,11}$`), "2 to 11 capital letters and digits, for example BANKA"}
	headerForm = pattern{regexp.MustCompile(`^([0-9A-Fa-f]{2}){5,64}$`), `5 to 64 bytes in hexadecimal digits, for example "6000010002"`}
	answerForm = pattern{regexp.MustCompile(`^([0-9A-Z]{2}|[0-9A-Z]{4})$`), `2 (ISO 8583) or 4 (ISO 20022) digits or capital letters, for example "91" or AB05`}
)

var handleList = nameList{
	form: pattern{regexp.MustCompile(`^[a-z][a-z0-9]{1,63}$`), "2 to 64 small letters and digits, a letter first, for example banka"},
	noun: "handle",
	each: "banka",
}

var prefixList = nameList{
	form: pattern{regexp.MustCompile(`^[A-Z]{4}$`), "4 capital letters, for example BNKA"},
	noun: "IFSC prefix",
	each: "BNKA",
}

// DefaultAmbiguous are the DE39 codes that prove nothing about a debit when a
// participant's profile does not say otherwise (domain.md 1.3). The caller owns
// the slice.
func DefaultAmbiguous() []string { return []string{"09", "68", "91", "96"} }

func (b *binder) participants(v value, timers Timers) []Participant {
	if v.absent() {
		return nil
	}
	entries := v.list("{id: BANKA, ...}")
	switch {
	case len(entries) > participantsMax:
		v.fault("participants has %d entries: at most %d are possible", len(entries), participantsMax)
		return nil
	case len(entries) == 0 && kind(v.node) == "a list":
		v.fault("participants is empty: a switch needs at least one")
	}
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
	o := v.object(owner, participantKeys)
	p := Participant{
		Institution:  b.institution(o.get("institution")),
		Handles:      handleList.names(o.get("handles"), b.handles),
		IFSCPrefixes: prefixList.names(o.get("ifsc_prefixes"), b.prefixes),
		Dialect:      o.get("dialect").oneOf(b.known.Dialects),
		Framing:      o.get("framing").oneOf(b.known.Framings),
		KeepAlive:    o.get("keepalive").oneOf(keepAlives),
		Profile:      o.get("profile").oneOf(b.known.Profiles),
		Versions:     b.words(o.get("versions"), b.known.Versions, "pacs.008.001.08"),
		Posting:      o.get("posting").oneOf(postings),
		Abilities:    b.words(o.get("abilities"), abilities, "checks"),
		NetDebitCap:  b.amount(o.get("net_debit_cap")),
		Ambiguous:    b.ambiguous(o.get("ambiguous")),
		DuplicateKey: b.fields(o.get("duplicate_key"), b.known.DuplicateFields),
		MatchKey:     b.fields(o.get("match_key"), b.known.MatchFields),
		Timers:       b.timers(o.get("timers"), timers),
	}
	if b.known.CheckKeys != nil {
		if err := b.known.CheckKeys(p.DuplicateKey, p.MatchKey); err != nil {
			v.fault("%s: %v", owner, err)
		}
	}
	b.wire(o, &p)
	if id := o.get("id"); !id.absent() {
		if s, ok := id.match(idForm); ok && b.ids.add(id, s, "id "+s) {
			p.ID = s
		}
	}
	if o.empty("handles") && o.empty("ifsc_prefixes") && len(o.values) > 0 {
		v.fault("%s has neither handles nor ifsc_prefixes: nobody could be paid there; add one of them", owner)
	}
	return p
}

// postings are when a participant posts the credits that it has said yes to.
var postings = []string{"immediate", "on_confirm"}

// abilities are what a participant may be able to do beyond the messages of every
// payment.
var abilities = []string{"repeat_safe", "receipts", "updates", "checks", "binding"}

// keepAlives are what can be done with a keep-alive.
var keepAlives = []string{"answer", "swallow"}

// wire checks what belongs to dialect and framing, if both are known.
func (b *binder) wire(o object, p *Participant) {
	if header := o.get("header"); !header.absent() {
		p.Header, _ = header.match(headerForm)
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
	return kind(v.node) == "a list" && len(v.list("")) == 0
}

// fields reads a list of data elements out of those that the key may have.
func (b *binder) fields(v value, allowed []int) []int {
	if v.absent() {
		return nil
	}
	var out []int
	for _, entry := range v.list("11") {
		de := entry.integer(0, 2, 128)
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

// words reads a list of words out of those that are known, each at most once; nil
// when the key is absent.
func (b *binder) words(v value, known []string, each string) []string {
	if v.absent() {
		return nil
	}
	words, here := []string{}, seen{}
	for _, entry := range v.list(each) {
		if s := entry.oneOf(known); s != "" && here.add(entry, s, s) {
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
		s, ok := entry.match(answerForm)
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
