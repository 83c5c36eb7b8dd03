package main

import (
	"errors"
	"io/fs"
	"time"

	"switchd/certs"
	"switchd/switch/config"
	"switchd/switch/doctor"
	"switchd/switch/screen"
)

// expiresSoon is when the end of a certificate is told at least.
const expiresSoon = 30 * 24 * time.Hour

// expiries looks at the certificates and revocation lists that a configuration names.
func expiries(cfg *config.Config) (all []doctor.Finding) {
	files := append([]string{cfg.TLS.CA, cfg.TLS.Cert, cfg.AdminAccess.Cert, cfg.AdminAccess.ClientCA, cfg.HSM.PayShield.TLS.CA, cfg.HSM.PayShield.TLS.Cert}, cfg.TLS.CRL...)
	for i := range cfg.Participants {
		s := &cfg.Participants[i].Signature
		files = append(append(files, s.Certificate), s.Certificates...)
	}
	good := 0
	for _, file := range files {
		if file == "" {
			continue
		}
		described, err := certs.Describe(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the configuration's check has said so
		}
		if err != nil {
			all = append(all, doctor.Wrong(doctor.Bad, "certificate", "put a good one there", "%v", err))
			continue
		}
		for i := range described {
			if f := expiry(&cfg.Health, file, &described[i]); f.Level != doctor.OK {
				all = append(all, f)
			} else {
				good++
			}
		}
	}
	if good > 0 {
		all = append(all, doctor.Good("certificates", "%d certificates and revocation lists do not end soon", good))
	}
	return all
}

// expiry is about one certificate: from when on its end is bad the configuration says.
func expiry(h *config.Health, file string, d *certs.Description) doctor.Finding {
	now := certificatesSoon(h)
	name, todo, soon := "certificate", "issue another one (docs/certificates.md) and reload", max(expiresSoon, now)
	if d.Kind == "crl" { // they live for days, not for a year
		name, todo, soon, now = "revocation list", "fetch the next one and reload: when the grace is over, nobody can connect", 24*time.Hour, 0
	}
	left := d.NotAfter.Sub(wall())
	switch what := screen.Dash(d.Subject); {
	case left <= 0:
		return doctor.Wrong(doctor.Bad, name, todo, "%s (%s) has expired %s ago", file, what, screen.Lasts(left))
	case left < now:
		return doctor.Wrong(doctor.Bad, name, todo, "%s (%s) expires in %s", file, what, screen.Lasts(left))
	case left < soon:
		return doctor.Wrong(doctor.Warn, name, todo, "%s (%s) expires in %s", file, what, screen.Lasts(left))
	}
	return doctor.Good(name, "%s", file)
}
