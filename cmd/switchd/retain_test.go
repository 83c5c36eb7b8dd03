package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/config"
	"switchd/switch/engine"
	"switchd/switch/journal"
	"switchd/switch/payment"
)

// silent takes what an engine says and tells nobody.
type silent struct{}

// Encode drops an effect.
func (silent) Encode(*payment.Effect) {}

// Release has nothing to release.
func (silent) Release() {}

// past has an engine on the data folder so many days ago, which declines payments to
// nobody, from the given one on.
func past(t *testing.T, cfg *config.Config, days int, stan, payments uint32) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	f, err := openDataFolder(cfg, log, &security{}, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ago := int64(days) * int64(24*time.Hour)
	e, err := engine.Open(engine.Options{
		Log: f.journal, State: f.state, Keys: f.keys, Config: machineConfig(cfg), Clock: func() int64 { return clock() - ago }, Logger: log,
	})
	if err == nil {
		err = f.entry.Begin()
	}
	if err != nil {
		t.Fatal(errors.Join(err, f.close()))
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, silent{}) }()
	for n := range payments {
		if err := request(e, stan+n); err != nil {
			t.Fatal(err)
		}
	}
	stop() // what was submitted is committed first
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// live runs a switch in this process while f looks at it.
func live(t *testing.T, cfg *config.Config, f func(n *node)) (log string) {
	t.Helper()
	var text bytes.Buffer
	n, err := newNode(cfg, slog.New(slog.NewTextHandler(&text, nil)), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- n.run(ctx, func() { close(up) }) }()
	select {
	case <-up:
	case err := <-done:
		t.Fatal(err)
	}
	f(n)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// request asks for a payment to nobody, which is declined on the record.
func request(engine *engine.Engine, stan uint32) error {
	e := payment.Event{Kind: payment.RequestArrived}
	e.Request = payment.Request{Key: payment.RequestKey{STAN: stan, Acquirer: 100_001}, Hash: uint64(stan)}
	e.Request.Amount.Minor, e.Request.Amount.Currency = 100, 356
	e.Text.Set(payment.PayerAccount, []byte("1000010001"))
	e.Text.Set(payment.PayeeAccount, []byte("1000020002"))
	e.Text.Set(payment.PayeeIFSC, []byte("ZZZZ0000001"))
	_, err := engine.Submit([]payment.Event{e})
	return err
}

// payments are the numbers of those in the rows.
func (n *node) payments(t *testing.T) (ids []payment.ID) {
	t.Helper()
	err := n.data.state.Payments(func(p *payment.Payment) error { ids = append(ids, p.ID); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestRetention: a switch whose data folder has old days moves them to the archive
// and forgets old payments, at its start; what is left goes on, and starts again.
func TestRetention(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg, err := demoConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Retention = config.Retention{Journal: 10, State: 20, ArchiveDir: filepath.Join(dir, "archive"), Archive: 40}
	for i, days := range []int{50, 30, 15, 5} {
		past(t, cfg, days, uint32(1+5*i), 5)
	}
	past(t, cfg, 1, 0, 0) // without yesterday, the clock would be in doubt
	var first uint64
	log := live(t, cfg, func(n *node) {
		until(t, patience, "retention has run", func() bool {
			text := gathered(t, n)
			return strings.Contains(text, `switchd_retention_runs_total{outcome="done"} 1`)
		})
		if got := n.payments(t); len(got) != 10 || uint64(got[0]) < uint64(len(got)) {
			t.Errorf("payments %v are left, want the ten of the last twenty days", got)
		}
		stat, err := n.data.journal.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Duration(clock() - stat.FirstAt); age > 11*24*time.Hour {
			t.Errorf("the journal begins %v ago", age)
		}
		if first = stat.First; uint64(n.payments(t)[0]) >= first {
			t.Errorf("payments from %d are known, the journal begins at %d: this proves little", n.payments(t)[0], first)
		}
	})
	files, err := filepath.Glob(filepath.Join(cfg.Retention.ArchiveDir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("the archive has %v, %v\n%s", files, err, log)
	}
	slices.Sort(files)
	next := uint64(0)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		header, seg, err := journal.VerifySegment(f)
		f.Close()
		if err != nil || !strings.Contains(file, header.Day) || header.By != fmt.Sprintf("switchd %s, institution 999999", releaseVersion) {
			t.Errorf("%s: %+v %v", file, header, err)
		}
		var ids []string
		for _, p := range cfg.Participants {
			ids = append(ids, p.ID)
		}
		if !slices.Equal(header.Participants, ids) {
			t.Errorf("%s names the participants %v, want %v", file, header.Participants, ids)
		}
		if next != 0 && seg.First != next {
			t.Errorf("%s begins with record %d, the one before ends before %d", file, seg.First, next)
		}
		next = seg.Last + 1
	}
	if next != first {
		t.Errorf("the archive ends before record %d, the journal begins with %d", next, first)
	}
	// A crash now replays what is left, and forgotten payments stay unknown.
	live(t, cfg, func(n *node) {
		var known payment.ID
		if err := n.engine.Inspect(context.Background(), func(m *payment.Machine) { known = m.Known() }); err != nil || known == 0 {
			t.Errorf("known from %d, %v", known, err)
		}
		if err := request(n.engine, 1); err != nil { // 50 days ago it was declined; now it is new
			t.Fatal(err)
		}
		until(t, patience, "a forgotten request is a new one", func() bool { return len(n.payments(t)) == 11 })
	})
}

// TestExportDay: a business day that is over goes to a file that says whose numbers
// stand in it, and can be looked into by itself.
func TestExportDay(t *testing.T) {
	dir := t.TempDir()
	cfg, err := demoConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	past(t, cfg, 5, 1, 3)
	past(t, cfg, 3, 4, 2)
	out, _ := runs(t, 0, "journal", "stat", "--dir", cfg.DataDir, "--json")
	day, file := unmarshal[journalView](t, out).FirstDay, filepath.Join(dir, "day")
	out, said := runs(t, 0, "journal", "export", "--dir", cfg.DataDir, "--day", day, "--out", file, "--json")
	v := unmarshal[exportView](t, out)
	if said != "" || v.Header.Day != day || len(v.Header.Participants) != len(cfg.Participants) || v.Header.Participants[0] != cfg.Participants[0].ID {
		t.Errorf("export: %s%s", out, said)
	}
	out, _ = runs(t, 0, "journal", "dump", "--segment", file, "--json", "--kind", "request")
	for _, e := range events(t, out) {
		if e.From != cfg.Participants[0].ID || !strings.HasPrefix(e.At, day) {
			t.Errorf("%+v", e)
		}
	}
	if n := len(events(t, out)); n != 3 {
		t.Errorf("the day has %d requests, want 3:\n%s", n, out)
	}
}

func gathered(t *testing.T, n *node) string {
	t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.GetMetric() {
			b.WriteString(f.GetName())
			for _, l := range m.GetLabel() {
				fmt.Fprintf(&b, "{%s=%q}", l.GetName(), l.GetValue())
			}
			fmt.Fprintf(&b, " %v\n", m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
	return b.String()
}

// TestCheckConfigTriesTheArchive: with --files, in the name of its key.
func TestCheckConfigTriesTheArchive(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for archive, good := range map[string]bool{"": true, filepath.Join(dir, "new"): true, filepath.Join(file, "below"): false} {
		err := checkKeys("switchd.yml", &config.Config{Retention: config.Retention{ArchiveDir: archive}})
		if (err == nil) != good || err != nil && !strings.HasPrefix(err.Error(), "switchd.yml: archive_dir: ") {
			t.Errorf("%q: %v", archive, err)
		}
	}
}
