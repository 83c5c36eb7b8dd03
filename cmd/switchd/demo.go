package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"switchd/certs"
	"switchd/switch/config"
	"switchd/switch/simbank"
)

// demoFlags are the flags of the demo.
type demoFlags struct {
	dir      string
	duration time.Duration
	rate     float64
	seed     uint64
	faults   bool
	asJSON   bool
	verbose  bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Run an embedded switch with three simulated participants and show the payments",
		Long: `Starts a switch on free loopback ports, makes certificates, connects three
simulated participants of three dialects and framings over mutual TLS and lets
them pay each other. Shows a live table on a terminal, plain lines elsewhere. Ends by Ctrl-C or
after --duration: it waits until every payment is closed, compares each
participant's book with the switch's ledger and exits with 0 only if all agree to
the unit.`,
		Example: "  switchd demo --faults\n  switchd demo --duration 10s --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.StringVar(&f.dir, "dir", "", "folder for certificates, configuration and data (default: a temporary one)")
	fl.DurationVar(&f.duration, "duration", 0, "end after this time (default: by Ctrl-C)")
	fl.Float64Var(&f.rate, "rate", 30, "payments per second, all participants together")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all chance")
	fl.BoolVar(&f.faults, "faults", false, "participants misbehave: declines, silence, late and duplicate answers")
	fl.BoolVar(&f.asJSON, "json", false, "print one JSON object at the end, nothing else on stdout")
	fl.BoolVar(&f.verbose, "verbose", false, "show the operator log")
	return c
}

// demo is a running demo.
type demo struct {
	flags demoFlags
	node  *node
	banks []*simbank.Bank
	ids   []string
}

func (f *demoFlags) run(c *cobra.Command) error {
	if f.rate < 0 || f.rate > 2000 || f.duration < 0 {
		return usageError{errors.New("--rate must be 0 to 2000 and --duration not negative; for load use 'switchd bench'")}
	}
	dir, remove, err := f.folder()
	if err != nil {
		return err
	}
	defer remove()
	cfg, err := demoConfig(dir)
	if err != nil {
		return err
	}
	logger := slog.New(slog.DiscardHandler)
	if f.verbose {
		logger = newLogger(c.ErrOrStderr(), false)
	}
	d := &demo{flags: *f}
	if d.node, err = newNode(cfg, logger, false); err != nil {
		return err
	}
	return d.run(c.Context(), filepath.Join(dir, "certs"), logger, c.OutOrStdout(), c.ErrOrStderr())
}

// folder prepares the folder of the demo. A folder that already holds a run is
// refused: the books of its banks are gone, so it could not balance.
func (f *demoFlags) folder() (dir string, remove func(), err error) {
	if f.dir == "" {
		dir, err = os.MkdirTemp("", "switchd-demo-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if _, err := os.Stat(filepath.Join(f.dir, "data")); err == nil {
		return "", nil, usageError{fmt.Errorf("%s already holds a demo; name another folder or remove it", f.dir)}
	}
	return f.dir, func() {}, os.MkdirAll(f.dir, 0o700)
}

// demoParticipant is one of a configuration that we write.
type demoParticipant struct{ ID, Institution, Handle, IFSC, Dialect, Framing, Header, Abilities string }

// demoParticipants are those of the demo, in the order of their letters: text,
// packed digits under a header, and XML, each in a framing of its own.
var demoParticipants = []demoParticipant{
	{"BANKA", "100001", "banka", "BNKA", "iso87-ascii", "ASCII4", "", ""},
	{"BANKB", "100002", "bankb", "BNKB", "iso87-binary", "NAC", "6000030001", "checks, updates"},
	{"BANKC", "100003", "bankc", "BNKC", dialect20022, "BIN4", "", ""},
}

// demoTemplate has short timers, so that every repair is seen within seconds, and
// little room to keep: a temporary folder may be on a small disk.
var demoTemplate = template.Must(template.New("demo").Parse(`# Written by switchd demo.
listen: 127.0.0.1:0
admin: 127.0.0.1:0
data_dir: ./data
currency: INR
institution: "999999"
tls: {ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}
hsm: {driver: soft, keys: keys/switch.hsm, unlock: keys/switch.unlock, timeout: 2s}
disk: {reserve: 96MiB, ballast: 0}
defaults:
  timers: {resolve: 300ms, debit: 300ms, credit: 300ms, total: 2s, reversal: 200ms, backoff_min: 100ms, backoff_max: 1s, give_up: 1m, credit_unknown: 600ms, idle: 5s, echo: 1s}
participants:
{{- range .Participants }}
  - {id: {{ .ID }}, institution: "{{ .Institution }}", handles: [{{ .Handle }}], ifsc_prefixes: [{{ .IFSC }}], dialect: {{ .Dialect }}, framing: {{ .Framing }}{{ with .Header }}, header: "{{ . }}"{{ end }}{{ with .Abilities }}, abilities: [{{ . }}]{{ end }}{{ with index $.Proof .ID }}, {{ . }}{{ end }}, net_debit_cap: "10000000.00", breaker: {open_for: 1s}}
{{- end }}
`))

// demoConfig writes certificates, keys and a configuration into dir and loads it.
func demoConfig(dir string) (*config.Config, error) {
	var ids []string
	for _, p := range demoParticipants {
		ids = append(ids, p.ID)
	}
	certDir := filepath.Join(dir, "certs")
	if _, err := os.Stat(certDir); errors.Is(err, os.ErrNotExist) {
		if err := certs.Init(certDir, ids, clock); err != nil {
			return nil, err
		}
		if err := certs.IssueSigning(certDir, demoSigners, time.Unix(0, clock()), certs.LeafValidity); err != nil {
			return nil, err
		}
	}
	var text bytes.Buffer
	if err := makeDemoKeys(filepath.Join(dir, "keys"), certDir); err != nil {
		return nil, err
	}
	if err := demoTemplate.Execute(&text, map[string]any{"Participants": demoParticipants, "Proof": demoProof}); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "switchd.yml")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		return nil, err
	}
	return loadConfig(file, true)
}

