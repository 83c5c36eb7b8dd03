package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"switchd/switch/backup"

	"switchd/switch/payment"
)

// asJSON runs a command that prints one JSON object.
func asJSON[T any](t testing.TB, args ...string) (v T) {
	t.Helper()
	out, _ := runs(t, 0, append(args, "--json")...)
	return unmarshal[T](t, out)
}

// restored restores a backup of s.
func (s *scheme) restored(from, to string, flags ...string) backup.Restored {
	s.t.Helper()
	return asJSON[backup.Restored](s.t, append([]string{"restore", "--from", from, "--to", to, "--seal-key", s.sealKey()}, flags...)...)
}

func (s *scheme) sealKey() string { return filepath.Join(s.data, sealKeyFile) }

// empty fails when one of these is there.
func empty(t testing.TB, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is there", path)
		}
	}
}

// TestBackupUnderLoad: backups of a switch under load, which goes on; what they
// restore is the state at their last event, as another way there says, and a switch
// starts on it.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	s := newSimulated(t)
	p := s.serve()
	banks := s.banks(seed, "--rate", "60", "--faults")
	until(t, patience, "100 payments", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= 100 })
	var made []backupView
	for i := range 3 {
		before, _ := s.summary()
		made = append(made, asJSON[backupView](t, "backup", "--out", filepath.Join(s.dir, fmt.Sprint("backup", i)), "--config", s.config, "--reason", "a test"))
		until(t, patience, "more payments", func() bool { got, ok := s.summary(); return ok && got.Payments > before.Payments })
	}
	if out, _ := runs(t, 0, "backup", "verify", made[0].Dir, "--seal-key", s.sealKey()); !strings.Contains(out, "good "+made[0].Dir) {
		t.Errorf("verify:\n%s", out)
	}
	if _, said := runs(t, exitFailed, "backup", "--out", made[0].Dir, "--admin", s.admin, "--reason", "a test"); !strings.Contains(said, "is there already") {
		t.Errorf("onto another:\n%s", said)
	}
	if _, said := runs(t, exitFailed, "backup", "--out", filepath.Join(s.dir, "locked"), "--dir", s.data); !strings.Contains(said, "is in use by another process: if that is its switch, name it by --config or --admin") {
		t.Errorf("of a folder in use:\n%s", said)
	}
	s.rest(banks...)
	s.stopClean(p)
	judge(t, readHistory(t, s.data), s.reports(banks...))
	all := asJSON[backupView](t, "backup", "--out", filepath.Join(s.dir, "all"), "--dir", s.data)
	for i, v := range made {
		got := s.restored(v.Dir, filepath.Join(s.dir, fmt.Sprint("got", i)))
		want := s.restored(all.Dir, filepath.Join(s.dir, fmt.Sprint("want", i)), "--until-seq", fmt.Sprint(v.Journal.Last), "--accept-fork")
		if got.Last != v.Journal.Last || got.StateHash != want.StateHash || !want.Rebuilt || got.Rebuilt {
			t.Errorf("backup %d gives %+v, all rows made again up to there %+v", i, got, want)
		}
	}
	empty(t, filepath.Join(s.data, "backup.staging"), filepath.Join(s.dir, "locked"))

	key, err := os.ReadFile(s.sealKey())
	if err != nil {
		t.Fatal(err)
	}
	s.data = filepath.Join(s.dir, "got0")
	if err := os.WriteFile(s.sealKey(), key, 0o600); err != nil {
		t.Fatal(err)
	}
	s.write(s.config, shortTimers, simulatedParticipants)
	p = s.serve("--drain", "100ms") // what was open at the backup is open, and no participant is there
	p.signal(syscall.SIGTERM)
	p.wait(patience, 0)
	readHistory(t, s.data)
}

