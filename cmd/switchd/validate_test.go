package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"switchd/codec/iso20022"
)

// TestValidate: one line for each file, in the order given, and the exit code.
func TestValidate(t *testing.T) {
	xml := sampleXML(t)
	dir := t.TempDir()
	var good, all []string
	var want strings.Builder
	for _, c := range []struct {
		name string
		b    []byte
		line string
	}{
		{"good", xml, ": ok, pacs.008.001.08 with AppHdr"},
		{"document", partOf(xml, "Document"), ": ok, pacs.008.001.08"},
		{"header", partOf(xml, "AppHdr"), ": ok, AppHdr alone"},
		{"missing", edited(xml, "<ChrgBr>SLEV</ChrgBr>", ""), ":30:9: Document/FIToFICstmrCdtTrf/CdtTrfTxInf/ChrgBr: mandatory element missing"},
		{"profile", edited(xml, "<NbOfTxs>1<", "<NbOfTxs>2<"), ":16:18: Document/FIToFICstmrCdtTrf/GrpHdr/NbOfTxs: value not accepted here, expected one of 1"},
		{"decimals", edited(xml, "123.45", "123.455"), ":26:35: Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt: more decimals than the currency has, expected an amount with at most 2 decimals"},
		{"empty", nil, ":1:1: XML not well-formed (it is empty)"},
		{"large", bytes.Repeat([]byte(" "), 2*iso20022.BytesMax), ":1:262145: message too large"},
		{"text", []byte("0200"), ":1:1: XML not well-formed (this is no XML; switchd decode --dialect iso20022 says what it is)"},
	} {
		file := filepath.Join(dir, c.name+".xml")
		if err := os.WriteFile(file, c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		if all = append(all, file); strings.Contains(c.line, ": ok, ") {
			good = append(good, file)
		}
		want.WriteString(file + c.line + "\n")
	}
	code, stdout, stderr := command(append([]string{"validate"}, all...)...)
	if code != exitFailed || stdout != want.String() || stderr != "switchd: 6 of 9 files not valid\n" {
		t.Errorf("exit code %d, %s\n%s\nwant\n%s", code, stderr, stdout, want.String())
	}
	if code, _, stderr := command(append([]string{"validate"}, good...)...); code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	// What cannot be read does not keep the others from being checked.
	code, stdout, stderr = command("validate", filepath.Join(dir, "none.xml"), all[3], dir, all[0])
	if code != exitUsage || strings.Count(stdout, "\n") != 2 || !strings.Contains(stderr, "none.xml: no such file or directory\n") || !strings.Contains(stderr, "2 of 4 files cannot be read, 1 not valid") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
}

// TestValidateJSON: one object for each file.
func TestValidateJSON(t *testing.T) {
	good, bad := inputFile(t, sampleXML(t)), inputFile(t, edited(sampleXML(t), "<UETR>", "<UETR>x"))
	_, stdout, _ := command("validate", "--json", good, bad)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != 2 {
		t.Fatal(stdout)
	}
	var got [2]validated
	for i, line := range lines {
		d := json.NewDecoder(strings.NewReader(line))
		if d.DisallowUnknownFields(); d.Decode(&got[i]) != nil {
			t.Error(line)
		}
	}
	if g := got[0]; !g.Valid || g.File != good || g.Profile != "ips-base" || g.Definition != "pacs.008.001.08" || len(g.Parts) != 2 || g.Error != nil {
		t.Errorf("%+v", g)
	}
	if e := got[1].Error; got[1].Valid || e == nil || e.Line != 23 || e.Column != 17 || e.Code != "PATTERN" || e.Status != "FF01" || !strings.HasSuffix(e.Path, "PmtId/UETR") {
		t.Errorf("%+v", e)
	}
}

// TestValidateProfile: another profile decides otherwise, and none decides by the
// schema.
func TestValidateProfile(t *testing.T) {
	file := inputFile(t, edited(sampleXML(t), "<SttlmMtd>CLRG<", "<SttlmMtd>INDA<"))
	mine := filepath.Join(t.TempDir(), "mine.json")
	text, err := iso20022.BuiltinJSON("ips-base")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte(strings.Replace(string(text), `["CLRG"]`, `["CLRG", "INDA"]`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[string]int{"": exitFailed, "--profile ips-base": exitFailed, "--profile " + mine: 0, "--schema-only": 0} {
		if code, stdout, stderr := command(append(append([]string{"validate"}, strings.Fields(flags)...), file)...); code != want {
			t.Errorf("%s: exit code %d\n%s%s", flags, code, stdout, stderr)
		}
	}
	for line, want := range map[string]string{
		"validate": "which files?", "validate --profile nonsense " + file: "no built-in profile", "validate --schema-only --profile fednow " + file: "leave out one",
		"validate --profile ./none.json " + file: "none.json", "validate --profile " + file + " " + file: "input.xml: ",
	} {
		if code, stdout, stderr := command(strings.Fields(line)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d\n%s%s", line, code, stdout, stderr)
		}
	}
}

// TestValidateStdin: "-" is stdin.
func TestValidateStdin(t *testing.T) {
	c := exec.Command(os.Args[0], "validate", "-")
	c.Env = append(os.Environ(), asCommand+"=1")
	c.Stdin = strings.NewReader(string(sampleXML(t)))
	if got, err := c.Output(); err != nil || string(got) != "stdin: ok, pacs.008.001.08 with AppHdr\n" {
		t.Errorf("%v %s", err, got)
	}
}

// endless gives white space for ever, and counts it.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.read += len(b)
	return len(b), nil
}

// TestValidateBounds: of what is too large no more is read than shows it.
func TestValidateBounds(t *testing.T) {
	from := &endless{}
	v := validator{stdin: from}
	b, err := v.read("-")
	if err != nil || len(b) != iso20022.BytesMax+1 || from.read != len(b) {
		t.Errorf("%v, %d bytes of %d", err, len(b), from.read)
	}
	if out := v.check("-", b); out.Valid || out.Error.Code != "SIZE" {
		t.Errorf("%+v", out)
	}
}
