package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKeysKilledTyping: who is killed within her component has done nothing, and the
// components before hers are there.
func TestKeysKilledTyping(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	zmk := []string{"banka/zmk", "--from", "-"}
	begin := append(append([]string{"keys", "components", "begin", "--for", "zmk", "--algorithm", "TDES"}, zmk...), l.as("asha")...)
	add := append(append([]string{"keys", "components", "add"}, zmk...), l.as("biko")...)
	enter := func(args []string, kill bool) {
		t.Helper()
		p, in := l.typing(args...)
		p.says(patience, "banka/zmk: component ")
		digits := map[bool]string{true: componentA, false: componentB}[args[2] == "begin"]
		if kill {
			digits = digits[:20]
		} else {
			digits += "\n"
		}
		if _, err := in.WriteString(digits); err != nil {
			t.Fatal(err)
		}
		if kill {
			p.kill()
		} else {
			p.wait(patience, 0)
		}
		l.said.WriteString(p.out.String() + p.err.String())
	}
	for _, args := range [][]string{begin, add} {
		enter(args, true)
		before := len(l.events())
		enter(args, false)
		if all := l.events(); len(all) != before+2 {
			t.Errorf("%s after a kill has %d events, want 2", args[2], len(all)-before)
		}
	}
	if keys := l.list(); len(keys) != 1 || keys[0].KCV != componentsABKCV {
		t.Errorf("%+v", keys)
	}
	l.noSecret()
}

// TestKeysInterrupted: Ctrl-C ends a session in which a person is asked.
func TestKeysInterrupted(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	p, _ := l.typing(append([]string{"keys", "components", "begin", "banka/zmk", "--for", "zmk", "--from", "-"}, l.as("asha")...)...)
	p.says(patience, "component 1 of 2")
	p.signal(os.Interrupt)
	p.wait(patience, exitFailed)
	if !strings.Contains(p.err.String(), "was interrupted before its end") {
		t.Error(p.err.String())
	}
	l.last("asha components begin refused")
}

// TestKeysKilledWriting: a process that is killed at any moment leaves a key file that
// opens and an audit file that holds together; an action without an outcome is given
// one by the next.
func TestKeysKilledWriting(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	asha := l.as("asha")
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, asha...)...)
	seed := newSeed(t)
	chance := rand.New(rand.NewPCG(seed, 1))
	for range 10 {
		p := start(t, l.place(append([]string{"keys", "rotate", "banka/zak", "--overlap", "1h"}, asha...))...)
		<-time.After(time.Duration(chance.Int64N(int64(60 * time.Millisecond))))
		p.kill()
	}
	l.ok(append([]string{"keys", "rotate", "banka/zak"}, asha...)...)
	made := uint32(1)
	all := l.events()
	for i, e := range all {
		if e.Outcome == keyStarted && !slices.ContainsFunc(all[i:], func(o keyEvent) bool { return o.Of == e.Seq }) {
			t.Errorf("event %d has no outcome: %+v", e.Seq, e)
		}
		if e.Action == "rotate" && e.Version > made && e.Outcome != keyStarted {
			made++
		}
	}
	if keys := l.list(); keys[0].Version != made {
		t.Errorf("the newest key is version %d, and the audit file knows of %d", keys[0].Version, made)
	}
}

// TestKeysLeftOver: what a killed process leaves is cut off, finished and said.
func TestKeysLeftOver(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	rotate := append([]string{"keys", "rotate", "banka/zak"}, l.as("asha")...)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	whole := l.read("k.hsm.audit")

	// Killed after the key was made: the audit file lacks the outcome.
	started := whole[:strings.LastIndex(strings.TrimSpace(whole), "\n")+1]
	l.write("k.hsm.audit", started)
	if _, said := l.does(0, "keys", "audit"); !strings.Contains(said, "has no outcome") {
		t.Error(said)
	}
	l.ok(rotate...)
	l.last("generate found", "asha rotate started", "asha rotate done")
	if found := l.events()[len(l.events())-3]; found.Version != 1 || !strings.Contains(found.Detail, "version 1 is active, it was 0 before") {
		t.Errorf("%+v", found)
	}

	// Killed within a line, of which any part can be there, and within the key file.
	whole = l.read("k.hsm.audit")
	for _, cut := range []int{1, 100} {
		l.write("k.hsm.audit", whole[:len(whole)-cut])
		l.write("k.hsm.new", "half of a key file")
		if _, said := l.does(0, "keys", "audit"); !strings.Contains(said, "unfinished") {
			t.Error(said)
		}
		l.ok(rotate...)
		l.last("asha rotate started", "audit done", "rotate found", "asha rotate started", "asha rotate done")
		whole = l.read("k.hsm.audit")
	}

	// Without the audit file a new one begins, and says so.
	if err := os.Remove(l.file + ".audit"); err != nil {
		t.Fatal(err)
	}
	l.fails(exitFailed, "the first command that changes or shows keys makes it", "keys", "audit")
	l.ok(rotate...)
	l.last("audit done", "officers found", "asha rotate started", "asha rotate done")
	if first := l.events()[0]; !strings.Contains(first.Detail, auditBegun) {
		t.Errorf("%+v", first)
	}
	l.noSecret()
}

