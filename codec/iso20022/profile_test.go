package iso20022

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestBuiltinProfiles(t *testing.T) {
	names := BuiltinNames()
	if !slices.Equal(names, []string{"fednow", "ips-base"}) {
		t.Errorf("profiles %v", names)
	}
	for _, name := range names {
		if p := mustProfile(t, name); p.Name() != name {
			t.Errorf("%s is called %s", name, p.Name())
		}
	}
	if _, err := Builtin("nonesuch"); len(ProfileErrors(err)) != 1 || !strings.Contains(err.Error(), "fednow, ips-base") {
		t.Errorf("%v", err)
	}
}

// TestBaseProfileHasAllMessages of an instant payment system.
func TestBaseProfileHasAllMessages(t *testing.T) {
	p := mustProfile(t, "ips-base")
	for _, want := range strings.Fields(`pacs.002.001.10 pacs.003.001.08 pacs.004.001.10 pacs.007.001.10 pacs.008.001.08 pacs.009.001.08 pacs.010.001.04
		pacs.028.001.03 camt.025.001.05 camt.029.001.09 camt.050.001.05 camt.052.001.08 camt.053.001.08 camt.054.001.08 camt.056.001.08 camt.087.001.07
		pain.001.001.10 pain.002.001.11 pain.009.001.05 pain.010.001.05 pain.011.001.05 pain.012.001.05 pain.013.001.07 pain.014.001.07 pain.017.001.01
		pain.018.001.01 acmt.023.001.02 acmt.024.001.02 admi.002.001.01 admi.004.001.02 admi.006.001.01 admi.007.001.01 admi.011.001.01`) {
		if d := p.Sent(want[:8]); d == nil || d.Name != want || !p.Accepts(d) {
			t.Errorf("%s: the profile sends %v", want, d)
		}
	}
	if p.Header().Name != "head.001.001.02" || p.Sent("head.001") != nil {
		t.Errorf("header %v", p.Header())
	}
}

// small is a profile of one message, for files with one thing wrong.
const small = `{
	"name": "small",
	"header": {"definition": "head.001.001.02", "fields": [
		{"field": "BizFrom", "path": "Fr/FIId/FinInstnId/ClrSysMmbId/MmbId", "need": "M"},
		{"field": "BizTo", "path": "To/FIId/FinInstnId/ClrSysMmbId/MmbId", "need": "M"},
		{"field": "BizMsgID", "path": "BizMsgIdr", "need": "M"},
		{"field": "BizDefinition", "path": "MsgDefIdr", "need": "M"},
		{"field": "BizCreatedAt", "path": "CreDt", "need": "M"}
	]},
	"messages": [{"versions": ["pacs.028.001.03", "pacs.028.001.04"], "once": ["TxInf"], "fields": [
		{"field": "MsgID", "path": "GrpHdr/MsgId", "need": "M", "chars": "id"},
		{"field": "CreatedAt", "path": "GrpHdr/CreDtTm", "need": "M"},
		{"field": "OriginalMsgID", "path": "TxInf/OrgnlGrpInf/OrgnlMsgId", "need": "O"},
		{"field": "OriginalMsgName", "path": "TxInf/OrgnlGrpInf/OrgnlMsgNmId", "need": "C", "unless": ["OriginalUETR"]},
		{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O"}
	]}]
}`