// demoSettleMax is how long the end of a demo may wait for open payments.
const demoSettleMax = time.Minute

func (d *demo) run(ctx context.Context, certDir string, logger *slog.Logger, stdout, stderr io.Writer) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	started := make(chan struct{})
	var all errgroup.Group
	all.Go(func() error {
		defer stop()
		return d.node.run(work, func() { close(started) })
	})
	select {
	case <-started:
	case <-work.Done():
		return all.Wait()
	}
	fmt.Fprintf(stderr, "switch on %s, admin %s\n", d.node.server.Addr(), d.node.admin.URL())
	banksCtx, stopBanks := context.WithCancel(work)
	defer stopBanks()
	if err := d.startBanks(banksCtx, &all, certDir, logger); err != nil {
		stop()
		return errors.Join(err, all.Wait())
	}
	view := newDemoView(d, stdout, stderr)
	d.watch(ctx, work, view, stderr)
	result := d.settle(work, view.show)
	stopBanks()
	waitFor(work, func() bool { return d.node.linksUp() == 0 })
	stop()
	if err := all.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return d.print(result, stdout)
}

// startBanks connects the participants and waits until all are signed on.
func (d *demo) startBanks(ctx context.Context, all *errgroup.Group, certDir string, logger *slog.Logger) error {
	flags := bankFlags{
		connect: d.node.server.Addr(), certs: certDir, accounts: 10, balance: 10_000_000,
		rate: d.flags.rate / float64(len(demoParticipants)), badRate: 0.01, repeatRate: 0.01,
		answerTimeout: 3 * time.Second, repeatsMax: 10, drain: 10 * time.Second, faults: d.flags.faults,
	}
	for i, p := range demoParticipants {
		flags.id, flags.seed = p.ID, d.flags.seed*1000+uint64(i)
		flags.keyFiles(filepath.Join(filepath.Dir(certDir), "keys"), certDir)
		options, err := flags.options(d.node.cfg)
		if err != nil {
			return err
		}
		options.Log = logger
		bank, err := simbank.New(options)
		if err != nil {
			return err
		}
		d.banks, d.ids = append(d.banks, bank), append(d.ids, p.ID)
		all.Go(func() error { return bank.Run(ctx) })
	}
	for _, b := range d.banks {
		select {
		case <-b.Ready():
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(demoSettleMax):
			return errors.New("a simulated participant could not sign on")
		}
	}
	return nil
}

// watch shows the payments until the duration is over or ctx ends.
func (d *demo) watch(ctx, work context.Context, view *demoView, stderr io.Writer) {
	tick := time.NewTicker(view.every)
	defer tick.Stop()
	var over <-chan time.Time
	if d.flags.duration > 0 {
		over = time.After(d.flags.duration)
	}
	for {
		view.show(work)
		select {
		case <-tick.C:
		case <-over:
			return
		case <-work.Done():
			return
		case <-ctx.Done():
			exitOnSignal() // for good: the process ends with the demo
			fmt.Fprintln(stderr, "\nstopping: no new payments, waiting for the open ones; Ctrl-C again ends at once")
			return
		}
	}
}

