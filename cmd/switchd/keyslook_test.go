package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestKeysLooks: who looks is in the audit file, beside a switch that runs too, once a
// day for each account, action and key, however often a program does it.
func TestKeysLooks(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	l.ok(append([]string{"keys", "generate", "switch/sign", "--for", "sign"}, l.as("asha")...)...)
	l.open() // as a running switch
	before := len(l.events())
	l.ok("keys", "list", "banka/")
	l.ok("keys", "kcv", "banka/zak")
	l.fails(exitFailed, "which is another", "keys", "kcv", "banka/zak", "--expect", "010203")
	l.fails(exitFailed, "there is no key bankb/zak", "keys", "kcv", "bankb/zak")
	l.ok("keys", "kcv", "switch/sign")
	l.ok("keys", "public", "switch/sign")
	var got []string
	for _, e := range l.events()[before:] {
		if e.Account != login() || e.Outcome != keyDone {
			t.Errorf("%+v", e)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Action, e.Name, e.Detail)))
	}
	want := "list, kcv banka/zak, kcv banka/zak compared with another check value, kcv switch/sign, public switch/sign"
	if strings.Join(got, ", ") != want {
		t.Errorf("the audit file has %q, want %q", got, want)
	}
	l.noSecret()
}

// TestKeysLooksAgain: a second look on a day has no line of its own, one by another or
// on another day has.
func TestKeysLooksAgain(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit"
	look := keyEvent{Account: "asha", Action: "kcv", Name: "banka/zak", Outcome: keyDone}
	other, another := look, look
	other.Account, another.Name = "biko", "bankb/zak"
	for i, row := range []struct {
		e     keyEvent
		at    int64
		lines uint64
	}{{look, 1, 2}, {look, 2, 2}, {look, day - 1, 2}, {other, day - 1, 3}, {another, day - 1, 4}, {look, day, 5}, {look, 2*day - 1, 5}} {
		if err := noteLook(path, row.e, row.at); err != nil {
			t.Fatal(err)
		}
		read := new(keyChain)
		if err := readInto(read, path, func(*keyEvent) error { return nil }); err != nil || read.last.Seq != row.lines {
			t.Errorf("row %d: %d lines, want %d with the one that the file begins with, %v", i, read.last.Seq, row.lines, err)
		}
	}
}

// TestKeysLooksDamaged: beside an audit file that takes no line one can look, which
// shows no secret, and is told.
func TestKeysLooksDamaged(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	whole := l.read("k.hsm.audit")
	for what, spoil := range map[string]func(){
		"not what was written": func() { l.write("k.hsm.audit", strings.Replace(whole, "biko", "chen", 1)) },
		"others than its owner": func() {
			l.write("k.hsm.audit", whole)
			if err := os.Chmod(l.path("k.hsm.audit"), 0o666); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		if out, said := l.does(0, "keys", "kcv", "banka/zak"); len(out) != 11 || !strings.Contains(said, "warning: this is not in the audit file: ") || !strings.Contains(said, what) {
			t.Errorf("it says %q and %q, want %q", out, said, what)
		}
	}
}
