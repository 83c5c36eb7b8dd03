package iso20022

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"switchd/codec/jsonfile"
)

// ProfileError says what is wrong with a profile's file.
type ProfileError struct {
	File    string
	Message string // the version, or the place in the list: "pacs.008.001.08", "messages[3]"
	Path    string // as in the file
	Reason  string
}

// Error gives the file, the message, the path and the reason.
func (e *ProfileError) Error() string {
	text := e.File + ": "
	if e.Message != "" {
		text += e.Message + ": "
	}
	if e.Path != "" {
		text += e.Path + ": "
	}
	return text + e.Reason
}

// ProfileErrors lists the faults in an error of LoadProfile or Builtin.
func ProfileErrors(err error) []*ProfileError {
	var many interface{ Unwrap() []error }
	var one *ProfileError
	switch {
	case errors.As(err, &many):
		var all []*ProfileError
		for _, e := range many.Unwrap() {
			all = append(all, ProfileErrors(e)...)
		}
		return all
	case errors.As(err, &one):
		return []*ProfileError{one}
	}
	return nil
}

// messageJSON is a message in a file, fieldJSON one of its fields.
type messageJSON struct {
	Definition string            `json:"definition"` // of the header
	Versions   []string          `json:"versions"`   // of all others
	Once       []string          `json:"once"`
	Fields     []json.RawMessage `json:"fields"`
}

type fieldJSON struct {
	Field  string         `json:"field"`
	Path   string         `json:"path"`
	Need   string         `json:"need"`
	Value  []string       `json:"value"`
	Chars  string         `json:"chars"`
	When   *conditionJSON `json:"when"`
	Unless []string       `json:"unless"`
}

type conditionJSON struct {
	Field string   `json:"field"`
	Is    []string `json:"is"`
}

// loader compiles a file and collects all that is wrong with it.
type loader struct {
	file    string
	message string // being compiled
	profile *Profile
	faults  []error
}

func (l *loader) fail(path, why string) {
	l.faults = append(l.faults, &ProfileError{File: l.file, Message: l.message, Path: path, Reason: why})
}

// LoadProfile compiles a profile from its file, which doc.go describes. The file
// name is for messages only. All faults are reported at once: the error is a
// *ProfileError, or several of them joined, which ProfileErrors lists.
func LoadProfile(file string, data []byte) (*Profile, error) {
	l := loader{file: file, profile: &Profile{}}
	if why := jsonfile.Syntax(data); why != "" {
		l.fail("", why)
		return nil, errors.Join(l.faults...)
	}
	var header, messages json.RawMessage
	err := jsonfile.EachKey(data, func(key string, value json.RawMessage) {
		switch key {
		case "name":
			if json.Unmarshal(value, &l.profile.name) != nil || l.profile.name == "" {
				l.fail("", "name must be a text")
			}
		case "header":
			header = value
		case "messages":
			messages = value
		default:
			l.fail("", "unknown key "+jsonfile.Quote(key)+" (known: name, header, messages)")
		}
	})
	if err != nil {
		l.fail("", err.Error())
	}
	if l.profile.name == "" {
		l.fail("", "the profile has no name")
	}
	l.header(header)
	l.messages(messages)
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	return l.profile, nil
}

// header compiles the fields of the application header, which come first because
// no message may use them again.
func (l *loader) header(data json.RawMessage) {
	l.message = "header"
	var m messageJSON
	if data == nil {
		l.fail("", "the profile has no header")
		return
	}
	if !l.decode("", data, &m) {
		return
	}
	def := Find(m.Definition)
	switch {
	case len(m.Versions) > 0:
		l.fail("", "the header has one definition and no versions")
	case def == nil || def.Root != "AppHdr":
		l.fail("", "definition "+jsonfile.Quote(m.Definition)+" is no header that we have")
	default:
		l.profile.header = l.layout(def, &m, l.fields(&m))
	}
}

func (l *loader) messages(data json.RawMessage) {
	l.message = "messages"
	var all []json.RawMessage
	if data == nil || json.Unmarshal(data, &all) != nil || len(all) == 0 {
		l.fail("", "the profile needs a list of messages")
		return
	}
	for i, one := range all {
		l.message = "messages[" + strconv.Itoa(i) + "]"
		var m messageJSON
		switch {
		case !l.decode("", one, &m):
		case m.Definition != "":
			l.fail("", "a message has versions; only the header has one definition")
		case len(m.Versions) == 0:
			l.fail("", "the message has no versions")
		default:
			l.versions(&m)
		}
	}
}

// versions compiles the fields of a message for each of its versions.
func (l *loader) versions(m *messageJSON) {
	l.message = m.Versions[0]
	fields := l.fields(m)
	var same []*layout
	for _, name := range m.Versions {
		l.message = name
		def := Find(name)
		switch {
		case def == nil || def.Root == "AppHdr":
			l.fail("", "no message that we have")
			continue
		case family(name) != family(m.Versions[0]):
			l.fail("", "not a version of the same message as "+m.Versions[0])
			continue
		case l.profile.layouts[def.index] != nil || l.sends(name):
			l.fail("", "stands in the profile twice")
			continue
		}
		layout := l.layout(def, m, fields)
		l.profile.layouts[def.index] = layout
		same = append(same, layout)
	}
	if len(same) > 0 {
		l.profile.families = append(l.profile.families, same)
	}
}

