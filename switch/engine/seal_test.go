package engine

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"switchd/switch/journal"
	"switchd/switch/payment"
	"switchd/switch/seal"
	"switchd/switch/state"
)

// openSealed opens an engine whose journal records are sealed with keys.
func openSealed(t *testing.T, fs vfs.FS, keys *seal.Keys) (*Engine, error) {
	t.Helper()
	j, s := stores(t, fs, keys)
	e, err := Open(Options{Log: j, State: s, Config: testConfig(time.Minute), Clock: clockOf, Keys: keys})
	if err != nil {
		j.Close()
		s.Close()
	}
	return e, err
}

func testKeys(t testing.TB, id uint32) *seal.Keys {
	t.Helper()
	keys, err := seal.New([32]byte{1}, seal.Key{ID: id, Secret: [32]byte{byte(id)}})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestJournalIsSealed: no account is in the journal in the clear, a restart with
// the key knows the payment, and one without it says which key it needs.
func TestJournalIsSealed(t *testing.T) {
	fs := vfs.NewCrashableMem()
	e, err := openSealed(t, fs, testKeys(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	out := &sink{sent: make(chan string, 10)}
	stop := start(e, out)
	ev := push(1)
	ev.Text.Set(payment.PayerAccount, []byte("50100012345678"))
	submit(t, e, append(links(), ev)...)
	<-out.sent
	crashed := func() vfs.FS { return fs.CrashClone(vfs.CrashCloneCfg{}) } // the state store has nothing: all is replayed
	before, again := crashed(), crashed()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	scanJournal(t, crashed(), func(record []byte) {
		seen++
		if bytes.Contains(record, []byte("50100012345678")) {
			t.Errorf("an account in the clear: %q", record)
		}
	})
	if seen == 0 {
		t.Fatal("the journal is empty")
	}
	if _, err := openSealed(t, again, testKeys(t, 2)); err == nil || !strings.Contains(err.Error(), "sealed with key 1") {
		t.Errorf("with another key: %v", err)
	}
	e, err = openSealed(t, before, testKeys(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	e.m.OpenPayments(func(p *payment.Payment) {
		if got := string(p.Text.Get(payment.PayerAccount)); got != "50100012345678" {
			t.Errorf("account %q after the replay", got)
		}
	})
	if e.m.OpenCount() != 1 {
		t.Errorf("%d open payments after the replay", e.m.OpenCount())
	}
}

// TestOtherRulesAreNotReplayed: what a binary with other rules of the machine has
// left unfinished is refused before anything of it takes effect.
func TestOtherRulesAreNotReplayed(t *testing.T) {
	fs := vfs.NewMem()
	j, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	ev := payment.Event{Seq: 1, At: 1, Kind: payment.Tick}
	record := payment.AppendEvent(nil, &ev)
	record[1] = payment.Logic + 1
	var g journal.Group
	g.Reset(1)
	g.Add(record)
	ticket, err := j.Append(&g)
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openSealed(t, fs, nil); err == nil || !strings.Contains(err.Error(), "record 1") || !strings.Contains(err.Error(), "start the version that wrote it") {
		t.Fatalf("a tail of other rules: %v", err)
	}
	s, err := state.Open("state", state.Options{FS: fs})
	if err != nil || s.Applied() != 0 {
		t.Errorf("applied %d: %v", s.Applied(), err)
	}
}

func scanJournal(t *testing.T, fs vfs.FS, f func(record []byte)) {
	t.Helper()
	j, err := journal.OpenPebble("journal", journal.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Replay(1, func(_ uint64, record []byte) error { f(record); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestAnotherKeyUnderTheSameNumber: after a clean stop, with nothing open and nothing
// to be replayed, a key file with another key under the number of the old one is
// refused, however many records without anything secret have come since.
func TestAnotherKeyUnderTheSameNumber(t *testing.T) {
	for name, later := range map[string]int{"at once": 0, "much later": keyCheckMin + 1} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			run := func(keys *seal.Keys, events []payment.Event) error {
				e, err := openSealed(t, fs, keys)
				if err != nil {
					return err
				}
				stop := start(e, &sink{})
				submit(t, e, events...)
				return stop()
			}
			declined := push(1) // its payee is nobody's: it is over at once
			declined.Text.Set(payment.PayeeIFSC, []byte("NONE0000001"))
			events := []payment.Event{declined}
			for range later {
				events = append(events, payment.Event{Kind: payment.LinkUp, From: 1})
			}
			if err := run(testKeys(t, 1), events); err != nil {
				t.Fatal(err)
			}
			other, err := seal.New([32]byte{1}, seal.Key{ID: 1, Secret: [32]byte{9}})
			if err != nil {
				t.Fatal(err)
			}
			if err := run(other, nil); err == nil || !strings.Contains(err.Error(), "key 1 of the key file is another one") {
				t.Errorf("with another key: %v", err)
			}
			if err := run(testKeys(t, 1), nil); err != nil {
				t.Errorf("with the right one: %v", err)
			}
		})
	}
}
