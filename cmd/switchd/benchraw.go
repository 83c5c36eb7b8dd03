package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"switchd/switch/bench"
	"switchd/switch/bench/raw"
)

// rawFlags are those of bench raw.
type rawFlags struct {
	json, dir string
	duration  time.Duration
}

func newBenchRaw() *cobra.Command {
	var f rawFlags
	c := &cobra.Command{
		Use: "raw", Short: "Measure the limits of this machine: TLS, fsync, payment machine and codecs, each alone",
		Long: `Measures, one after the other and each with the machine for itself: messages that go
over a link and back (the switch's event loops, TLS 1.3 with certificates on both sides),
group commits of the journal, the payment machine, and the codecs. The sum is what a
payment would cost if nothing but these limits counted.

Run it on the machine, and with --dir on the disk, that the switch is measured on, and
give the file of --json to 'switchd bench --raw': its report then says how many times the
limits the switch takes. Figures in CPU time need Linux.`,
		Example: "  switchd bench raw --dir /var/lib/switchd --json limits.json\n  switchd bench --spawn --rate 20000 --raw limits.json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return f.run(c.Context(), c.OutOrStdout(), c.ErrOrStderr()) },
	}
	c.Flags().StringVar(&f.json, "json", "", "write the figures as one JSON object to this file; - is stdout, which then has nothing else")
	c.Flags().StringVar(&f.dir, "dir", "", "make the temporary folder in this one: the disk that counts (default: the system's)")
	c.Flags().DurationVar(&f.duration, "duration", 3*time.Second, "time for each of the four parts")
	return c
}

func (f *rawFlags) run(ctx context.Context, stdout, talk io.Writer) error {
	dir, err := os.MkdirTemp(f.dir, "switchd-raw-")
	if err != nil {
		return usageError{err}
	}
	limits, err := f.measure(ctx, dir, talk)
	if err = errors.Join(err, os.RemoveAll(dir)); err != nil {
		return err
	}
	if f.json != "-" {
		drawRaw(benchPage{stdout}, limits)
	}
	v := readVersion()
	return writeFigures(f.json, stdout, rawFigures{limits, v.Version, v.Commit})
}

// rawFigures is the object of --json: the limits, and which version of this program has
// measured them.
type rawFigures struct {
	*raw.Limits
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

func (f *rawFlags) measure(ctx context.Context, dir string, talk io.Writer) (*raw.Limits, error) {
	o := raw.Options{Dir: dir, Duration: f.duration, Clock: clock, Progress: func(part string) { fmt.Fprintf(talk, "%s, %v\n", part, f.duration) }}
	if err := o.Validate(); err != nil || f.duration == 0 {
		return nil, usageError{errors.Join(err, positive(f.duration))}
	}
	return raw.Measure(ctx, o)
}

// positive refuses the zero that would mean the default.
func positive(d time.Duration) error {
	if d == 0 {
		return errors.New("--duration is 0: nothing can be measured in it")
	}
	return nil
}

// drawRaw writes the figures for a reader.
func drawRaw(p benchPage, l *raw.Limits) {
	p.line("machine", "%d cores; %s, %s; %gs for each part", l.Cores, l.Platform, l.Go, l.Duration)
	p.line("new memory", "CPU %s us for a page at the first touch, %s again", figure(l.Memory.First, 2), figure(l.Memory.Again, 2))
	p.line("TLS echo", "%s; 200 bytes, one link", l.TLS)
	for _, e := range l.Echo {
		p.line("", "bursts of %2d: %9.0f/s  CPU of the switch %s, with the client %s us/message", e.Burst, e.PerSecond, figure(e.SwitchCPU, 2), figure(e.CPU, 2))
	}
	p.line("fsync", "groups of events of 300 bytes in the journal, one on its way")
	for _, f := range l.Fsync {
		p.line("", "groups of %3d: %8.0f events/s  CPU %s us/event  p50 %.2f  p99 %.2f  max %.2f ms", f.Events, f.PerSecond, figure(f.CPU, 2), f.P50, f.P99, f.Max)
	}
	p.line("machine", "%.0f ns/event, %g events and %.2f us/payment", l.Step.EventNanos, l.Step.Events, l.Step.PaymentCPU)
	for _, c := range l.Codec {
		p.line("codec", "%s: %.2f us/payment", c.Dialect, c.PaymentCPU)
		for _, m := range c.Messages {
			p.line("", "%-8s %5d bytes: written in %6.0f, read in %6.0f ns", m.Leg, m.Bytes, m.WriteNanos, m.ReadNanos)
		}
	}
	p.line("payment", "CPU if nothing but these limits counted, us")
	for _, s := range l.Payment {
		p.line("", "%-10s bursts of %2d, groups of %3d: links %s + journal %s + machine %.1f + codec %.1f = %s; fsync allows %.0f/s",
			s.Dialect, s.Burst, s.Events, figure(s.Links, 1), figure(s.Journal, 1), s.Machine, s.Codec, figure(s.CPU, 1), s.PerSecond)
	}
}

// rawLimits are the limits that a report is compared with.
type rawLimits struct {
	file   string
	limits *raw.Limits // nil: no file was named
}

func (l *rawLimits) register(c *cobra.Command) {
	c.Flags().StringVar(&l.file, "raw", "", "compare with the limits of this machine: a file of 'switchd bench raw --json'")
}

// limitsBytesMax is more than any file of limits has.
const limitsBytesMax = 1 << 20

// load reads the file, before the load begins.
func (l *rawLimits) load() error {
	if l.file == "" {
		return nil
	}
	file, err := os.Open(l.file)
	if err != nil {
		return err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limitsBytesMax))
	if err != nil {
		return err
	}
	limits := &raw.Limits{}
	if err := json.Unmarshal(data, limits); err != nil || len(limits.Payment) == 0 || len(limits.Fsync) == 0 {
		return fmt.Errorf("--raw %s is no file of 'switchd bench raw --json': make one with it", l.file)
	}
	l.limits = limits
	return nil
}

