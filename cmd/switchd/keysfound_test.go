package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"switchd/hsm"
)

// begins writes what a process that was ended then has left.
func (l *keysLab) begins(e keyEvent) {
	l.t.Helper()
	a, err := openKeyAudit(l.file + ".audit")
	if err != nil {
		l.t.Fatal(err)
	}
	defer a.close()
	e.Account, e.Outcome = "nobody", keyStarted
	if _, err := a.append(l.t.Context(), e, 1); err != nil {
		l.t.Fatal(err)
	}
}

// found wants the outcome of the last that was begun, and gives it.
func (l *keysLab) found(detail string) keyEvent {
	l.t.Helper()
	for _, e := range l.events() {
		if e.Outcome == keyFound && strings.HasSuffix(e.Detail, "its process was ended before it could say how: "+detail) {
			return e
		}
	}
	l.t.Errorf("nothing is found of %q:\n%s", detail, l.read("k.hsm.audit"))
	return keyEvent{}
}

// TestKeysFoundByCreate: who makes a key file proves nothing and opens none, and says of
// no other deed how it has ended: a running switch may be at it, or an officer's process
// was ended within it.
func TestKeysFoundByCreate(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	l.begins(keyEvent{Action: exchangeAction, Participant: "BANKA", Name: "banka/zak"})
	l.begins(keyEvent{Action: deleteAction, Name: "banka/zak", Version: 1})
	l.begins(keyEvent{Action: "officer add", Detail: "chen"})
	l.begins(keyEvent{Action: createAction})
	people := l.read("k.hsm.officers")
	l.write("k.hsm.officers", strings.Replace(people, "biko", "chen", 1)) // it was done
	l.fails(exitUsage, "it is not overwritten", "keys", "create")
	l.last("officer add started", "create started", "create found", "create refused")
	l.found("there is a key file")
	l.write("k.hsm.officers", people)
}

// TestKeysFound: what is said of a deed whose process was ended is of the key that it was
// at: of the version that was to end, and of the key that a participant has brought.
func TestKeysFound(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	do := func(args ...string) {
		l.t.Helper()
		l.ok(append(append([]string{"keys"}, args...), l.as("asha")...)...)
	}
	do("generate", "banka/zak", "--for", "zak")
	do("rotate", "banka/zak")
	do("retire", "banka/zak", "--version", "1")
	var kcv [3]hsm.KCV // by version
	m := l.open()
	all, err := m.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		kcv[k.Version] = k.KCV
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		begun   keyEvent
		detail  string
		version uint32
		kcv     string
	}{
		{keyEvent{Action: retireAction, Version: 1, KCV: kcv[1].String()}, "version 1 is retired", 1, kcv[1].String()},
		{keyEvent{Action: deleteAction, Version: 3, KCV: "010203"}, "version 3 is not there", 3, "010203"},
		{keyEvent{Action: "rotate", Version: 1, KCV: kcv[1].String()}, "version 2 is active, it was 1 before", 2, kcv[2].String()},
		{keyEvent{Action: "rotate", Version: 2, KCV: kcv[2].String()}, "version 2 is active", 2, kcv[2].String()},
		{keyEvent{Action: exchangeAction, Participant: "BANKA", KCV: kcv[2].String()}, "the key is the one before", 0, kcv[2].String()},
		{keyEvent{Action: exchangeAction, Participant: "BANKA", KCV: kcv[1].String()}, "the key is another", 0, kcv[2].String()},
	} {
		row.begun.Name = "banka/zak"
		l.begins(row.begun)
		l.fails(exitFailed, "it has ", append([]string{"keys", "retire", "banka/zak", "--version", "9"}, l.as("asha")...)...)
		if e := l.found(row.detail); e.Version != row.version || e.KCV != row.kcv || e.Participant != row.begun.Participant || e.Officer != "" {
			t.Errorf("%s: it says %+v", row.detail, e)
		}
	}
}

