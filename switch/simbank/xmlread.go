package simbank

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
)

// strictReader reads XML into structs whose fields stand in the order of the
// schema: a value is mandatory; a pointer, a slice or a field with omitempty is
// not. encoding/xml alone would skip what a struct does not have, take elements
// in any order and leave out what is missing; here each of these is a fault. Two
// tags of its own say more: is:"..." names the form of a text, and a first field
// of type oneOf makes a struct a choice.
type strictReader struct {
	tokens *xml.Decoder
	space  string // namespace of all elements now
}

// oneOf marks a struct of which exactly one field is set.
type oneOf struct{}

// textForms are the forms of texts; without one a text has 1 to 140 characters.
var textForms = map[string]*regexp.Regexp{
	"id":       regexp.MustCompile(`^[A-Za-z0-9\-?:().,'+ ]([A-Za-z0-9\-?:().,'+ /]{0,33}[A-Za-z0-9\-?:().,'+ ])?$`),
	"uetr":     regexp.MustCompile(`^[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}$`),
	"time":     regexp.MustCompile(`^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d{1,9})?(Z|[+-][01]\d:[0-5]\d)$`),
	"date":     regexp.MustCompile(`^\d{4}-[01]\d-[0-3]\d$`),
	"code":     regexp.MustCompile(`^[A-Z0-9]{1,4}$`),
	"external": regexp.MustCompile(`^[A-Z0-9]{1,5}$`),
	"currency": regexp.MustCompile(`^[A-Z]{3}$`),
	"decimal":  regexp.MustCompile(`^\d{1,18}(\.\d{1,5})?$`),
	"one":      regexp.MustCompile(`^1$`),
	"flag":     regexp.MustCompile(`^(true|false)$`),
	"account":  regexp.MustCompile(`^[!-~]{1,34}$`),
	"proxy":    regexp.MustCompile(`^[!-~]{1,255}$`),
	"long":     regexp.MustCompile(`^[^\r]{1,350}$`),
	"":         regexp.MustCompile(`^[^\r]{1,140}$`),
}

var errUnexpected = errors.New("unexpected token")

// next gives the next start or end of an element; text before it must be blank.
func (r *strictReader) next() (xml.Token, error) {
	for {
		t, err := r.tokens.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement, xml.EndElement:
			return t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, errUnexpected
			}
		default: // comment, processing instruction, DTD
			return nil, errUnexpected
		}
	}
}

// element reads the content of an element, whose start tag was start, into v.
func (r *strictReader) element(start xml.StartElement, v reflect.Value, form, path string) *fault {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		if bad := r.attributes(start, reflect.Value{}, path); bad != nil {
			return bad
		}
		return r.text(v, form, path)
	}
	if bad := r.attributes(start, v, path); bad != nil {
		return bad
	}
	if at, ok := contentOf(v.Type()); ok {
		return r.text(v.Field(at), v.Type().Field(at).Tag.Get("is"), path)
	}
	return r.children(v, path)
}

// contentOf finds the field of an element that holds text.
func contentOf(t reflect.Type) (int, bool) {
	for i := range t.NumField() {
		if strings.HasSuffix(t.Field(i).Tag.Get("xml"), ",chardata") {
			return i, true
		}
	}
	return 0, false
}

// attributes takes those that v has; all of them must be there. Bindings of
// namespaces are not attributes.
func (r *strictReader) attributes(start xml.StartElement, v reflect.Value, path string) *fault {
	wanted := map[string]int{}
	if v.IsValid() {
		for i := range v.NumField() {
			if name, is := strings.CutSuffix(v.Type().Field(i).Tag.Get("xml"), ",attr"); is {
				wanted[name] = i
			}
		}
	}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			continue
		}
		i, known := wanted[a.Name.Local]
		if !known || a.Name.Space != "" {
			return &fault{path, "unknown attribute"}
		}
		delete(wanted, a.Name.Local)
		if !textForms[v.Type().Field(i).Tag.Get("is")].MatchString(a.Value) {
			return &fault{path + "@" + a.Name.Local, "format"}
		}
		v.Field(i).SetString(a.Value)
	}
	for name := range wanted {
		return &fault{path + "@" + name, "missing"}
	}
	return nil
}

// text reads up to the end of an element that has no children.
func (r *strictReader) text(v reflect.Value, form, path string) *fault {
	var text strings.Builder
	for {
		t, err := r.tokens.Token()
		if err != nil {
			return &fault{path, "not well-formed"}
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if !textForms[form].MatchString(text.String()) {
				return &fault{path, "format"}
			}
			v.SetString(text.String())
			return nil
		default:
			return &fault{path, "unknown element"}
		}
	}
}

