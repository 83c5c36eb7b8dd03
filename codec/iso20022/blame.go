package iso20022

// Blame makes the error about a field that schema and profile let pass and a
// caller does not: an amount of too many decimals, an address that is none. It
// says where the field stands, or for an absent one where its message ends, and
// by the profile what it is called there.
func (m *Message) Blame(p *Profile, f Field, why Reason, want string) *Error {
	at := len(m.b)
	if m.Has(f) {
		at = int(m.fields[f].start)
	}
	path := ""
	for _, l := range [...]*layout{p.layout(m.definition), p.header} {
		if l != nil && path == "" && l.places[f].rule > 0 {
			path = l.rules[l.places[f].rule-1].path
		}
	}
	return newError(m.b, why, at, path, want)
}
