package main

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"switchd/certs"
	"switchd/hsm"
	"switchd/switch/journal"
)

// What is seeded into the traffic of TestNoSecretLeaves, and must be in nothing that
// the switch leaves behind. PAN, track and PIN must not even be kept.
const (
	seededPAN       = "5413337894563218"
	seededTrack     = seededPAN + "=301298765432109876"
	seededPIN       = "9876547894569876" // the block, in hexadecimal
	seededClearPIN  = "836417295038"
	seededPayer     = "77665544332211009"
	seededPayee     = "88990011223344556"
	seededName      = "WILHELMINA QUASTENFLOSSER"
	seededOtherName = "OTTOLINE ZWIEBELFISCH"
	seededNote      = "ferret food for november"
	seededVPA       = "wilhelmina.q"
	seededIBAN      = "DE75512108001245126199"
	seededCreds     = "c2VjcmV0IHBpbiBibG9jaw=="
)

// leak looks for secrets in whatever is shown to it.
type leak struct {
	t       *testing.T
	secrets map[string][]byte // by what they are, in every form that they may take
	looked  int               // bytes
}

func newLeak(t *testing.T) *leak {
	l := &leak{t: t, secrets: map[string][]byte{}}
	for what, secret := range map[string]string{
		"PAN": seededPAN, "track": seededTrack[len(seededPAN)+1:], "PIN block": seededPIN, "payer's account": seededPayer, "payee's account": seededPayee,
		"name": seededName, "other name": seededOtherName, "note": seededNote, "address": seededVPA, "IBAN": seededIBAN, "credentials": seededCreds,
	} {
		l.add(what, []byte(secret))
	}
	return l
}

// add looks for a secret as it is, in small letters and in hexadecimal; for digits
// also in EBCDIC and as BCD.
func (l *leak) add(what string, secret []byte) {
	l.secrets[what], l.secrets[what+" in small letters"] = secret, bytes.ToLower(secret)
	l.secrets[what+" in hexadecimal"] = fmt.Appendf(nil, "%x", secret)
	if len(bytes.Trim(secret, "0123456789")) == 0 {
		ebcdic := bytes.Clone(secret)
		for i := range ebcdic {
			ebcdic[i] |= 0xf0
		}
		l.secrets[what+" in EBCDIC"] = ebcdic
	}
	for pad, name := range map[string]string{"": " as BCD", "0": " as BCD behind a zero"} {
		if packed, err := hex.DecodeString(pad + string(secret)); err == nil {
			l.secrets[what+name] = packed
		}
	}
}

// look fails the test when there is a secret in b.
func (l *leak) look(where string, b []byte) {
	l.t.Helper()
	for _, what := range l.in(b) {
		l.t.Errorf("%s: there is the %s", where, what)
	}
	l.looked += len(b)
}

func (l *leak) in(b []byte) (found []string) {
	for _, what := range slices.Sorted(maps.Keys(l.secrets)) {
		if bytes.Contains(b, l.secrets[what]) {
			found = append(found, what)
		}
	}
	return found
}

// folder looks into every file below a folder but those that are kept secret.
func (l *leak) folder(dir string, but ...string) {
	l.t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains(but, path) {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil {
			l.look(path, b)
			files++
		}
		return err
	})
	if err != nil || files < 5 {
		l.t.Errorf("%s: %d files, %v", dir, files, err)
	}
}

// keyFile adds what a key file has: long hexadecimal and base64 words, and what they
// stand for.
func (l *leak) keyFile(path string) {
	l.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		l.t.Fatal(err)
	}
	found := 0
	text = regexp.MustCompile(`(?m)^#.*$`).ReplaceAll(text, nil) // comments, and in them what is public
	for _, word := range regexp.MustCompile(`[0-9A-Za-z+/]{40,}=*`).FindAll(text, -1) {
		l.secrets[fmt.Sprintf("key %d of %s", found, filepath.Base(path))] = word
		if raw, err := hex.DecodeString(string(word)); err == nil {
			l.secrets[fmt.Sprintf("key %d of %s, as bytes", found, filepath.Base(path))] = raw
		}
		found++
	}
	if found == 0 {
		l.t.Fatalf("no key in %s", path)
	}
}