// children reads elements in the order of the struct's fields.
func (r *strictReader) children(v reflect.Value, path string) *fault {
	t, at, count := v.Type(), 0, 0
	for {
		token, err := r.next()
		if err != nil {
			return &fault{path, "not well-formed"}
		}
		start, is := token.(xml.StartElement)
		if !is {
			break
		}
		to := fieldNamed(t, start.Name.Local)
		switch {
		case to < 0 || start.Name.Space != r.space:
			return &fault{path, "unknown element"}
		case to < at:
			return &fault{path + "/" + start.Name.Local, "order"}
		}
		if bad := missing(t, at, to, path); bad != nil {
			return bad
		}
		field := v.Field(to)
		at = to + 1
		if field.Kind() == reflect.Slice {
			field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
			field, at = field.Index(field.Len()-1), to
		}
		if bad := r.element(start, field, t.Field(to).Tag.Get("is"), path+"/"+start.Name.Local); bad != nil {
			return bad
		}
		count++
	}
	if choice := t.NumField() > 0 && t.Field(0).Type == reflect.TypeFor[oneOf](); choice && count != 1 {
		return &fault{path, "choice"}
	}
	return missing(t, at, t.NumField(), path)
}

// missing finds the first field of [from, to) that may not be left out.
func missing(t reflect.Type, from, to int, path string) *fault {
	for i := from; i < to; i++ {
		f := t.Field(i)
		optional := !f.IsExported() || f.Name == "XMLName" || strings.HasSuffix(f.Tag.Get("xml"), ",omitempty")
		if !optional && f.Type.Kind() != reflect.Slice && f.Type.Kind() != reflect.Pointer {
			return &fault{path + "/" + f.Name, "missing"}
		}
	}
	return nil
}

// fieldNamed is the field for an element; they have the same name.
func fieldNamed(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if t.Field(i).Name == name && name != "XMLName" {
			return i
		}
	}
	return -1
}

// readEnvelope reads a whole body: the header, and the message that the header
// says it is. What it has read before a fault is in the header, for the reject.
func readEnvelope(body []byte) (head header, doc any, bad *fault) {
	r := &strictReader{tokens: xml.NewDecoder(bytes.NewReader(body))}
	malformed := &fault{"Message", "not well-formed"}
	start, err := r.opening()
	if err != nil {
		return head, nil, malformed
	}
	if start.Name != (xml.Name{Local: "Message"}) {
		return head, nil, &fault{"Message", "unknown element"}
	}
	if start, err = r.open(); err != nil {
		return head, nil, malformed
	}
	if start.Name != (xml.Name{Space: headerSpace, Local: "AppHdr"}) {
		return head, nil, &fault{"AppHdr", "unknown element"}
	}
	r.space = headerSpace
	if bad := r.element(start, reflect.ValueOf(&head).Elem(), "", "AppHdr"); bad != nil {
		return head, nil, bad
	}
	make, known := documents[head.MsgDefIdr]
	if !known {
		return head, nil, &fault{"AppHdr/MsgDefIdr", "unknown"}
	}
	doc = make()
	if bad := r.document(head.MsgDefIdr, doc); bad != nil {
		return head, nil, bad
	}
	return head, doc, nil
}

// document reads Document, its only child, and the end of all.
func (r *strictReader) document(definition string, doc any) *fault {
	malformed := &fault{"Document", "not well-formed"}
	start, err := r.open()
	if err != nil {
		return malformed
	}
	r.space = documentSpace + definition
	if start.Name != (xml.Name{Space: r.space, Local: "Document"}) {
		return &fault{"Document", "unknown element"}
	}
	if start, err = r.open(); err != nil {
		return malformed
	}
	v := reflect.ValueOf(doc).Elem()
	root, _ := v.Type().FieldByName("XMLName")
	if start.Name != (xml.Name{Space: r.space, Local: root.Tag.Get("xml")}) {
		return &fault{"Document", "unknown element"}
	}
	if bad := r.element(start, v, "", start.Name.Local); bad != nil {
		return bad
	}
	for range 2 { // the ends of Document and Message
		if token, err := r.next(); err != nil {
			return malformed
		} else if _, is := token.(xml.EndElement); !is {
			return &fault{"Document", "unknown element"}
		}
	}
	if _, err := r.next(); err != io.EOF {
		return &fault{"Message", "trailing bytes"}
	}
	return nil
}

// opening is the first start tag of a body, behind an XML declaration at most.
func (r *strictReader) opening() (xml.StartElement, error) {
	t, err := r.tokens.Token()
	if err != nil {
		return xml.StartElement{}, err
	}
	switch t := t.(type) {
	case xml.StartElement:
		return t, nil
	case xml.ProcInst:
		if t.Target == "xml" {
			return r.open()
		}
	}
	return xml.StartElement{}, errUnexpected
}

func (r *strictReader) open() (xml.StartElement, error) {
	t, err := r.next()
	if err != nil {
		return xml.StartElement{}, err
	}
	start, is := t.(xml.StartElement)
	if !is {
		return start, errUnexpected
	}
	return start, nil
}
