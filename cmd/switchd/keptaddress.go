package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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

// byFile finds the admin port of the switch whose file is --config. A file that is not
// good, such as one that is being edited, is still the file of a switch that runs.
func (f *adminFlags) byFile() (*adminPort, error) {
	cfg, fault := config.Load(f.config, known())
	switch {
	case fault == nil && strings.HasSuffix(cfg.Admin, ":0"): // any port
		if _, _, err := keptAt(cfg.DataDir); err != nil {
			return nil, fmt.Errorf("the admin port may be any, and it is not known which; name it with --admin: %w", err)
		}
		return portIn(cfg.DataDir)
	case fault == nil:
		return portOf(cfg)
	}
	text, err := os.ReadFile(f.config)
	if err != nil {
		return nil, usageError{fault}
	}
	p, err := portBy(f.config, text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%s is not good ('switchd check-config %s' says why), and which switch it is of cannot be seen: %s", f.config, f.config, f.otherWays())}
	}
	if f.command != nil {
		fmt.Fprintf(f.command.ErrOrStderr(), "switchd: %s is not good ('switchd check-config' says why); this is the switch that has it, with what is in force\n", f.config)
	}
	return p, nil
}

// otherWays are those to name a switch without its file.
func (f *adminFlags) otherWays() string {
	if f.byDir {
		return "name the address of its admin port with --admin, or its data folder with --dir"
	}
	return "name the address of its admin port with --admin"
}

// dataDirLine is where a file names its data folder, whatever else stands in it.
var dataDirLine = regexp.MustCompile(`(?m)^data_dir:[ \t]+(?:"([^"\n]+)"|'([^'\n]+)'|([^"'#\s][^#\n]*))`)

// portBy finds the admin port by the data folder that a file names, if what is in force
// there was read from this file.
func portBy(file string, text []byte) (*adminPort, error) {
	at := dataDirLine.FindSubmatch(text)
	if at == nil {
		return nil, errors.New("it names no data folder")
	}
	dir := strings.TrimSpace(string(at[1]) + string(at[2]) + string(at[3]))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	k, err := readKept(dir)
	if err != nil {
		return nil, err
	}
	if len(k.Files) == 0 || !sameFile(k.Files[0].File, file) {
		return nil, fmt.Errorf("%s is the data folder of another file", dir)
	}
	return portIn(dir)
}
