package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"switchd/certs"
	"switchd/switch/config"
	"switchd/switch/disk"
	"switchd/switch/retention"
)

// checkFlags are those of check-config.
type checkFlags struct {
	files, example, schema bool
	outputFlags
}

func newCheckConfig() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use: "check-config FILE", Short: "Validate a configuration file and list everything that is wrong with it",
		Long: `Prints each fault as file:line:column: what is wrong, all at once, and exits
with 2. With --files the certificates, revocation lists and keys that it names are
read as a start reads them, and what expires soon is said; the files of the security
module too, beside a running switch, but no module is asked over a network. With --json there is one
object with file, good, participants and faults (file, line, column, text).

With --example it prints a commented configuration to start from, with --schema the
JSON Schema (2020-12) of all keys, for editors and other tools.`,
		Example: "  switchd check-config --files switchd.yml\n  switchd check-config --example > switchd.yml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case (f.example || f.schema) && len(args) > 0:
				return usageError{errors.New("a FILE is checked, --example and --schema print: name one of them")}
			case f.example:
				_, err := c.OutOrStdout().Write(config.Example())
				return err
			case f.schema:
				_, err := c.OutOrStdout().Write(config.Schema(known()))
				return err
			case len(args) == 0:
				return usageError{errors.New("which file? See 'switchd check-config --help'")}
			}
			return f.check(c, args[0])
		},
	}
	c.Flags().BoolVar(&f.files, "files", false, "also check that the files with certificates and keys can be used")
	c.Flags().BoolVar(&f.example, "example", false, "print an example configuration")
	c.Flags().BoolVar(&f.schema, "schema", false, "print the JSON Schema of a configuration")
	f.outputFlags.register(c)
	c.MarkFlagsMutuallyExclusive("example", "schema", "files")
	c.MarkFlagsMutuallyExclusive("example", "schema", "json")
	return c
}

// checked is what check-config --json says.
type checked struct {
	File         string        `json:"file"`
	Good         bool          `json:"good"`
	Participants int           `json:"participants"`
	Faults       config.Faults `json:"faults"`
}

// check checks a file and says what is wrong with it, or that nothing is.
func (f *checkFlags) check(c *cobra.Command, file string) error {
	cfg, err := loadConfig(file, f.files)
	if err == nil && f.files {
		log := newLogger(c.ErrOrStderr(), true)
		disk.OpenSecond(disk.SecondOptions{Dir: cfg.Journal.WALFailoverDir, Log: log}) // says what room it lacks
		if faults := append(checkCertificates(file, cfg, log), checkModule(cfg, log)...); len(faults) > 0 {
			err = usageError{faults}
		}
	}
	if f.programs() {
		v := checked{File: file, Good: err == nil, Faults: config.Faults{}}
		if faults, ok := errors.AsType[config.Faults](err); ok {
			v.Faults = faults
		}
		if v.Good {
			v.Participants = len(cfg.Participants)
		}
		return errors.Join(f.encode(c.OutOrStdout(), v), err)
	}
	if err == nil {
		fmt.Fprintf(c.OutOrStdout(), "%s: good, %d participants\n", file, len(cfg.Participants))
	}
	return err
}

// checkCertificates reads the certificate files as a start does: all faults at once.
// What is good and soon is not goes to the log.
func checkCertificates(file string, cfg *config.Config, log *slog.Logger) (faults config.Faults) {
	var trust *certs.Trust
	o, err := trustOf(cfg)
	if err == nil {
		o.Log = log
		trust, err = certs.New(o)
	}
	fault := func(err error, prefix, cut string) {
		for line := range strings.Lines(err.Error()) {
			faults = append(faults, config.Fault{File: file, Text: prefix + strings.TrimPrefix(strings.TrimSuffix(line, "\n"), cut)})
		}
	}
	if err != nil {
		fault(err, "tls: ", "certificates: ")
	}
	watched, err := checkSignatures(cfg)
	switch {
	case err != nil:
		fault(err, "", "")
	case trust != nil:
		trust.Watch(watched)
	}
	return faults
}

// checkKeys checks the key files that a configuration names, as a start does. Those
// in the data folder are made by the first start. It also looks whether days can be
// archived, for which a start does not wait.
func checkKeys(file string, cfg *config.Config) (faults config.Faults) {
	fault := func(format string, args ...any) {
		faults = append(faults, config.Fault{File: file, Text: fmt.Sprintf(format, args...)})
	}
	if cfg.SealKey != "" {
		if _, err := sealLoader(cfg)(cfg.SealKey); err != nil {
			fault("seal_key: %v%s", err, putBack(err, "what is sealed can be read with it only"))
		}
	}
	if cfg.CheckpointKey != "" {
		if _, err := loadCheckpointKey(cfg.CheckpointKey); err != nil {
			fault("checkpoint_key: %v%s", err, putBack(err, "others know the switch by it"))
		}
	}
	if err := secondApart(cfg); err != nil {
		fault("%v", err)
	} else if err := secondDisk(cfg); err != nil && cfg.Profile == "production" {
		fault("%v", err)
	}
	if dir := cfg.Retention.ArchiveDir; dir != "" {
		if err := retention.Probe(dir); err != nil {
			fault("archive_dir: %v", err)
		}
	}
	return faults
}

// putBack is what to do about a key file that is not there.
func putBack(err error, why string) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return ": put it back, because " + why + "; a new data folder makes its own when no file is named"
}

// loadConfig reads a configuration; what is wrong with it is a usage error. files: and
// with the files that it names.
func loadConfig(file string, files bool) (*config.Config, error) {
	cfg, err := config.Load(file, known())
	if err == nil && files {
		err = config.CheckFiles(cfg)
	}
	if err != nil {
		return nil, usageError{err}
	}
	if files {
		if faults := append(checkKeys(file, cfg), checkAdminAccess(file, cfg)...); len(faults) > 0 {
			return nil, usageError{faults}
		}
	}
	return cfg, nil
}