// TestKilledRestore kills restores at random moments: a switch starts on what is
// whole, and on nothing else.
func TestKilledRestore(t *testing.T) {
	t.Parallel()
	seed := newSeed(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	s := newSimulated(t)
	p := s.serve()
	banks := s.banks(seed, "--rate", "150")
	until(t, patience, "300 payments", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= 300 })
	s.rest(banks...)
	s.stopClean(p)
	out := filepath.Join(s.dir, "out")
	runs(t, 0, "backup", "--out", out, "--dir", s.data)
	key := s.sealKey()
	begun := time.Now()
	want := s.restored(out, filepath.Join(s.dir, "whole"))
	took := time.Since(begun)
	kills := 12
	if testing.Short() || raced {
		kills = 4
	}
	refused := 0
	for i := range kills {
		to := filepath.Join(s.dir, fmt.Sprint("to", i))
		r := start(t, "restore", "--from", out, "--to", to, "--seal-key", key)
		select {
		case <-time.After(time.Duration(chance.Int64N(int64(took)))):
		case <-r.over:
		}
		r.kill()
		if _, err := os.Stat(filepath.Join(to, journalDir)); err != nil {
			continue // it had not begun
		}
		s.data = to
		s.write(s.config, shortTimers, simulatedParticipants)
		if _, err := os.Stat(filepath.Join(to, "restore.unfinished")); err == nil {
			if _, said := runs(t, exitFailed, "serve", "--config", s.config); !strings.Contains(said, "a restore into it was begun and has not ended") {
				t.Errorf("a switch on half a folder said:\n%s", said)
			}
			if _, said := runs(t, exitFailed, "restore", "--from", out, "--to", to, "--seal-key", key); !strings.Contains(said, "is not empty") {
				t.Errorf("a second restore said:\n%s", said)
			}
			refused++
			continue
		}
		got := asJSON[backupView](t, "backup", "--out", to+".backup", "--dir", to, "--seal-key", key)
		if got.StateHash != want.StateHash || got.Applied != want.Last {
			t.Errorf("killed after the end: %+v, want %+v", got, want)
		}
	}
	t.Logf("%d kills within %v, %d of them left half a folder", kills, took.Round(time.Millisecond), refused)
}

// TestKilledDuringBackup: a switch that is killed while it makes a backup starts
// again without a trace of it in its data folder.
func TestKilledDuringBackup(t *testing.T) {
	t.Parallel()
	s := newSimulated(t)
	p := s.serve()
	for i := range 3 {
		out := filepath.Join(s.dir, fmt.Sprint("out", i))
		b := start(t, "backup", "--out", out, "--admin", s.admin, "--reason", "a test")
		b.says(patience, "switchd: checkpoint")
		p.kill()
		<-b.over
		if b.cmd.ProcessState.ExitCode() != 0 && !strings.Contains(b.err.String(), "it is not made") {
			t.Errorf("the command said:\n%s", b.err.String())
		}
		p = s.serve()
		empty(t, filepath.Join(s.data, "backup.staging"))
		if _, err := os.Stat(out); err == nil {
			runs(t, 0, "backup", "verify", out)
		}
	}
	s.stopClean(p)
}

// TestInterruptedBackup: Ctrl-C ends a backup, and nothing of it is left, or it was
// made before.
func TestInterruptedBackup(t *testing.T) {
	s := newSimulated(t)
	p := s.serve()
	out := filepath.Join(s.dir, "out")
	b := start(t, "backup", "--out", out, "--admin", s.admin, "--reason", "a test")
	b.says(patience, "switchd: ")
	b.signal(os.Interrupt)
	<-b.over
	s.stopClean(p) // waits for the backup to let go
	empty(t, out+".partial", filepath.Join(s.data, "backup.staging"))
	if _, err := os.Stat(out); err == nil {
		runs(t, 0, "backup", "verify", out)
	}
}

