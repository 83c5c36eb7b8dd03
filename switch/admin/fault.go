package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"switchd/switch/view"
)

// faults are the errors of package view with their status.
var faults = []struct {
	err    error
	status int
}{
	{view.ErrQuestion, http.StatusBadRequest},
	{view.ErrForbidden, http.StatusForbidden},
	{view.ErrNotFound, http.StatusNotFound},
	{view.ErrConflict, http.StatusConflict},
	{view.ErrRefused, http.StatusUnprocessableEntity},
	{view.ErrBusy, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable}, // who asked is gone, or the switch stops
}

// statusOf is the status of an error.
func statusOf(err error) int {
	for _, f := range faults {
		if errors.Is(err, f.err) {
			return f.status
		}
	}
	return http.StatusInternalServerError
}

// failure is the answer to what went wrong, where JSON is wanted.
type failure struct {
	Error string `json:"error"`
}

// fail answers with a sentence: as text, or as JSON to who asks for that.
func fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	h.Del("Content-Length")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", "1")
	}
	if !wantsJSON(r) {
		http.Error(w, text, status)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure{text}) // a text; only the connection can fail
}

// failed answers with an error. What is the switch's own fault is logged.
func (p *pages) failed(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		p.Log.Error("admin: a question cannot be answered", "event", "admin.question", "page", r.Pattern, "error", err)
	}
	fail(w, r, status, err.Error())
}

// answer writes a value as indented JSON.
func (p *pages) answer(w http.ResponseWriter, r *http.Request, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		p.Log.Error("admin: an answer cannot be encoded", "event", "admin.answer", "page", r.Pattern, "error", err)
		fail(w, r, http.StatusInternalServerError, "the answer cannot be encoded")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(data, '\n')) // the client may be gone
}

// wantsJSON says whether who asks names JSON among what he takes.
func wantsJSON(r *http.Request) bool { return accepts(r, "application/json") }

// accepts says whether who asks names a content type.
func accepts(r *http.Request, kind string) bool {
	for _, accept := range r.Header.Values("Accept") {
		for each := range strings.SplitSeq(accept, ",") {
			each, _, _ = strings.Cut(each, ";")
			if strings.EqualFold(strings.TrimSpace(each), kind) {
				return true
			}
		}
	}
	return false
}
