package payshield_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchd/hsm"
	"switchd/hsm/payshield"
)

// open reads a table.
func open(t *testing.T, path string) (*payshield.Module, error) {
	t.Helper()
	return payshield.New(payshield.Options{Addresses: []string{"none:1"}, Table: path, Clock: func() int64 { return 1 }})
}

// TestTable: what is refused, and that the name of the key is said and never the key.
func TestTable(t *testing.T) {
	const good = `{"name": "a", "key": "` + uA + `", "usage": "P0", "algorithm": "T", "mode": "B", "export": "N"}`
	change := func(old, fresh string) string {
		if !strings.Contains(good, old) {
			t.Fatal(old)
		}
		return strings.Replace(good, old, fresh, 1)
	}
	keys := func(entries ...string) string { return `{"version": 1, "keys": [` + strings.Join(entries, ",") + `]}` }
	older := change(`"export": "N"`, `"export": "N", "version": 1, "until": 5`)
	newer := change(`"export": "N"`, `"export": "N", "version": 2`)
	for _, text := range []string{keys(), keys(good), keys(change(`"N"`, `"N", "past": "08D7B4 D1D812"`)), keys(newer, older), `{"version": 1, "lmk": "2686047595482307", "keys": null}`} {
		if _, err := open(t, keyFile(t, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"":                           "EOF",
		"[]":                         "cannot unmarshal",
		keys() + "{}":                "more after the table",
		`{"version": 2, "keys": []}`: "version 2",
		`{"keys": []}`:               "version 0",
		`{"version": 1, "kyes": []}`: "unknown field",
		`{"version": 1, "lmk": "26860475954823", "keys": []}`: "lmk",
		keys(change(`"name"`, `"nam"`)):                       "unknown field",
		keys(change(`"a"`, `"A"`)):                            "key 1: its name",
		keys(change(`"a"`, `""`)):                             "key 1: its name",
		keys(change(uA, uA[1:])):                              "no key of scheme",
		keys(change(uA, "")):                                  "no key of scheme",
		keys(change(uA, uA+"0")):                              "no key of scheme",
		keys(change(uA, "R"+tr31)):                            "no key of scheme",
		keys(change(`"P0"`, `"ZZ"`)):                          "not known",
		keys(change(`"T"`, `"R"`)):                            "not known",
		keys(change(`"T"`, `"DT"`)):                           "not known",
		keys(change(`"T"`, `""`)):                             "not known",
		keys(change(`"B"`, `"Q"`)):                            "not known",
		keys(change(`"B"`, `""`)):                             "not known",
		keys(change(`"N"`, `"X"`)):                            "not known",
		keys(change(`"T"`, `"A"`)):                            "of its scheme",
		keys(change(`"T"`, `"D"`)):                            "of its scheme",
		keys(change(`"P0"`, `"S0"`)):                          "needs a type",
		keys(change(`"N"`, `"N", "bits": 100`)):               "100 bits",
		keys(change(`"N"`, `"N", "bits": 192`)):               "of its scheme",
		keys(change(`"N"`, `"N", "kcv": "08D7"`)):             "kcv",
		keys(change(`"N"`, `"N", "kcv": "08D7BX"`)):           "kcv",
		keys(change(`"N"`, `"N", "type": "01"`)):              "type is not",
		keys(change(`"N"`, `"N", "past": "08D7"`)):            "past is not",
		keys(change(`"N"`, `"N", "past": "08D7BX"`)):          "past is not",
		keys(newer, strings.Replace(older, `"until"`, `"past": "08D7B4", "until"`, 1)): "past is for the newest",
		keys(change(`"N"`, `"N", "past": "`+strings.Repeat("08D7B4 ", 65)+`"`)):        "past is not",
		keys(change(uA, sM3)): "something else than its entry",
		keys(good, good):      "key 2: its name is there",
		keys(older):           "no newer key",
		keys(older, newer):    "no newer key",
		keys(newer, strings.Replace(older, `"version": 1`, `"version": 2`, 1)): "no older key",
	} {
		_, err := open(t, keyFile(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), uA[1:]) {
			t.Errorf("%s\n%v, not %q", text, err, want)
		}
	}
}

// TestTableFile: who else may write the file is told, and how long it may be.
func TestTableFile(t *testing.T) {
	path := keyFile(t, goldenKeys)
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o644: true, 0o660: false, 0o602: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, path); (err == nil) != good {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if _, err := open(t, keyFile(t, goldenKeys+strings.Repeat(" ", 8<<20))); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%v", err)
	}
	if _, err := open(t, t.TempDir()); err == nil {
		t.Error("a folder is a table")
	}
	var many []string
	for i := range 10001 {
		many = append(many, fmt.Sprintf(`{"name": "k%d", "key": "%s", "usage": "P0", "algorithm": "T", "mode": "B", "export": "N"}`, i, uA))
	}
	if _, err := open(t, keyFile(t, `{"version": 1, "keys": [`+strings.Join(many, ",")+`]}`)); err == nil || !strings.Contains(err.Error(), "10001 keys") {
		t.Errorf("%v", err)
	}
}

// TestTableNotWritten: a key that the disk does not take is not there, and the table is
// as it was.
func TestTableNotWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "keys.json")
	h := begin(t, payshield.Options{Table: path}, func(p *peer) {
		p.greet()
		for header, text := p.next(); text != ""; header, text = p.next() {
			p.send(header, "A100"+sP4+"08D7B4")
		}
	}).up(t)
	n := hsm.New{As: "a", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Generate(within(t), n); !errors.Is(err, hsm.ErrDown) {
		t.Errorf("%v", err)
	}
	if _, err := h.KCV(context.Background(), "a"); !errors.Is(err, hsm.ErrKey) {
		t.Errorf("%v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Generate(within(t), n); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestTableOfAnotherHand: what somebody else has written into the file is not lost with
// the next key.
func TestTableOfAnotherHand(t *testing.T) {
	path := keyFile(t, goldenKeys)
	h := begin(t, payshield.Options{Table: path}, func(p *peer) {
		p.greet()
		for header, text := p.next(); text != ""; header, text = p.next() {
			p.send(header, "A100"+sP4+"08D7B4")
		}
	}).up(t)
	n := hsm.New{As: "first", Usage: hsm.PINEncryption, Algorithm: hsm.AES, Bits: 256, Mode: hsm.BothWays, Export: hsm.Exportable}
	if _, err := h.Generate(within(t), n); err != nil {
		t.Fatal(err)
	}
	was := readTable(t, path)
	edited := strings.Replace(was, `"a/zak1"`, `"a/zak2"`, 1)
	for text, want := range map[string]error{edited: hsm.ErrDenied, "": hsm.ErrDenied} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n.As = "second"
		if _, err := h.Generate(within(t), n); !errors.Is(err, want) || readTable(t, path) != text {
			t.Errorf("%v", err)
		}
	}
	if err := os.WriteFile(path, []byte(was), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Generate(within(t), n); err != nil {
		t.Error(err)
	}
}

// TestOptions: all faults at once.
func TestOptions(t *testing.T) {
	_, err := payshield.New(payshield.Options{Addresses: []string{"nowhere"}, LMK: "1", HeaderLen: 1, Conns: 65, OpenMax: 1025, FrameMax: 100, Check: -1})
	for _, want := range []string{"host:port", "Table and Clock", "LMK", "HeaderLen 1", "Conns 65", "OpenMax 1025", "FrameMax 100", "Check"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if _, err := payshield.New(payshield.Options{Table: "x", Clock: func() int64 { return 0 }}); err == nil || !strings.Contains(err.Error(), "0 Addresses") {
		t.Errorf("%v", err)
	}
}
