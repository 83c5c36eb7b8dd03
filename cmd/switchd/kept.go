package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"switchd/switch/config"
)

// keptFile is where the data folder has the configuration that was in force last.
const keptFile = "config.last"

// keptBytesMax bounds it: the files of a configuration, as JSON.
const keptBytesMax = 64 << 20

// kept is a configuration that was in force: its files as they were read.
type kept struct {
	Version int        `json:"version"` // of this form: 1
	At      time.Time  `json:"at"`      // since when
	By      string     `json:"by"`
	Reason  string     `json:"reason"`
	SHA256  string     `json:"sha256"` // of the names and the texts
	Files   []keptText `json:"files"`  // the first names the folder of the others
}

type keptText struct {
	File string `json:"file"`
	Text string `json:"text"`
}

func newKept(cfg *config.Config, now int64, by, reason string) kept {
	k := kept{Version: 1, At: time.Unix(0, now).UTC(), By: by, Reason: reason}
	for _, s := range cfg.Sources() {
		k.Files = append(k.Files, keptText{s.File, string(s.Data)})
	}
	k.SHA256 = k.sum()
	return k
}

func (k *kept) sum() string {
	h := sha256.New()
	for _, f := range k.Files {
		fmt.Fprintf(h, "%d %s %d ", len(f.File), f.File, len(f.Text))
		h.Write([]byte(f.Text))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sources are its files for config.Again.
func (k *kept) sources() (all []config.Source) {
	for _, f := range k.Files {
		all = append(all, config.Source{File: f.File, Data: []byte(f.Text)})
	}
	return all
}

// write puts it in the place of the one before, so that a crash leaves one of the
// two whole.
func (k *kept) write(dir string) error {
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, keptFile), append(data, '\n'))
}

// readKept reads the configuration that a data folder has kept, and looks whether it
// is whole.
func readKept(dir string) (*kept, error) {
	file := filepath.Join(dir, keptFile)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	k := new(kept)
	if len(data) > keptBytesMax || json.Unmarshal(data, k) != nil || k.Version != 1 || k.SHA256 != k.sum() {
		return nil, fmt.Errorf("%s is damaged, or of another version", file)
	}
	return k, nil
}

// inForceIn is the configuration of the switch that works in a data folder.
func inForceIn(dir string) (*config.Config, error) {
	k, err := readKept(dir)
	if err != nil {
		return nil, usageError{fmt.Errorf("no switch is known to work in %s; name the address of its --admin port: %w", dir, err)}
	}
	cfg, err := config.Again(k.sources(), known())
	if err != nil {
		return nil, fmt.Errorf("this version does not take the configuration that is in force, name the address of the --admin port:\n%w", err)
	}
	return cfg, nil
}

// lastGood is the configuration that was in force last in a data folder.
func lastGood(dir string) (*config.Config, *kept, error) {
	k, err := readKept(dir)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := config.Again(k.sources(), known())
	if err != nil {
		return nil, nil, fmt.Errorf("this version does not take the configuration that was in force last:\n%w", err)
	}
	if here, err := filepath.Abs(dir); err != nil || cfg.DataDir != here {
		return nil, nil, fmt.Errorf("the configuration kept in %s is of another data folder: %s", dir, cfg.DataDir)
	}
	return cfg, k, config.CheckFiles(cfg)
}