// TestKeysAuditTampered: no line is changed, taken out, put in or moved without being
// noticed, and nothing is changed beside such a file.
func TestKeysAuditTampered(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	whole := []byte(l.read("k.hsm.audit"))
	verify := func(text []byte) error {
		return new(keyChain).read(bytes.NewReader(text), func(*keyEvent) error { return nil })
	}
	if err := verify(whole); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines = lines[:len(lines)-1]
	end := len(whole) - len(lines[len(lines)-1])
	for i := range end { // against a change of the last line there is --head
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		if err := verify(changed); !errors.Is(err, errAudit) {
			t.Fatalf("byte %d is changed, and it says %v", i, err)
		}
	}
	join := func(some ...[]byte) []byte { return bytes.Join(some, nil) }
	for what, changed := range map[string][]byte{
		"a line taken out":  join(lines[0], lines[2]),
		"the first missing": join(lines[1:]...),
		"two changed over":  join(lines[0], lines[2], lines[1], lines[3]),
		"a line twice":      join(lines[0], lines[0], lines[1]),
		"an empty line":     join(lines[0], []byte("\n"), lines[1]),
		"a long line":       join(lines[0], bytes.Repeat([]byte("x"), auditLineMax), lines[1]),
		"another number":    []byte(`{"seq":2,"at":"","account":"","action":"x","outcome":"done","prev":"` + strings.Repeat("0", 64) + `"}` + "\n"),
		"another field":     join(bytes.Replace(lines[0], []byte(`{"seq"`), []byte(`{"x":1,"seq"`), 1), lines[1]),
	} {
		if err := verify(changed); !errors.Is(err, errAudit) {
			t.Errorf("%s, and it says %v", what, err)
		}
	}

	head := new(keyChain)
	if err := head.read(bytes.NewReader(whole), func(*keyEvent) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if out := l.ok("keys", "audit", "--head", strings.ToUpper(head.head())); !strings.Contains(out, "event 8 is the one that was written down, and 0 have come since") {
		t.Error(out)
	}
	for _, shortened := range []string{"bogus", head.head()[:16] + "..."} {
		l.fails(exitUsage, "wants NUMBER:HASH", "keys", "audit", "--head", shortened)
	}
	for what, changed := range map[string][]byte{
		"the end cut off":       join(lines[:len(lines)-2]...),
		"the last line changed": bytes.Replace(whole, []byte(`"key":"banka/zak","version":1`), []byte(`"key":"banka/zak","version":2`), 1),
	} {
		if bytes.Equal(changed, whole) {
			t.Fatalf("%s: nothing is changed", what)
		}
		l.write("k.hsm.audit", string(changed))
		if _, said := l.does(exitFailed, "keys", "audit", "--head", head.head()); !strings.Contains(said, "no event is") {
			t.Errorf("%s, and it says %q", what, said)
		}
	}

	l.write("k.hsm.audit", strings.Replace(string(whole), "biko", "chen", 1))
	if out, said := l.does(exitFailed, "keys", "audit"); !strings.Contains(said, "not what was written: line ") || strings.Contains(out, "unchanged") {
		t.Errorf("it says %q and %q", out, said)
	}
	before := l.read("k.hsm")
	l.fails(exitFailed, "move it away", append([]string{"keys", "rotate", "banka/zak"}, l.as("asha")...)...)
	if l.read("k.hsm") != before {
		t.Error("a key was changed beside an audit file that proves nothing")
	}
}

// TestKeysAuditDisk: an action that cannot be written down is not done.
func TestKeysAuditDisk(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit"
	a, err := openKeyAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if _, err := a.append(t.Context(), keyEvent{Action: "one", Outcome: keyDone}, 1); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no room")
	a.sync = func(*os.File) error { return full }
	if _, err := a.append(t.Context(), keyEvent{Action: "two", Outcome: keyDone, Detail: strings.Repeat("x", 500)}, 2); !errors.Is(err, full) {
		t.Errorf("it says %v", err)
	}
	a.sync = (*os.File).Sync
	if _, err := a.append(t.Context(), keyEvent{Action: "three", Outcome: keyDone, Detail: strings.Repeat("x", auditLineMax)}, 3); err == nil {
		t.Error("a line that no reader takes was written")
	}
	if _, err := a.append(t.Context(), keyEvent{Action: "four", Outcome: keyDone}, 4); err != nil {
		t.Fatal(err)
	}
	var got []string
	read := new(keyChain)
	if err := readInto(read, path, func(e *keyEvent) error {
		got = append(got, e.Action)
		return nil
	}); err != nil || !slices.Equal(got, []string{"audit", "one", "four"}) || len(read.torn) > 0 {
		t.Errorf("%v, %q, %v", got, read.torn, err)
	}
}
