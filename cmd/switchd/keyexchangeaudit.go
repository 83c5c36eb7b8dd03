package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"switchd/hsm"
	"switchd/switch/config"
)

// auditFile names the audit file of a switch's keys: beside the file that has them, or
// what a module has given for them, which switchd keys writes to as well; in the data
// folder where there is no such file (pkcs11).
func auditFile(cfg *config.Config) string {
	if cfg.HSM.Keys == "" {
		return filepath.Join(cfg.DataDir, "hsm.audit")
	}
	return keyAuditOf(cfg.HSM.Keys)
}

// recoverAudit says of offers at which a switch was ended what the module has now.
// Nobody else is at an offer: a module's keys have one switch.
func (s *security) recoverAudit(log *slog.Logger) {
	if _, err := os.Stat(s.audit.path); errors.Is(err, fs.ErrNotExist) {
		return // the first offer makes it
	}
	err := s.audit.reopen()
	for _, e := range slices.Clone(s.audit.open) {
		if err == nil && e.Participant != "" {
			err = s.foundKey(&e)
		}
	}
	if err != nil {
		log.Error("the audit file of keys is not in order: until it is, keys that participants bring are refused", "event", "key.audit.disordered", "error", err)
	}
}

// foundKey writes what there is of a key whose offer has no outcome.
func (s *security) foundKey(begun *keyEvent) error {
	ctx, cancel := context.WithTimeout(context.Background(), modulePatience)
	defer cancel()
	found := keyEvent{
		Account: login(), Participant: begun.Participant, Action: begun.Action, Name: begun.Name, Outcome: keyFound, Of: begun.Seq,
		Detail: "the switch was ended before it could say how: ",
	}
	kcv, how := foundOf(ctx, s.module, begun)
	found.KCV, found.Detail = kcv, found.Detail+how
	_, err := s.audit.append(ctx, found, clock())
	return err
}

// foundOf says what a module has of a key whose offer has no outcome.
func foundOf(ctx context.Context, m hsm.Module, begun *keyEvent) (kcv, how string) {
	now, err := m.KCV(ctx, begun.Name)
	switch {
	case err != nil:
		return "", "the module does not say: " + shorten(err.Error())
	case now.String() == begun.KCV:
		return begun.KCV, "the key is the one before"
	}
	return now.String(), "the key is another"
}
