package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/certs"
	"switchd/hsm"
	"switchd/hsm/soft"
)

// TestSignatureCertificates: check-config and a start read the certificates of
// signatures and say what is wrong with them, and before they end; so does the metric.
func TestSignatureCertificates(t *testing.T) {
	t.Parallel()
	all := slices.Clone(simulatedParticipants[:3])
	signed := &all[2]
	signed.Extra = "signature: {kind: xmldsig, key: switch/sign, certificate: certs/switch-sign.pem, certificates: [certs/" + signed.ID + "-sign.pem]}"
	s := newSchemeOf(t, longTimers, all, nil)
	const day = 24 * time.Hour
	if err := certs.Issue(s.certs(), []string{"switch-sign", signed.ID + "-sign"}, time.Now().Add(-95*day), 100*day+time.Hour); err != nil {
		t.Fatal(err)
	}
	s.withModule(func(k hsm.Keeper) {
		if err := importSigner(k.(*soft.Module), filepath.Join(s.certs(), "switch-sign-key.pem")); err != nil {
			t.Fatal(err)
		}
	})
	_, warned := runs(t, 0, "check-config", "--files", s.config)
	for _, label := range []string{"switch/signature", signed.ID + "/signature"} {
		if strings.Count(warned, `msg="certificate expires soon" certificate=`+label+" ") != 1 {
			t.Errorf("of %s check-config says\n%s", label, warned)
		}
	}
	p := s.serve()
	p.says(patience, `msg="certificate expires soon" certificate=`+signed.ID+"/signature")
	if at := s.metric(`switchd_cert_expiry_timestamp_seconds{certificate="switch/signature"}`); time.Until(time.Unix(int64(at), 0)) > 6*day {
		t.Errorf("the metric says %v", at)
	}

	// Another one, and the reload of a configuration that says the same.
	theirs := filepath.Join(s.certs(), signed.ID+"-sign.pem")
	if err := errors.Join(os.Remove(theirs), os.Remove(strings.TrimSuffix(theirs, ".pem")+"-key.pem")); err != nil {
		t.Fatal(err)
	}
	if err := certs.Issue(s.certs(), []string{signed.ID + "-sign"}, time.Now(), 100*day); err != nil {
		t.Fatal(err)
	}
	runs(t, 0, "config", "reload", "--config", s.config, "--reason", "a test")
	if at := s.metric(`switchd_cert_expiry_timestamp_seconds{certificate="` + signed.ID + `/signature"}`); time.Until(time.Unix(int64(at), 0)) < 99*day {
		t.Errorf("after the reload the metric says %v", at)
	}

	own, err := os.ReadFile(filepath.Join(s.certs(), "switch-sign.pem"))
	if err == nil {
		err = os.WriteFile(theirs, own, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	const wrong = "the switch's certificate is also the participant's"
	if _, said := runs(t, exitUsage, "check-config", "--files", s.config); !strings.Contains(said, "participant "+signed.ID+": signature: signatures: ") || !strings.Contains(said, wrong) {
		t.Error(said)
	}
	if _, said := runs(t, exitFailed, "config", "reload", "--config", s.config, "--reason", "a test"); !strings.Contains(said, wrong) {
		t.Error(said)
	}
	p.kill()
	if _, said := runs(t, exitFailed, "serve", "--config", s.config); !strings.Contains(said, wrong) {
		t.Error(said)
	}
}
