package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Pages that search payments, by the address and by a body.
const (
	foundPage  = "/api/v1/payments"
	searchPage = "/api/v1/payments/search"
)

// secretCriterion may stand in a body only. This server logs no address, but
// browsers, proxies and shells keep those that they have asked for.
const secretCriterion = "account"

// found shows the payments that fit the address.
func (p *pages) found(w http.ResponseWriter, r *http.Request) {
	if p.Search == nil {
		notFound(w, nil)
		return
	}
	criteria, err := url.ParseQuery(r.URL.RawQuery)
	switch {
	case err != nil:
		http.Error(w, "the query cannot be read", http.StatusBadRequest)
	case criteria.Has(secretCriterion):
		http.Error(w, secretCriterion+" may not stand in an address, which is kept in logs and histories: send it by POST to "+searchPage, http.StatusBadRequest)
	default:
		p.searched(w, criteria)
	}
}

// search shows the payments that fit the body of a request.
func (p *pages) search(w http.ResponseWriter, r *http.Request) {
	if p.Search == nil {
		notFound(w, nil)
		return
	}
	body, ok := p.order(w, r, true)
	if !ok {
		return
	}
	criteria, err := criteriaIn(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.searched(w, criteria)
}

// searched answers a search, unless as many as may be are under way.
func (p *pages) searched(w http.ResponseWriter, criteria url.Values) {
	select {
	case p.searches <- struct{}{}:
		defer func() { <-p.searches }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("%d searches are under way: try again", searchesMax), http.StatusServiceUnavailable)
		return
	}
	v, err := p.Search(criteria)
	p.answerOr(w, v, err)
}

var errNoCriteria = errors.New("a search is one JSON object of criteria")

// criteriaIn reads an object whose values are texts, numbers, true, false, or lists of
// texts, as the query of an address would say it. A name stands in it once.
func criteriaIn(body []byte) (url.Values, error) {
	in := json.NewDecoder(bytes.NewReader(body))
	in.UseNumber()
	if open, err := in.Token(); err != nil || open != json.Delim('{') {
		return nil, errNoCriteria
	}
	criteria := url.Values{}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return nil, errNoCriteria
		}
		name := key.(string) // nothing else is a key
		var value any
		if err := in.Decode(&value); err != nil {
			return nil, errNoCriteria
		}
		if criteria.Has(name) {
			return nil, fmt.Errorf("%q stands twice", name)
		}
		if criteria[name], err = texts(value); err != nil {
			return nil, fmt.Errorf("%q %w", name, err)
		}
	}
	if _, err := in.Token(); err != nil || in.InputOffset() != int64(len(bytes.TrimRight(body, " \t\r\n"))) {
		return nil, errNoCriteria
	}
	return criteria, nil
}

// texts are the values of a criterion.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case json.Number:
		return []string{v.String()}, nil
	case bool:
		return []string{fmt.Sprint(v)}, nil
	case []any:
		var all []string
		for _, one := range v {
			s, ok := one.(string)
			if !ok {
				return nil, errors.New("is a list of something else than texts")
			}
			all = append(all, s)
		}
		return all, nil
	}
	return nil, errors.New("is no text, number, true, false or list of texts")
}