// demoResult is what the demo prints with --json; scripts rely on the names.
type demoResult struct {
	Payments      uint64  `json:"payments"`
	Success       uint64  `json:"success"`
	Declined      uint64  `json:"declined"`
	Reversed      uint64  `json:"reversed"`
	Deemed        uint64  `json:"deemed"`
	Open          int     `json:"open"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms"`
	BooksBalanced bool    `json:"books_balanced"`
	PositionsSum  int64   `json:"positions_sum"`

	faults []string
}

// settle ends the payments, shows each second how many are open still, and compares
// the books with the ledger.
func (d *demo) settle(ctx context.Context, show func(context.Context)) demoResult {
	for _, b := range d.banks {
		b.StopOriginating()
	}
	ctx, cancel := context.WithTimeout(ctx, demoSettleMax)
	defer cancel()
	shown := clock()
	waitFor(ctx, func() bool {
		if now := clock(); now-shown >= int64(time.Second) {
			shown = now
			show(ctx)
		}
		for _, b := range d.banks {
			if s := b.Stats(); s.Open > 0 || s.Delayed > 0 {
				return false
			}
		}
		s, err := d.node.summary(ctx)
		return err == nil && s.Open == 0
	})
	s, err := d.node.summary(context.WithoutCancel(ctx))
	latency := simbank.MergedLatency(d.banks)
	r := demoResult{
		Payments: s.Payments, Success: s.States["SUCCESS"], Declined: s.States["DECLINED"],
		Reversed: s.States["FAILED_REVERSED"], Deemed: s.States["DEEMED"], Open: s.Open,
		P50: latency.P50, P99: latency.P99, PositionsSum: s.PositionsSum,
	}
	if r.faults = d.compare(s); err != nil {
		r.faults = append(r.faults, err.Error())
	}
	r.BooksBalanced = len(r.faults) == 0
	return r
}

// compare lists what does not agree: a participant's book with its position, or
// anything that an honest switch never does.
func (d *demo) compare(s summary) (faults []string) {
	if s.Open != 0 {
		faults = append(faults, fmt.Sprintf("%d payments are still open", s.Open))
	}
	if s.PositionsSum != 0 {
		faults = append(faults, fmt.Sprintf("positions sum to %d", s.PositionsSum))
	}
	if n := s.States["REVERSAL_STUCK"]; n != 0 {
		faults = append(faults, fmt.Sprintf("%d reversals are stuck", n))
	}
	for i, b := range d.banks {
		stats := b.Stats()
		for _, p := range s.Participants {
			if p.ID == d.ids[i] && (p.Position.Posted != stats.Net || p.Position.Reserved != 0) {
				faults = append(faults, fmt.Sprintf("%s: book %d, ledger %d posted and %d reserved", p.ID, stats.Net, p.Position.Posted, p.Position.Reserved))
			}
		}
		if stats.Mismatches+stats.Malformed+stats.Conflicts+stats.Unanswered != 0 {
			faults = append(faults, fmt.Sprintf("%s: %d changed answers, %d malformed messages, %d conflicting legs, %d payments without an answer",
				d.ids[i], stats.Mismatches, stats.Malformed, stats.Conflicts, stats.Unanswered))
		}
		if stats.PINsMissing+stats.PINsUnreadable != 0 { // all payments of a participant with PINs have one
			faults = append(faults, fmt.Sprintf("%s: %d debits without a PIN, %d with one that nobody can read", d.ids[i], stats.PINsMissing, stats.PINsUnreadable))
		}
	}
	return faults
}

// print shows the result and makes it the exit code.
func (d *demo) print(r demoResult, stdout io.Writer) error {
	if d.flags.asJSON {
		if err := json.NewEncoder(stdout).Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(stdout, "\n%d payments: %d success, %d declined, %d reversed, %d deemed, %d open; p50 %.2f ms, p99 %.2f ms\n",
			r.Payments, r.Success, r.Declined, r.Reversed, r.Deemed, r.Open, r.P50, r.P99)
	}
	if !r.BooksBalanced {
		return fmt.Errorf("books do not balance: %v", r.faults)
	}
	if !d.flags.asJSON {
		fmt.Fprintln(stdout, "every participant's book agrees with the switch's ledger to the unit")
	}
	return nil
}
