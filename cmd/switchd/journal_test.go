package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchd/switch/journal"
	"switchd/switch/seal"
	"switchd/switch/translate"
)

// journalScheme is a switch with three payments in its journal: one that was paid,
// one that was declined with secrets in its request, and one that is still open.
type journalScheme struct {
	*scheme
	p                    *process
	paid, declined, open uint64 // their numbers
}

// What must never be seen of the declined payment: the middle of its account, its
// payer's name and address, its note.
var journalSecrets = []string{"7894563", "QUXJANE", "janeqx", "ferretfood"}

func newJournalScheme(t *testing.T) *journalScheme {
	t.Helper()
	s := &journalScheme{scheme: newScheme(t, longTimers, 4)}
	s.p = s.serve("--drain", "100ms")
	payer, payee := s.connect("BANKC"), s.connect("BANKD")
	payer.signOn()
	payee.signOn()

	push := payer.payAccount("BANKC", "BANKD")
	payer.send(push)
	debit := payer.receive()
	payer.send(debit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
	credit := payee.receive()
	payee.send(credit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
	s.paid = numberOf(t, payer.answerTo(push), "00")
	paid := time.Now().UnixMilli() // times are shown to the millisecond
	until(t, patience, "a later time", func() bool { return time.Now().UnixMilli() > paid })

	secret := payer.pay("BANKC", "user1@nosuchhandle")
	secret.de[102], secret.tags[3], secret.tags[5], secret.tags[18] = "5413337894563218", "janeqx@bankc", "QUXJANE", "ferretfood"
	s.declined = numberOf(t, payer.ask(secret), "14")

	open := payer.payAccount("BANKC", "BANKD")
	payer.send(open)
	if id, ok := translate.ParsePayment(payer.receive().tags[2]); ok {
		s.open = uint64(id)
	}
	if s.open == 0 {
		t.Fatal("the debit of the open payment has no transaction id")
	}
	return s
}

// numberOf is the number of the payment that an answer is about.
func numberOf(t *testing.T, a *message, code string) uint64 {
	t.Helper()
	id, ok := translate.ParsePayment(a.tags[2])
	if a.de[39] != code || !ok {
		t.Fatalf("answered with %s %v, want %s", a.de[39], a.tags, code)
	}
	return uint64(id)
}

// stop ends the switch in good order; the open payment stays open.
func (s *journalScheme) stop() {
	s.t.Helper()
	s.p.signal(os.Interrupt)
	s.p.wait(patience, 0)
}

// numberedTime is a time in JSON that is a number.
var numberedTime = regexp.MustCompile(`"([a-z_]+_)?at":\s*[0-9]`)

// unmarshal reads what a command has printed with --json. Times are texts in it.
func unmarshal[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if at := numberedTime.FindString(text); at != "" {
		t.Errorf("%s is a number in\n%s", at, text)
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

// events reads what dump has printed with --json.
func events(t *testing.T, text string) (all []eventView) {
	t.Helper()
	for line := range strings.Lines(text) {
		all = append(all, unmarshal[eventView](t, line))
	}
	return all
}

// noSecrets checks that nothing secret was printed.
func noSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range journalSecrets {
		if strings.Contains(text, secret) {
			t.Errorf("%q can be seen:\n%s", secret, text)
		}
	}
}

// TestJournalRunning: a running switch tells what its journal holds and proves its
// payments over the admin port; its folder cannot be read beside it.
func TestJournalRunning(t *testing.T) {
	t.Parallel()
	s := newJournalScheme(t)
	for _, from := range []string{"--admin=" + s.admin, "--config=" + s.config} {
		out, _ := runs(t, 0, "journal", "stat", from, "--json")
		v := unmarshal[journalView](t, out)
		if v.First != 1 || v.Last < s.open || v.Groups == 0 || v.Verifier == "" || v.Applied == nil || *v.Applied > v.Last || !v.Replayable || v.Logic == 0 || v.Writer == nil || v.Writer.Version != releaseVersion || v.StateBytes == 0 {
			t.Errorf("stat %s: %s", from, out)
		}
		if out, _ := runs(t, 0, "journal", "stat", from); !strings.Contains(out, v.Verifier) {
			t.Errorf("stat for people:\n%s", out)
		}
		out, _ = runs(t, 0, "journal", "dump", from, "--json")
		all := events(t, out)
		noSecrets(t, out)
		if uint64(len(all)) < v.Last || all[0].Seq != 1 || all[0].Config == nil {
			t.Errorf("dump %s has %d events:\n%s", from, len(all), out)
		}
		proof, _ := runs(t, 0, "journal", "prove", from, "--id", strconv.FormatUint(s.paid, 10))
		if _, err := checkProof([]byte(proof), nil); err != nil {
			t.Errorf("prove %s: %v", from, err)
		}
		for id, want := range map[uint64]string{s.open: "has not ended", 4711: "no such payment"} {
			if out, said := runs(t, exitFailed, "journal", "prove", from, "--id", strconv.FormatUint(id, 10)); out != "" || !strings.Contains(said, want) {
				t.Errorf("prove %d: %s%s", id, out, said)
			}
		}
	}
	out, _ := runs(t, 0, "payment", "show", strconv.FormatUint(s.paid, 10), "--admin", s.admin, "--json")
	if v := unmarshal[paymentView](t, out); v.ClosedSeq <= s.paid {
		t.Errorf("payment show: %s", out)
	}
	for _, args := range [][]string{{"verify"}, {"stat"}, {"dump"}, {"prove", "--id", "1"}, {"export", "--from", "1", "--to", "2", "--out", filepath.Join(s.dir, "x")}} {
		out, said := runs(t, exitFailed, append([]string{"journal", "--dir", s.data}, args...)...)
		if out != "" || !strings.Contains(said, "in use by another process") || !strings.Contains(said, "switchd backup") || strings.Contains(said, "--admin") != (args[0] != "verify" && args[0] != "export") {
			t.Errorf("%v beside a running switch: %s%s", args, out, said)
		}
	}
	var text string
	if err := s.get("/api/v1/journal/records?from=one", &text); err != nil || !strings.Contains(text, `from "one" is no number`) {
		t.Errorf("%v, %s", err, text)
	}
}

// TestJournalFolder: what the commands say of a folder that a switch has left.
func TestJournalFolder(t *testing.T) {
	t.Parallel()
	s := newJournalScheme(t)
	s.stop()
	stat := s.testStat(t)
	t.Run("verify", func(t *testing.T) {
		for _, of := range []string{"--dir=" + s.data, "--config=" + s.config} {
			out, said := runs(t, 0, "journal", "verify", of, "--json")
			r := unmarshal[verifyReport](t, out)
			if !r.OK || !r.Opened || r.Journal == nil || r.Journal.Records != stat.Records || r.Journal.Root.String() != stat.Root || *r.Applied != stat.Last || said != "" {
				t.Errorf("verify: %s%s", out, said)
			}
		}
		if out, said := runs(t, 0, "journal", "verify", "--dir", s.data); !strings.Contains(out, "good: nothing is damaged") || said != "" {
			t.Errorf("verify for people: %s%s", out, said)
		}
	})
	t.Run("dump", s.testDump)
	t.Run("payment", s.testDumpPayment)
	t.Run("export", s.testExport)
	t.Run("interrupted export", s.testInterruptedExport)
	t.Run("prove", s.testProve)
	t.Run("width", s.testWidth)
	t.Run("of a backup", s.testOfBackup)
	t.Run("no key", s.testNoKey)
}

func (s *journalScheme) testStat(t *testing.T) journalView {
	t.Helper()
	out, _ := runs(t, 0, "journal", "stat", "--dir", s.data, "--json")
	v := unmarshal[journalView](t, out)
	if v.First != 1 || v.Records != v.Last || *v.Applied != v.Last || v.FirstDay == "" || v.Verifier == "" || !strings.Contains(v.Checkpoint, "switchd/999999\n") {
		t.Errorf("stat: %s", out)
	}
	if out, _ := runs(t, 0, "journal", "stat", "--config", s.config); !strings.Contains(out, v.Root) || !strings.Contains(out, v.Verifier) {
		t.Errorf("stat of the folder of a configuration:\n%s", out)
	}
	return v
}

// eventLine is a line of dump: columns that stand under each other.
var eventLine = regexp.MustCompile(`^ {0,9}[0-9]+  [0-9T:.-]{29}Z  [a-z-]+ +(BANK[A-D]|-) {8,11} +([0-9]+|-)(  \S.*)?$`)

func (s *journalScheme) testDump(t *testing.T) {
	out, said := runs(t, 0, "journal", "dump", "--dir", s.data)
	noSecrets(t, out)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for _, line := range lines[1:] {
		if !eventLine.MatchString(line) {
			t.Errorf("not a line of columns: %q", line)
		}
	}
	if said != "" || !strings.HasPrefix(strings.TrimSpace(lines[0]), "record") {
		t.Errorf("%q, it said %s", lines[0], said)
	}
	for _, want := range []string{
		"push 123.45 INR, ********@bankc 541333******3218 -> ********@nosuchhandle", "debit OK, code 00, 123.45 INR", "participants BANKA BANKB BANKC BANKD",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	kinds, _ := runs(t, 0, "journal", "dump", "--dir", s.data, "--kind", "link-up", "--json")
	for _, e := range events(t, kinds) {
		if e.Kind != "link-up" || e.From != "BANKC" && e.From != "BANKD" {
			t.Errorf("%+v", e)
		}
	}
	if out, said := runs(t, 0, "journal", "dump", "--dir", s.data, "--from", "99999"); out != "" || said != "switchd: no event is like that\n" {
		t.Errorf("events that are not there: %s%s", out, said)
	}
	part, _ := runs(t, 0, "journal", "dump", "--dir", s.data, "--from", "3", "--to", "5", "--json")
	if all := events(t, part); len(all) != 3 || all[0].Seq != 3 || all[2].Seq != 5 {
		t.Errorf("3 to 5: %s", part)
	}
}

func (s *journalScheme) testDumpPayment(t *testing.T) {
	out, _ := runs(t, 0, "journal", "dump", "--dir", s.data, "--payment", strconv.FormatUint(s.paid, 10), "--json")
	var story []string
	for _, e := range events(t, out) {
		if e.Payment != s.paid {
			t.Errorf("%+v", e)
		}
		what := e.Kind + " " + e.From
		if e.Answer != nil {
			what += " " + e.Answer.Leg + " " + e.Answer.Outcome
		}
		story = append(story, what)
	}
	if got := strings.Join(story, "; "); got != "request BANKC; answer BANKC debit OK; answer BANKD credit OK" {
		t.Errorf("the story of the payment is: %s", got)
	}
}

func (s *journalScheme) testExport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "segment")
	last := strconv.FormatUint(s.open, 10)
	out, said := runs(t, 0, "journal", "export", "--dir", s.data, "--from", "2", "--to", last, "--out", file, "--json")
	v := unmarshal[exportView](t, out)
	if said != "" || v.First > 2 || v.Last < s.open || v.Records == 0 {
		t.Errorf("export: %s%s", out, said)
	}
	data, err := os.ReadFile(file)
	if err != nil || int64(len(data)) != v.Bytes {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	header, _, err := journal.ReadSegment(bytes.NewReader(data), func(rec journal.Record) error {
		noSecrets(t, string(rec.Bytes))
		return nil
	})
	if err != nil || strings.Join(header.Participants, " ") != "BANKA BANKB BANKC BANKD" {
		t.Errorf("%+v, %v", header, err)
	}
	for _, args := range [][]string{{"--segment", file}, {"--segment", file, "--seal-key", filepath.Join(s.data, sealKeyFile)}, {"--dir", s.data, "--segment", file}} {
		out, _ := runs(t, 0, append([]string{"journal", "verify", "--json"}, args...)...)
		r := unmarshal[verifyReport](t, out)
		if !r.OK || len(r.Segments) != 1 || r.Segments[0].SHA256 != v.SHA256 || r.Opened != (len(args) == 4) {
			t.Errorf("verify %v: %s", args, out)
		}
	}
	if out, _ := runs(t, 0, "journal", "dump", "--segment", file, "--seal-key", filepath.Join(s.data, sealKeyFile)); !strings.Contains(out, "541333******3218") {
		t.Errorf("dump of a segment:\n%s", out)
	}
	if _, said := runs(t, exitFailed, "journal", "export", "--dir", s.data, "--from", "2", "--to", last, "--out", file); !strings.Contains(said, "not overwritten") {
		t.Error(said)
	}
	if again, err := os.ReadFile(file); err != nil || string(again) != string(data) {
		t.Error("the file was overwritten")
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, said := runs(t, exitFailed, "journal", "verify", "--segment", file, "--json"); unmarshal[verifyReport](t, out).OK || !strings.Contains(said, "damaged") {
		t.Errorf("a changed segment: %s%s", out, said)
	}
	runs(t, exitFailed, "journal", "dump", "--segment", file)
	other := filepath.Join(filepath.Dir(file), "other")
	for day, want := range map[string]string{"2001-02-03": "no record of the day", "2199-01-01": "is not over"} {
		if _, said := runs(t, exitFailed, "journal", "export", "--dir", s.data, "--day", day, "--out", other); !strings.Contains(said, want) {
			t.Errorf("%s: %s", day, said)
		}
	}
	runs(t, exitFailed, "journal", "export", "--dir", s.data, "--from", "1", "--to", "99999", "--out", other)
	nowhere := filepath.Join(filepath.Dir(file), "no", "such")
	if _, said := runs(t, exitFailed, "journal", "export", "--dir", s.data, "--from", "2", "--to", last, "--out", nowhere); said != "switchd: "+nowhere+" cannot be written: the folder "+filepath.Dir(nowhere)+" is not there\n" {
		t.Error(said)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("files that were not finished are left: %v", left)
	}
}

func (s *journalScheme) testProve(t *testing.T) {
	dir := t.TempDir()
	pinned := filepath.Join(dir, "pinned")
	view := s.testStat(t)
	if err := os.WriteFile(pinned, []byte("# of the switch\n"+view.Verifier+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uint64]string{s.paid: "SUCCESS (OK)", s.declined: "DECLINED (ADDRESS_UNKNOWN)"} {
		file := filepath.Join(dir, strconv.FormatUint(id, 10))
		if out, said := runs(t, 0, "journal", "prove", "--dir", s.data, "--id", strconv.FormatUint(id, 10), "--out", file); out != "" || said != "" {
			t.Errorf("prove --out says %s%s", out, said)
		}
		out, said := runs(t, 0, "journal", "verify-proof", file, "--key", pinned)
		if said != "" || !strings.Contains(out, want) || !strings.Contains(out, "123.45 INR") || !strings.Contains(out, "a key that you trust") || strings.Contains(out, "NOT CHECKED") {
			t.Errorf("proof of %d: %s%s", id, out, said)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		noSecrets(t, out)
		for _, r := range unmarshal[paymentProof](t, string(text)).Journal.Records {
			noSecrets(t, string(r.Record))
		}
		out, said = runs(t, 0, "journal", "verify-proof", file, "--any-key")
		if !strings.Contains(said, "anybody can have made it") || !strings.Contains(out, "NOT CHECKED") {
			t.Errorf("with any key: %s%s", out, said)
		}
		for _, args := range [][]string{{}, {"--any-key", "--key", pinned}} {
			if out, said := runs(t, exitUsage, append([]string{"journal", "verify-proof", file}, args...)...); out != "" || !strings.Contains(said, "whose proof?") {
				t.Errorf("verify-proof %v: %s%s", args, out, said)
			}
		}
		out, _ = runs(t, 0, "journal", "verify-proof", file, "--key", pinned, "--json")
		if v := unmarshal[provenPayment](t, out); v.Payment != id || !v.Pinned || v.Sender.ID != "BANKC" || v.Groups != view.Tree || v.Root != view.Root {
			t.Errorf("as JSON: %s", out)
		}
		if _, said := runs(t, exitFailed, "journal", "prove", "--dir", s.data, "--id", strconv.FormatUint(id, 10), "--out", file); !strings.Contains(said, "not overwritten") {
			t.Error(said)
		}
	}
	stranger := filepath.Join(dir, "stranger")
	if err := createCheckpointKey(filepath.Join(dir, "k"), "switchd/999999"); err != nil {
		t.Fatal(err)
	}
	other, err := loadCheckpointKey(filepath.Join(dir, "k"))
	if err == nil {
		err = os.WriteFile(stranger, []byte(other.verifier), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, said := runs(t, exitFailed, "journal", "verify-proof", filepath.Join(dir, strconv.FormatUint(s.paid, 10)), "--key", stranger); out != "" || !strings.Contains(said, "another key than those that you trust") {
		t.Errorf("under the key of another: %s%s", out, said)
	}
	for id, want := range map[uint64]string{s.open: "has not ended", 4711: "no payment 4711"} {
		if _, said := runs(t, exitFailed, "journal", "prove", "--dir", s.data, "--id", strconv.FormatUint(id, 10)); !strings.Contains(said, want) {
			t.Errorf("%d: %s", id, said)
		}
	}
}

// copyFolder copies a data folder.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{sealKeyFile, checkpointKeyFile} { // a copy has other modes
		if err := os.Chmod(filepath.Join(to, key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// testNoKey: a folder without its keys, as it may come back from a backup.
func (s *journalScheme) testNoKey(t *testing.T) {
	bare := copyFolder(t, s.data)
	for _, key := range []string{sealKeyFile, checkpointKeyFile} {
		if err := os.Remove(filepath.Join(bare, key)); err != nil {
			t.Fatal(err)
		}
	}
	out, _ := runs(t, 0, "journal", "verify", "--dir", bare, "--json")
	if r := unmarshal[verifyReport](t, out); !r.OK || r.Opened || r.Applied != nil || len(r.Notes) != 2 {
		t.Errorf("verify: %s", out)
	}
	out, _ = runs(t, 0, "journal", "dump", "--dir", bare)
	noSecrets(t, out)
	if _, said := runs(t, 0, "journal", "dump", "--dir", bare, "--payment", strconv.FormatUint(s.paid, 10)); !strings.Contains(said, "row was not looked at") {
		t.Error(said)
	}
	if !strings.Contains(out, "bytes sealed") || strings.Contains(out, "541333") || !strings.Contains(out, "push 123.45 INR") {
		t.Errorf("dump:\n%s", out)
	}
	if out, _ := runs(t, 0, "journal", "stat", "--dir", bare); !strings.Contains(out, "the key that signs checkpoints is not there") {
		t.Errorf("stat:\n%s", out)
	}
	if _, said := runs(t, exitFailed, "journal", "prove", "--dir", bare, "--id", "1"); !strings.Contains(said, "no key that signs") {
		t.Error(said)
	}
	// With --config the keys are found where the configuration has them.
	out, _ = runs(t, 0, "journal", "verify", "--dir", bare, "--config", s.config, "--json")
	if r := unmarshal[verifyReport](t, out); !r.OK || !r.Opened || r.Applied == nil {
		t.Errorf("verify with the keys of a configuration: %s", out)
	}
	// A key that opens nothing of it.
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	if _, err := seal.CreateFile(wrong); err != nil {
		t.Fatal(err)
	}
	out, said := runs(t, exitFailed, "journal", "dump", "--dir", bare, "--seal-key", wrong, "--json")
	if all := events(t, out); !strings.Contains(said, "could not be read") || len(all) < 10 || all[0].Fault != "" {
		t.Errorf("dump with another key: %s%s", out, said)
	}
	if out, said := runs(t, exitFailed, "journal", "verify", "--dir", bare, "--seal-key", wrong); out != "" || !strings.Contains(said, wrong+" is another one than that it was sealed with") {
		t.Errorf("verify with another key: %s%s", out, said) // which is no damage
	}
	text, err := os.ReadFile(filepath.Join(s.data, sealKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("\ntoken "), []byte("\ntoken "+strings.Repeat("0", 64)+"\n# "), 1)
	if err := os.WriteFile(wrong, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, said := runs(t, exitFailed, "journal", "verify", "--dir", bare, "--seal-key", wrong); out != "" || !strings.Contains(said, "the token key of "+wrong) {
		t.Errorf("verify with another token key: %s%s", out, said)
	}
	other := copyFolder(t, s.data)
	if err := os.WriteFile(filepath.Join(other, sealKeyFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.refused(t, other, "the token key of "+filepath.Join(other, sealKeyFile))
	if _, said := runs(t, exitUsage, "journal", "verify", "--dir", bare, "--seal-key", wrong+".none"); !strings.Contains(said, "no such file") {
		t.Error(said)
	}
}
