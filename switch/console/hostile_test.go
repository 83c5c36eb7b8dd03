package console

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"switchd/switch/access"
	"switchd/switch/view"
)

// hostile is text that becomes markup, script or a foreign address wherever it is not
// escaped for its place.
const hostile = "\"'><xss onx=1>`${alert(1)}<script>alert(1)</script><!--]]>{{.}}\x00\njavascript:alert(1)//evil.example"

// evil answers everything with hostile text in every field that has text.
type evil struct{ state, kind string }

// fill sets every text in a value, and puts three entries into every list.
func (e evil) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint64:
		v.SetUint(7)
	case reflect.Int, reflect.Int64:
		v.SetInt(1234)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		e.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range 3 {
			e.fill(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			e.fill(v.Field(i))
		}
	}
}

func made[T any](e evil) (v T) {
	e.fill(reflect.ValueOf(&v).Elem())
	return v
}

func (e evil) Overview(context.Context, access.Caller) (view.Overview, error) {
	return made[view.Overview](e), nil
}
func (e evil) Series(context.Context, int) (view.Series, error) { return made[view.Series](e), nil }
func (e evil) Participants(context.Context) (view.Participants, error) {
	return made[view.Participants](e), nil
}
func (e evil) Links(context.Context, string) (view.Links, error) { return made[view.Links](e), nil }
func (e evil) Limits(context.Context) (view.Limits, error)       { return made[view.Limits](e), nil }
func (e evil) Positions(context.Context) (view.Positions, error) { return made[view.Positions](e), nil }
func (e evil) Search(context.Context, access.Caller, url.Values) (view.Found, error) {
	return made[view.Found](e), nil
}
func (e evil) Timeline(context.Context, access.Caller, string) (view.Timeline, error) {
	t := made[view.Timeline](e)
	t.Payment.State, t.Payment.ClosedAt = e.state, ""
	for i := range t.Moments {
		t.Moments[i].Kind = e.kind
	}
	return t, nil
}
func (e evil) Changes(context.Context, access.Caller, uint64, int) (view.Changes, error) {
	return made[view.Changes](e), nil
}
func (e evil) Approvals(context.Context, access.Caller) (view.Approvals, error) {
	return made[view.Approvals](e), nil
}
func (e evil) Alerts(context.Context) (view.Alerts, error) { return made[view.Alerts](e), nil }
func (e evil) Config(context.Context, access.Caller) (view.Config, error) {
	return made[view.Config](e), nil
}
func (e evil) KeyList(context.Context, access.Caller) (view.Keys, error) {
	return made[view.Keys](e), nil
}
func (e evil) Do(context.Context, access.Caller, view.Order) (view.Done, error) {
	return view.Done{}, plain{hostile, view.ErrRefused}
}

// harmless says that no part of the hostile text has become anything but text.
func harmless(t *testing.T, where, page string) {
	t.Helper()
	lower := strings.ToLower(page)
	for _, bad := range []string{"<xss", "<script>alert", "'><", `"'>`, `href="javascript:`, `="//evil`, "<!--]]"} {
		if strings.Contains(lower, bad) {
			at := strings.Index(lower, bad)
			t.Errorf("%s has %q: %s", where, bad, page[max(0, at-80):min(len(page), at+80)])
		}
	}
	for _, e := range parse(t, strings.ReplaceAll(page, "\x00", "")) {
		if _, has := e.attrs["onx"]; has || e.name == "xss" {
			t.Errorf("%s has <%s %v>", where, e.name, e.attrs)
		}
		for _, name := range []string{"href", "src", "action", "hx-get", "hx-post"} {
			if value, has := e.attrs[name]; has && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "?") && !strings.HasPrefix(value, "#") {
				t.Errorf("%s: <%s %s=%q>", where, e.name, name, value)
			}
		}
	}
}

func TestHostileText(t *testing.T) {
	alone(t)
	for _, e := range []evil{{hostile, hostile}, {"DEEMED", "request"}} {
		caller := access.Caller{Name: hostile, Roles: access.Anyone, Secured: true}
		s := &site{Handler: New(Options{Source: e, Caller: func(*http.Request) access.Caller { return caller }})}
		name := url.PathEscape(hostile)
		pages := append([]string{"/console/participants/" + name, "/console/payments/" + name, "/console/participants?filter=" + url.QueryEscape(hostile) + "&sort=" + url.QueryEscape(hostile),
			"/console/payments?reference=" + url.QueryEscape(hostile), "/console/order?command=drain&participant=" + url.QueryEscape(hostile) + "&reason=" + url.QueryEscape(hostile),
			"/console/changes?done=7", "/console/payments/7?done=7", "/" + name, "/console/exceptions?list=" + url.QueryEscape(hostile)}, allPages...)
		for _, path := range pages {
			harmless(t, path, s.get(path).Body.String())
		}
		harmless(t, "an order", s.post("/console/order", url.Values{"command": {"drain"}, "participant": {hostile}, "reason": {hostile}, "operator": {hostile}}).Body.String())
		harmless(t, "a search", s.post("/console/search", url.Values{"text": {hostile}, "page": {hostile}}).Body.String())
	}
}

// TestHostileLive has the same text in what is drawn live.
func TestHostileLive(t *testing.T) {
	c := &console{Options: Options{Source: evil{hostile, hostile}}.withDefaults()}
	_, c.fragments = templates()
	for _, topic := range []string{"overview", "participants", "alerts"} {
		frame := string(c.frame(topic))
		head, body, _ := strings.Cut(frame, "\n")
		if head != "event: "+topic {
			t.Fatalf("%s: %s", topic, frame)
		}
		if strings.Count(frame, "\n\n") != 1 {
			t.Errorf("%s: the text has ended the event", topic)
		}
		harmless(t, topic, strings.ReplaceAll(body, "\ndata: ", "\n"))
	}
	for _, topic := range []string{"head", "sample"} {
		if frame := string(c.frame(topic)); strings.Count(frame, "\n") != 3 {
			t.Errorf("%s: %q", topic, frame)
		}
	}
}