// TestRestoreOnFullDisk: a restore that finds no room says so in one line and leaves
// nothing, or a folder that no switch starts on. File systems that are out of names
// for files are full at every one that a restore makes.
func TestRestoreOnFullDisk(t *testing.T) {
	t.Parallel()
	s := newSimulated(t)
	p := s.serve()
	banks := s.banks(newSeed(t), "--rate", "150")
	until(t, patience, "100 payments", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] >= 100 })
	s.rest(banks...)
	s.stopClean(p)
	out := filepath.Join(s.dir, "out")
	made := asJSON[backupView](t, "backup", "--out", out, "--dir", s.data)
	restore := func(disk, want string) (failed bool) {
		t.Helper()
		to := filepath.Join(disk, "to")
		r := start(t, "restore", "--from", out, "--to", to, "--seal-key", s.sealKey())
		select {
		case <-r.over:
		case <-time.After(patience):
			t.Fatal("it does not end")
		}
		if r.cmd.ProcessState.ExitCode() == 0 {
			empty(t, filepath.Join(to, "restore.unfinished"))
			return false
		}
		r.wait(patience, exitFailed)
		lines := strings.Split(strings.TrimSpace(r.err.String()), "\n")
		if said := lines[len(lines)-1]; !strings.HasPrefix(said, "switchd: ") || !strings.Contains(said, want) {
			t.Errorf("it said:\n%s", r.err.String())
		}
		if _, err := os.Stat(filepath.Join(to, journalDir)); err == nil {
			if _, err := os.Stat(filepath.Join(to, "restore.unfinished")); err != nil {
				t.Error("a switch would start on what was not restored")
			}
		}
		return true
	}
	small := tinyDisk(t, fmt.Sprint(made.Bytes))
	if !restore(small, "MiB free") {
		t.Error("it was restored where there is no room")
	}
	empty(t, filepath.Join(small, "to"))
	names := 4
	for restore(tinyDisk(t, fmt.Sprintf("64m,nr_inodes=%d", names)), "no space left on device") {
		names += 3
	}
	t.Logf("a restore needs up to %d names; it failed with fewer", names)
	if names < 20 {
		t.Error("this proves little")
	}
}

// TestOtherVersions: a data folder that a newer version has written is refused, with
// what to do; one of another version gets a snapshot, which can be restored.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	s := newSimulated(t)
	s.stopClean(s.serve())
	file := filepath.Join(s.data, "version.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(old, new string) {
		t.Helper()
		changed := strings.Replace(string(text), old, new, 1)
		if changed == string(text) {
			t.Fatalf("no %q in\n%s", old, text)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf(`"logic": %d`, payment.Logic), fmt.Sprintf(`"logic": %d`, payment.Logic+1))
	if _, said := runs(t, exitFailed, "serve", "--config", s.config, "--quiet"); !strings.Contains(said, "is newer than this one") || !strings.Contains(said, fmt.Sprintf("rules %d, this one knows %d. Start that version", payment.Logic+1, payment.Logic)) {
		t.Errorf("a newer folder:\n%s", said)
	}
	write(fmt.Sprintf(`"logic": %d`, payment.Logic), `"logic": 0`)
	p := s.serve()
	p.says(patience, "snapshot made")
	s.stopClean(p)
	if again, err := os.ReadFile(file); err != nil || string(again) != string(text) {
		t.Errorf("%v\n%s", err, again)
	}
	all, err := os.ReadDir(filepath.Join(s.data, "snapshots"))
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	s.restored(filepath.Join(s.data, "snapshots", all[0].Name()), filepath.Join(s.dir, "back"))
}

// TestForkMustBeAccepted: leaving out the end of a history is not done without
// having been told what it means.
func TestForkMustBeAccepted(t *testing.T) {
	t.Parallel()
	s := newSimulated(t)
	s.stopClean(s.serve()) // an event, the configuration
	s.stopClean(s.serve()) // another one, the restart
	out, to := filepath.Join(s.dir, "out"), filepath.Join(s.dir, "to")
	runs(t, 0, "backup", "--out", out, "--dir", s.data, "--no-verify")
	_, said := runs(t, exitFailed, "restore", "--from", out, "--to", to, "--until-seq", "1", "--seal-key", s.sealKey())
	for _, want := range []string{"from 2 on, would be left out", "--accept-fork", "Numbers are given again"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	for _, until := range []string{"--until-seq=0", "--until-time=1969-12-31T00:00:00Z", "--until-time=2300-01-01T00:00:00Z"} {
		runs(t, exitUsage, "restore", "--from", out, "--to", to, until, "--seal-key", s.sealKey(), "--accept-fork")
	}
	link := filepath.Join(s.dir, "link") // the way round does not help
	if err := os.Symlink(s.data, link); err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, exitFailed, "backup", "--out", filepath.Join(link, "out"), "--dir", s.data); !strings.Contains(said, "would lie in the data folder") {
		t.Error(said)
	}
	empty(t, to)
	text, _ := runs(t, 0, "restore", "--from", out, "--to", to, "--until-seq", "1", "--seal-key", s.sealKey(), "--accept-fork")
	if !strings.Contains(text, "events up to 1") || !strings.Contains(text, "left out: ") {
		t.Error(text)
	}
	if note, err := os.ReadFile(filepath.Join(to, "declined-requests")); err != nil || !strings.HasPrefix(string(note), "0\n") {
		t.Errorf("repeats of lost requests are not suspect: %q %v", note, err)
	}
}

