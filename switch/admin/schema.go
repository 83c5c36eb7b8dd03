package admin

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// object is a JSON object that is being made.
type object = map[string]any

// schemas makes JSON schemas of Go types as encoding/json writes them. Structs with a name
// stand once, under their names.
type schemas struct {
	named object
	types map[string]reflect.Type
	place string // where the named ones stand
}

func newSchemas() *schemas {
	return &schemas{named: object{}, types: map[string]reflect.Type{}, place: "#/components/schemas/"}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	number        = reflect.TypeFor[json.Number]()
)

// of is the schema of a type.
func (s *schemas) of(t reflect.Type) (object, error) {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}, nil
	case t == number:
		return object{"type": "number"}, nil
	case t.Implements(marshaler):
		return object{}, nil // it writes what it likes
	case t.Implements(textMarshaler):
		return object{"type": "string"}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}, nil
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}, nil
	case reflect.Interface:
		return object{}, nil
	case reflect.Pointer:
		is, err := s.of(t.Elem())
		return object{"anyOf": []any{is, object{"type": "null"}}}, err
	case reflect.Map:
		is, err := s.of(t.Elem())
		return object{"type": "object", "additionalProperties": is}, err
	case reflect.Slice, reflect.Array:
		return s.list(t)
	case reflect.Struct:
		return s.reference(t)
	}
	return nil, fmt.Errorf("%s is no JSON", t)
}

// list is the schema of a list; bytes are base64.
func (s *schemas) list(t reflect.Type) (object, error) {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return object{"type": "string", "contentEncoding": "base64"}, nil
	}
	is, err := s.of(t.Elem())
	list := object{"type": "array", "items": is}
	if t.Kind() == reflect.Array {
		list["minItems"], list["maxItems"] = t.Len(), t.Len()
	}
	return list, err
}

// reference is where the schema of a struct stands, which is made if it is new. One
// without a name stands where it is used.
func (s *schemas) reference(t reflect.Type) (object, error) {
	name := s.nameOf(t)
	if name == "" {
		return s.structure(t)
	}
	if _, there := s.named[name]; !there {
		s.named[name] = object{} // a type may hold itself
		is, err := s.structure(t)
		if err != nil {
			return nil, err
		}
		s.named[name] = is
	}
	return object{"$ref": s.place + name}, nil
}

// nameOf is the name of a struct's schema: that of the type, unless another type has it.
func (s *schemas) nameOf(t reflect.Type) string {
	if t.Name() == "" {
		return ""
	}
	base := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if at := strings.IndexByte(base, '['); at > 0 {
		base = base[:at] // a generic type: its arguments are full of slashes
	}
	for name, n := base, 2; ; n++ {
		if had, taken := s.types[name]; !taken || had == t {
			s.types[name] = t
			return name
		}
		name = fmt.Sprintf("%s%d", base, n)
	}
}

// structure is the schema of a struct's fields.
func (s *schemas) structure(t reflect.Type) (object, error) {
	properties, required := object{}, []string{}
	if err := s.fields(t, properties, &required); err != nil {
		return nil, err
	}
	is := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		is["required"] = required
	}
	return is, nil
}

// fields adds the fields of a struct, and those of the structs that it embeds.
func (s *schemas) fields(t reflect.Type, properties object, required *[]string) error {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" && options == "", !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "":
			if below, plain := embedded(f.Type); plain {
				if err := s.fields(below, properties, required); err != nil {
					return err
				}
				continue
			}
		}
		if name == "" {
			name = f.Name
		}
		is, optional, err := s.field(f, options)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t, f.Name, err)
		}
		properties[name] = is
		if !optional {
			*required = append(*required, name)
		}
	}
	return nil
}

// field is the schema of one field, and whether it may be missing.
func (s *schemas) field(f reflect.StructField, options string) (is object, optional bool, err error) {
	if strings.Contains(options, "string") {
		is = object{"type": "string"}
	} else if is, err = s.of(f.Type); err != nil {
		return nil, false, err
	}
	optional = strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
	if either, nullable := is["anyOf"].([]any); nullable && optional {
		is = either[0].(object) // it is there, or it is not: never null
	}
	return is, optional, nil
}

// embedded is the struct that an embedded field adds the fields of.
func embedded(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct && !t.Implements(marshaler) && !t.Implements(textMarshaler)
}
