package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"switchd/switch/config"
)

// addressKept is where the data folder says where the admin port of the latest start is:
// its address, as it is called, and below that the file of its certificate, if it has one.
// A start writes it as soon as the port is open, long before it takes its configuration
// for good: what is in force by keptFile may name another one, or any.
const addressKept = "admin.address"

// keepAddress says where the admin port is. Without that file commands go by the
// configuration in force, which is enough once participants can connect.
func (n *node) keepAddress() {
	text := n.admin.URL() + "\n"
	if file := n.cfg.AdminAccess.Cert; file != "" {
		text += file + "\n"
	}
	if err := replaceFile(filepath.Join(n.cfg.DataDir, addressKept), []byte(text)); err != nil {
		n.log.Warn("the address of the admin port is not kept in the data folder", "event", "admin.address", "error", err)
	}
}

// keptAt is where the admin port of the latest start in a data folder is, and the file of
// its certificate. None is known of a folder that no start has had.
func keptAt(dir string) (address, certificate string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, addressKept))
	if err != nil {
		return "", "", err
	}
	address, certificate, _ = strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n")
	return address, certificate, nil
}

// portIn finds the admin port of the switch that works, or starts, in a data folder.
func portIn(dir string) (*adminPort, error) {
	address, certificate, err := keptAt(dir)
	if errors.Is(err, fs.ErrNotExist) {
		cfg, err := inForceIn(dir)
		if err != nil {
			return nil, err
		}
		return portOf(cfg)
	}
	if err != nil {
		return nil, err
	}
	p, err := addressOf(address)
	if err != nil {
		return nil, fmt.Errorf("%s does not say where the admin port is; name it with --admin", filepath.Join(dir, addressKept))
	}
	p.address = reachable(p.address)
	return p, p.shows(certificate)
}

// foundIn is the configuration of the switch that works in a data folder, with the address
// at which its admin port listens.
func foundIn(dir string) (*config.Config, error) {
	cfg, err := inForceIn(dir)
	if err != nil {
		return nil, err
	}
	address, _, err := keptAt(dir)
	if err != nil {
		return cfg, nil // portIn says so, where it matters
	}
	own := *cfg
	own.Admin = strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	return &own, nil
}
