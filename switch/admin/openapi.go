package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
)

// documentVersion is the version of OpenAPI that the document is of.
const documentVersion = "3.1.0"

// Document is the OpenAPI document of routes, as indented JSON. The caller owns it.
func Document(routes []Route) ([]byte, error) {
	s := newSchemas()
	wrong, err := s.of(reflect.TypeFor[failure]())
	if err != nil {
		return nil, err
	}
	paths := object{}
	for i := range routes {
		r := &routes[i]
		if r.private {
			continue
		}
		operation, err := s.operation(r, wrong)
		if err != nil {
			return nil, fmt.Errorf("route %s %s: %w", r.Method, r.Path, err)
		}
		of, _ := paths[r.Path].(object)
		if of == nil {
			of = object{}
			paths[r.Path] = of
		}
		of[strings.ToLower(r.Method)] = operation
	}
	return json.MarshalIndent(object{
		"openapi": documentVersion,
		"info": object{
			"title":   "switchd admin API",
			"version": "1",
			"summary": "What operators and their programs ask of a switch. x-roles are the roles of which a caller has one.",
		},
		"jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
		"paths":             paths,
		"components": object{
			"schemas": s.named,
			"securitySchemes": object{
				"token":       object{"type": "http", "scheme": "bearer", "description": "A token of the file of users."},
				"certificate": object{"type": "mutualTLS", "description": "A client certificate of the file of users."},
				"session":     object{"type": "apiKey", "in": "cookie", "name": "__Host-switchd", "description": "Of a browser that has logged in at /login; without TLS its name is switchd."},
			},
		},
	}, "", "  ")
}

var braces = regexp.MustCompile(`\{([^}]*)\}`)

// operation describes one route; wrong is what it answers instead.
func (s *schemas) operation(r *Route, wrong object) (object, error) {
	o := object{"summary": r.Summary, "operationId": operationID(r)}
	if r.open {
		o["security"] = []object{{}}
	} else {
		o["x-roles"] = r.May.Names()
		o["security"] = []object{{"token": []string{}}, {"certificate": []string{}}, {"session": []string{}}}
	}
	parameters := []object{}
	for _, name := range braces.FindAllStringSubmatch(r.Path, -1) {
		parameters = append(parameters, object{"name": name[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range r.Query {
		if q.Instead != "" {
			continue
		}
		is := object{"type": "string"}
		if q.Many {
			is = object{"type": "array", "items": is}
		}
		parameters = append(parameters, object{"name": q.Name, "in": "query", "description": q.Means, "schema": is})
	}
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if r.Request != nil {
		is, err := s.of(reflect.TypeOf(r.Request))
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		o["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": is}}}
	}
	answer, err := s.answer(r)
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	responses := object{
		"200":     object{"description": r.Summary, "content": answer},
		"default": object{"description": "What is wrong, in one sentence.", "content": object{"application/json": object{"schema": wrong}, "text/plain": object{"schema": object{"type": "string"}}}},
	}
	if of[health](r.Answer) { // what is wrong is said in the same words
		responses["503"] = object{"description": "A check has failed.", "content": answer}
	}
	o["responses"] = responses
	return o, nil
}

// of says whether a value is of a type.
func of[T any](v any) bool {
	_, is := v.(T)
	return is
}

// answer is the content of an answer of a route.
func (s *schemas) answer(r *Route) (object, error) {
	kinds := r.Kinds
	if r.Stream != nil && len(kinds) == 0 {
		kinds = []string{"application/x-ndjson"}
	}
	content := object{}
	for _, kind := range kinds {
		content[kind] = object{"schema": object{"type": "string"}}
	}
	switch {
	case r.Answer == nil && r.Handle != nil: // whatever it likes
		content["application/json"] = object{"schema": object{}}
		return content, nil
	case r.Answer == nil || r.Stream != nil:
		return content, nil
	}
	is, err := s.of(reflect.TypeOf(r.Answer))
	content["application/json"] = object{"schema": is}
	if of[health](r.Answer) {
		content["text/plain"] = object{"schema": object{"type": "string"}}
	}
	return content, err
}

// operationID names a route for programs that are made of the document.
func operationID(r *Route) string {
	id := map[string]string{http.MethodGet: "get", http.MethodPost: "post"}[r.Method]
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(r.Path, "/api/v1"), func(c rune) bool { return !letter(c) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

func letter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
