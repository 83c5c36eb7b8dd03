package main

import (
	"encoding/xml"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// findSchemas gives the path of the schema of each message, by the message's
// identifier, with which the file's name begins. The first one found wins.
func findSchemas(dirs []string) (map[string]string, error) {
	paths := map[string]string{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			if err != nil || d.IsDir() || filepath.Ext(name) != ".xsd" || len(name) < len("pacs.008.001.08") {
				return err
			}
			message := name[:len("pacs.008.001.08")]
			if _, known := paths[message]; !known {
				paths[message] = path
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return paths, nil
}

const xsdNamespace = "http://www.w3.org/2001/XMLSchema"

// part is any element of a schema.
type part struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Parts   []part     `xml:",any"`
	Text    string     `xml:",chardata"`
}

func (p *part) kind() string { return p.XMLName.Local }

// attr gives an attribute, "" if it is absent.
func (p *part) attr(name string) string {
	for _, a := range p.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// only fails if a part has attributes other than these: what is not understood
// must not be passed over.
func (p *part) only(names ...string) error {
	for _, a := range p.Attrs {
		known := false
		for _, name := range names {
			known = known || a.Name.Space == "" && a.Name.Local == name
		}
		if !known {
			return fmt.Errorf("xs:%s has the attribute %s, which is not understood", p.kind(), a.Name.Local)
		}
	}
	if p.XMLName.Space != xsdNamespace || strings.TrimSpace(p.Text) != "" {
		return fmt.Errorf("%s is no part of a schema", p.kind())
	}
	return nil
}

// number reads a number in an attribute, with a default where that is absent.
func (p *part) number(name string, otherwise int) (int, error) {
	text := p.attr(name)
	switch text {
	case "":
		return otherwise, nil
	case "unbounded":
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("xs:%s: %s=%q is no number", p.kind(), name, text)
	}
	return n, nil
}

// schema is one XSD: its root element and its named types.
type schema struct {
	root  string // name of the root element
	typ   string // and of its type
	types map[string]*part
}

func readSchema(message string, source []byte) (*schema, error) {
	var top part
	if err := xml.Unmarshal(source, &top); err != nil {
		return nil, err
	}
	if want := "urn:iso:std:iso:20022:tech:xsd:" + message; top.attr("targetNamespace") != want {
		return nil, fmt.Errorf("targetNamespace is %q, want %q", top.attr("targetNamespace"), want)
	}
	if top.attr("elementFormDefault") != "qualified" {
		return nil, fmt.Errorf("elements are not qualified")
	}
	s := &schema{types: map[string]*part{}}
	for i := range top.Parts {
		p := &top.Parts[i]
		switch p.kind() {
		case "element":
			if err := p.only("name", "type"); err != nil {
				return nil, err
			}
			if s.root != "" {
				return nil, fmt.Errorf("two root elements: %s and %s", s.root, p.attr("name"))
			}
			s.root, s.typ = p.attr("name"), p.attr("type")
		case "simpleType", "complexType":
			if err := p.only("name"); err != nil {
				return nil, err
			}
			s.types[p.attr("name")] = p
		default:
			return nil, fmt.Errorf("xs:%s is not understood", p.kind())
		}
	}
	if s.root != "Document" && s.root != "AppHdr" {
		return nil, fmt.Errorf("the root element is %q", s.root)
	}
	return s, nil
}
