package admin

import (
	"errors"
	"net/http"
	"net/url"
)

// Pages about the journal.
const (
	journalPage = "/api/v1/journal"
	recordsPage = "/api/v1/journal/records"
	proofsPage  = "/api/v1/payments/{id}/proof"
)

// What may be wrong with a question. An error of Records or Proof that wraps none of
// these is the switch's own fault.
var (
	ErrNotFound = errors.New("not found")
	ErrQuestion = errors.New("not understood")
)

// journal shows what the journal holds.
func (p *pages) journal(w http.ResponseWriter, _ *http.Request) {
	if p.Journal == nil {
		notFound(w, nil)
		return
	}
	v, err := p.Journal()
	p.answerOr(w, v, err)
}

// records shows events of the journal.
func (p *pages) records(w http.ResponseWriter, r *http.Request) {
	if p.Records == nil {
		notFound(w, nil)
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		http.Error(w, "the query cannot be read", http.StatusBadRequest)
		return
	}
	v, err := p.Records(q)
	p.answerOr(w, v, err)
}

// proof proves how a payment has ended.
func (p *pages) proof(w http.ResponseWriter, r *http.Request) {
	if p.Proof == nil {
		notFound(w, nil)
		return
	}
	v, err := p.Proof(r.PathValue("id"))
	p.answerOr(w, v, err)
}

// answerOr answers with a value, or with what is wrong.
func (p *pages) answerOr(w http.ResponseWriter, v any, err error) {
	switch {
	case err == nil:
		p.answer(w, v)
	case errors.Is(err, ErrNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	case errors.Is(err, ErrConflict):
		http.Error(w, err.Error(), http.StatusConflict)
	case errors.Is(err, ErrQuestion):
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		p.Log.Error("admin: a question cannot be answered", "event", "admin.question", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