// TestLeakIsFound: a scan that finds nothing anywhere would pass.
func TestLeakIsFound(t *testing.T) {
	l := newLeak(t)
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("# a key\nkey 1 "+strings.Repeat("5a", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.keyFile(file)
	for what, secret := range l.secrets {
		if found := l.in(slices.Concat([]byte("something "), secret, []byte(" else"))); !slices.Contains(found, what) {
			t.Errorf("%s is not found: %v", what, found)
		}
	}
	if found := l.in([]byte("541333******3218, 776655*******1009, ********@bankc, BANKA, 100001")); len(found) > 0 {
		t.Errorf("found in what is masked: %v", found)
	}
}

// TestNoSecretLeaves seeds card numbers, PIN blocks, tracks, accounts, names and
// notes into the traffic of both dialects, whole and malformed, and then reads
// everything that the switch leaves behind: its files, log, metrics, pages, backups,
// exports, what its commands print, and the dump of its goroutines.
func TestNoSecretLeaves(t *testing.T) {
	t.Parallel()
	l := newLeak(t)
	all := append(slices.Clone(schemeParticipants), simulatedParticipants[2:]...)
	all[2].Extra = "pin: {key: bankc/zpk, format: ISO-0}"
	s := newSchemeOf(t, shortTimers, all, simulatedParticipants[2:])
	var zone zoneOf
	s.withModule(func(k hsm.Keeper) { zone = s.newZone(k, "bankc/zpk") })
	l.add("zone key", zone.key.Reveal())
	l.add("PIN", []byte(seededClearPIN))
	p := s.serve("--drain", "100ms")
	banks := []*bank{s.bank("BANKE", 1, "--rate", "20", "--faults"), s.bank("BANKF", 2, "--rate", "20")}
	s.signedOn(patience, "BANKE", "BANKF")
	numbers := s.seed(t, l, zone)
	until(t, patience, "payments of ISO 20022", func() bool { got, ok := s.summary(); return ok && got.States["SUCCESS"] > 20 })

	for _, file := range []string{filepath.Join(s.dir, "keys.unlock"), s.sealKey(), filepath.Join(s.data, checkpointKeyFile), filepath.Join(s.certs(), "switch-key.pem")} {
		l.keyFile(file)
	}
	l.running(s, numbers)
	s.rest(banks...)
	s.stopClean(p)
	l.stopped(s)
	again := s.serve()
	again.signal(syscall.SIGQUIT) // the dump of its goroutines
	<-again.over
	if !strings.Contains(again.err.String(), "goroutine ") {
		t.Error("there is no dump of goroutines")
	}
	for name, q := range map[string]*process{"the switch": p, "the switch that was ended by SIGQUIT": again} {
		l.look("log of "+name, []byte(q.err.String()))
		l.look("output of "+name, []byte(q.out.String()))
	}
	l.folder(s.data, s.sealKey(), filepath.Join(s.data, checkpointKeyFile))
	t.Logf("%d forms of secrets in none of %d KiB", len(l.secrets), l.looked>>10)
}

// seed sends the secrets and returns the numbers of the payments that have them.
func (s *scheme) seed(t *testing.T, l *leak, zone zoneOf) (numbers []uint64) {
	t.Helper()
	payer, payee := s.connect("BANKC"), s.connect("BANKD")
	payer.signOn()
	payee.signOn()
	secretly := func(m *message) *message {
		m.de[102] = seededPayer
		m.tags[5], m.tags[6], m.tags[18] = seededName, seededOtherName, seededNote
		return m
	}
	push := secretly(payer.payAccount("BANKC", "BANKD"))
	push.de[103] = seededPayee
	push.de[52] = zone.block(seededPayer, seededClearPIN)
	l.add("PIN block of a payment", []byte(push.de[52]))
	payer.send(push)
	debit := payer.receive()
	if zone.pin(seededPayer, debit.de[52]) != seededClearPIN {
		t.Fatal("the debit is without the PIN: this proves nothing")
	}
	l.add("PIN block of a debit", []byte(debit.de[52]))
	payer.send(debit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
	credit := payee.receive()
	payee.send(credit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
	numbers = append(numbers, numberOf(t, payer.answerTo(push), "00"))

	declined := secretly(payer.pay("BANKC", seededVPA+"@nosuchhandle"))
	declined.tags[3] = seededVPA + "@bankc"
	numbers = append(numbers, numberOf(t, payer.ask(declined), "14"))

	// A card, its track and its PIN have no place in a push payment.
	card := secretly(payer.payAccount("BANKC", "BANKD"))
	card.de[2], card.de[35] = seededPAN, seededTrack
	pin, err := hex.DecodeString(seededPIN)
	if err != nil {
		t.Fatal(err)
	}
	card.de[52] = string(pin)
	payer.send(card)
	// And what cannot be read at all.
	body := payer.encode(secretly(payer.payAccount("BANKC", "BANKD")))
	spoiled := bytes.Replace(body, []byte("356"), []byte("X!6"), 1)
	payer.write(payer.framed(spoiled))
	payer.write([]byte("\xff\xff" + seededPAN + seededName))
	for err := error(nil); err == nil; { // answers to all that, and the end of the link
		_, err = payer.next(patience)
	}
	s.seedXML(t)
	return numbers
}

// seedXML sends documents with secrets, one whole, one of another bank, one broken.
func (s *scheme) seedXML(t *testing.T) {
	t.Helper()
	whole, err := os.ReadFile(filepath.Join("..", "..", "testdata", "decode", "iso20022", "pacs.008.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"DE89370400440532013000": seededIBAN, "Asha Müller &amp; Sons": seededName, "रवि": seededOtherName, "10002000350004": seededPayee,
		"ravi@bankb": seededVPA + "@bankb", "rent, from account": seededNote + ", card " + seededPAN,
	} {
		if !bytes.Contains(whole, []byte(from)) {
			t.Fatalf("%s is no longer in the example", from)
		}
		whole = bytes.ReplaceAll(whole, []byte(from), []byte(to))
	}
	settings, err := certs.ClientConfig(leafPaths(s.certs(), "BANKE"), clock)
	if err != nil {
		t.Fatal(err)
	}
	of := func(doc []byte) []byte { // a document of BANKE
		return bytes.ReplaceAll(bytes.ReplaceAll(doc, []byte("BNKA0000001"), []byte("BNKE0000001")), []byte("100001"), []byte("100005"))
	}
	header := whole[:bytes.Index(whole, []byte("<Document"))]
	signOn := slices.Concat(bytes.Replace(of(header), []byte("pacs.008.001.08"), []byte("admi.004.001.02"), 1), []byte(
		`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:admi.004.001.02"><SysEvtNtfctn><EvtInf><EvtCd>SGON</EvtCd><EvtParam>1</EvtParam></EvtInf></SysEvtNtfctn></Document></Message>`))
	for _, doc := range [][]byte{of(whole), whole, of(whole[:len(whole)-200]), of(bytes.ReplaceAll(whole, []byte("<Nm>"), []byte("<Nm x='")))} {
		raw, err := net.Dial("tcp", s.listen)
		if err != nil {
			t.Fatal(err)
		}
		link := tls.Client(raw, settings)
		for _, m := range [][]byte{signOn, doc} {
			if _, err := link.Write(framedAs(t, "BIN4", m)); err != nil {
				t.Fatal(err)
			}
			if _, err := link.Read(make([]byte, 64<<10)); err != nil { // whatever it says: the document was read
				t.Error(err)
			}
		}
		raw.Close()
	}
}

// running looks at what a running switch shows.
func (l *leak) running(s *scheme, numbers []uint64) {
	l.t.Helper()
	pages := []string{"/", "/metrics", "/livez", "/readyz", "/readyz?verbose", "/api/v1/summary", "/api/v1/journal", "/nothing/" + seededPAN[:4]}
	commands := [][]string{
		{"journal", "dump", "--admin", s.admin}, {"journal", "dump", "--admin", s.admin, "--json"}, {"journal", "stat", "--admin", s.admin, "--json"},
		{"backup", "--admin", s.admin, "--out", filepath.Join(s.dir, "copy"), "--reason", "a test", "--json"},
	}
	for _, n := range numbers {
		pages = append(pages, fmt.Sprintf("/api/v1/payments/%d", n))
		for _, command := range []string{"payment show", "journal prove --id"} {
			commands = append(commands, append(strings.Fields(command), fmt.Sprint(n), "--admin", s.admin, "--json"))
		}
	}
	for _, page := range pages {
		var text string
		if err := s.get(page, &text); err != nil {
			l.t.Error(err)
		}
		l.look(page, []byte(text))
	}
	for _, args := range commands {
		l.command(args...)
	}
	l.folder(filepath.Join(s.dir, "copy"))
}

// stopped looks at what the commands make of the folder of a stopped switch.
func (l *leak) stopped(s *scheme) {
	l.t.Helper()
	segment := filepath.Join(s.dir, "segment")
	dump := l.command("journal", "dump", "--dir", s.data)
	if !strings.Contains(dump, seededPayer[:6]) || !strings.Contains(dump, seededIBAN[:6]) {
		l.t.Error("the secrets are not in the journal at all: this proves nothing")
	}
	l.command("journal", "dump", "--dir", s.data, "--json")
	l.command("journal", "verify", "--dir", s.data, "--json")
	l.command("backup", "--dir", s.data, "--out", filepath.Join(s.dir, "copy2"), "--json")
	l.folder(filepath.Join(s.dir, "copy2"))
	l.command("journal", "export", "--dir", s.data, "--from", "1", "--to", "100", "--out", segment, "--json")
	l.command("journal", "dump", "--segment", segment, "--seal-key", s.sealKey(), "--json")
	l.folder(filepath.Join(s.dir, "copy"))
	f, err := os.Open(segment)
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := journal.ReadSegment(f, func(r journal.Record) error { l.look(segment, r.Bytes); return nil }); err != nil {
		l.t.Error(err)
	}
}

// command runs a command and looks at all that it says.
func (l *leak) command(args ...string) string {
	l.t.Helper()
	code, stdout, stderr := command(args...)
	if code != 0 {
		l.t.Errorf("%v: exit code %d: %s", args, code, stderr)
	}
	l.look(strings.Join(args, " "), []byte(stdout+stderr))
	return stdout
}
