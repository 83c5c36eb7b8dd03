package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/retention"
	"switchd/switch/seal"
)

func newCheckConfig() *cobra.Command {
	var files, example, schema bool
	c := &cobra.Command{
		Use: "check-config FILE", Short: "Validate a configuration file and list everything that is wrong with it",
		Long: `Prints each fault as file:line:column: what is wrong, all at once, and exits
with 2. With --example it prints a commented configuration to start from, with
--schema the JSON Schema (2020-12) of all keys, for editors and other tools.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if example {
				_, err := c.OutOrStdout().Write(config.Example())
				return err
			}
			if schema {
				_, err := c.OutOrStdout().Write(config.Schema(known()))
				return err
			}
			if len(args) == 0 {
				return usageError{errors.New("which file? See 'switchd check-config --help'")}
			}
			cfg, err := loadConfig(args[0], files)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: good, %d participants\n", args[0], len(cfg.Participants))
			return nil
		},
	}
	c.Flags().BoolVar(&files, "files", false, "also check that the files with certificates and keys can be used")
	c.Flags().BoolVar(&example, "example", false, "print an example configuration")
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of a configuration")
	return c
}

// checkKeys checks the key files that a configuration names, as a start does. Those
// in the data folder are made by the first start. It also looks whether days can be
// archived, for which a start does not wait.
func checkKeys(file string, cfg *config.Config) error {
	var faults []error
	if cfg.SealKey != "" {
		if _, err := seal.LoadFile(cfg.SealKey); err != nil {
			faults = append(faults, usageError{fmt.Errorf("%s: seal_key: %w%s", file, err, putBack(err, "what is sealed can be read with it only"))})
		}
	}
	if cfg.CheckpointKey != "" {
		if _, err := loadCheckpointKey(cfg.CheckpointKey); err != nil {
			faults = append(faults, usageError{fmt.Errorf("%s: checkpoint_key: %w%s", file, err, putBack(err, "others know the switch by it"))})
		}
	}
	if dir := cfg.Retention.ArchiveDir; dir != "" {
		if err := retention.Probe(dir); err != nil {
			faults = append(faults, usageError{fmt.Errorf("%s: archive_dir: %w", file, err)})
		}
	}
	return errors.Join(faults...)
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
		err = checkKeys(file, cfg)
	}
	return cfg, err
}
