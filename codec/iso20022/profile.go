package iso20022

import (
	"embed"
	"slices"
	"strings"
)

// Profile says which messages a community of participants exchanges, in which
// versions, which of their elements we call by which field, and what must be in
// them beyond their schemas. It is data: doc.go describes the file. A Profile is
// immutable and safe for concurrent use.
type Profile struct {
	name     string
	header   *layout
	layouts  [len(definitions)]*layout // by Definition.index; nil: not accepted
	families [][]*layout               // the versions of each message, the one that is sent first
}

// layout is what a profile says of one definition.
type layout struct {
	def    *Definition
	tree   tree   // for reading
	rules  []rule // in the order of the file
	places [FieldCount]place
	plan   []step // for writing
	fixed  []fixed

	required fieldSet // of the rules with need M
	watched  []uint16 // the rules that ask for more, or under a condition
}

// fixed is a field that must be there and has one possible value.
type fixed struct {
	field Field
	value string
}

// place is where a layout has a field: numbers of a rule and of steps, plus one; 0:
// none.
type place struct {
	rule uint16
	step uint16 // of its element, if that has text: the field can be written
	all  uint16 // of its element, if that has elements that can be written
}

// need is whether a message must have a field.
type need uint8

const (
	optional    need = iota
	mandatory        // always
	conditional      // if the rule's condition holds
)

var needNames = [...]string{optional: "O", mandatory: "M", conditional: "C"}

// rule is what a layout says of one field.
type rule struct {
	field  Field
	need   need
	id     bool     // the value must be an identifier
	values []string // one of which the value must be; empty: any
	path   string   // from Document or AppHdr
	when   condition
	unless []Field // with one of which the field need not be there
}

// condition is that a field has one of some values; no field: always.
type condition struct {
	field Field
	is    []string
}

// Place is a field of a profile, for people.
type Place struct {
	// Field is the name of the value.
	Field Field
	// Path is where it stands, from Document or AppHdr.
	Path string
	// Need is M, O or C: it must be there, may be, or must be under a condition.
	Need string
}

//go:embed profiles/*.json
var builtinProfiles embed.FS

// Builtin gives one of the profiles that the binary carries. Each call compiles
// it anew; callers do so at start and keep the result.
func Builtin(name string) (*Profile, error) {
	data, err := BuiltinJSON(name)
	if err != nil {
		return nil, err
	}
	return LoadProfile("profiles/"+name+".json", data)
}

// BuiltinJSON is the file of a built-in profile, the start of a user's own.
func BuiltinJSON(name string) ([]byte, error) {
	file := "profiles/" + name + ".json"
	data, err := builtinProfiles.ReadFile(file)
	if err != nil {
		return nil, &ProfileError{File: file, Reason: "no such built-in profile, known are " + strings.Join(BuiltinNames(), ", ")}
	}
	return data, nil
}

// BuiltinNames lists the names that Builtin takes, sorted.
func BuiltinNames() []string {
	entries, err := builtinProfiles.ReadDir("profiles")
	if err != nil {
		return nil // the folder is part of the binary
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Name is the profile's own name, as its file gives it.
func (p *Profile) Name() string { return p.name }

// layout is what the profile says of a definition; nil: it is not accepted.
func (p *Profile) layout(d *Definition) *layout {
	switch {
	case d == nil:
		return nil
	case d == p.header.def:
		return p.header
	}
	return p.layouts[d.index]
}

// Header is the definition of the business application header.
func (p *Profile) Header() *Definition { return p.header.def }

// Accepts tells whether messages of the definition are read by this profile.
func (p *Profile) Accepts(d *Definition) bool { return p.layout(d) != nil }

// Sent is the version of a message that is written for this profile: "pacs.008"
// gives pacs.008.001.08, for instance; nil: none.
func (p *Profile) Sent(message string) *Definition {
	for _, versions := range p.families {
		if family(versions[0].def.Name) == message {
			return versions[0].def
		}
	}
	return nil
}

// family is the name of a message without variant and version: "pacs.008".
func family(name string) string { return name[:len("pacs.008")] }

// With narrows a profile to what one participant speaks: of a message that is
// named, only the named versions are accepted, and the first of them is sent.
// Messages that are not named stay as they are.
func (p *Profile) With(versions ...string) (*Profile, error) {
	narrow := *p
	narrow.families = slices.Clone(p.families)
	for i, known := range p.families {
		var kept []*layout
		for _, name := range versions {
			if k := slices.IndexFunc(known, func(l *layout) bool { return l.def.Name == name }); k >= 0 {
				kept = append(kept, known[k])
			}
		}
		if len(kept) == 0 {
			continue
		}
		narrow.families[i] = kept
		for _, l := range known {
			if !slices.Contains(kept, l) {
				narrow.layouts[l.def.index] = nil
			}
		}
	}
	for _, name := range versions {
		if d := Find(name); d == nil || d == p.header.def || p.layouts[d.index] == nil {
			return nil, &ProfileError{File: p.name, Message: name, Reason: "the profile does not have this version"}
		}
	}
	return &narrow, nil
}

// Carries tells whether a message of the definition, or its header, has a place
// for a field that is to be written.
func (p *Profile) Carries(d *Definition, f Field) bool {
	l := p.layout(d)
	if l == nil {
		return false
	}
	_, s := p.step(l, f)
	return s != nil
}

// step is where a field of a message, or of its header, is written, in the layout
// that says so; nil: nowhere.
func (p *Profile) step(l *layout, f Field) (*layout, *step) {
	if f >= repeated {
		return nil, nil
	}
	if k := l.places[f].step; k > 0 {
		return l, &l.plan[k-1]
	}
	if k := p.header.places[f].step; k > 0 {
		return p.header, &p.header.plan[k-1]
	}
	return nil, nil
}

// Places lists the fields of a definition in the order of the profile; with the
// definition of the header those of the header.
func (p *Profile) Places(d *Definition) []Place {
	l := p.layout(d)
	if l == nil {
		return nil
	}
	places := make([]Place, len(l.rules))
	for i, r := range l.rules {
		places[i] = Place{Field: r.field, Path: r.path, Need: needNames[r.need]}
	}
	return places
}
