package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/codec/iso8583"
	"switchd/switch/config"
	"switchd/switch/simbank"
)

// bankFlags are what a simulated participant can be told on the command line.
type bankFlags struct {
	config, id, connect, certs, report string
	listen                             string
	macKey, pinKey, signKey            string
	links                              int
	accounts                           int
	balance                            int64
	rate, badRate, repeatRate          float64
	duration, answerTimeout, drain     time.Duration
	repeatsMax                         int
	seed                               uint64
	faults, linger                     bool
	quiet, asJSON                      bool
}

func newBank() *cobra.Command {
	var f bankFlags
	c := &cobra.Command{
		Use: "bank --config FILE --id ID", Short: "Run one simulated participant (PSP and bank) that connects to a switch",
		Long: `Connects to the switch of the configuration as participant ID, or with --listen
has the switch connect, with the certificate <id>.pem beside the configured CA, answers resolutions, debits,
credits, reversals and advices from its own book, and with --rate originates
payments to the other participants. Ends by Ctrl-C or after --duration.

When the configuration has mac, pin or signature for it, it makes and checks codes,
PIN blocks of PINs that it derives from the accounts, and signatures, with keys that
it has in clear (--mac-key, --pin-key, --sign-key): it is a simulator. Of its bad
payments some have a wrong PIN; with --faults some messages have a code or signature
that is wrong, or none.`,
		Example: "  switchd bank --config switchd.yml --id BANKA --rate 5\n  switchd bank --config switchd.yml --id BANKB --faults --duration 10m",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the switch's configuration file (required)")
	fl.StringVar(&f.id, "id", "", "participant to be (required)")
	fl.StringVar(&f.connect, "connect", "", "host:port of the switch (default: listen of the configuration)")
	fl.IntVar(&f.links, "links", 1, "links to open, up to 64")
	fl.StringVar(&f.listen, "listen", "", "host:port to have the switch connect to, instead of connecting to it")
	fl.StringVar(&f.certs, "certs", "", "folder with ca.pem and <id>.pem (default: the folder of the configured CA)")
	fl.StringVar(&f.macKey, "mac-key", "", "file with the key of its message authentication codes, in hexadecimal digits; needed when the configuration has mac for it")
	fl.StringVar(&f.pinKey, "pin-key", "", "file with the key of its PIN blocks, in hexadecimal digits; needed when the configuration has pin for it")
	fl.StringVar(&f.signKey, "sign-key", "", "file with the private key that it signs its messages with (PEM, PKCS #8); needed when the configuration has signature for it")
	fl.StringVar(&f.report, "report", "", "write a full report of payments and legs to this file at the end")
	fl.IntVar(&f.accounts, "accounts", 10, "accounts to keep")
	fl.Int64Var(&f.balance, "balance", 10_000_000, "opening balance of each account, minor units")
	fl.Float64Var(&f.rate, "rate", 0, "own payments per second")
	fl.Float64Var(&f.badRate, "bad-rate", 0, "share of own payments to nowhere or with a wrong PIN, 0 to 1")
	fl.Float64Var(&f.repeatRate, "repeat-rate", 0, "share of own payments sent twice, 0 to 1")
	fl.DurationVar(&f.duration, "duration", 0, "end after this time (default: by Ctrl-C)")
	fl.DurationVar(&f.answerTimeout, "answer-timeout", time.Minute, "repeat an own payment that is not answered within this time, ask about one that is in doubt")
	fl.IntVar(&f.repeatsMax, "repeats-max", 5, "repeats of one payment before it is given up")
	fl.DurationVar(&f.drain, "drain", 10*time.Second, "longest wait for open own payments at the end")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of all chance")
	fl.BoolVar(&f.faults, "faults", false, "misbehave: declines, silence, late and duplicate answers")
	fl.BoolVar(&f.linger, "linger", false, "the first Ctrl-C ends own payments only; go on answering the switch until the second")
	fl.BoolVar(&f.quiet, "quiet", false, "log warnings and errors only")
	fl.BoolVar(&f.asJSON, "json", false, "print the final counters as one JSON object")
	for _, name := range []string{"config", "id"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return c
}

func (f *bankFlags) run(c *cobra.Command) error {
	cfg, err := loadConfig(f.config, false)
	if err != nil {
		return err
	}
	options, err := f.options(cfg)
	if err != nil {
		return err
	}
	options.Log = newLogger(c.ErrOrStderr(), f.quiet)
	bank, err := simbank.New(options)
	if err != nil {
		return usageError{err}
	}
	ctx := c.Context()
	if f.linger {
		var stop func()
		ctx, stop = linger(context.WithoutCancel(ctx), f.id, bank, c.ErrOrStderr())
		defer stop()
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	ended := context.AfterFunc(ctx, func() { exitOnSignal() }) // a Ctrl-C during the drain ends at once
	defer ended()
	if err := bank.Run(ctx); err != nil {
		return err
	}
	if f.report != "" {
		if err := writeReport(f.report, bank); err != nil {
			return err
		}
	}
	stats := bank.Stats()
	if f.asJSON {
		return json.NewEncoder(c.OutOrStdout()).Encode(stats)
	}
	fmt.Fprintln(c.OutOrStdout(), bankEnd(f.id, &stats))
	return nil
}

// bankEnd is what a bank has done, in a line. Unanswered is as in its report: what it has
// given up, and what was still open when it left.
func bankEnd(id string, s *simbank.Stats) string {
	return fmt.Sprintf("%s: sent %d, success %d, declined %d, deemed %d, unanswered %d; debits %d, credits %d, reversals %d; net %d",
		id, s.Sent, s.Success, s.Declined, s.Deemed, s.Unanswered+s.Open, s.Debits, s.Credits, s.Reversals, s.Net)
}

// linger returns a context that ends with the second Ctrl-C. The first ends the
// own payments only: one that has its answer may still need a repair here, so
// participants of a test stop paying first and leave when the switch has nothing
// open. It says on talk when all own payments have their answers.
func linger(parent context.Context, id string, bank *simbank.Bank, talk io.Writer) (ctx context.Context, stop func()) {
	ctx, stop = context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	notifySignals(signals)
	next := func() bool {
		select {
		case <-signals:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		if !next() {
			return
		}
		bank.StopOriginating()
		go func() {
			if waitFor(ctx, func() bool { return bank.Stats().Open == 0 }) {
				fmt.Fprintf(talk, "%s: no own payment is open\n", id)
			}
		}()
		if next() {
			stop()
		}
	}()
	return ctx, stop
}

func writeReport(file string, bank *simbank.Bank) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := bank.WriteReport(out); err != nil {
		return err
	}
	return out.Close()
}

// options says who the simulated bank is, from the switch's configuration.
func (f *bankFlags) options(cfg *config.Config) (simbank.Options, error) {
	o := simbank.Options{
		ID: f.id, Accounts: f.accounts, OpeningBalance: f.balance, Rate: f.rate, BadRate: f.badRate, RepeatRate: f.repeatRate,
		AnswerTimeout: f.answerTimeout, RepeatsMax: f.repeatsMax, Seed: f.seed, Drain: f.drain,
		Address: f.connect, Links: f.links, Clock: clock, Currency: cfg.Money().Digits(),
	}
	if o.Address == "" && f.listen == "" {
		o.Address = dialable(cfg.Listen)
	}
	if f.faults {
		o.Faults = demoFaults
	}
	found := false
	for _, p := range cfg.Participants {
		if len(p.Handles) == 0 || len(p.IFSCPrefixes) == 0 {
			continue
		}
		if p.ID != f.id {
			o.Peers = append(o.Peers, simbank.Peer{Handle: p.Handles[0], IFSC: p.IFSCPrefixes[0], Institution: p.Institution, Accounts: f.accounts})
			continue
		}
		found = true
		o.Institution, o.Handle, o.IFSC, o.Idle, o.EchoTimeout = p.Institution, p.Handles[0], p.IFSCPrefixes[0], p.Timers.Idle, p.Timers.Echo
		if err := errors.Join(f.speak(&o, &p, cfg), f.prove(&o, &p, cfg)); err != nil {
			return o, err
		}
		wire, err := wireOf(&p)
		if err != nil {
			return o, err
		}
		// The header in the configuration is the switch's: ours answers to it.
		o.Framing, o.Header = wire.Framing, wire.Framing.AppendReply(nil, wire.Header)
	}
	if !found {
		return o, usageError{fmt.Errorf("participant %q is not in %s with a handle and an IFSC prefix", f.id, f.config)}
	}
	dir := f.certs
	if dir == "" {
		dir = filepath.Dir(cfg.TLS.CA)
	}
	return o, f.secure(&o, leafPaths(dir, f.id))
}

// secure gives the bank its side of the mutual TLS, and its port if it listens.
func (f *bankFlags) secure(o *simbank.Options, own certs.Paths) (err error) {
	if f.listen == "" {
		o.TLS, err = certs.ClientConfig(own, clock)
		return err
	}
	if o.TLS, err = certs.ServerConfig(own, func(id string) bool { return id == certs.SwitchID }, clock); err != nil {
		return err
	}
	o.Listener, err = net.Listen("tcp", f.listen)
	return err
}

// speak gives the bank the protocol of its dialect and the abilities that the
// switch counts on.
func (f *bankFlags) speak(o *simbank.Options, p *config.Participant, cfg *config.Config) (err error) {
	o.PostOnConfirm, o.ConfirmTimeout = p.Posting == "on_confirm", min(f.answerTimeout, confirmTimeout)
	if p.Dialect == dialect20022 {
		o.ISO20022, o.Switch = true, cfg.Institution
		o.Receipts = slices.Contains(abilitiesOf(p), "receipts")
		return nil
	}
	o.Spec, err = iso8583.BuiltinJSON(p.Dialect)
	return err
}

// confirmTimeout is the longest wait for the confirmation of an accepted credit
// before the switch is asked about it.
const confirmTimeout = 10 * time.Second

func leafPaths(dir, id string) certs.Paths {
	return certs.Paths{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, id+".pem"), Key: filepath.Join(dir, id+"-key.pem")}
}

// dialable turns a listen address into one that this machine can connect to.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// demoFaults is how a participant misbehaves with --faults.
var demoFaults = simbank.Faults{
	DelayMin: time.Millisecond, DelayMax: 20 * time.Millisecond,
	Decline: 0.05, Ambiguous: 0.02, Swallow: 0.02, Mute: 0.02, Late: 0.02, LateBy: 400 * time.Millisecond, Duplicate: 0.03, Forge: 0.02,
}