// againstLimits is how far a switch is from the limits of its machine. Null is what was not
// measured.
type againstLimits struct {
	Burst       int         `json:"burst"`               // messages in a record, of the limit that was compared
	Events      int         `json:"events"`              // events in a group, the nearest to the report's
	CPU         *float64    `json:"cpu_us_per_payment"`  // of the limits
	CPUTimes    *float64    `json:"cpu_times"`           // of the switch, over that
	Parts       raw.Payment `json:"parts"`               // of the limit: where it goes, of the commoner dialect
	Commit      float64     `json:"fsync_p50_ms"`        // of a group alone
	CommitTimes *float64    `json:"commit_times"`        // a commit's mean over that
	Fsync       float64     `json:"per_second_of_fsync"` // payments that fsync alone allows
	FsyncShare  float64     `json:"share_of_fsync"`      // that the run reached
	SameMachine bool        `json:"same_machine"`        // cores, platform and Go are those of the limits
}

// against compares; nil: with nothing.
func (l *rawLimits) against(r *bench.Report) *againstLimits {
	if l.limits == nil {
		return nil
	}
	events := 1.0
	if r.CommitEventsMean != nil {
		events = *r.CommitEventsMean
	}
	share := shareOf(dialect20022, r)
	plain, rich := l.limits.Nearest("iso87-npci", events), l.limits.Nearest(dialect20022, events)
	group := l.limits.Group(events)
	if plain == nil || rich == nil {
		return nil
	}
	a := &againstLimits{Burst: plain.Burst, Events: plain.Events, Parts: *plain, Commit: group.P50, Fsync: plain.PerSecond,
		SameMachine: l.limits.Cores == r.Cores && l.limits.Platform == r.Platform && l.limits.Go == r.Go}
	if share > 0.5 {
		a.Parts = *rich
	}
	if plain.CPU != nil && rich.CPU != nil {
		a.CPU = new((1-share)**plain.CPU + share**rich.CPU)
	}
	a.CPUTimes, a.CommitTimes = ratio(r.CPUPerPayment, a.CPU), ratio(r.CommitMean, &a.Commit)
	if a.Fsync > 0 {
		a.FsyncShare = r.Achieved / a.Fsync
	}
	return a
}

// shareOf is the share of the messages of a run that participants of a dialect exchange with
// the switch. Half of a payment's are the payer's (request and debit), half the payee's
// (resolution and credit); both are drawn by weight, the payee among the others.
func shareOf(dialect string, r *bench.Report) (share float64) {
	n := len(r.Dialects)
	weight := func(i int) float64 {
		heavy := max(r.HeavyShare, 1/float64(n))
		if i == 0 {
			return heavy
		}
		return (1 - heavy) / float64(n-1)
	}
	for i, one := range r.Dialects {
		if one != dialect {
			continue
		}
		paid := 0.0
		for payer := range n {
			switch w := weight(payer); {
			case payer == i:
			case w < 1:
				paid += w * weight(i) / (1 - w)
			case i == 1: // who sends all payments pays the next one
				paid++
			}
		}
		share += (weight(i) + paid) / 2
	}
	return share
}

// ratio is how many times b there is in a, if both are known.
func ratio(a, b *float64) *float64 {
	if a == nil || b == nil || *b <= 0 {
		return nil
	}
	return new(*a / *b)
}

// draw tells it to a reader.
func (a *againstLimits) draw(p benchPage) {
	if a == nil {
		return
	}
	p.line("limits", "CPU %s us/payment in bursts of %d and groups of %d: the switch takes %s times that", figure(a.CPU, 1), a.Burst, a.Events, figure(a.CPUTimes, 2))
	p.line("", "of it, for %s: links %s, journal %s, machine %.1f, codec %.1f us", a.Parts.Dialect, figure(a.Parts.Links, 1), figure(a.Parts.Journal, 1), a.Parts.Machine, a.Parts.Codec)
	p.line("", "a commit takes %s times its group's fsync alone (p50 %.2f ms)", figure(a.CommitTimes, 2), a.Commit)
	p.line("", "fsync alone allows %.0f payments/s in such groups: %.1f %% of that were reached", a.Fsync, 100*a.FsyncShare)
	if !a.SameMachine {
		p.line("", "the limits are those of another machine, or of another Go: measure them here")
	}
}
