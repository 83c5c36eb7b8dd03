package config

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// schemaDraft is the language of the schema.
const schemaDraft = "https://json-schema.org/draft/2020-12/schema"

// Schema is the JSON Schema (2020-12) of a configuration, for editors and other
// tools; its $defs/folder is that of one file of a folder of participants. It says
// of each key what the binder reads it by. What it cannot say only the binder finds:
// bounds of values with a unit, names that are used twice, keys that do not go with
// each other. The caller owns the bytes.
func Schema(known Names) []byte {
	s := schemer{known: known}
	root := s.of(&rootShape)
	root["$schema"] = schemaDraft
	root["title"] = "configuration of switchd"
	root["$defs"] = node{
		"participant": s.table(&participantShape),
		"timers":      s.table(&timersShape),
		"folder":      node{"title": "file of participants_dir", "anyOf": []node{s.of(&participantShape), s.of(&folderShape)}},
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil { // maps, lists, texts and numbers
		panic("config: the schema is no JSON: " + err.Error())
	}
	return out.Bytes()
}

// node is one schema.
type node map[string]any

// schemer makes schemas of shapes.
type schemer struct{ known Names }

// of is the schema of a shape; those that are used more than once stand under $defs.
func (s schemer) of(is *shape) node {
	switch {
	case is.kind != isTable:
		return s.value(is)
	case sameKeys(is, &participantShape):
		return node{"$ref": "#/$defs/participant"}
	case sameKeys(is, &timersShape):
		return node{"$ref": "#/$defs/timers"}
	case is.off:
		return node{"anyOf": []node{{"const": "off"}, s.table(is)}}
	}
	return s.table(is)
}

// sameKeys says whether two shapes are one: copies share their keys.
func sameKeys(a, b *shape) bool { return len(a.keys) > 0 && &a.keys[0] == &b.keys[0] }

// value is the schema of what is no mapping.
func (s schemer) value(is *shape) node {
	switch is.kind {
	case isNumber:
		return node{"type": "integer", "minimum": is.low, "maximum": is.high}
	case isTruth:
		return node{"type": "boolean"}
	case isList:
		list := node{"type": "array", "items": s.of(is.each), "maxItems": is.most}
		if is.least > 0 {
			list["minItems"] = is.least
		}
		return list
	}
	text := node{"type": "string"}
	if is.form != nil {
		text["pattern"] = is.form.re.String()
	}
	if names := is.choices(s.known); names != nil {
		text["enum"] = names
	}
	if is.kind == isSize && is.low == 0 {
		return node{"anyOf": []node{text, {"const": 0}}}
	}
	return text
}

// table is the schema of a mapping.
func (s schemer) table(is *shape) node {
	properties, required, some := node{}, []string{}, []node{}
	for i := range is.keys {
		k := &is.keys[i]
		property := s.of(&k.is)
		property["description"] = k.describe()
		if k.def != "" {
			property["default"] = k.written()
		}
		properties[k.name] = property
		if k.example != "" && !is.oneOfSome(k.name) {
			required = append(required, k.name)
		}
	}
	for _, name := range is.some {
		some = append(some, node{"required": []string{name}})
	}
	out := node{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	if len(some) > 0 {
		out["anyOf"] = some
	}
	return out
}

// describe is what a key is for, with the bounds that a schema has no words for.
func (k *key) describe() string {
	if low, high := k.is.bounds(); low != "" && k.is.kind != isNumber {
		return k.says + " (" + low + " to " + high + ")"
	}
	return k.says
}

// written is what holds without a key, as a value of its kind.
func (k *key) written() any {
	switch k.is.kind {
	case isNumber:
		n, _ := strconv.Atoi(k.def) // a test reads all of them
		return n
	case isTruth:
		return k.def == "true"
	}
	return k.def
}
