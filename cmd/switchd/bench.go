package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/codec/frame"
	"switchd/switch/bench"
	"switchd/switch/config"
)

// benchFlags are the flags of the load generator.
type benchFlags struct {
	spawn                         bool
	config, target, dir, json     string
	rate                          float64
	duration, warmup, drain       time.Duration
	participants, links, accounts int
	vpaShare, heavyShare          float64
	consoles                      int
	seed                          uint64
	admin                         adminFlags
	fault                         benchFault
	knee                          benchKnee
	profile                       string
	mixText                       string
	mix                           benchMix // of mixText
	raw                           rawLimits
}

// consoleStream is the live part of the console's first page.
const consoleStream = "/console/live?topics=head,sample,overview,participants"

func newBench() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use: "bench (--spawn | --config FILE) --rate N --duration T", Short: "Load a switch in an open loop and say honestly what it held",
		Long: `Plays participants, payment service provider and bank at once, over mutual TLS:
a constant rate whatever the switch does, latency from the time at which a payment
was due, exact books that have to agree with the switch's positions to the unit.

With --spawn it starts a switch of its own as a separate process on loopback, with
fresh certificates, configuration and data in a temporary folder, and ends it
afterwards. With --config it loads a running 'switchd serve' as all participants of
that configuration, with their certificates beside its CA. Where it has admin_access, say
with --token-file, or --cert and --key, who reads its admin port.

30 % of the payments are sent by the first participant, and nearly as many are
received there; payer and payee are always two participants. The payee is named by
address, which the payee's provider resolves: a payment is four commits (request,
resolution, debit answer, credit answer). With a --vpa-share below 1 the rest name
account and IFSC: three commits. Every fourth participant of --spawn speaks
iso87-ascii, the others iso87-npci.

With --consoles that many live pages of the console are held open and the metrics are
scraped every second, in every second span of 1 to 5 s of the window: the report says
what being looked at costs the switch for each payment, and whether that is within 1.05
of what it costs otherwise.

A run is valid when the rate was reached (99 %), the payments ended as they should
(99.9 %), nothing is open at the end, all books agree, and the generator itself was
punctual.
Exit code 0: valid, 1: not valid.

` + kneeHelp + "\n" + faultHelp + "\n" + profileHelp + "\n" + mixHelp(),
		Example: "  switchd bench --spawn --rate 1000 --duration 30s",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.BoolVar(&f.spawn, "spawn", false, "start a switch of its own as a separate process")
	fl.StringVar(&f.config, "config", "", "load the running switch of this configuration file")
	fl.StringVar(&f.target, "target", "", "with --config: its host:port (default: listen of the configuration)")
	fl.StringVar(&f.dir, "dir", "", "with --spawn: make the temporary folder in this one (default: the system's)")
	fl.Float64Var(&f.rate, "rate", 1000, "payments per second, all participants together")
	fl.DurationVar(&f.duration, "duration", 10*time.Second, "length of the measured window")
	fl.DurationVar(&f.warmup, "warmup", 3*time.Second, "load before the measured window")
	fl.DurationVar(&f.drain, "drain", time.Minute, "longest wait for open payments at the end")
	fl.IntVar(&f.participants, "participants", 8, "with --spawn: participants to play")
	fl.IntVar(&f.links, "links", 1, "links of each participant")
	fl.IntVar(&f.accounts, "accounts", 1000, "accounts of each participant")
	fl.Float64Var(&f.vpaShare, "vpa-share", 1, "share of the payments by address, 0 to 1")
	fl.Float64Var(&f.heavyShare, "heavy-share", 0.3, "share of the payments that the first participant sends")
	fl.StringVar(&f.mixText, "mix", "", "what the load has beside plain payments, such as pin-mac,declines=0.01: see above")
	fl.IntVar(&f.consoles, "consoles", 0, "consoles that look at the switch, half of the time")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all chance")
	fl.StringVar(&f.admin.address, "admin", "", "with --config: address of the admin port, host:port or https://host:port, where the configuration does not say it")
	f.admin.registerCredentials(c)
	f.fault.register(fl)
	f.knee.register(fl)
	fl.StringVar(&f.profile, "profile", "", "save profiles of the switch in this folder")
	fl.StringVar(&f.json, "json", "", "write the report as one JSON object to this file; - is stdout, which then has nothing else")
	f.raw.register(c)
	c.AddCommand(newBenchCompare(), newBenchFlame(), newBenchRaw())
	return c
}

// generatorGC makes the collector of the load generator rare: its heap is small,
// and its work is not what is measured.
const generatorGC = 400

func (f *benchFlags) run(c *cobra.Command) error {
	if err := f.check(); err != nil {
		return usageError{err}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(generatorGC))
	ctx, talk := c.Context(), c.ErrOrStderr()
	full := benchReport{}
	var err error
	if f.knee.find {
		full.Report, full.Knee, err = f.searchKnee(ctx, talk)
	} else {
		full.Report, err = f.once(ctx, talk)
	}
	if full.Report == nil {
		return err
	}
	return errors.Join(f.print(full, c.OutOrStdout()), err)
}

// check refuses what cannot be meant.
func (f *benchFlags) check() (err error) {
	if f.spawn == (f.config != "") {
		return errors.New("say either --spawn, or --config FILE of a running switch. See 'switchd bench --help'")
	}
	if f.mix, err = parseMix(f.mixText, f.spawn); err != nil {
		return err
	}
	return errors.Join(f.raw.load(), f.checkAdmin(), f.fault.check(f.spawn), f.knee.check(f))
}

