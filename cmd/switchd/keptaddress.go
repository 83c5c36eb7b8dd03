package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"switchd/switch/config"
)

// addressKept is where the data folder says at what address the admin port listens that
// was to have any port, as that of the demo.
const addressKept = "admin.address"

// anyPort says that an address leaves the port to the system.
func anyPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port == "0"
}

// keepAddress says where the admin port is, if the configuration does not. Without that
// file a command needs --admin, and nothing else.
func (n *node) keepAddress() {
	if !anyPort(n.cfg.Admin) {
		return
	}
	if err := replaceFile(filepath.Join(n.cfg.DataDir, addressKept), []byte(n.admin.Addr()+"\n")); err != nil {
		n.log.Warn("the address of the admin port is not kept in the data folder", "event", "admin.address", "error", err)
	}
}

// foundIn is the configuration of the switch that works in a data folder, with the address
// at which its admin port listens.
func foundIn(dir string) (*config.Config, error) {
	cfg, err := inForceIn(dir)
	if err != nil || !anyPort(cfg.Admin) {
		return cfg, err
	}
	text, err := os.ReadFile(filepath.Join(dir, addressKept))
	if err != nil {
		return nil, fmt.Errorf("the admin port of the switch in %s has any address, and it is not known which; name it with --admin: %w", dir, err)
	}
	own := *cfg
	own.Admin = strings.TrimSpace(string(text))
	return &own, nil
}
