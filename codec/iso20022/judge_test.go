package iso20022

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutantsPerMessage is how many changed messages of each definition both judges
// see.
const mutantsPerMessage = 120

// mutant is a message that was changed, or not.
type mutant struct {
	what string // the change
	text string
	odd  *exception // why the judges may differ
}

// exception is a known difference: what xmllint says then, and why we do not.
type exception struct {
	valid bool
	why   string
}

var (
	oddBase64    = &exception{true, "libxml2 skips characters that are not of base64; the type of XML Schema has none"}
	oddDigits    = &exception{false, "libxml2 refuses decimals of more than 24 digits, zeros at the end included; XML Schema does not count those"}
	oddSpace     = &exception{false, "libxml2 does not take white space around dates and times; in XML Schema it collapses"}
	oddNamespace = &exception{true, "libxml2 validates a prefix without namespace inside of xs:any; it is no namespace-well-formed XML"}
	oddSubset    = &exception{true, "comments and processing instructions are not of our subset of XML"}
)

// change is one way to spoil a message: it does something to the element n.
type change struct {
	name string
	do   func(m *maker, root, n *xmlNode)
}

// oddity finds out whether the judges may differ about a message.
func oddity(root *xmlNode) (odd *exception) {
	for _, n := range root.all() {
		if strings.Contains(n.tail, "<!--") || strings.Contains(n.tail, "<?") {
			odd = oddSubset
		}
		if n.wild && strings.HasPrefix(n.name, "unbound:") {
			odd = oddNamespace
		}
		b, ok := baseOf(n)
		switch {
		case !ok || b == baseString || b == baseBoolean:
		case b == baseBinary:
			if strings.Trim(n.text, base64Characters) != "" {
				odd = oddBase64
			}
		case b == baseDecimal:
			if len(n.text) > 24 {
				odd = oddDigits
			}
		case strings.TrimSpace(n.head+n.text) != n.head+n.text:
			odd = oddSpace
		}
	}
	return odd
}

const base64Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n"

// edges are values at the borders of all types.
var edges = []string{
	"", " ", "\n", "0", "-0", "-0.00", "-1", "+5", "5.", ".5", ".", "+", "-", "1e3", "1,5", "0x1", "00001.10000", "1.5 ", "\t1.5", "1 5",
	"123456789012345678", "1234567890123456789", "0.00001", "0.000001", "0.0000100000", "12345678901234567.8", "12345678901234567.89",
	"INF", "NaN", "12345678901", "123456789012", "0.1234567890", "0.12345678901", "99999999999999999.99999",
	"true", "false", "1", "TRUE", "yes", " true ", "tru",
	"2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "0000-01-01", "-0001-01-01", "-0004-02-29", "10000-01-01", "010000-01-01",
	"2024-1-1", "2024-13-01", "2024-00-10", "2024-01-00", "2024-01-32", "2024-04-31", "2024-01-01Z", "2024-01-01+14:00", "2024-01-01+14:01",
	"2024-01-01-14:00", "2024-01-01+00:60", "2024-01-01z", "24-01-01", "2024/01/01", "20240101", " 2024-01-01 ", "2024-01-01+15:00",
	"2024-01-01T24:00:00", "2024-01-01T24:00:01", "2024-01-01T24:00:00.5", "2024-01-01T24:00:00.0", "2024-01-01T23:59:60", "2024-01-01T23:60:00",
	"2024-01-01T10:00", "2024-01-01T10:00:00.", "2024-01-01T10:00:00.123456789012", "2024-01-01T10:00:00+05:30", "2024-01-01T10:00:00+5:30",
	"2024-01-01t10:00:00", "2024-01-01 10:00:00", "2024-01-01T25:00:00", "2024-01-01T10:00:0a", "2024-01-01T10:00:00Z ", "2024-01-01T10:00:00ZZ",
	"10:00:00", "24:00:00", "24:00:01", "10:00", "10:00:00.5+01:00", "1:00:00", "2024-01", "2024-13", "2024-01Z", "2024-1",
	"QUJD", "QUJ", "QUI=", "QUJ=", "QQ==", "QR==", "QQ=", "Q===", "QU JD", "QUJD\n", "=", "====", "QUJDQQ==QUJD", "QQ= =", " QQ== ",
	"A", "AA", "AAA", "AAAA", "AAAAA", "abc", "INR", "inr", "INRX", "IN", "é", "éé", "ééé", "éééé", "ééééé", "&amp;", "&lt;&gt;&quot;&apos;",
	"SLEV", "CLRG", "slev", " SLEV", "SLEV ", "RJCT", "NARR", "+91-9000000000", "+91-", "DEUTDEFF", "DEUTDEFF500", "DEUTDEFF50", "deutdeff",
	"8a562c67-ca16-48ba-b074-65581be6f011", "8A562C67-CA16-48BA-B074-65581BE6F011", "8a562c67-ca16-58ba-b074-65581be6f011",
	"GB29NWBK60161331926819", "GB29", "GB2", "5493001KJTIIGC8Y1R12", "DUM", "B12", "B1", "a\r\nb", "a\rb", "]]", ">", "a\u0085b", "\u2028", "𝔘",
}

