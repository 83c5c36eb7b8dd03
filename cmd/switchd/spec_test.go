package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/codec/iso20022"
	"switchd/codec/iso8583"
)

// TestSpecList names every built-in dialect and what it is for.
func TestSpecList(t *testing.T) {
	code, stdout, _ := command("spec", "list")
	_, asJSON, _ := command("spec", "list", "--json")
	for _, name := range iso8583.BuiltinNames() {
		if code != 0 || specUses[name] == "" || !strings.Contains(stdout, "\n"+name) || !strings.Contains(asJSON, `"name": "`+name+`"`) {
			t.Errorf("%s, exit code %d\n%s\n%s", name, code, stdout, asJSON)
		}
	}
	if !strings.Contains(stdout, "BCD, binary, BCD") {
		t.Error(stdout)
	}
}

// TestSpecShow: the table fits a terminal, and the JSON is a spec that loads.
func TestSpecShow(t *testing.T) {
	for _, name := range iso8583.BuiltinNames() {
		code, stdout, stderr := command("spec", "show", name)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "\n128 ") || !strings.Contains(stdout, "9F26") {
			t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if len(line) > 121 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
		_, text, _ := command("spec", "show", name, "--json")
		file := filepath.Join(t.TempDir(), "mine.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, _ := command("spec", "check", file); code != 0 || stdout != file+": good, "+name+", 126 fields, 22 message types with rules\n" {
			t.Errorf("exit code %d: %s", code, stdout)
		}
		if code, _, stderr := command("decode", "--dialect", file, "00"); code != exitFailed {
			t.Errorf("a file is no dialect: %s", stderr)
		}
	}
}

// TestSpecCheck lists all faults of a file and ends with 2.
func TestSpecCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.json")
	text := `{"name": "mine", "fields": {
		"0": {"type": "String", "length": 4, "enc": "ASCII", "prefix": "ASCII.Fixed"},
		"1": {"type": "Bitmap", "length": 8, "enc": "Binary", "prefix": "Binary.Fixed"},
		"2": {"type": "Strung", "length": 19, "enc": "ASCII", "prefix": "ASCII.LL"},
		"200": {}}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command("spec", "check", file)
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, file+": field 2: ") || !strings.Contains(stderr, file+": field 200: field numbers are 0 to 128") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for _, line := range []string{"spec check", "spec check " + file + ".none", "spec show nonsense", "spec show " + file, "spec nonsense", "spec list more"} {
		if code, stdout, stderr := command(strings.Fields(line)...); code != exitUsage || stdout != "" || stderr == "" {
			t.Errorf("%s: exit code %d\n%s\n%s", line, code, stdout, stderr)
		}
	}
}

// TestDecodeCompletion: the shell is offered dialects and framings.
func TestDecodeCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"decode --dialect iso87-n": "iso87-npci\n", "decode --dialect iso2": "iso20022\n", "decode --framing NAC": "NAC\t",
		"decode --dialect iso20022 --profile f": "fednow\n", "validate --profile ips": "ips-base\n",
		"spec show iso93": "iso93-ascii\n", "spec show ips": "ips-base\n", "spec show pacs.008": "pacs.008.001.08\n",
		"spec show ips-base pacs.008": "pacs.008.001.08\t", "spec show pacs.008.001.08 Cdt": "CdtTrfTxInf\n",
	} {
		if _, stdout, _ := command(append([]string{"__complete"}, strings.Fields(line)...)...); !strings.Contains(stdout, want) {
			t.Errorf("%s: %s", line, stdout)
		}
	}
	for _, line := range []string{"decode", "validate", "spec", "spec list", "spec show", "spec check"} {
		code, stdout, _ := command(append(strings.Fields(line), "--help")...)
		if code != 0 || !strings.Contains(stdout, "Examples:\n  switchd") {
			t.Errorf("%s: %s", line, stdout)
		}
	}
}

// TestSpecListFits: everything that the binary carries is named, in 80 columns.
func TestSpecListFits(t *testing.T) {
	code, stdout, _ := command("spec", "list")
	var all []specSummary
	if _, asJSON, _ := command("spec", "list", "--json"); json.Unmarshal([]byte(asJSON), &all) != nil || code != 0 {
		t.Fatal(asJSON)
	}
	kinds := map[string]int{}
	for _, s := range all {
		if kinds[s.Kind]++; s.Description == "" || !strings.Contains(stdout, "\n"+s.Name+" ") || s.Kind == kindProfile && len(s.Messages) < 10 || s.Kind == kindDefinition && s.XSD == "" {
			t.Errorf("%+v", s)
		}
	}
	if kinds[kindDialect] != len(iso8583.BuiltinNames()) || kinds[kindProfile] != len(iso20022.BuiltinNames()) || kinds[kindDefinition] != len(iso20022.Definitions()) {
		t.Error(kinds)
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 80+len("\n") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// TestSpecShowProfile: all messages of a profile, one of them, and the file.
func TestSpecShowProfile(t *testing.T) {
	for _, name := range iso20022.BuiltinNames() {
		p, err := openProfile(name)
		if err != nil {
			t.Fatal(err)
		}
		code, whole, stderr := command("spec", "show", name)
		if code != 0 || stderr != "" {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		for _, m := range p.messages() {
			code, one, stderr := command("spec", "show", name, m.Message)
			if code != 0 || stderr != "" || !strings.Contains(whole, one) || strings.Count(one, "\nM ") == 0 || len(m.Fields) == 0 {
				t.Errorf("%s %s: exit code %d, %s\n%s", name, m.Message, code, stderr, one)
			}
			for _, f := range m.Fields {
				if f.Text == "" {
					t.Errorf("%s %s: nothing is known of %s", name, m.Message, f.Path)
				}
			}
		}
		file := filepath.Join(t.TempDir(), "mine.json")
		_, text, _ := command("spec", "show", name, "--json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := command("spec", "check", file); code != 0 || !strings.HasPrefix(stdout, file+": good, "+name+", ") {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
		if code, stdout, _ := command("spec", "show", file); code != 0 || stdout != whole {
			t.Errorf("exit code %d: the file shows something else", code)
		}
	}
	_, stdout, _ := command("spec", "show", "ips-base", "pacs.008")
	for _, want := range []string{"pacs.008.001.08 and pacs.008.001.09: ", "M     SettlementMethod ", "value CLRG\n", "unless DebtorIBAN is there"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	var m profileMessage
	_, asJSON, _ := command("spec", "show", "ips-base", "pacs.008.001.09", "--json")
	if json.Unmarshal([]byte(asJSON), &m) != nil || m.Message != "pacs.008.001.08" || len(m.Versions) != 2 || len(m.Fields) < 40 || m.Fields[0].Field != "MsgID" {
		t.Error(asJSON)
	}
}

// TestSpecShowMessage: the schema of every message, as deep as is asked for.
func TestSpecShowMessage(t *testing.T) {
	for _, d := range iso20022.Definitions() {
		code, stdout, stderr := command("spec", "show", d.Name)
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, d.Name+": ") || !strings.Contains(stdout, "\n1..1 ") {
			t.Errorf("%s: exit code %d\n%s%s", d.Name, code, stdout, stderr)
		}
	}
	code, stdout, _ := command("spec", "show", "pacs.008", "CdtTrfTxInf/DbtrAcct/Id", "--depth", "0")
	want := `pacs.008.001.08: customer credit transfer: credit the payee; also pacs.008.001.09
xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
Document/FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id

how often  element                                               text
or         IBAN                                                  the pattern [A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}
or         Othr
1..1         Id                                                  text of 1 to 34
0..1         SchmeNm
or             Cd                                                text of 1 to 4
or             Prtry                                             text of 1 to 35
0..1         Issr                                                text of 1 to 35
`
	if code != 0 || stdout != want {
		t.Errorf("exit code %d\n%s\nwant\n%s", code, stdout, want)
	}
	_, one, _ := command("spec", "show", "pacs.008.001.08", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id", "--depth", "1")
	if !strings.Contains(one, "\nor         Othr                                                  (3 elements)\n") || strings.Contains(one, "SchmeNm") {
		t.Error(one)
	}
	if _, leaf, _ := command("spec", "show", "pacs.008", "CdtTrfTxInf/PmtId/TxId"); !strings.Contains(leaf, "0..1       TxId ") {
		t.Error(leaf)
	}
	var m schemaMessage
	_, asJSON, _ := command("spec", "show", "head.001.001.02", "--json")
	if json.Unmarshal([]byte(asJSON), &m) != nil || m.Path != "AppHdr" || len(m.XSD) != 64 || len(m.Element.Elements) < 10 {
		t.Error(asJSON)
	}
}

// TestSpecShowNarrow: a terminal of 80 columns gets lines that fit.
func TestSpecShowNarrow(t *testing.T) {
	for _, columns := range []int{80, 120} {
		t.Setenv("COLUMNS", fmt.Sprint(columns))
		for _, args := range [][]string{{"pacs.008.001.08"}, {"pacs.002.001.10", "--depth", "0"}, {"ips-base"}, {"fednow", "pacs.008"}} {
			_, stdout, _ := command(append([]string{"spec", "show"}, args...)...)
			for i, line := range strings.Split(stdout, "\n") {
				if len(line) > columns && i > 0 {
					t.Errorf("%v: %d columns: %s", args, len(line), line)
				}
			}
		}
	}
}

// TestSpecCheckProfile lists all faults of a profile file and ends with 2; wrong
// use says what there is.
func TestSpecCheckProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.json")
	text := `{"name": "mine", "header": {"definition": "head.001.001.02", "fields": []}, "messages": [
		{"versions": ["pacs.028.001.03"], "fields": [{"field": "OriginalUETR", "path": "TxInf/OrgnlUetr", "need": "M"}]},
		{"versions": ["pacs.999.001.01"], "fields": []}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command("spec", "check", file)
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, file+": pacs.028.001.03: TxInf/OrgnlUetr: TxInf holds no OrgnlUetr") || !strings.Contains(stderr, file+": pacs.999.001.01: no message") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	for line, want := range map[string]string{
		"spec show " + file: "OrgnlUetr", "spec show pacs.008.001.08 Nonsense": `no element "Nonsense": FIToFICstmrCdtTrf holds, in this order: GrpHdr, CdtTrfTxInf, SplmtryData`,
		"spec show pacs.008 GrpHdr/MsgId/X": "holds no elements", "spec show ips-base camt.003": "switchd spec show ips-base lists", "spec show iso87-npci 0200": "leave out the second",
		"spec show nonsense": "profiles are fednow, ips-base", "spec show ips-base --depth 3": "--depth goes with a message", "spec show a b c": "which one? a dialect (iso87-ascii",
		"spec show pacs.008.001.99": "only pacs.008.001.08 and pacs.008.001.09", "spec show sepa.001": "is no message",
	} {
		if code, stdout, stderr := command(strings.Fields(line)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d\n%s\n%s", line, code, stdout, stderr)
		}
	}
}