// sends tells whether an earlier entry has versions of the same message.
func (l *loader) sends(name string) bool { return l.profile.Sent(family(name)) != nil }

// fields reads the entries of a message, which all its versions share.
func (l *loader) fields(m *messageJSON) []fieldJSON {
	all := make([]fieldJSON, 0, len(m.Fields))
	for i, data := range m.Fields {
		var j fieldJSON
		if l.decode("fields["+strconv.Itoa(i)+"]", data, &j) {
			all = append(all, j)
		}
	}
	return all
}

// layout compiles one version: rules, tree and plan.
func (l *loader) layout(def *Definition, m *messageJSON, fields []fieldJSON) *layout {
	layout := &layout{def: def}
	b := newBuilder(def)
	for i := range fields {
		l.field(layout, b, &fields[i])
	}
	for i := range layout.rules {
		l.conditions(layout, &layout.rules[i])
	}
	for _, path := range m.Once {
		if why := b.once(path); why != "" {
			l.fail(path, why)
		}
	}
	layout.tree = b.tree()
	for _, fault := range b.plan(layout) {
		l.fail(fault.path, fault.why)
	}
	l.sum(layout)
	return layout
}

// sum makes of the rules what is looked at in every message.
func (l *loader) sum(layout *layout) {
	for k, r := range layout.rules {
		if r.need == mandatory {
			layout.required.add(r.field)
		}
		if r.need == conditional || r.id || r.values != nil {
			layout.watched = append(layout.watched, uint16(k))
		}
		step := int(layout.places[r.field].step) - 1
		if step < 0 {
			continue // it cannot be written
		}
		for _, v := range r.values {
			if why := layout.plan[step].typeOf(r.field).checkPlain([]byte(v)); why != ReasonNone {
				l.fail(strings.TrimPrefix(r.path, pathPrefix(layout.def)), "the value "+jsonfile.Quote(v)+" does not fit the schema: "+why.String())
			}
		}
		if r.need == mandatory && len(r.values) == 1 {
			layout.fixed = append(layout.fixed, fixed{r.field, r.values[0]})
		}
	}
}

// decode decodes strictly, keys that stand twice included.
func (l *loader) decode(path string, data []byte, into any) bool {
	err := jsonfile.EachKey(data, func(string, json.RawMessage) {})
	if err != nil {
		l.fail(path, err.Error())
		return false
	}
	if why := jsonfile.Decode(data, into); why != "" {
		l.fail(path, why)
		return false
	}
	return true
}

// field compiles one entry of a message.
func (l *loader) field(layout *layout, b *builder, j *fieldJSON) {
	f := FieldByName(j.Field)
	switch {
	case f == NoField:
		l.fail(j.Path, "no field is called "+jsonfile.Quote(j.Field))
		return
	case layout.places[f].rule > 0:
		l.fail(j.Path, "field "+j.Field+" has a place already")
		return
	case l.profile.header != nil && l.profile.header.places[f].rule > 0:
		l.fail(j.Path, "field "+j.Field+" is the header's")
		return
	}
	path, why := b.place(j.Path, f)
	if why != "" {
		l.fail(j.Path, why)
		return
	}
	r := rule{field: f, path: path, values: j.Value}
	switch k := slices.Index(needNames[:], j.Need); {
	case k < 0:
		l.fail(j.Path, "need "+jsonfile.Quote(j.Need)+" is not known (known: M, O, C)")
	default:
		r.need = need(k)
	}
	switch j.Chars {
	case "id":
		r.id = true
	case "", "text":
	default:
		l.fail(j.Path, "chars "+jsonfile.Quote(j.Chars)+" is not known (known: id, text)")
	}
	if (j.When != nil || j.Unless != nil) != (r.need == conditional) {
		l.fail(j.Path, `"when" and "unless" go with need C, and need C with one of them`)
	}
	if j.When != nil {
		if len(j.When.Is) == 0 {
			l.fail(j.Path, `"when" needs "is", a list of values`)
		}
		r.when = condition{field: l.named(j.Path, j.When.Field), is: j.When.Is}
	}
	for _, name := range j.Unless {
		r.unless = append(r.unless, l.named(j.Path, name))
	}
	layout.rules = append(layout.rules, r)
	layout.places[f].rule = uint16(len(layout.rules))
}

// named is a field that a condition speaks of.
func (l *loader) named(path, name string) Field {
	f := FieldByName(name)
	if f == NoField {
		l.fail(path, "no field is called "+jsonfile.Quote(name))
	}
	return f
}

// conditions checks that a rule's conditions speak of fields of the same message.
func (l *loader) conditions(layout *layout, r *rule) {
	fields := r.unless
	if r.when.is != nil {
		fields = append(slices.Clone(fields), r.when.field)
	}
	for _, f := range fields {
		if f != NoField && layout.places[f].rule == 0 {
			l.fail(strings.TrimPrefix(r.path, pathPrefix(layout.def)), "the condition's field "+f.String()+" has no place in the message")
		}
	}
}
