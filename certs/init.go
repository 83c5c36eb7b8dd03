package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Init makes a development PKI in dir: ca.pem, ca-key.pem and for each id, and
// for "switch", <id>.pem and <id>-key.pem. It refuses to overwrite anything:
// when one file exists, none is written. clock gives UTC nanoseconds.
func Init(dir string, ids []string, clock func() int64) error {
	return InitAt(dir, ids, time.Unix(0, clock()), LeafValidity)
}

// InitAt is Init at the given time, with leaves valid for valid after it.
// A time in the past makes expired certificates, for tests.
func InitAt(dir string, ids []string, now time.Time, valid time.Duration) error {
	if !slices.Contains(ids, SwitchID) {
		ids = append([]string{SwitchID}, ids...)
	}
	if err := checkIDs(ids); err != nil {
		return err
	}
	if err := checkNew(dir, append([]string{caFile, caKeyFile}, leafFiles(ids)...)); err != nil {
		return err
	}
	ca, der, err := newAuthority(now)
	if err != nil {
		return err
	}
	key, err := keyPEM(caKeyFile, ca.key)
	if err != nil {
		return err
	}
	leaves, err := ca.pairs(ids, leafOf, term{now, valid})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make certificate folder: %w", err)
	}
	return writeAll(dir, append([]newFile{certPEM(caFile, der), key}, leaves...))
}

// Issue adds leaves for ids to the PKI that Init made in dir, for new
// participants and for tests. It refuses to overwrite anything.
func Issue(dir string, ids []string, now time.Time, valid time.Duration) error {
	if err := checkIDs(ids); err != nil {
		return err
	}
	return issue(dir, ids, leafOf, term{now, valid})
}

// issue adds pairs to the PKI in dir.
func issue(dir string, names []string, of func(string) *x509.Certificate, t term) error {
	if err := checkNew(dir, leafFiles(names)); err != nil {
		return err
	}
	ca, err := loadAuthority(dir)
	if err != nil {
		return err
	}
	files, err := ca.pairs(names, of, t)
	if err != nil {
		return err
	}
	return writeAll(dir, files)
}

func leafFiles(ids []string) []string {
	var names []string
	for _, id := range ids {
		names = append(names, id+certExt, id+keyExt)
	}
	return names
}

func checkIDs(ids []string) error {
	var faults []error
	for _, id := range ids {
		if !idPattern.MatchString(id) {
			faults = append(faults, fmt.Errorf("id %q: want 1 to 32 of A-Z a-z 0-9 and -", id))
		}
	}
	return errors.Join(faults...)
}
