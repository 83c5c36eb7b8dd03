package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/doctor"
	"switchd/switch/screen"
)

// doctorFlags are those of doctor.
type doctorFlags struct {
	adminFlags
	noSync bool
}

// examination is what doctor says.
type examination struct {
	Findings []doctor.Finding `json:"findings"`
	Bad      int              `json:"bad"`
	Warnings int              `json:"warnings"`
}

func newDoctor() *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use: "doctor --config FILE", Short: "Examine machine, configuration and switch; say what is wrong and what to do",
		Long: `Looks at the disk (room, how long an fsync takes: it appends 200 times 4 KiB to a file of
its own in data_dir), the clock, file descriptors, core dumps, swap, who may read the key
files; at the configuration, certificates, revocation lists and the files of the security
module as check-config --files does, and what expires soon; at the versions of binary,
running switch and data; if the switch runs, at its readiness, links, load and alerts; if
it is stopped, whether journal and state can be opened ('switchd journal verify' reads all
of them). It works with the switch running, starting or stopped, and changes nothing.

Each finding is ok, warn or bad, with what to do. Exit code 0: nothing is bad; 1: something
is. With --admin and without --config only the running switch is asked.`,
		Example: "  switchd doctor --config /etc/switchd/switchd.yml\n  switchd doctor --dir /var/lib/switchd -o json | jq '.findings[] | select(.level != \"ok\")'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.config == "" && f.address == "" && f.dir == "" {
				return usageError{errors.New("which switch? Name its --config, its data folder --dir, or the address of its --admin port")}
			}
			v := f.examine(c.Context())
			if err := f.show(c.OutOrStdout(), v, v.draw); err != nil {
				return err
			}
			if v.Bad > 0 {
				return errSaidNo
			}
			return nil
		},
	}
	f.register(c, false)
	f.registerDir(c)
	c.Flags().BoolVar(&f.noSync, "no-fsync", false, "do not measure fsync: it takes the disk from payments for a moment")
	return c
}

// examine looks at everything that the flags give a way to.
func (f *doctorFlags) examine(ctx context.Context) *examination {
	v := &examination{Findings: []doctor.Finding{}}
	cfg := f.configuration(v)
	running := f.running(ctx, v)
	if cfg != nil {
		v.add(machine(ctx, machineOptions(cfg), f.noSync)...)
		v.add(expiries(cfg)...)
		v.add(loginFinding(cfg), writerFinding(cfg.DataDir))
		v.add(folderFindings(ctx, cfg, running.answers)...)
	}
	if running.status != nil {
		v.add(running.findings()...)
	}
	return v
}

func (v *examination) add(all ...doctor.Finding) {
	for _, f := range all {
		switch f.Level {
		case doctor.Bad:
			v.Bad++
		case doctor.Warn:
			v.Warnings++
		}
		v.Findings = append(v.Findings, f)
	}
}

// configuration reads the configuration as a start does, or what is in force by a data
// folder. Nil: there is none that can be looked into.
func (f *doctorFlags) configuration(v *examination) *config.Config {
	const name = "configuration"
	var cfg *config.Config
	var err error
	file := f.config
	switch {
	case file != "":
		cfg, err = config.Load(file, known())
	case f.dir != "":
		if cfg, err = foundIn(f.dir); err == nil {
			file = cfg.Sources()[0].File
		}
	default:
		return nil
	}
	if err != nil {
		v.add(faultFindings(name, err)...)
		return nil
	}
	log := newLogger(discard{}, true) // what expires soon is a finding of its own
	err = config.CheckFiles(cfg)
	faults := append(checkCertificates(file, cfg, log), checkModule(cfg, log)...)
	if err == nil && len(faults) > 0 {
		err = faults
	}
	if err != nil {
		v.add(faultFindings(name, err)...)
	} else {
		v.add(doctor.Good(name, "%s: good, %s", file, count(len(cfg.Participants), "participant")))
	}
	v.add(moduleFinding(cfg))
	return cfg
}

// discard takes what nobody reads.
type discard struct{}

// Write takes all of it.
func (discard) Write(b []byte) (int, error) { return len(b), nil }

// faultFindings is each line of an error.
func faultFindings(name string, err error) (all []doctor.Finding) {
	for line := range strings.Lines(err.Error()) {
		all = append(all, doctor.Wrong(doctor.Bad, name, "mend it: 'switchd check-config --files' says the same until nothing is wrong", "%s", strings.TrimSpace(line)))
	}
	return all
}

func moduleFinding(cfg *config.Config) doctor.Finding {
	const name = "security module"
	switch {
	case cfg.HSM.Driver == "":
		return doctor.Good(name, "there is none: no message has a MAC, a PIN or a signature")
	case cfg.HSM.Driver == "soft" && cfg.Profile == "production":
		return doctor.Wrong(doctor.Bad, name, "take a security module: the driver soft is for development and tests", "the driver is soft, the profile production")
	case cfg.HSM.Driver == "soft":
		return doctor.Wrong(doctor.Warn, name, "fine for development and tests; real money wants a security module", "the driver is soft: keys are in a file")
	}
	return doctor.Good(name, "driver %s, its files are good", cfg.HSM.Driver)
}

func (v *examination) draw(p *screen.Page) {
	marks := map[doctor.Level]screen.Mark{doctor.OK: screen.Good, doctor.Warn: screen.Warn, doctor.Bad: screen.Bad}
	for _, f := range v.Findings {
		p.Text(6, screen.Marked(marks[f.Level], fmt.Sprintf("%-4s", f.Level)), screen.Marked(screen.Strong, "  "+f.Name), screen.Plain(": "+f.Text))
		if f.Todo != "" {
			p.Text(8, screen.Plain("      > "+f.Todo))
		}
	}
	switch {
	case v.Bad > 0:
		p.Line(screen.Marked(screen.Bad, fmt.Sprintf("%d bad, %d to be looked at", v.Bad, v.Warnings)))
	case v.Warnings > 0:
		p.Line(screen.Marked(screen.Warn, fmt.Sprintf("nothing is bad, %d to be looked at", v.Warnings)))
	default:
		p.Line(screen.Marked(screen.Good, "all is well"))
	}
}
