package contract

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/view"
)

type inner struct {
	ID   uint64            `json:"id"`
	More map[string]int64  `json:"more,omitempty"`
	At   time.Time         `json:"at"`
	Self *inner            `json:"self,omitempty"`
	None *int              `json:"none"`
	Any  any               `json:"any"`
	Raw  json.RawMessage   `json:"raw,omitempty"`
	Text []byte            `json:"text,omitempty"`
	Pair [2]string         `json:"pair"`
	Hide string            `json:"-"`
	Big  uint64            `json:"big,string"`
	Tags []map[string]bool `json:"tags"`
	part
}

type part struct {
	Part string `json:"part"`
}

func routes() []admin.Route {
	handle := func(*admin.Call) (any, error) { return nil, nil }
	return []admin.Route{
		{Method: http.MethodGet, Path: "/api/v1/inner/{id}/x", May: access.Viewer | access.Auditor, Summary: "A test.", Answer: inner{}, Handle: handle,
			Query: []admin.Parameter{{Name: "from", Means: "where"}, {Name: "state", Means: "states", Many: true}, {Name: "account", Instead: "/x"}}},
		{Method: http.MethodPost, Path: "/api/v1/commands", May: access.Operator, Summary: "An order.", Request: view.Order{}, Answer: view.Done{}, Handle: handle},
		{Method: http.MethodGet, Path: "/api/v1/overview", May: access.Anyone, Summary: "All.", Answer: view.Overview{}, Handle: handle},
		{Method: http.MethodGet, Path: "/api/v1/timeline", May: access.Anyone, Summary: "All.", Answer: view.Timeline{}, Handle: handle},
		{Method: http.MethodGet, Path: "/v1/events", May: access.Participant, Summary: "Events.", Kinds: []string{"text/event-stream", "application/x-ndjson"},
			Stream: func(*admin.Call, http.ResponseWriter) error { return nil }},
	}
}

func contract(t *testing.T) *Contract {
	t.Helper()
	document, err := admin.Document(routes())
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(document)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return c
}

// TestDocument: what is made of routes is OpenAPI 3.1, and says roles, parameters and
// bodies.
func TestDocument(t *testing.T) {
	c := contract(t)
	paths := c.Paths()
	slices.Sort(paths)
	if want := []string{"GET /api/v1/inner/{id}/x", "GET /api/v1/overview", "GET /api/v1/timeline", "GET /v1/events", "POST /api/v1/commands"}; !slices.Equal(paths, want) {
		t.Errorf("%v", paths)
	}
	data, err := admin.Document(routes())
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			ID         string   `json:"operationId"`
			Roles      []string `json:"x-roles"`
			Parameters []struct {
				Name, In string
				Required bool
				Schema   struct{ Type string }
			}
			RequestBody struct{ Required bool }
			Responses   map[string]struct{ Content map[string]any }
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	get, post, events := d.Paths["/api/v1/inner/{id}/x"]["get"], d.Paths["/api/v1/commands"]["post"], d.Paths["/v1/events"]["get"]
	if get.ID != "getInnerIdX" || !slices.Equal(get.Roles, []string{"viewer", "auditor"}) || len(get.Parameters) != 3 || get.Parameters[0].In != "path" || !get.Parameters[0].Required ||
		get.Parameters[2].Schema.Type != "array" || get.RequestBody.Required {
		t.Errorf("%+v", get)
	}
	if !post.RequestBody.Required || d.Components.Schemas["Order"] == nil || d.Components.Schemas["Done"] == nil {
		t.Errorf("%+v", post)
	}
	if len(events.Responses["200"].Content) != 2 || events.Responses["200"].Content["text/event-stream"] == nil {
		t.Errorf("%+v", events)
	}
}

// TestCheck: an answer as encoding/json writes it is as the document says; more, less and
// something else is not.
func TestCheck(t *testing.T) {
	c := contract(t)
	const path = "/api/v1/inner/{id}/x"
	whole := inner{ID: 7, More: map[string]int64{"a": 1}, Self: &inner{Tags: []map[string]bool{}}, Raw: json.RawMessage(`[1]`), Text: []byte("x"), Tags: []map[string]bool{{"x": true}}}
	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	f := func(method, path string, status int, body, want string) {
		t.Helper()
		err := c.Check(method, path, status, []byte(body))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	f("GET", path, 200, good, "")
	f("GET", path, 404, `{"error": "not found"}`, "")
	f("GET", path, 404, `{"error": "not found", "stack": 1}`, "stack")
	f("GET", path, 200, strings.Replace(good, `"id":7`, `"id":-7`, 1), "/id")
	f("GET", path, 200, strings.Replace(good, `"id":7`, `"id":"7"`, 1), "/id")
	f("GET", path, 200, strings.Replace(good, `"id":7,`, ``, 1), "missing property 'id'")
	f("GET", path, 200, strings.Replace(good, `"id":7`, `"id":7,"Hide":"x"`, 1), "Hide")
	f("GET", path, 200, strings.Replace(good, `"tags":[{"x":true}]`, `"tags":null`, 1), "/tags")
	f("GET", path, 200, strings.Replace(good, `"part":""`, `"part":1`, 1), "/part")
	f("GET", path, 200, strings.Replace(good, `"self":{`, `"self":{"x":1,`, 1), "/self")
	f("GET", path, 200, `[`, "no JSON")
	f("PUT", path, 200, `{}`, "no schema")
	f("GET", "/nowhere", 200, `{}`, "no schema")
	f("GET", "/v1/events", 200, `{}`, "no schema")
	if _, err := New([]byte(`{"openapi": "3.1.0"}`)); err == nil {
		t.Error("a document without anything is taken")
	}
	if _, err := New([]byte(`{`)); err == nil {
		t.Error("what is no JSON is taken")
	}
}
