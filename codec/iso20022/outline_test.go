package iso20022

import (
	"strings"
	"testing"
)

// walk calls do for every element below e with its path.
func walk(e Element, path string, depth int, do func(path string, e Element, depth int)) {
	for _, inside := range e.Elements() {
		do(path+"/"+inside.Name, inside, depth)
		walk(inside, path+"/"+inside.Name, depth+1, do)
	}
}

// TestOutline: every element of every message is reached, none without content,
// and each place of a profile is one of them.
func TestOutline(t *testing.T) {
	for _, d := range Definitions() {
		elements := map[string]Element{}
		walk(d.Outline(), d.Root, 1, func(path string, e Element, depth int) {
			if depth > DepthMax {
				t.Fatalf("%s: %s is %d deep", d.Name, path, depth)
			}
			if elements[path] = e; e.Name == "" || (e.Text == "") == (len(e.Elements()) == 0) || (e.Attribute == "") != (e.AttributeText == "") {
				t.Errorf("%s: %s has text %q, %d elements, attribute %q", d.Name, path, e.Text, len(e.Elements()), e.Attribute)
			}
		})
		if _, ok := elements[d.Root+"/"+d.Message()]; !ok && d.Message() != d.Root {
			t.Errorf("%s: no element %s", d.Name, d.Message())
		}
		for _, name := range BuiltinNames() {
			for _, place := range mustProfile(t, name).Places(d) {
				path, attribute, _ := strings.Cut(place.Path, "/@")
				if at := strings.IndexByte(path, '['); at >= 0 {
					_, rest, _ := strings.Cut(path[at:], "]")
					path = path[:at] + rest
				}
				if e, ok := elements[path]; !ok || e.Attribute != attribute && attribute != "" {
					t.Errorf("%s %s: no element %s", name, d.Name, place.Path)
				}
			}
		}
	}
}

// TestOutlineElement looks at some elements as the schema has them.
func TestOutlineElement(t *testing.T) {
	seen := map[string]Element{}
	walk(Find("pacs.008.001.08").Outline(), "", 1, func(path string, e Element, _ int) { seen[path] = e })
	const tx = "/FIToFICstmrCdtTrf/CdtTrfTxInf"
	for path, want := range map[string]Element{
		tx:                               {Name: "CdtTrfTxInf", Min: 1},
		tx + "/PmtId/UETR":               {Name: "UETR", Max: 1, Text: "the pattern [a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}"},
		tx + "/DbtrAcct/Id/Othr":         {Name: "Othr", Min: 1, Max: 1, Choice: true},
		tx + "/SplmtryData/Envlp":        {Name: "Envlp", Min: 1, Max: 1, Text: "one element of any schema"},
		tx + "/ChrgBr":                   {Name: "ChrgBr", Min: 1, Max: 1, Text: "one of DEBT, CRED, SHAR, SLEV"},
		tx + "/RmtInf/Ustrd":             {Name: "Ustrd", Text: "text of 1 to 140"},
		"/FIToFICstmrCdtTrf/SplmtryData": {Name: "SplmtryData"},
	} {
		got := seen[path]
		if got.typ = 0; got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	if e := seen[tx+"/IntrBkSttlmAmt"]; e.Attribute != "Ccy" || !strings.Contains(e.Text, "not below 0") || !strings.Contains(e.AttributeText, "[A-Z]{3,3}") {
		t.Errorf("%+v", e)
	}
}

// TestRule: what a profile asks for is told in words.
func TestRule(t *testing.T) {
	p := mustProfile(t, "ips-base")
	d := Find("pacs.008.001.08")
	for f, want := range map[Field]string{
		SettlementMethod: "value CLRG", MsgID: "characters of an id", DebtorAccount: "unless DebtorIBAN is there",
		DebtorAgent: "unless DebtorAgentBIC or DebtorAgentOther is there", Remittance: "", RejectData: "", FieldCount: "",
	} {
		if got := p.Rule(d, f); got != want {
			t.Errorf("%s: %q, want %q", f, got, want)
		}
	}
	if p.Rule(nil, MsgID) != "" || p.Rule(p.Header(), BizService) != "value switchd.ips" {
		t.Error("of the header, or of no message")
	}
}
