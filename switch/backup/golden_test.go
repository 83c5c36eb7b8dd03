package backup

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/ledger"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// rewrite makes data folders of this version, under the next number, when a format
// has changed. One that is there is never made again: it is what that version has
// written, and later ones must read it.
var rewrite = flag.String("rewrite", "", "write golden data folders to testdata/journal/NAME, which must not be there yet: v2")

// golden is where the data folders of all versions are: vN/NAME with the folder,
// vN/NAME.txt with what it holds, and vN/seal.key.
const golden = "../../testdata/journal"

// goldenKeys is the key file of a version's folders.
const goldenKeys = "seal.key"

// TestGolden opens a copy of every data folder that a version has written: the
// journal is whole, the rows follow from it, all is what was written, and a switch
// goes on from there.
func TestGolden(t *testing.T) {
	if *rewrite != "" {
		writeGolden(t, filepath.Join(golden, *rewrite))
	}
	texts, err := filepath.Glob(filepath.Join(golden, "v*", "*.txt"))
	if err != nil || len(texts) == 0 {
		t.Fatalf("no data folders in %s: %v", golden, err)
	}
	for _, text := range texts {
		from := strings.TrimSuffix(text, ".txt")
		t.Run(strings.TrimPrefix(from, golden+"/"), func(t *testing.T) {
			want, err := os.ReadFile(text)
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			keys := loadKeys(t, filepath.Join(filepath.Dir(from), goldenKeys))
			o := options(t, vfs.Default)
			o.Keys = keys
			entry, err := enter(to, o)
			if err != nil {
				t.Fatal(err)
			}
			writer, err := readWriter(diskOf(vfs.Default), to)
			if err != nil {
				t.Fatal(err)
			}
			got := describeFolder(t, vfs.Default, to, keys)
			if text := expected(string(want), writer); got != text {
				t.Errorf("it holds\n%s\nwant\n%s", got, text)
			}
			if strings.HasSuffix(got, refusedTail) {
				return
			}
			if err := entry.Begin(); err != nil {
				t.Fatal(err)
			}
			goOn(t, to, keys)
		})
	}
}

// replayed begins the line of a description behind which the events that the rows
// lack were replayed; refusedTail stands for it where other rules have made them.
const (
	replayed    = "rows replayed: "
	refusedTail = "its last events are left to the version that wrote them\n"
)

// expected is what a description of a version's folder must say in this version.
func expected(want string, by *Writer) string {
	var first, last, rows uint64
	head, rest, _ := strings.Cut(want, replayed)
	_, _ = fmt.Sscanf(want, "journal: events %d to %d", &first, &last)
	_, _ = fmt.Sscanf(head[strings.LastIndex(head, "rows on disk"):], "rows on disk: events up to %d", &rows)
	switch {
	case by.Formats.Logic != payment.Logic && rows < last:
		return head + refusedTail
	case by.Formats.Row != payment.RowVersion: // the rows say the same in other words
		line, rest, _ := strings.Cut(rest, "\n")
		line, _, _ = strings.Cut(line, ", hash ")
		return head + replayed + line + "\n" + rest
	}
	return want
}