// once makes one run. A report comes with an error when something else than the load failed.
func (f *benchFlags) once(ctx context.Context, talk io.Writer) (report *bench.Report, err error) {
	o := f.options(talk)
	var s subject
	if f.spawn {
		s, err = f.start(ctx, talk)
	} else {
		s, err = f.running()
	}
	if err != nil {
		return nil, err
	}
	o.Address, o.Admin, o.ProbeDir = s.address, s.admin, s.dir
	f.fault.apply(&o, s)
	profiled := f.profiled(&o)
	report, err = f.measure(ctx, o, s)
	stopped := s.stop()
	return report, errors.Join(err, stopped, *profiled)
}

// subject is the switch that is loaded.
type subject struct {
	address string
	admin   bench.Admin
	dir     string // of its data, where that is known
	cfg     *config.Config
	proofs  map[string]bench.Proof // of participants whose messages are protected, by id
	stop    func() error

	// kill ends a switch that was spawned at once, again starts it again; nil: it was not.
	kill  func() error
	again func(context.Context) (address string, admin bench.Admin, err error)
}

// measure runs the load against s.
func (f *benchFlags) measure(ctx context.Context, o bench.Options, s subject) (*bench.Report, error) {
	var err error
	if o.Participants, err = benchParticipants(s); err != nil {
		return nil, err
	}
	o.Currency, o.Letters, o.Switch = s.cfg.Money().Digits(), s.cfg.Currency, s.cfg.Institution
	if err := o.Validate(); err != nil {
		return nil, usageError{err}
	}
	return bench.Run(ctx, o)
}

// running is a switch that somebody else runs.
func (f *benchFlags) running() (subject, error) {
	cfg, err := loadConfig(f.config, false)
	if err != nil {
		return subject{}, err
	}
	s := subject{address: f.target, cfg: cfg, stop: func() error { return nil }}
	if s.address == "" {
		s.address = dialable(cfg.Listen)
	}
	s.admin, err = f.adminOf(cfg)
	return s, err
}

func (f *benchFlags) options(talk io.Writer) bench.Options {
	o := bench.Options{
		Links: f.links, Rate: f.rate, Warmup: f.warmup, Duration: f.duration, Drain: f.drain,
		Accounts: f.accounts, HeavyShare: f.heavyShare, VPAShare: f.vpaShare, Seed: f.seed, Clock: clock,
		Mix: f.mix.list, Declines: f.mix.Declines, Silence: f.mix.Silence,
		Watching: bench.Watching{Consoles: f.consoles, Page: consoleStream},
		Progress: func(p bench.Progress) {
			phase := "warm-up"
			if p.Measured {
				phase = "measure"
			}
			fmt.Fprintf(talk, "%4.0fs  %s  sent %d  answered %d  open %d\n", p.Elapsed.Seconds(), phase, p.Sent, p.Answered, p.Open)
		},
	}
	if f.warmup == 0 {
		o.Warmup = -1 // zero means the default there
	}
	return o
}

// benchParticipants are all participants of a configuration that can be paid by
// account and by address.
func benchParticipants(s subject) ([]bench.Participant, error) {
	var out []bench.Participant
	cfg := s.cfg
	for _, p := range cfg.Participants {
		if len(p.Handles) == 0 || len(p.IFSCPrefixes) == 0 {
			continue
		}
		if _, known := s.proofs[p.ID]; !known && (p.MAC.Key != "" || p.Signature.Key != "") {
			return nil, usageError{fmt.Errorf("participant %s: its messages are protected by mac or signature, and bench does not have its keys: load a configuration without, or use --spawn with --mix pin-mac", p.ID)}
		}
		framing, err := frame.Parse(p.Framing)
		if err != nil {
			return nil, err
		}
		conf, err := certs.ClientConfig(leafPaths(filepath.Dir(cfg.TLS.CA), p.ID), clock)
		if err != nil {
			return nil, err
		}
		one := bench.Participant{
			ID: p.ID, Institution: p.Institution, Handle: p.Handles[0], IFSC: p.IFSCPrefixes[0],
			Framing: framing, TLS: conf, Proof: s.proofs[p.ID],
		}
		if err := benchSpeech(&one, &p); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// benchReport is the report with what only the command knows.
type benchReport struct {
	*bench.Report
	Knee    *kneeReport    `json:"knee,omitempty"` // how it was found
	Version string         `json:"version"`
	Commit  string         `json:"commit"`
	Limits  *againstLimits `json:"limits,omitempty"` // absent: compared with nothing
}

// print shows the report and makes it the exit code.
func (f *benchFlags) print(full benchReport, stdout io.Writer) error {
	v, r := readVersion(), full.Report
	full.Version, full.Commit, full.Limits = v.Version, v.Commit, f.raw.against(r)
	if f.json != "-" {
		printBench(stdout, full)
		full.Limits.draw(benchPage{stdout})
	}
	if err := writeFigures(f.json, stdout, full); err != nil {
		return err
	}
	if !r.Valid {
		return fmt.Errorf("the run is not valid: %s", strings.Join(r.Reasons, "; "))
	}
	return nil
}

// writeFigures writes v as one JSON object to the file that --json names: "-" is stdout,
// and nothing is written where there is none.
func writeFigures(file string, stdout io.Writer, v any) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if file == "-" {
		_, err = stdout.Write(data)
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