// TestBackupOfStopped: the configuration of a switch that does not run is enough to
// back up its data folder, with the key that it names, and to restore it.
func TestBackupOfStopped(t *testing.T) {
	t.Parallel()
	s := newSimulated(t)
	s.stopClean(s.serve())
	out := filepath.Join(s.dir, "out")
	if _, said := runs(t, exitFailed, "backup", "--out", out, "--admin", s.admin, "--reason", "a test"); strings.Count(said, s.admin) != 2 || !strings.Contains(said, "name its data folder with --dir") {
		t.Errorf("it said:\n%s", said) // the address once more in what the system says
	}
	_, said := runs(t, 0, "backup", "--out", out, "--config", s.config, "--reason", "a test")
	for _, want := range []string{"no switch answers at " + s.admin, "making a backup of its data folder", "switchd: copy: ", " MiB\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	runs(t, 0, "restore", "--from", out, "--to", filepath.Join(s.dir, "own"), "--config", s.config)

	elsewhere := filepath.Join(s.dir, "elsewhere.key")
	if err := os.Rename(s.sealKey(), elsewhere); err != nil {
		t.Fatal(err)
	}
	if _, said := runs(t, exitUsage, "restore", "--from", out, "--to", filepath.Join(s.dir, "to"), "--config", s.config); !strings.Contains(said, "names no seal_key, and "+s.sealKey()+" is not there") {
		t.Errorf("it said:\n%s", said)
	}
	if _, said := runs(t, exitUsage, "backup", "--out", out+"2", "--dir", s.data); !strings.Contains(said, "has no key file seal.key: name the file with --seal-key") {
		t.Errorf("it said:\n%s", said)
	}
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	key := func(file string) {
		if err := os.WriteFile(s.config, []byte(string(text)+"seal_key: "+file+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key(elsewhere)
	runs(t, 0, "backup", "--out", out+"2", "--config", s.config, "--reason", "a test")
	key(filepath.Join(s.dir, "none.key"))
	if _, said := runs(t, exitUsage, "serve", "--config", s.config); !strings.Contains(said, "seal_key: ") || !strings.Contains(said, "none.key: no such file or directory: put it back") {
		t.Errorf("it said:\n%s", said)
	}
	key(s.dir)
	if _, said := runs(t, exitUsage, "serve", "--config", s.config); !strings.Contains(said, s.dir+": it is a folder, not a key file") {
		t.Errorf("it said:\n%s", said)
	}
}

// TestSeldom: of each step the size is told at once, and how far it is now and then.
func TestSeldom(t *testing.T) {
	var said strings.Builder
	tell := tell(&said)
	for _, done := range []int64{1 << 20, 2 << 20, 43 << 20} {
		tell(backup.Progress{Step: backup.StepCopy, Done: done, Total: 43 << 20})
	}
	tell(backup.Progress{Step: backup.StepReplay, Done: 7, Total: 100})
	tell(backup.Progress{Step: backup.StepCheckpoint})
	if want := "switchd: copy: 43 MiB\nswitchd: replay: 100 events\nswitchd: checkpoint\n"; said.String() != want {
		t.Errorf("%q, want %q", said.String(), want)
	}
	if got := progressLine(&backup.Progress{Step: backup.StepCopy, Done: 1, Total: 43 << 20}); got != "copy: 1 of 43 MiB" {
		t.Error(got)
	}
}

// TestProgressInLog: off a terminal a long reading tells every ten seconds how far it is.
func TestProgressInLog(t *testing.T) {
	var said strings.Builder
	p := newProgress(&said)
	var now int64
	p.clock, p.told = func() int64 { return now }, 0
	for n := range uint64(10 * progressEvery) {
		now = int64(n) * int64(25*time.Second) / (10 * progressEvery)
		p.show("journal", n+1, 10*progressEvery)
	}
	p.end()
	if want := "switchd: journal: 50 % of 10240 records\nswitchd: journal: 90 % of 10240 records\n"; said.String() != want {
		t.Errorf("%q, want %q", said.String(), want)
	}
}
