package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyOpenMode are the permission bits that a private key must not have: reading
// or writing by anyone but owner and group.
const keyOpenMode fs.FileMode = 0o007

// CheckFiles looks whether the files that a configuration names can be used: the
// certificate files are there, the private key is not open to everyone, and the
// folders of data and archive, if they exist, are folders. It is not part of Load, so that a
// configuration can be checked on another machine. The error is of type Faults.
func CheckFiles(c *Config) error {
	r := &reader{file: c.sources[0].File}
	module := &c.HSM.PayShield.TLS
	for _, f := range []struct{ key, path string }{
		{"ca", c.TLS.CA}, {"cert", c.TLS.Cert}, {"key", c.TLS.Key},
		{"hsm.tls.ca", module.CA}, {"hsm.tls.cert", module.Cert}, {"hsm.tls.key", module.Key},
		{"admin_access.cert", c.AdminAccess.Cert}, {"admin_access.key", c.AdminAccess.Key}, {"admin_access.client_ca", c.AdminAccess.ClientCA},
	} {
		if _, there := c.places[f.key]; there {
			checkPEM(r, c.places[f.key], f.key, f.path)
		}
	}
	for _, f := range []struct{ key, path string }{
		{"data_dir", c.DataDir}, {"archive_dir", c.Retention.ArchiveDir}, {"wal_failover_dir", c.Journal.WALFailoverDir},
	} {
		if info, err := os.Stat(f.path); f.path != "" && err == nil && !info.IsDir() {
			r.fault(c.places[f.key], "%s %s is not a folder: name another one", f.key, f.path)
		}
	}
	// Names were compared when they were read; what they lead to shows only here.
	data, err := filepath.EvalSymlinks(c.DataDir)
	archive, none := filepath.EvalSymlinks(c.Retention.ArchiveDir)
	if at := c.Retention.ArchiveDir; at != "" && err == nil && none == nil && within(archive, data) && !within(at, c.DataDir) {
		r.fault(c.places["archive_dir"], "archive_dir %s leads to %s, inside data_dir: what leaves the data folder must be beside it", at, archive)
	}
	return r.err()
}

func checkPEM(r *reader, at position, key, path string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.fault(at, "%s file %s does not exist: `switchd certs init` makes development certificates", key, path)
		return
	case err != nil:
		r.fault(at, "%s file %s cannot be read: %s", key, path, reason(err))
		return
	case !info.Mode().IsRegular():
		r.fault(at, "%s %s is not a file", key, path)
		return
	}
	if f, err := os.Open(path); err != nil {
		r.fault(at, "%s file %s cannot be read: %s", key, path, reason(err))
	} else {
		f.Close()
	}
	if (key == "key" || strings.HasSuffix(key, ".key")) && info.Mode().Perm()&keyOpenMode != 0 {
		r.fault(at, "%s file %s is open to everyone (mode %04o): chmod 600 it", key, path, info.Mode().Perm())
	}
}