func TestLoadProfileFaults(t *testing.T) {
	if _, err := LoadProfile("own.json", []byte(small)); err != nil {
		t.Fatal(err)
	}
	const field = `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O"}`
	const name = `{"field": "OriginalMsgName", "path": "TxInf/OrgnlGrpInf/OrgnlMsgNmId", "need": "C", "unless": ["OriginalUETR"]},`
	for _, c := range []struct{ from, to, want string }{
		{`"name": "small",`, ``, `own.json: the profile has no name`},
		{`"name": "small"`, `"name": 1`, `own.json: name must be a text`},
		{`"name": "small"`, `"nam": "x"`, `own.json: unknown key "nam" (known: name, header, messages)`},
		{`"name": "small"`, `"name": "a", "name": "b"`, `own.json: "name" stands there twice`},
		{`}]` + "\n}", `}]`, `own.json: line 16: unexpected end of JSON input`},
		{`"head.001.001.02"`, `"head.001.001.01"`, `own.json: header: definition "head.001.001.01" is no header that we have`},
		{`"pacs.028.001.04"`, `"pacs.028.001.99"`, `own.json: pacs.028.001.99: no message that we have`},
		{`"pacs.028.001.04"`, `"pacs.002.001.10"`, `own.json: pacs.002.001.10: not a version of the same message as pacs.028.001.03`},
		{`"pacs.028.001.04"`, `"pacs.028.001.03"`, `own.json: pacs.028.001.03: stands in the profile twice`},
		{`"versions": ["pacs.028.001.03", "pacs.028.001.04"]`, `"versions": []`, `own.json: messages[0]: the message has no versions`},
		{`"versions"`, `"version"`, `own.json: messages[0]: unknown field "version"`},
		{field, `{"field": "OriginalUetr", "path": "TxInf/OrgnlUETR", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: no field is called "OriginalUetr"`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUetr", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUetr: TxInf holds no OrgnlUetr, but StsReqId, OrgnlGrpInf,`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR/X", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR/X: OrgnlUETR holds no elements of the schema`},
		{field, `{"field": "OriginalUETR", "path": "TxInf//OrgnlUETR", "need": "O"}`, `own.json: pacs.028.001.03: TxInf//OrgnlUETR: a step of the path is not a name`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR[2]", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR[2]: OrgnlUETR cannot stand there so often`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR@Ccy", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR@Ccy: the element has no attribute Ccy`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "X"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: need "X" is not known (known: M, O, C)`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O", "chars": "x"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: chars "x" is not known (known: id, text)`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O", "unless": ["MsgID"]}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: "when" and "unless" go with need C`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "C"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: "when" and "unless" go with need C`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "C", "when": {"field": "MsgID"}}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: "when" needs "is", a list of values`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "C", "when": {"field": "Status", "is": ["x"]}}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: the condition's field Status has no place in the message`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "C", "unless": ["Nonesuch"]}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: no field is called "Nonesuch"`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O", "value": ["x"]}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: the value "x" does not fit the schema: wrong format`},
		{field, field + "," + field, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: field OriginalUETR has a place already`},
		{field, field + `, {"field": "UETR", "path": "TxInf/OrgnlUETR", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlUETR: field OriginalUETR stands there already`},
		{field, field + `, {"field": "BizTo", "path": "TxInf/StsReqId", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/StsReqId: field BizTo is the header's`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O", "neede": "O"}`, `own.json: pacs.028.001.03: fields[4]: unknown field "neede"`},
		{field, `{"field": "OriginalUETR", "path": "TxInf/OrgnlUETR", "need": "O", "need": "M"}`, `own.json: pacs.028.001.03: fields[4]: "need" stands there twice`},
		{field, `7`, `own.json: pacs.028.001.03: fields[4]: an object is expected here`},
		{`"once": ["TxInf"]`, `"once": ["TxInf", "GrpHdr"]`, `own.json: pacs.028.001.03: GrpHdr: GrpHdr cannot stand there so often`},
		{`"once": ["TxInf"]`, `"once": ["TxInf[2]"]`, `own.json: pacs.028.001.03: TxInf[2]: a later occurrence is named`},
		{`"once": ["TxInf"]`, `"once": ["TxInf", "TxInf"]`, `own.json: pacs.028.001.03: TxInf: a later occurrence is named`},
		{name, ``, `own.json: pacs.028.001.03: TxInf/OrgnlGrpInf: OrgnlMsgNmId must be written inside, and no field stands there`},
		{field, field + `, {"field": "OriginalAmount", "path": "TxInf/OrgnlTxRef/IntrBkSttlmAmt", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlTxRef/IntrBkSttlmAmt: the attribute Ccy must be written, and no field stands there`},
		{field, field + `, {"field": "AmountCurrency", "path": "TxInf/OrgnlTxRef/IntrBkSttlmAmt@Ccy", "need": "O"}`, `own.json: pacs.028.001.03: TxInf/OrgnlTxRef/IntrBkSttlmAmt: an attribute is named, but not its element`},
	} {
		text := strings.Replace(small, c.from, c.to, 1)
		p, err := LoadProfile("own.json", []byte(text))
		if p != nil || text == small || !slices.ContainsFunc(ProfileErrors(err), func(e *ProfileError) bool { return strings.HasPrefix(e.Error(), c.want) }) {
			t.Errorf("%s:\n%v\nwant %s", c.to, err, c.want)
		}
	}
}

// TestLoadProfileReportsAllFaults in one go.
func TestLoadProfileReportsAllFaults(t *testing.T) {
	_, err := LoadProfile("own.json", []byte(strings.NewReplacer(`"BizTo"`, `"Bizto"`, "GrpHdr/CreDtTm", "GrpHdr/CreDt", `"need": "O"`, `"need": "o"`).Replace(small)))
	if n := len(ProfileErrors(err)); n != 1+1+2*(1+1+2) { // header's To, then per version the date, GrpHdr's lack of it, two needs
		t.Errorf("%d faults:\n%v", n, err)
	}
}

func TestWithNarrowsTheVersions(t *testing.T) {
	p := mustProfile(t, "ips-base")
	narrow, err := p.With("pacs.008.001.09", "pacs.002.001.11", "pacs.002.001.10")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"pacs.008.001.08": false, "pacs.008.001.09": true, "pacs.002.001.10": true, "pacs.002.001.11": true, "pacs.028.001.03": true, "head.001.001.02": true, "camt.003.001.07": false,
	} {
		if got := narrow.Accepts(Find(name)); got != want {
			t.Errorf("%s: accepted %v", name, got)
		}
	}
	if narrow.Sent("pacs.008") != Find("pacs.008.001.09") || narrow.Sent("pacs.002") != Find("pacs.002.001.11") || narrow.Sent("pacs.028") != Find("pacs.028.001.03") {
		t.Error("the first named version is sent")
	}
	if !p.Accepts(Find("pacs.008.001.08")) || p.Sent("pacs.008") != Find("pacs.008.001.08") {
		t.Error("the profile itself has changed")
	}
	var m Message
	var fault *Error
	if err := m.Parse(narrow, []byte(received)); !errors.As(err, &fault) || fault.Reason != ReasonUnknownMessage {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"pacs.008.001.99", "pacs.004.001.09", "head.001.001.02", "camt.003.001.07", ""} {
		if _, err := p.With(name); len(ProfileErrors(err)) != 1 {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	p := mustProfile(t, "ips-base")
	places := p.Places(Find("pacs.008.001.08"))
	for _, want := range []Place{
		{MsgID, "Document/FIToFICstmrCdtTrf/GrpHdr/MsgId", "M"},
		{AmountCurrency, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt/@Ccy", "M"},
		{DebtorAccount, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id/Othr/Id", "C"},
		{Remittance, "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/RmtInf/Ustrd", "O"},
	} {
		if !slices.Contains(places, want) {
			t.Errorf("no %v", want)
		}
	}
	if h := p.Places(p.Header()); !slices.Contains(h, Place{BizPossibleDuplicate, "AppHdr/PssblDplct", "O"}) {
		t.Errorf("header %v", h)
	}
	if p.Places(nil) != nil || p.Places(Find("camt.003.001.07")) != nil {
		t.Error("places of a message that is not in the profile")
	}
	d := Find("pacs.008.001.08")
	if !p.Carries(d, MsgID) || !p.Carries(d, BizFrom) || p.Carries(d, Status) || p.Carries(d, Supplementary) || p.Carries(d, NoField) || p.Carries(d, FieldCount) || p.Carries(nil, MsgID) {
		t.Error("Carries")
	}
}
