package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"switchd/switch/config"
	"switchd/switch/seal"
)

// keySource is where the keys are that a backup is sealed with, which is never beside it.
type keySource struct{ file, config string }

func (s *keySource) register(c *cobra.Command, what string) {
	fl := c.Flags()
	fl.StringVar(&s.file, "seal-key", "", what)
	fl.StringVar(&s.config, "config", "", "configuration that names the key file (seal_key, or else seal.key in its data_dir) unless --seal-key does, and the security module that has sealed it")
}

// keys are those of the data folder that was backed up; nil when none are named.
func (s *keySource) keys() (*seal.Keys, error) {
	file := s.file
	var cfg *config.Config
	if s.config != "" {
		var err error
		if cfg, err = config.Load(s.config, known()); err != nil {
			return nil, usageError{err}
		}
	}
	if cfg != nil && file == "" {
		if file = cfg.SealKey; file == "" {
			file = filepath.Join(cfg.DataDir, sealKeyFile)
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				return nil, usageError{fmt.Errorf("%s names no seal_key, and %s is not there: name the key file with --seal-key", s.config, file)}
			}
		}
	}
	if file == "" {
		return nil, nil
	}
	return sealLoader(cfg)(file)
}
