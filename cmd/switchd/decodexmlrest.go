package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"switchd/codec/iso20022"
)

// restMax bounds the paths of elements that no field shows.
const restMax = 20

// unnamed gives the paths of the elements of a valid message that the profile has
// no field for, and those of later occurrences: what stands in them is not shown,
// and people should know that it is there. A path that comes again is counted.
func unnamed(m *iso20022.Message, p *iso20022.Profile, body []byte) (paths []string) {
	shown := shownSpans(m, p)
	times := map[string]int{}
	walkLeaves(body, func(path string, at int) {
		if slices.ContainsFunc(shown, func(s [2]int) bool { return s[0] <= at && at <= s[1] }) {
			return
		}
		if times[path]++; times[path] == 1 {
			paths = append(paths, path)
		}
	})
	for i, path := range paths {
		if n := times[path]; n > 1 {
			paths[i] = fmt.Sprintf("%s (%d times)", path, n)
		}
	}
	if more := len(paths) - restMax; more > 0 {
		paths = append(paths[:restMax], fmt.Sprintf("and %d more", more))
	}
	return paths
}

// shownSpans are where the values of the profile's fields begin and end.
func shownSpans(m *iso20022.Message, p *iso20022.Profile) (all [][2]int) {
	for _, def := range []*iso20022.Definition{p.Header(), m.Definition()} {
		for _, place := range p.Places(def) {
			if m.Has(place.Field) {
				at := m.Offset(place.Field)
				all = append(all, [2]int{at, at + len(m.Raw(place.Field))})
			}
		}
	}
	return all
}

// walkLeaves calls do for every element that holds no others, with its path from
// Document or AppHdr and where its text begins. The message is well-formed. Of
// what stands for any element of another schema only its place is told.
func walkLeaves(body []byte, do func(path string, at int)) {
	var open []string
	foreign := 0 // the level at which elements of another schema begin; 0: not in them
	for at := 0; ; {
		next := bytes.IndexByte(body[at:], '<')
		if next < 0 {
			return
		}
		at += next + 1
		end := tagEnd(body[at:])
		switch {
		case end < 1 || body[at] == '?':
			continue
		case body[at] == '/':
			open = open[:max(len(open)-1, 0)]
		default:
			open = append(open, string(localName(body[at:at+end])))
			from, empty := at+end+1, body[at+end-1] == '/'
			name := open[len(open)-1]
			wild := name == "Envlp" || name == "Sgntr"
			if foreign == 0 && (wild || empty || isLeaf(body[from:])) {
				do(pathOf(open), from)
			}
			if wild && foreign == 0 {
				foreign = len(open)
			}
			if empty {
				open = open[:len(open)-1]
			}
		}
		if len(open) < foreign {
			foreign = 0
		}
		at += end + 1
	}
}

// isLeaf says that text or an end tag follows, and no other element.
func isLeaf(after []byte) bool {
	text := bytes.TrimLeft(after, " \t\r\n")
	return len(text) > 0 && text[0] != '<' || bytes.HasPrefix(text, []byte("</"))
}

// pathOf is a path without the envelope.
func pathOf(open []string) string {
	return strings.TrimPrefix(strings.Join(open, "/"), "Message/")
}
