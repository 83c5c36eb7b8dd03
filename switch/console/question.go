package console

import (
	"net/url"
	"strconv"
	"strings"

	"switchd/switch/view"
)

// number reads a number of an address; empty is 0.
func number(text, name string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, faultOf(view.ErrQuestion, name+" is no number")
	}
	return n, nil
}

// encoded is the query of an address of names and values; empty values are left out.
func encoded(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}

// lines are the lines of a text without their ends.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
