package certs

import (
	"crypto/x509"
	"testing"
	"time"
)

// Each notice comes once, and not in the first half of a life.
func TestStages(t *testing.T) {
	for _, c := range []struct {
		life time.Duration
		left []time.Duration
		want []int
	}{
		{365 * day, []time.Duration{31 * day, 30 * day, 8 * day, 7 * day, 25 * time.Hour, day, 1, 0, -day}, []int{0, 1, 1, 2, 2, 3, 3, 4, 4}},
		{45 * day, []time.Duration{30 * day, 8 * day, 7 * day, day, 0}, []int{0, 0, 2, 3, 4}},
		{7 * day, []time.Duration{7 * day, 2 * day, day, 0}, []int{0, 0, 3, 4}},
		{day, []time.Duration{day, time.Hour, 0}, []int{0, 0, 4}},
	} {
		for i, left := range c.left {
			s := span{day0, day0.Add(c.life)}
			if got := s.stage(s.until.Add(-left)); got != c.want[i] {
				t.Errorf("life %v, left %v: stage %d, want %d", c.life, left, got, c.want[i])
			}
		}
	}
}

// Warnings come once each: for our own certificate, the authority, the list, and
// for participants that are connected.
func TestExpiryWarnings(t *testing.T) {
	dir := t.TempDir()
	life := 100 * day
	must(t, InitAt(dir, []string{"BANKA", "BANKB"}, day0, life), Revoke(dir, nil, day0, life))
	r := trusting(t, dir, nil)
	l := r.link("BANKA")
	sweep := func() { r.Reject("BANKA", l.server.ConnectionState()) }
	told := func(what, certificate string) int {
		return r.log.Count(`msg="certificate ` + what + `" certificate=` + certificate + " ")
	}
	for _, c := range []struct {
		left          time.Duration
		soon, expired int
	}{{31 * day, 0, 0}, {30 * day, 1, 0}, {29 * day, 1, 0}, {7 * day, 2, 0}, {6 * day, 2, 0}, {day, 3, 0}, {1, 3, 0}, {0, 3, 1}, {-10 * day, 3, 1}} {
		r.at.Store(day0.Add(life - c.left).UnixNano())
		for range 4 {
			r.turn(sweep)
		}
		for _, label := range []string{"switch", "BANKA", "crl"} {
			if soon, expired := told("expires soon", label), told("has expired", label); soon != c.soon || expired != c.expired {
				t.Errorf("%v before the end of %s: %d warnings and %d ends, want %d and %d", c.left, label, soon, expired, c.soon, c.expired)
			}
		}
	}
	if told("expires soon", "BANKB")+told("expires soon", "ca") != 0 {
		t.Error("BANKB has no link, the CA years to live")
	}
	r.reissue(r.time(), life, "switch")
	must(t, r.Reload())
	r.at.Add(int64(71 * day))
	r.looks(1)
	if n := told("expires soon", "switch"); n != 4 {
		t.Errorf("%d warnings with that of the renewed certificate", n)
	}
}

// What is watched beside is told in the same way, once for each notice and for each
// certificate, however often it is named; what is not watched any more is forgotten.
func TestExpiryWatched(t *testing.T) {
	r := trusting(t, pki(t), nil)
	sign := &x509.Certificate{NotBefore: day0, NotAfter: day0.Add(40 * day)}
	again := *sign
	renewed := &x509.Certificate{NotBefore: day0, NotAfter: day0.Add(400 * day)}
	both := []Watched{{"BANKA/signature", sign}, {"BANKA/signature", renewed}, {"BANKA/signature", &again}}
	said := func() int { return r.log.Count("certificate=BANKA/signature ") }
	r.Watch(both)
	r.wants("switchd_cert_expiry_timestamp_seconds", "BANKA/signature", float64(sign.NotAfter.Unix()))
	if said() != 0 {
		t.Error("told 40 days before")
	}
	r.at.Add(int64(34 * day))
	r.looks(3)
	r.Watch(both)
	if n := said(); n != 1 || r.log.Count("days=6") != 1 {
		t.Errorf("%d lines a week before", n)
	}
	r.Watch(both[1:2])
	r.at.Add(int64(10 * day))
	r.looks(1)
	if n := said(); n != 1 {
		t.Errorf("%d lines of one that is not watched any more", n)
	}
}

// The start tells the latest notice only.
func TestExpiryAtStart(t *testing.T) {
	dir := pki(t)
	r := trusting(t, dir, func(o *Options) { o.Clock = clockAt(day0.Add(LeafValidity - 5*day)); o.CRLs = nil })
	if n := r.log.Count("expires soon"); n != 1 || r.log.Count("days=5") != 1 {
		t.Errorf("%d lines", n)
	}
}

// The metric has what is in force and who is connected, each under its first end.
func TestExpiryMetric(t *testing.T) {
	const name = "switchd_cert_expiry_timestamp_seconds"
	r := trusting(t, pki(t), nil)
	r.wants(name, "switch", float64(day0.Add(LeafValidity).Unix()))
	r.wants(name, "ca", float64(day0.Add(CAValidity).Unix()))
	r.wants(name, "crl", float64(day0.Add(CRLValidity).Unix()))
	if _, there := r.metric(name, "BANKA"); there {
		t.Error("BANKA has no link")
	}
	first := r.link("BANKA")
	r.wants(name, "BANKA", float64(day0.Add(LeafValidity).Unix()))
	r.reissue(day0, 10*day, "BANKA")
	second := r.link("BANKA")
	r.wants(name, "BANKA", float64(day0.Add(10*day).Unix()))
	links := []*link{first, second}
	sweeps := func() {
		for range 2 * sweepLooks {
			r.turn(func() {
				for _, l := range links {
					r.Reject("BANKA", l.server.ConnectionState())
				}
			})
		}
	}
	sweeps()
	r.wants(name, "BANKA", float64(day0.Add(10*day).Unix()))
	links = links[:1]
	sweeps()
	r.wants(name, "BANKA", float64(day0.Add(LeafValidity).Unix()))
	links = nil
	sweeps()
	if _, there := r.metric(name, "BANKA"); there {
		t.Error("BANKA has no link any more")
	}
	r.link("BANKA")
	must(t, r.SetPeers(map[string]Peer{"BANKB": {}}))
	if _, there := r.metric(name, "BANKA"); there {
		t.Error("BANKA is not configured any more")
	}
	// A participant may be called like one of ours: the metric stays one.
	r.expiry.note("crl", &x509.Certificate{NotBefore: day0, NotAfter: day0.Add(day)})
	r.wants(name, "crl", float64(day0.Add(day).Unix()))
}
