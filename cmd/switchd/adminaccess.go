package main

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/certs"
	"switchd/switch/access"
	"switchd/switch/admin"
	"switchd/switch/config"
)

// adminAccess is who may use the admin port, and its certificate, as files have it.
type adminAccess struct {
	n    *node
	file *access.Users // nil: nobody has to show who he is
	web  *certs.Web    // nil: plain HTTP
	bad  prometheus.Gauge
}

// openAdminAccess reads the files that a configuration names.
func openAdminAccess(a *config.AdminAccess) (users *access.Users, web *certs.Web, err error) {
	var faults []error
	if a.Users != "" {
		if users, err = access.Load(a.Users); err != nil {
			faults = append(faults, err)
		} else if users.Certificates() && a.ClientCA == "" {
			faults = append(faults, fmt.Errorf("%s has users with certificates, and admin_access no client_ca that vouches for them: add it", a.Users))
		}
	}
	if a.Cert != "" {
		if web, err = certs.NewWeb(certs.Paths{CA: a.ClientCA, Cert: a.Cert, Key: a.Key}, clock); err != nil {
			faults = append(faults, err)
		}
	}
	return users, web, errors.Join(faults...)
}

// newAdminAccess reads the files of a start.
func (n *node) newAdminAccess() (a *adminAccess, err error) {
	a = &adminAccess{n: n, bad: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchd_admin_files_bad", Help: "1 when the users or the certificate of the admin port are not as their files say, because those are not good.",
	})}
	if a.file, a.web, err = openAdminAccess(&n.cfg.AdminAccess); err != nil {
		return nil, usageError{err}
	}
	n.registry.MustRegister(a.bad, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchd_admin_users", Help: "Users of the admin port; 0: nobody has to show who he is.",
	}, a.count))
	if a.web != nil {
		n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "switchd_admin_cert_expiry_timestamp_seconds", Help: "When the certificate of the admin port expires.",
		}, func() float64 { return float64(a.web.Certificate().NotAfter.Unix()) }))
	}
	return a, nil
}

func (a *adminAccess) count() float64 {
	if a.file == nil {
		return 0
	}
	return float64(a.file.Len())
}

// options adds to those of the admin server.
func (a *adminAccess) options(o *admin.Options) {
	o.Look = a.look
	if a.file != nil {
		o.Users, o.TwoPerson = a.file, a.n.cfg.AdminAccess.TwoPerson
	}
	if a.web != nil {
		o.TLS, o.Hosts = a.web.TLS(), a.web.Covers
	}
}

// look looks at the files now and then. It says whether users may be other ones.
func (a *adminAccess) look() bool {
	changed, err := a.take(false)
	if err != nil {
		a.n.log.Error("files of the admin port not taken, the old ones stay", "event", "admin.files", "error", err)
	}
	return changed
}

// reload takes the files at once, or says what is wrong with them.
func (a *adminAccess) reload() error {
	changed, err := a.take(true)
	if changed {
		a.n.admin.Recheck()
	}
	return err
}

func (a *adminAccess) take(force bool) (changed bool, err error) {
	var faults []error
	bad := false
	if a.file != nil {
		look := a.file.Watch
		if force {
			look = a.file.Reload
		}
		if changed, err = look(); err != nil {
			faults = append(faults, err)
		}
		if changed {
			a.n.log.Info("users of the admin port taken", "event", "admin.users", "file", a.file.File(), "users", a.file.Len())
		}
		bad = a.file.Bad()
	}
	if a.web != nil {
		other, err := a.web.Look(force)
		if err != nil {
			faults = append(faults, err)
		}
		if other {
			a.n.log.Info("certificate of the admin port taken", "event", "admin.certificate")
		}
		bad = bad || a.web.Bad()
	}
	a.bad.Set(map[bool]float64{true: 1}[bad])
	return changed, errors.Join(faults...)
}

// checkAdminAccess says what is wrong with the files of the admin port, as a start does.
func checkAdminAccess(file string, cfg *config.Config) (faults config.Faults) {
	_, _, err := openAdminAccess(&cfg.AdminAccess)
	if err == nil {
		return nil
	}
	if of, ok := errors.AsType[access.Faults](err); ok {
		for _, f := range of {
			faults = append(faults, config.Fault{File: f.File, Line: f.Line, Column: f.Column, Text: f.Text})
		}
		return faults
	}
	return config.Faults{{File: file, Text: "admin_access: " + err.Error()}}
}
