package config

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzParse: no bytes panic, and a refusal says where, once per fault.
func FuzzParse(f *testing.F) {
	f.Add(Example())
	for _, glob := range []string{"../../testdata/config/minimal.good.yml", "../../testdata/config/syntax.bad.yml", golden + "/gateway.good.yml", golden + "/gateway.bad.yml"} {
		data, err := os.ReadFile(glob)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, s := range []string{
		"a: &x [*x, !t 1]\n<<: *x\n? a\n: b\n", "listen: |\n  a\n", "participants: [{}, [], 1, ~, {timers: {debit: 1}}]",
		"participants:\n- id\n-\n- - id: A\n", "tls: [\n", "%YAML 1.2\n--- a\n--- b\n", "limits: {links: 0x10, queue: -1}",
		"a,,: 1\n,", "\"", "]", "limits: {: 1}", "defaults: {timers: {debit: 99999999999h}}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data, known)
		judge(t, c, err)
	})
}

// FuzzFolder: the same of two files of a folder.
func FuzzFolder(f *testing.F) {
	one := `{id: AA, institution: "1", handles: [aa], account_ranges: ["10-19"], dialect: iso87-npci, framing: BIN2, net_debit_cap: "0"}`
	for _, pair := range [][2]string{
		{one, strings.ReplaceAll(one, "aa", "bb")}, {"- " + one, ""}, {"[]", "a: b"}, {"- \n- []", "x"}, {one, one}, {"\x00", "- [" + one},
		{"account_ranges: [1, \"1\", \"0-0\"]", "bin_ranges: [\"400000-400001\", \"4000000\"]"},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		files := []Source{{"p1", first}, {"p2", second}}
		c, err := parse(Source{"f", []byte(folderHead + "participants_dir: d\n")}, known, func(string) ([]Source, error) { return files, nil })
		judge(t, c, err)
	})
}

// judge says whether a configuration or its faults can be right.
func judge(t *testing.T, c *Config, err error) {
	t.Helper()
	if (c == nil) == (err == nil) {
		t.Fatalf("config %v and error %v", c, err)
	}
	if err == nil {
		if len(c.Participants) == 0 || c.Money().Code != c.Currency || c.Listen == "" || c.Admin == "" {
			t.Fatalf("accepted an incomplete configuration: %+v", c)
		}
		return
	}
	faults := err.(Faults)
	if len(slices.Compact(slices.Clone(faults))) != len(faults) {
		t.Fatalf("a fault is reported twice:\n%v", faults)
	}
	for _, fault := range faults {
		if fault.Text == "" || fault.Line < 0 || fault.Column < 0 {
			t.Fatalf("fault %+v", fault)
		}
	}
}