// baseOf is the base of an element's text, and whether it has one.
func baseOf(n *xmlNode) (base, bool) {
	if n.wild || n.typ.simple() == nil {
		return 0, false
	}
	return n.typ.simple().base, true
}

// leaf gives an element without children in n.
func (m *maker) leaf(n *xmlNode) *xmlNode {
	for len(n.kids) > 0 {
		n = n.kids[m.IntN(len(n.kids))]
	}
	return n
}

// changes are all ways to spoil a message.
var changes = []change{
	{"nothing", func(*maker, *xmlNode, *xmlNode) {}},
	{"drop", func(m *maker, _, n *xmlNode) {
		if len(n.kids) > 0 {
			i := m.IntN(len(n.kids))
			n.kids = append(n.kids[:i:i], n.kids[i+1:]...)
		}
	}},
	{"duplicate", func(m *maker, _, n *xmlNode) {
		if len(n.kids) > 0 {
			i := m.IntN(len(n.kids))
			n.kids = append(n.kids[:i+1:i+1], n.kids[i:]...)
		}
	}},
	{"repeat", func(m *maker, _, n *xmlNode) {
		if len(n.kids) > 0 {
			i := m.IntN(len(n.kids))
			for range m.IntN(12) {
				n.kids = append(n.kids[:i+1:i+1], n.kids[i:]...)
			}
		}
	}},
	{"reorder", func(m *maker, _, n *xmlNode) {
		m.Shuffle(len(n.kids), func(i, j int) { n.kids[i], n.kids[j] = n.kids[j], n.kids[i] })
	}},
	{"swap", func(m *maker, _, n *xmlNode) {
		if len(n.kids) > 1 {
			i := m.IntN(len(n.kids) - 1)
			n.kids[i], n.kids[i+1] = n.kids[i+1], n.kids[i]
		}
	}},
	{"rename", func(m *maker, _, n *xmlNode) {
		n.name = m.pick(names[1+m.IntN(len(names)-1)], n.name+"x", n.name[:len(n.name)-1]+"_", strings.ToLower(n.name), "Id", "Cd", "Prtry")
	}},
	{"retype", func(m *maker, _, n *xmlNode) { m.leaf(n).text = edges[m.IntN(len(edges))] }},
	{"lengthen", func(m *maker, _, n *xmlNode) {
		n = m.leaf(n)
		n.text += m.pick("0", "A", ".", " ", "9999")
		if b, ok := baseOf(n); ok && b == baseString && n.typ.simple().maxLength != 0 && n.typ.simple().pattern == 0 {
			n.text = m.text(int(min(n.typ.simple().maxLength, 3000)) + m.IntN(3) - 1)
		}
	}},
	{"shorten", func(m *maker, _, n *xmlNode) {
		n = m.leaf(n)
		if r := []rune(n.text); len(r) > 0 {
			n.text = string(r[:m.IntN(len(r))]) // an entity may be cut in two
		}
	}},
	{"one character", func(m *maker, _, n *xmlNode) {
		n = m.leaf(n)
		if r := []rune(n.text); len(r) > 0 {
			r[m.IntN(len(r))] = []rune("aZ0 -.:/+é")[m.IntN(10)]
			n.text = string(r)
		}
	}},
	{"white space around", func(m *maker, _, n *xmlNode) {
		n.text, n.head, n.tail = m.pick(" ", "\n\t", "\r\n")+n.text, m.pick("", "\n  "), m.pick("", "\r\n ")
	}},
	{"text beside", func(m *maker, _, n *xmlNode) {
		if n.tail = m.pick("x", "&amp;", "é", " . "); m.IntN(2) == 0 {
			n.head, n.tail = n.tail, ""
		}
	}},
	{"child inside", func(m *maker, _, n *xmlNode) {
		if n.wild {
			return
		}
		n.kids = append(n.kids, &xmlNode{name: names[1+m.IntN(len(names)-1)], text: "x", wild: true})
	}},
	{"empty", func(m *maker, _, n *xmlNode) {
		n.kids, n.text, n.head, n.short = nil, "", m.pick("", " "), m.IntN(2) == 0
	}},
	{"move", func(m *maker, root, n *xmlNode) {
		if len(n.kids) > 0 {
			i, all := m.IntN(len(n.kids)), root.all()
			k := n.kids[i]
			to := all[m.IntN(len(all))]
			if inside(k, to) || to.wild {
				return
			}
			n.kids = append(n.kids[:i:i], n.kids[i+1:]...)
			at := m.IntN(len(to.kids) + 1)
			to.kids = append(to.kids[:at:at], append([]*xmlNode{k}, to.kids[at:]...)...)
		}
	}},
	{"attribute", func(m *maker, _, n *xmlNode) {
		a := m.pick(`Ccy="INR"`, `Ccy="inr"`, `Ccy='US&amp;'`, `ccy="INR"`, `x="1"`, `xml:lang="en"`, `Ccy=""`,
			`xmlns:xsi="`+uriXSI+`" xsi:schemaLocation="a b"`, `xmlns:xsi="`+uriXSI+`" xsi:noNamespaceSchemaLocation="a"`, `Ccy=" INR"`)
		if n.attrs = append(n.attrs, a); m.IntN(2) == 0 && !strings.HasPrefix(n.attrs[0], "xmlns") {
			n.attrs = []string{a}
		}
	}},
	{"no attribute", func(m *maker, root, n *xmlNode) {
		for _, k := range root.all() {
			if b, ok := baseOf(k); ok && b == baseDecimal && len(k.attrs) > 0 {
				k.attrs = nil
				return
			}
		}
	}},
	{"other namespace", func(m *maker, _, n *xmlNode) {
		n.attrs = append(n.attrs, `xmlns:o="urn:other"`)
		n.name = "o:" + n.name
	}},
	{"default namespace", func(m *maker, root, n *xmlNode) {
		if n != root {
			n.attrs = append(n.attrs, m.pick(`xmlns="urn:other"`, `xmlns=""`, root.attrs[0]))
		}
	}},
	{"prefixes", func(m *maker, root, _ *xmlNode) {
		root.attrs[0] = "xmlns:p=" + strings.TrimPrefix(root.attrs[0], "xmlns=")
		for _, k := range root.all() {
			if !k.wild {
				k.name = "p:" + k.name
			}
		}
		if all := root.all(); m.IntN(3) == 0 { // one without
			k := all[m.IntN(len(all))]
			k.name = strings.TrimPrefix(k.name, "p:")
		}
	}},
	{"version", func(m *maker, root, _ *xmlNode) {
		root.attrs[0] = strings.Replace(root.attrs[0], ".001.", ".002.", 1)
	}},
	{"other element inside xs:any", func(m *maker, root, _ *xmlNode) {
		for _, k := range root.all() {
			if k.wild {
				k.name = m.pick("a", "o:a", "Document2")
				k.attrs = []string{m.pick(`xmlns:o="urn:other"`, `xmlns:o="`+uriSignature+`"`, `xmlns="`+uriSignature+`" xmlns:o="`+uriSignature+`"`)}
				k.kids = append(k.kids, &xmlNode{name: "b", attrs: []string{`c="1"`}, text: "t", wild: true, tail: "u"})
				return
			}
		}
	}},
	{"many digits", func(m *maker, root, _ *xmlNode) {
		for _, k := range root.all() {
			if b, ok := baseOf(k); ok && b == baseDecimal {
				k.text = m.pick("1.", "100.") + strings.Repeat("0", m.IntN(30))
				return
			}
		}
	}},
	{"not base64", func(m *maker, root, _ *xmlNode) {
		for _, k := range root.all() {
			if b, ok := baseOf(k); ok && b == baseBinary {
				k.text = "QU!JD"
				return
			}
		}
	}},
	{"prefix without namespace", func(m *maker, root, n *xmlNode) {
		for _, k := range root.all() {
			if k.wild {
				n = k
			}
		}
		n.name = "unbound:" + n.name
	}},
	{"broken", func(m *maker, root, n *xmlNode) {
		n.tail = m.pick("<", "<a>", "</a>", "&", "&x", "]]>", "<a b=c/>", "<a b='<'/>", "<a b='' b=''/>", "\x01", "\xff", "<a:b:c/>", "< a/>", "<1/>", "</>", "<a/", "<>")
	}},
	{"outside of our subset", func(m *maker, root, n *xmlNode) {
		n.tail = m.pick("<!-- c -->", "<?pi?>")
	}},
}