// TestKeysClaimed: who has not proven who she is, for whatever reason, is named in what
// was claimed, and not as an officer.
func TestKeysClaimed(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "switch/kek", "--for", "data"}, l.as("asha")...)...)
	token := func(name string) string { return l.path(name + ".token") }
	for _, row := range []struct {
		first, second, officer, claimed string
		code                            int
	}{
		{l.path("none"), l.path("none"), "", "claimed to be asha and biko: ", exitUsage},
		{token("biko"), token("biko"), "", "claimed to be asha and biko: ", exitFailed},
		{token("asha"), l.path("none"), "asha", "claimed to be biko: ", exitUsage},
		{token("asha"), "", "asha", "claimed to be biko: ", exitUsage}, // no terminal
		{token("asha"), token("asha"), "asha", "claimed to be biko: ", exitFailed},
	} {
		l.does(row.code, append([]string{"keys", "retire", "switch/kek", "--in-use", "--lose-data", "--officer", "asha", "--token-file", row.first,
			"--second", "biko"}, "--second-token-file="+row.second)...)
		all := l.events()
		if e := all[len(all)-1]; e.Outcome != keyRefused || e.Officer != row.officer || e.Second != "" || !strings.HasPrefix(e.Detail, row.claimed) {
			t.Errorf("%+v: it says %+v", row, e)
		}
	}
	if out := l.ok("keys", "audit"); strings.Contains(out, "refused  asha and biko") {
		t.Error(out)
	}
}

// TestKeysAuditShown: what an auditor reads at a terminal is text: the name of a file,
// which anybody chooses, moves no cursor and turns no line around.
func TestKeysAuditShown(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.fails(exitUsage, "file does not exist", "keys", "generate", "banka/zak", "--for", "zak", "--officer", "asha", "--token-file", l.path("x\x1b[2K\r\u202e\u2028ok\u0085\n   9  done"))
	l.begins(keyEvent{Action: "a\r\nb", Officer: "o\x1bo", Detail: "c\rd"})
	out := l.ok("keys", "audit")
	for _, want := range []string{"x?[2K???ok?\n         9  done", "a??b", "      c?d\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%q", want, out)
		}
	}
	if at := strings.IndexAny(out, "\x1b\r\u202e\u2028\u0085"); at >= 0 {
		t.Errorf("at %d of %q", at, out)
	}
	if json := l.ok("keys", "audit", "--json"); !strings.Contains(json, `\u001b[2K\r`) {
		t.Error(json)
	}
}

// TestKeysAuditOwner: the audit file that another login has made is the key file's owner's,
// as far as that login may give files away.
func TestKeysAuditOwner(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	l.ok(append([]string{"keys", "generate", "banka/zak", "--for", "zak"}, l.as("asha")...)...)
	const switchLogin = 12345
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away")
	}
	for _, name := range []string{"k.hsm", "k.unlock"} {
		if err := os.Chown(l.path(name), switchLogin, switchLogin); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(l.path("k.hsm.audit")); err != nil {
		t.Fatal(err)
	}
	if _, said := l.does(0, "keys", "list"); strings.Contains(said, "not in the audit file") {
		t.Error(said)
	}
	info, err := os.Stat(l.path("k.hsm.audit"))
	if err != nil {
		t.Fatal(err)
	}
	if is := info.Sys().(*syscall.Stat_t); is.Uid != switchLogin || is.Gid != switchLogin || info.Mode().Perm() != 0o600 {
		t.Errorf("it is of %d:%d, mode %v", is.Uid, is.Gid, info.Mode())
	}
	// Where keys are in no file, it is the folder's owner's.
	if err := os.Chown(l.dir, switchLogin, switchLogin); err != nil {
		t.Fatal(err)
	}
	a, err := openKeyAudit(l.path("module.audit"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err = a.file.Stat(); err != nil || info.Sys().(*syscall.Stat_t).Uid != switchLogin {
		t.Errorf("beside no key file: %v, %v", info, err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
