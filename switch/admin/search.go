package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

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