func inside(n, other *xmlNode) bool {
	for _, k := range n.all() {
		if k == other {
			return true
		}
	}
	return false
}

// mutants makes valid messages of a definition and changed ones, each with one or
// two changes.
func mutants(d *Definition, count int) []mutant {
	var list []mutant
	for i := range count {
		m := newMaker(uint64(i)<<8|uint64(d.index), []int{0, 15, 40, 80}[i%4])
		root := m.document(d)
		mu := mutant{}
		for range 1 + i%5/4 {
			c := changes[(i+m.IntN(2)*m.IntN(len(changes)))%len(changes)]
			all := root.all()
			c.do(m, root, all[m.IntN(len(all))])
			mu.what += c.name + " "
		}
		mu.text, mu.odd = root.String(), oddity(root)
		list = append(list, mu)
	}
	return list
}

// judge has xmllint validate all texts by one schema, in one run.
func judge(t *testing.T, schema string, list []mutant) []bool {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--noout", "--nonet", "--schema", schema}
	for i, mu := range list {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(mu.text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, _ := exec.Command("xmllint", args...).CombinedOutput()
	valid := make([]bool, len(list))
	for line := range strings.Lines(string(out)) {
		name, ok := strings.CutSuffix(line, " validates\n")
		var i int
		if _, err := fmt.Sscan(filepath.Base(name), &i); ok && err == nil {
			valid[i] = true
		}
	}
	return valid
}

// TestJudgeAgrees: xmllint, which has the schemas, and the scanner, which has the
// tables, say the same of every message, but for the listed exceptions.
func TestJudgeAgrees(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	schema := schemas(t)
	total, accepted, odd := 0, 0, map[*exception]int{}
	var m Message
	for _, d := range Definitions() {
		list := mutants(d, mutantsPerMessage)
		for i, valid := range judge(t, schema[d], list) {
			mu := list[i]
			err := m.Parse(nil, []byte(mu.text))
			total++
			if valid {
				accepted++
			}
			if valid == (err == nil) {
				continue
			}
			if mu.odd != nil && mu.odd.valid == valid {
				odd[mu.odd]++
				continue
			}
			t.Errorf("%s %d, %s: xmllint says %v, we say %v\n%s", d.Name, i, mu.what, valid, err, shorten(mu.text, err))
		}
	}
	if total < 2000 || accepted < total/10 || accepted > total*9/10 {
		t.Errorf("%d mutants, %d of them valid: that proves too little", total, accepted)
	}
	t.Logf("%d mutants of %d messages, %d of them valid", total, len(definitions), accepted)
	for _, e := range []*exception{oddBase64, oddDigits, oddSpace, oddNamespace, oddSubset} {
		if odd[e] == 0 {
			t.Errorf("never seen, so no exception: %s", e.why)
		}
		t.Logf("differs %d times: %s", odd[e], e.why)
	}
}

// TestEdgesAgree tries all edges on a text of each base and of each pattern.
func TestEdgesAgree(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (Debian: libxml2-utils)")
	}
	schema := schemas(t)
	type kind struct {
		base    base
		pattern uint16
		digits  uint8
	}
	seen, accepted := map[kind]bool{}, 0
	var msg Message
	for _, d := range Definitions() {
		root := newMaker(uint64(d.index), 60).document(d)
		var list []mutant
		for _, n := range root.all() {
			if n.wild || n.typ.simple() == nil {
				continue
			}
			typ := n.typ.simple()
			if k := (kind{typ.base, typ.pattern, typ.totalDigits}); seen[k] {
				continue
			} else {
				seen[k] = true
			}
			before := n.text
			for _, n.text = range edges {
				list = append(list, mutant{what: n.name + " " + n.text, text: root.String(), odd: oddity(root)})
			}
			n.text = before
		}
		if len(list) == 0 {
			continue
		}
		for i, valid := range judge(t, schema[d], list) {
			err := msg.Parse(nil, []byte(list[i].text))
			if valid {
				accepted++
			}
			if odd := list[i].odd; valid != (err == nil) && (odd == nil || odd.valid != valid) {
				t.Errorf("%s, %s: xmllint says %v, we say %v", d.Name, list[i].what, valid, err)
			}
		}
	}
	if len(seen) < 20 || accepted < 200 {
		t.Errorf("%d kinds, %d values good: that proves too little", len(seen), accepted)
	}
	t.Logf("%d kinds with %d values each, %d of them good", len(seen), len(edges), accepted)
}

// shorten gives the part of a text around a fault.
func shorten(text string, err error) string {
	if e, ok := err.(*Error); ok {
		return text[max(0, e.Offset-200):min(len(text), e.Offset+200)]
	}
	return text[:min(len(text), 3000)]
}
