package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"switchd/codec/iso20022"
)

// The columns of a schema: how often, element, what its text must be.
var (
	schemaColumns = columns{widths: []int{9, 52, 55}, words: true}
	schemaNarrow  = columns{widths: []int{7, 37, 32}, words: true}
)

// schemaView prints the elements of a message.
type schemaView struct {
	w     io.Writer
	table columns
	depth int // levels that are shown; 0: all
}

// schemaElement is an element in JSON; its names are a contract.
type schemaElement struct {
	Name          string          `json:"name"`
	Min           int             `json:"min"`
	Max           int             `json:"max,omitempty"` // none: no bound
	Choice        bool            `json:"choice,omitempty"`
	Text          string          `json:"text,omitempty"`
	Attribute     string          `json:"attribute,omitempty"`
	AttributeText string          `json:"attribute_text,omitempty"`
	Elements      []schemaElement `json:"elements,omitempty"`
}

// schemaMessage is a message in JSON; its names are a contract.
type schemaMessage struct {
	Name      string        `json:"name"`
	Meaning   string        `json:"meaning"`
	Namespace string        `json:"namespace"`
	XSD       string        `json:"xsd_sha256"`
	Path      string        `json:"path"`
	Element   schemaElement `json:"element"`
}

// findMessage takes a message by its name, or without version: the version that
// the profile of most participants has, or else the latest. nil: it is no message.
func findMessage(name string) *iso20022.Definition {
	if d := iso20022.Find(name); d != nil || len(name) != len("pacs.008") {
		return d
	}
	if p, err := builtinProfile(profileDefault); err == nil {
		if d := p.Sent(name); d != nil {
			return d
		}
	}
	var latest *iso20022.Definition
	for _, d := range iso20022.Definitions() { // sorted by version
		if family(d.Name) == name {
			latest = d
		}
	}
	return latest
}

// showMessage prints a message's schema, or what is below one of its elements.
func showMessage(stdout io.Writer, d *iso20022.Definition, below string, depth int, asJSON bool) error {
	e, path, err := findElement(d, below)
	if err != nil {
		return usageError{err}
	}
	w := bufio.NewWriter(stdout)
	if asJSON {
		emit := json.NewEncoder(w)
		emit.SetEscapeHTML(false)
		emit.SetIndent("", " ")
		err := emit.Encode(schemaMessage{Name: d.Name, Meaning: definitionWords(d), Namespace: d.Namespace(), XSD: d.SchemaHash,
			Path: path, Element: schemaJSON(e, depth, 1)})
		if err != nil {
			return err
		}
		return w.Flush()
	}
	fmt.Fprintf(w, "%s: %s%s\n", d.Name, definitionWords(d), otherVersions(d))
	fmt.Fprintf(w, "xmlns=\"%s\"\n%s\n\n", d.Namespace(), path)
	v := schemaView{w: w, table: schemaColumns, depth: depth}
	if narrowTerminal() {
		v.table = schemaNarrow
	}
	v.table.row(w, "how often", "element", "text")
	v.elements(e, 1)
	return w.Flush()
}

// otherVersions names the other versions of a message.
func otherVersions(d *iso20022.Definition) string {
	var names []string
	for _, other := range iso20022.Definitions() {
		if other != d && family(other.Name) == family(d.Name) {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; also " + strings.Join(names, ", ")
}

// findElement goes along a path, from Document or from the message's own element.
func findElement(d *iso20022.Definition, below string) (e iso20022.Element, path string, err error) {
	e, path = d.Outline(), d.Root
	steps := strings.FieldsFunc(below, func(r rune) bool { return r == '/' })
	if len(steps) > 0 && steps[0] == d.Root {
		steps = steps[1:]
	}
	if d.Message() != d.Root && (len(steps) == 0 || steps[0] != d.Message()) {
		steps = append([]string{d.Message()}, steps...)
	}
	for _, step := range steps {
		inside := e.Elements()
		k := slices.IndexFunc(inside, func(e iso20022.Element) bool { return e.Name == step })
		if k < 0 {
			return e, path, fmt.Errorf("no element %q: %s", step, orNone(holds(e, false, ""), path+" holds no elements"))
		}
		e, path = inside[k], path+"/"+step
	}
	return e, path, nil
}

// elements prints what stands in an element.
func (v *schemaView) elements(e iso20022.Element, level int) {
	inside := e.Elements()
	if level == 1 && len(inside) == 0 {
		v.element(e, 0)
	}
	for _, child := range inside {
		v.element(child, level-1)
		if level != v.depth {
			v.elements(child, level+1)
		}
	}
}

// element prints one row. Elements that are not opened say how many they hold.
func (v *schemaView) element(e iso20022.Element, indent int) {
	text := e.Text
	if e.Attribute != "" {
		text += "; @" + e.Attribute + ": " + e.AttributeText
	}
	if n := len(e.Elements()); n > 0 && indent+1 == v.depth {
		text = fmt.Sprintf("(%s)", count(n, "element"))
	}
	v.table.row(v.w, howOften(e), strings.Repeat("  ", indent)+e.Name, text)
}

// howOften is the cardinality; of alternatives one stands there.
func howOften(e iso20022.Element) string {
	times := fmt.Sprintf("%d..%d", e.Min, e.Max)
	if e.Max == 0 {
		times = fmt.Sprintf("%d..n", e.Min)
	}
	switch {
	case e.Choice && e.Max == 1:
		return "or"
	case e.Choice:
		return "or " + times
	}
	return times
}

// schemaJSON is an element with what is below it, as deep as is asked for.
func schemaJSON(e iso20022.Element, depth, level int) schemaElement {
	out := schemaElement{Name: e.Name, Min: e.Min, Max: e.Max, Choice: e.Choice, Text: e.Text, Attribute: e.Attribute, AttributeText: e.AttributeText}
	if depth == 0 || level <= depth {
		for _, child := range e.Elements() {
			out.Elements = append(out.Elements, schemaJSON(child, depth, level+1))
		}
	}
	return out
}
