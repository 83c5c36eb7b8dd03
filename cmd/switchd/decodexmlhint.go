package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"switchd/codec/iso20022"
	"switchd/switch/mask"
)

// documentHint says what stands where a message of ISO 20022 should, or with
// foreign that such a one stands where one of ISO 8583 should.
func documentHint(b []byte, foreign bool) string {
	start := bytes.TrimLeft(b[:min(len(b), 256)], " \t\r\n")
	has := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool {
			return len(start) >= len(p) && strings.EqualFold(string(start[:len(p)]), p)
		})
	}
	switch {
	case has("<!doctype html", "<html"):
		return "this is an HTML page, as web servers and proxies send, and no message"
	case has("\xef\xbb\xbf<") && !foreign:
		return "a byte order mark (EF BB BF) stands before the XML: messages have none"
	case has("\xfe\xff\x00<", "\xff\xfe<\x00", "\x00<\x00", "<\x00"):
		return "this is XML in UTF-16: messages are in UTF-8"
	case foreign && has("<", "\xef\xbb\xbf<"):
		return "this is XML: --dialect " + dialect20022 + " explains messages of ISO 20022"
	case !foreign && has("{", "["):
		return "this looks like JSON"
	}
	return ""
}

// refusalHint says more of a fault than its reason, by what stands at its place.
// It takes nothing of the message but marks of XML and names of ISO 20022.
func refusalHint(err *iso20022.Error, p *iso20022.Profile, body []byte) string {
	if hint := documentHint(body, false); hint != "" {
		return hint
	}
	at := body[min(err.Offset, len(body)):]
	switch err.Reason {
	case iso20022.ReasonUnknownMessage:
		return unknownHint(p, at)
	case iso20022.ReasonUnexpected:
		return placeHint(err, body, at)
	case iso20022.ReasonConstruct:
		return constructHint(at)
	case iso20022.ReasonSyntax:
		switch {
		case len(bytes.TrimSpace(body)) == 0:
			return "it is empty"
		case isXML(body) && bytes.IndexByte(at, '>') < 0:
			return "it ends before it is complete"
		case bytes.HasPrefix(at, []byte("</")):
			return "this end tag is not that of the element that is open"
		}
	}
	return ""
}

// constructHint names what XML has and messages do not.
func constructHint(at []byte) string {
	for _, c := range []struct{ mark, name string }{
		{"<!--", "a comment"}, {"<![CDATA[", "a CDATA section"}, {"<!", "a document type"}, {"<?", "a processing instruction"},
		{"&#", "a character reference: write the character itself"}, {"&", "an entity other than the five of XML"},
	} {
		if bytes.HasPrefix(at, []byte(c.mark)) {
			return c.name
		}
	}
	return ""
}

// namespaceName finds the message that a namespace names. Nothing else of the
// namespace is taken: it is content.
var namespaceName = regexp.MustCompile(`urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})["']`)

// unknownHint is about a message that the profile, or this program, does not have.
func unknownHint(p *iso20022.Profile, at []byte) string {
	found := namespaceName.FindSubmatch(at)
	if found == nil {
		return `a message is Document or AppHdr, or Message around both, with xmlns="` + iso20022.Find("pacs.008.001.08").Namespace() + `" or that of another message`
	}
	name := string(found[1])
	if iso20022.Find(name) == nil {
		return name + " is no message that this program has" + alsoKnown(name, nil)
	}
	if p == nil || p.Accepts(iso20022.Find(name)) {
		return ""
	}
	text := "the profile " + mask.Printable(p.Name()) + " does not have " + name + alsoKnown(name, p)
	for _, other := range iso20022.BuiltinNames() {
		if o, err := builtinProfile(other); err == nil && o.Accepts(iso20022.Find(name)) {
			text += "; --profile " + other + " has it"
		}
	}
	return text
}

// alsoKnown names the versions of a message that a profile has, or that there
// are.
func alsoKnown(name string, p *iso20022.Profile) string {
	var known []string
	for _, d := range iso20022.Definitions() {
		if family(d.Name) == family(name) && (p == nil || p.Accepts(d)) {
			known = append(known, d.Name)
		}
	}
	if len(known) == 0 {
		return ""
	}
	return ", only " + strings.Join(known, " and ")
}

// placeHint says what may stand where an element may not.
func placeHint(err *iso20022.Error, body, at []byte) string {
	def := definitionOf(body, err.Offset, err.Path)
	end := bytes.IndexAny(at, ">")
	if def == nil || end < 1 {
		return ""
	}
	e, steps := def.Outline(), strings.Split(err.Path, "/")
	// A known element that stands at a wrong place is the last step of the path.
	tag := string(localName(at[1:end]))
	misplaced := len(steps) > 1 && tag == steps[len(steps)-1]
	if misplaced {
		steps = steps[:len(steps)-1]
	}
	for _, step := range steps[1:] {
		inside := e.Elements()
		k := slices.IndexFunc(inside, func(e iso20022.Element) bool { return e.Name == step })
		if k < 0 {
			return ""
		}
		e = inside[k]
	}
	return holds(e, misplaced, tag)
}

// elementNames are the elements inside of one.
func elementNames(e iso20022.Element) []string {
	inside := e.Elements()
	names := make([]string, len(inside))
	for i := range inside {
		names[i] = inside[i].Name
	}
	return names
}

// holds says what an element holds, or of a known one inside between which others
// it stands.
func holds(e iso20022.Element, misplaced bool, tag string) string {
	names := elementNames(e)
	k := slices.Index(names, tag)
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return e.Name + " holds " + names[0]
	case e.Elements()[0].Choice:
		return e.Name + " holds one of " + strings.Join(names, ", ")
	case !misplaced || k < 0:
		return e.Name + " holds, in this order: " + strings.Join(names, ", ")
	case k == 0:
		return tag + " is the first in " + e.Name + ", before " + names[1]
	case k == len(names)-1:
		return tag + " is the last in " + e.Name + ", behind " + names[k-1]
	}
	return tag + " stands in " + e.Name + " between " + names[k-1] + " and " + names[k+1]
}

// definitionOf is the message that a path of a fault is in, by the last namespace
// before the fault.
func definitionOf(body []byte, offset int, path string) *iso20022.Definition {
	found := namespaceName.FindAllSubmatch(body[:offset], -1)
	for i := len(found) - 1; i >= 0; i-- {
		if d := iso20022.Find(string(found[i][1])); d != nil && strings.HasPrefix(path, d.Root) {
			return d
		}
	}
	return nil
}

// family is a message without variant and version: "pacs.008".
func family(name string) string { return name[:min(len(name), len("pacs.008"))] }
