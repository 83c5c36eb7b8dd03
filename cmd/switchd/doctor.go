package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

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
running switch and data; and, if the switch runs, at its readiness, links, load and
alerts. It works with the switch running or stopped, and changes nothing.

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
		v.add(folderFinding(cfg.DataDir, running != nil))
	}
	if running != nil {
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

// machineOptions are what a machine must have for a configuration.
func machineOptions(cfg *config.Config) doctor.Options {
	return doctor.Options{
		Dir: cfg.DataDir, Reserve: cfg.Disk.Reserve, Warning: cfg.Disk.Warning, Links: cfg.Limits.Links,
		KeyFiles: keyFilesOf(cfg), Clock: clock, Process: doctor.Holder(filepath.Join(cfg.DataDir, journalDir, folderLock)),
	}
}

// keyFilesOf are the files with keys that are there, or should be: those in the data
// folder are made by the first start.
func keyFilesOf(cfg *config.Config) (files []string) {
	for _, file := range []string{cfg.TLS.Key, cfg.AdminAccess.Key, cfg.SealKey, cfg.CheckpointKey, cfg.HSM.Unlock, cfg.HSM.PayShield.TLS.Key} {
		if file != "" {
			files = append(files, file)
		}
	}
	if cfg.HSM.Driver == "soft" {
		files = append(files, cfg.HSM.Keys)
	}
	for _, own := range []string{sealKeyFile, checkpointKeyFile} {
		if file := filepath.Join(cfg.DataDir, own); isThere(file) {
			files = append(files, file)
		}
	}
	return files
}

func machine(ctx context.Context, o doctor.Options, noSync bool) []doctor.Finding {
	if noSync {
		o.Syncs = -1
	}
	return doctor.Machine(ctx, o)
}

// writerFinding compares the binary with who wrote the data folder last.
func writerFinding(dir string) doctor.Finding {
	const name = "version of the data"
	is, was := build(), writerOf(dir)
	switch {
	case was == nil:
		return doctor.Good(name, "the data folder is new")
	case was.Version != is.Version || was.Commit != is.Commit:
		return doctor.Wrong(doctor.Warn, name, "after an upgrade the next start writes the new one, and keeps a snapshot to go back to", "data by %s, this binary is %s", buildText(was.Version, was.Commit), buildText(is.Version, is.Commit))
	}
	return doctor.Good(name, "data and binary are %s", buildText(is.Version, is.Commit))
}

func buildText(version, commit string) string {
	if commit == "" {
		return version
	}
	return version + " (" + commit[:min(len(commit), 12)] + ")"
}

// folderFinding says whether somebody has the data folder though no switch answers.
func folderFinding(dir string, answers bool) doctor.Finding {
	const name = "data folder"
	err := folderFree(dir)
	switch {
	case errors.Is(err, syscall.EAGAIN) && !answers:
		return doctor.Wrong(doctor.Bad, name, "look who has it (fuser, lsof): a switch that starts, one that hangs, or one with another admin port", "a process has %s, and no switch answers", dir)
	case errors.Is(err, syscall.EAGAIN):
		return doctor.Good(name, "the running switch has %s", dir)
	case err != nil:
		return doctor.Wrong(doctor.Warn, name, "run doctor as the user of the switch", "%v", err)
	case answers:
		return doctor.Wrong(doctor.Warn, name, "this configuration and the switch that answers are not one: look at --config and --admin", "nobody has %s, although a switch answers", dir)
	}
	return doctor.Good(name, "nobody has %s: the switch is stopped", dir)
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