// loadKeys reads a key file of the tree, which others than its owner can read.
func loadKeys(t *testing.T, file string) *seal.Keys {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), goldenKeys)
	if err := os.WriteFile(own, text, 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.LoadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// goOn starts a switch on a folder, has it pay, and stops it.
func goOn(t *testing.T, dir string, keys *seal.Keys) {
	t.Helper()
	s, err := state.Open(filepath.Join(dir, stateDir), state.Options{Log: quiet, Keys: keys, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	config, err := s.Config()
	if err := errErr(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	l := startWith(t, vfs.Default, dir, keys, *config)
	l.now.Add(int64(1000 * time.Hour))
	l.stan = 900_000
	before := l.settled()
	l.pay(10)
	if after := l.settled(); after.seq < before.seq+10 {
		t.Errorf("it does not go on: %d events, then %d", before.seq, after.seq)
	}
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	j, err := journal.OpenReadOnly(filepath.Join(dir, journalDir), journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func errErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// describeFolder verifies a folder's journal, replays it, and says what it holds.
func describeFolder(t *testing.T, fs vfs.FS, dir string, keys *seal.Keys) string {
	t.Helper()
	j, err := journal.OpenPebble(fs.PathJoin(dir, journalDir), journal.Options{FS: fs, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open(fs.PathJoin(dir, stateDir), state.Options{FS: fs, Log: quiet, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	r, err := j.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := j.Stat()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "journal: events %d to %d in %d groups, from %d to %d\n", r.First, r.Last, r.Groups, r.FirstAt, r.LastAt)
	fmt.Fprintf(&b, "base: %d groups before, chain %s\n", stat.Base.Groups, stat.Base.Chain)
	fmt.Fprintf(&b, "chain %s\ntree of %d, root %s\n", r.Chain, r.Tree, r.Root)
	fmt.Fprintf(&b, "rows on disk: events up to %d\n", s.Applied())
	describeEvents(t, &b, j, keys)
	_, err = engine.Replay(engine.ReplayOptions{Log: j, State: s, Keys: keys})
	if writer, _ := readWriter(diskOf(fs), dir); err != nil && writer != nil && writer.Formats.Logic != payment.Logic {
		if !strings.Contains(err.Error(), "start the version that wrote it once") {
			t.Errorf("it does not say what to do: %v", err)
		}
		if err := errErr(s.Close(), j.Close()); err != nil {
			t.Fatal(err)
		}
		return b.String() + refusedTail
	}
	if err != nil {
		t.Fatal(err)
	}
	sum, applied, err := s.Hash()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "%sevents up to %d", replayed, applied)
	if writer, _ := readWriter(diskOf(fs), dir); writer == nil || writer.Formats.Row == payment.RowVersion {
		fmt.Fprintf(&b, ", hash %s", hex.EncodeToString(sum[:]))
	}
	b.WriteByte('\n')
	describeRows(t, &b, s)
	if err := errErr(s.Flush(), s.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// describeEvents counts what is in the journal.
func describeEvents(t *testing.T, b *strings.Builder, j *journal.PebbleLog, keys *seal.Keys) {
	t.Helper()
	counts := map[string]int{}
	opener := keys.Opener()
	stat, err := j.Stat()
	if err != nil {
		t.Fatal(err)
	}
	err = j.Replay(stat.First, func(_ uint64, sealed []byte) error {
		record, err := opener.Open(nil, sealed, payment.SecretAt(sealed))
		if err != nil {
			return err
		}
		var e payment.Event
		if err := payment.DecodeEvent(record, &e); err != nil {
			return err
		}
		counts[e.Kind.String()]++
		if e.Kind == payment.CommandGiven {
			counts["command "+e.Command.Kind.String()]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "event %s: %d\n", name, counts[name])
	}
}

// describeRows says what the rows hold: the machine, the positions, each payment
// with all that it can be known by.
func describeRows(t *testing.T, b *strings.Builder, s *state.Store) {
	t.Helper()
	snapshot, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	m := payment.New(s)
	if err := m.Restore(snapshot); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "machine: open %d, known from %d, sum of positions %d\n", m.OpenCount(), m.Known(), m.PositionSum())
	for _, p := range m.Config().Participants {
		fmt.Fprintf(b, "participant %s: links %d, position %+v\n", p.ID, m.LinkCount(p.Number), m.Position(p.Number))
	}
	err = s.Payments(func(p *payment.Payment) error {
		if p.ID < m.Known() && !p.DeadLetter && !p.Open() {
			return nil // forgotten: there or not
		}
		fmt.Fprintf(b, "payment %d: %v %v model %d %v, %d of %03d, open %v, dead letter %v, confirmed %v, returned %v, refunded %d, original %d\n",
			p.ID, p.Type, p.State, p.Model, p.Outcome, p.Amount.Minor, p.Amount.Currency, p.Open(), p.DeadLetter, p.Confirmed, p.Returned, p.Refunded, p.Original)
		for leg := range p.Legs {
			if l := &p.Legs[leg]; l.SentAt != 0 {
				fmt.Fprintf(b, "  %v: stan %d, tries %d, answer %v after %d ms, owed %v\n", payment.Leg(leg), l.STAN, l.Tries, l.Answer, l.AnsweredIn, l.Owed())
			}
		}
		var text bytes.Buffer
		for f := range payment.TextField(64) {
			if p.Text.Has(f) {
				fmt.Fprintf(&text, " %d=%q", f, p.Text.Get(f))
			}
		}
		fmt.Fprintf(b, "  texts%s\n", &text)
		findable(t, s, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// findable checks that a payment is found by everything that it is searched by.
func findable(t *testing.T, s *state.Store, p *payment.Payment) {
	t.Helper()
	by := []state.Query{{ID: p.ID}, {States: []payment.State{p.State}}, {Participants: []route.Participant{p.Key.From}}}
	if p.Echo.RRN[0] != 0 {
		by = append(by, state.Query{RRN: string(p.Echo.RRN[:])})
	}
	for _, f := range []payment.TextField{payment.PayerAccount, payment.PayeeAccount} {
		if p.Text.Has(f) {
			by = append(by, state.Query{Account: string(p.Text.Get(f))})
		}
	}
	for _, f := range []payment.TextField{payment.MsgID, payment.EndToEndID, payment.TransactionID, payment.UETR} {
		if p.Text.Has(f) {
			by = append(by, state.Query{Reference: string(p.Text.Get(f))})
		}
	}
	for _, q := range by {
		found := false
		for more := true; more && !found; more = q.Token != "" {
			page, err := s.Search(q)
			if err != nil {
				t.Fatalf("payment %d by %+v: %v", p.ID, q, err)
			}
			found = slices.ContainsFunc(page.Payments, func(is payment.Payment) bool { return is.ID == p.ID })
			q.Token = page.Next
		}
		if !found {
			t.Errorf("payment %d is not found by %+v", p.ID, q)
		}
	}
}

// told is a bank that does what the note of a payment says: "debit=no credit=silent".
func told(ef *payment.Effect) (payment.Outcome, payment.Code, bool) {
	for _, word := range strings.Fields(string(ef.Payment.Text.Get(payment.Note))) {
		leg, does, _ := strings.Cut(word, "=")
		if leg != ef.Leg.String() {
			continue
		}
		switch does {
		case "silent":
			return 0, payment.Code{}, false
		case "pending":
			return payment.Pending, payment.CodeOf("09"), true
		}
		return payment.DoNotHonourPayee, payment.CodeOf("05"), true
	}
	return payment.OK, payment.CodeOf("00"), ef.Leg != payment.LegRequest
}

// goldenConfig has a bank of each kind.
func goldenConfig() payment.Config {
	c := machineConfig()
	for i := range c.Participants {
		p := &c.Participants[i]
		p.Timers = payment.Timers{
			Total: 45 * time.Second, Resolve: 10 * time.Second, Debit: 15 * time.Second, Credit: 15 * time.Second, CreditUnknown: 10 * time.Minute,
			Reversal: 10 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
		}
	}
	c.Participants[0].Checks = true
	b, d := &c.Participants[1], &c.Participants[2]
	b.Posting, b.Receipts, b.Updates, b.Checks = payment.PostOnConfirm, true, true, true
	d.Checks, d.Binding, d.RepeatSafe = true, true, true
	d.Caps = []ledger.Amount{{Minor: 5_000, Currency: 840}}
	return c
}

// writeGolden writes the folders of this version.
func writeGolden(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		t.Fatalf("%s is there: what a version has written is never written again", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	token, key := strings.Repeat("7e", 32), strings.Repeat("a5", 32)
	text := "# The key of the data folders beside it. It is public, and seals nothing else.\ntoken " + token + "\nkey 1 " + key + "\n"
	if err := os.WriteFile(filepath.Join(dir, goldenKeys), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := loadKeys(t, filepath.Join(dir, goldenKeys))
	for name, make := range map[string]func(t *testing.T, keys *seal.Keys) vfs.FS{"stopped": stoppedFolder, "killed": killedFolder, "trimmed": trimmedFolder} {
		fs := make(t, keys)
		copyOut(t, fs, "data", filepath.Join(dir, name))
		// What it holds is said of a copy: to open it changes it.
		again := filepath.Join(t.TempDir(), name)
		if err := os.CopyFS(again, os.DirFS(filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
		said := describeFolder(t, vfs.Default, again, keys)
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(said), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// copyOut copies a data folder from a file system in memory.
func copyOut(t *testing.T, fs vfs.FS, from, to string) {
	t.Helper()
	d := diskOf(fs)
	names, err := d.list(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, writerFile) {
		b, err := d.read(d.path(from, name), 1<<24)
		if err == nil {
			err = errErr(os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755), os.WriteFile(filepath.Join(to, name), b, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// stoppedFolder is that of a switch that has seen everything and was stopped.
func stoppedFolder(t *testing.T, keys *seal.Keys) vfs.FS {
	fs := vfs.NewMem()
	l := startWith(t, fs, "data", keys, goldenConfig())
	l.everything(t)
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	config := goldenConfig()
	config.Participants[0].NetDebitCap /= 2
	config.Participants = append(config.Participants, payment.Profile{
		ID: "BANKD", Institution: "100004", Handles: []string{"bankd"}, IFSCPrefixes: []string{"BNKD"}, NetDebitCap: 100,
		Timers: config.Participants[0].Timers,
	})
	now := l.now.Load()
	l = startWith(t, fs, "data", keys, config)
	l.now.Store(now)
	l.decide = told
	l.openOnes()
	l.settled()
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	return fs
}

// killedFolder is that of a switch that was killed: its rows are behind its journal,
// and have payments that were open then.
func killedFolder(t *testing.T, keys *seal.Keys) vfs.FS {
	mem := vfs.NewCrashableMem()
	l := startWith(t, mem, "data", keys, goldenConfig())
	l.decide = told
	l.openOnes()
	l.settled()
	if err := l.state.Flush(); err != nil {
		t.Fatal(err)
	}
	l.everything(t)
	return mem.CrashClone(vfs.CrashCloneCfg{})
}

// trimmedFolder is that of a switch whose journal has lost its first days.
func trimmedFolder(t *testing.T, keys *seal.Keys) vfs.FS {
	fs := vfs.NewMem()
	l := startWith(t, fs, "data", keys, goldenConfig())
	l.decide = told
	l.pay(12)
	p := l.settled()
	l.command(payment.Command{Kind: payment.Forget, Payment: payment.ID(p.seq)}, true)
	l.pay(6)
	p = l.settled()
	if err := l.state.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.journal.DeleteBefore(p.seq - 10); err != nil {
		t.Fatal(err)
	}
	l.openOnes()
	l.settled()
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	return fs
}

// command gives an operator's command, which is done or refused as wanted.
func (l *live) command(c payment.Command, want bool) {
	l.t.Helper()
	order := engine.Order{Author: engine.Author{Reason: "golden", Operator: "nobody"}, Command: c}
	if _, done, err := l.engine.Command(order); err != nil || done != want {
		l.t.Errorf("%v: done %v: %v", c.Kind, done, err)
	}
}

// told is request with a note that tells the banks what to do, between two of them.
func (l *live) told(from, to route.Participant, note string) payment.Event {
	l.stan += 5 - l.stan%5 // to an account
	e := l.request()
	e.From, e.Request.Key.From = from, from
	e.Text.Set(payment.PayerIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+from))
	e.Text.Set(payment.PayeeIFSC, fmt.Appendf(nil, "BNK%c0000001", 'A'+to))
	e.Text.Set(payment.Note, []byte(note))
	return e
}

// openOnes leaves a payment in every state in which one can be left.
func (l *live) openOnes() {
	l.submit(l.toAddress("resolve=silent"), l.told(0, 1, "debit=silent"), l.told(0, 2, "credit=silent"), l.told(2, 0, "credit=silent status=silent"),
		l.told(0, 1, "confirm=silent"), l.collect(0, 2, "resolve=pending"), l.told(0, 2, "debit=silent reversal=silent"))
	l.settled()
	l.now.Add(int64(16 * time.Second))
	l.submit(l.toAddress("resolve=silent"), l.told(0, 1, "debit=silent"), l.told(0, 2, "credit=silent"), l.told(0, 1, "confirm=silent"), l.collect(0, 1, "resolve=pending"))
	l.settled()
}

// toAddress is told to an address of BANKB.
func (l *live) toAddress(note string) payment.Event {
	e := l.told(0, 1, note)
	e.Text.Set(payment.PayeeAccount, nil)
	e.Text.Set(payment.PayeeIFSC, nil)
	e.Text.Set(payment.PayeeVPA, []byte("user@bankb"))
	return e
}

// collect is a request for money of somebody at payer's bank.
func (l *live) collect(from, payer route.Participant, note string) payment.Event {
	e := l.told(from, from, note)
	e.Request.Type = payment.Collect
	e.Text.Set(payment.PayerAccount, nil)
	e.Text.Set(payment.PayerIFSC, nil)
	e.Text.Set(payment.PayerVPA, fmt.Appendf(nil, "payer@bank%c", 'a'+payer))
	return e
}

// number is the number of the payment that a request has made.
func (l *live) number(e *payment.Event) (id payment.ID) {
	l.t.Helper()
	err := l.state.Payments(func(p *payment.Payment) error {
		if p.Key == e.Request.Key {
			id = p.ID
		}
		return nil
	})
	if err != nil || id == 0 {
		l.t.Fatalf("request %d has made no payment: %v", e.Request.Key.STAN, err)
	}
	return id
}

// everything happens once.
func (l *live) everything(t *testing.T) {
	l.decide = told
	l.pay(6)
	l.settled()
	debitNo, debitLost, stuck, buried, again := l.told(0, 1, "debit=no"), l.told(0, 1, "debit=silent"),
		l.told(0, 1, "debit=silent reversal=no"), l.told(0, 1, "debit=silent reversal=no"), l.told(0, 1, "debit=silent reversal=no")
	deemed, posted, returned := l.told(0, 0, "credit=silent status=silent advice=silent"), l.told(1, 0, "credit=silent status=silent advice=no"),
		l.told(2, 0, "credit=silent status=silent advice=silent")
	checked, fenced, confirmed, good := l.told(2, 0, "credit=silent"), l.told(2, 0, "credit=silent status=no"), l.told(2, 1, ""), l.told(0, 2, "")
	l.submit(debitNo, debitLost, stuck, buried, again, deemed, posted, returned, checked, fenced, confirmed, good)
	iso := l.told(0, 1, "")
	iso.Request.Business = payment.Business{1}
	for f, text := range map[payment.TextField]string{
		payment.MsgID: "BANKA20261122000000000000000001", payment.InstructionID: "BANKA20261122I00000000000000001",
		payment.EndToEndID: "E2E20261122000000000000000000001", payment.TransactionID: "BANKA20261122T00000000000000001",
		payment.UETR: "eb6305c9-1f7f-49de-aed0-000000000001", payment.RequestType: "pacs.008.001.08", payment.RequestCreatedAt: "2026-11-22T10:15:30.123Z",
	} {
		iso.Text.Set(f, []byte(text))
	}
	same := l.told(0, 1, "")
	same.Request.Business = iso.Request.Business
	modelB := l.told(0, 2, "")
	modelB.Request.Model = payment.ModelB
	short := l.collect(0, 2, "resolve=silent")
	short.Request.ExpireAt = l.now.Load() + int64(time.Minute)
	l.submit(iso, same, modelB, l.collect(0, 2, ""), short)
	again2 := good
	again2.Request.Repeat = true
	conflict := good
	conflict.Request.Hash++
	l.submit(again2, conflict)
	l.settled()
	refund := l.told(2, 0, "")
	refund.Request.Type, refund.Request.Original.Payment, refund.Request.Amount.Minor = payment.Refund, l.number(&good), 50
	refund.Text.Set(payment.PayeeAccount, nil)
	refund.Text.Set(payment.PayerAccount, nil)
	ask := payment.Event{Kind: payment.EnquiryArrived, From: 0}
	ask.Request.Key, ask.Request.Original.Payment = payment.RequestKey{From: 0, STAN: 999}, l.number(&good)
	unsent := l.told(0, 1, "debit=silent")
	l.submit(refund, ask, unsent)
	l.settled()
	lost := payment.Event{Kind: payment.SendFailed, From: 0, Answer: payment.Answer{Payment: l.number(&unsent), Leg: payment.LegDebit}}
	l.submit(lost, payment.Event{Kind: payment.LinkDown, From: 2}, l.told(0, 2, ""), payment.Event{Kind: payment.LinkUp, From: 2})
	for _, wait := range []time.Duration{16 * time.Second, 16 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, time.Hour} {
		l.now.Add(int64(wait))
		l.settled()
	}
	for range 8 {
		l.now.Add(int64(7 * time.Hour))
		l.settled()
	}
	l.command(payment.Command{Kind: payment.Settle, Payment: l.number(&stuck)}, true)
	l.command(payment.Command{Kind: payment.WriteOff, Payment: l.number(&buried)}, true)
	l.command(payment.Command{Kind: payment.Retry, Payment: l.number(&again)}, true)
	l.command(payment.Command{Kind: payment.BankPosted, Payment: l.number(&posted)}, true)
	l.command(payment.Command{Kind: payment.BankReturn, Payment: l.number(&returned)}, true)
	amount := good.Request.Amount
	amount.Minor = 1_000_000
	l.command(payment.Command{Kind: payment.SetCap, Participant: 2, Amount: amount}, true)
	l.command(payment.Command{Kind: payment.Forget, Payment: 10}, true)
	l.settled()
}
