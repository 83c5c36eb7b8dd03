package payshield

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"switchd/hsm"
)

// someKey is a key that the table takes.
func someKey(name hsm.KeyRef) *entry {
	return &entry{Name: name, Key: "U00112233445566778899AABBCCDDEEFF", Usage: hsm.PINEncryption, Algorithm: "T", Mode: "B", Export: "N"}
}

// TestFolderNotSynced: after a write that failed when the file was there already, the
// key is not sure; the next change takes it, has it written once more, and is taken.
func TestFolderNotSynced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	table, err := readTable(path, func() int64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	add := func(name hsm.KeyRef) error {
		release, err := table.reserve(placing{as: name})
		if err != nil {
			return err
		}
		defer release()
		_, err = table.add(someKey(name), placing{as: name})
		return err
	}
	if err := add("first"); err != nil {
		t.Fatal(err)
	}
	writes := 0
	table.write = func(path string, text []byte) error {
		writes++
		return errors.Join(replace(path, text), errors.New("folder: input/output error"))
	}
	for n, name := range []hsm.KeyRef{"second", "third"} {
		if err := add(name); !errors.Is(err, hsm.ErrDown) || hsm.NotDone(err) || writes != n+1 {
			t.Errorf("%s: %v, after %d writes", name, err, writes)
		}
		if _, err := table.find(name); !errors.Is(err, hsm.ErrKey) {
			t.Errorf("%s, which a crash can take away, is used: %v", name, err)
		}
	}
	table.write = func(path string, text []byte) error {
		writes++
		return replace(path, text)
	}
	if err := add("third"); err != nil || writes != 4 { // the second key once more, then this one
		t.Errorf("%v, after %d writes", err, writes)
	}
	if err := add("second"); !errors.Is(err, hsm.ErrDenied) {
		t.Errorf("a key that is there: %v", err)
	}
	started, err := readTable(path, table.clock)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []hsm.KeyRef{"first", "second", "third"} {
		for what, table := range map[string]interface {
			find(hsm.KeyRef) (*entry, error)
		}{"memory": table, "file": started} {
			if _, err := table.find(name); err != nil {
				t.Errorf("%s is not in the %s: %v", name, what, err)
			}
		}
	}
}

// TestFolderNotSyncedThenAnotherHand: what somebody has written after a write that failed
// stays as it is.
func TestFolderNotSyncedThenAnotherHand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	table, err := readTable(path, func() int64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	table.write = func(path string, text []byte) error {
		return errors.Join(replace(path, text), errors.New("folder: input/output error"))
	}
	if _, err := table.add(someKey("first"), placing{as: "first"}); !errors.Is(err, hsm.ErrDown) {
		t.Fatal(err)
	}
	const other = `{"version": 1, "keys": []}`
	if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	table.write = replace
	for range 2 {
		if _, err := table.add(someKey("second"), placing{as: "second"}); !errors.Is(err, hsm.ErrDenied) {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != other {
		t.Errorf("%s, %v", text, err)
	}
}

// TestFullTable: a table that is full takes a key that ends another, and the active one
// again, and no more.
func TestFullTable(t *testing.T) {
	table, err := readTable(filepath.Join(t.TempDir(), "keys.json"), func() int64 { return 10 })
	if err != nil {
		t.Fatal(err)
	}
	for i := range keysMax - 3 {
		name := hsm.KeyRef(fmt.Sprintf("k%d", i))
		table.keys[name] = []*entry{someKey(name)}
	}
	active, ended := someKey("a"), someKey("a")
	active.Version, active.KCV, ended.Version, ended.KCV, ended.Until = 2, "AAAAAA", 1, "BBBBBB", 10
	table.keys["a"], table.keys["b"] = []*entry{active, ended}, []*entry{someKey("b")}
	bring := func(name hsm.KeyRef, kcv string, replace bool) error {
		p := placing{as: name, replace: replace}
		release, err := table.reserve(p)
		if err != nil {
			return err
		}
		defer release()
		k := someKey(name)
		k.KCV = kcv
		_, err = table.add(k, p)
		return err
	}
	for _, c := range []struct {
		what, name, kcv string
		replace         bool
		want            error
	}{
		{"a new name", "new", "CCCCCC", false, hsm.ErrDenied},
		{"one that ends none", "b", "CCCCCC", true, hsm.ErrDenied},
		{"the active one again", "a", "AAAAAA", true, nil},
		{"one that ends another", "a", "CCCCCC", true, nil},
		{"a new name after that", "new", "CCCCCC", false, hsm.ErrDenied},
	} {
		if err := bring(hsm.KeyRef(c.name), c.kcv, c.replace); !errors.Is(err, c.want) || table.count() != keysMax {
			t.Errorf("%s: %v; %d keys", c.what, err, table.count())
		}
	}
}
