package certs

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"switchd/switch/logtext"
)

// rig is a Trust with its files, and a clock that a test sets.
type rig struct {
	*Trust
	t   testing.TB
	dir string
	ca  string // what participants trust
	at  atomic.Int64
	reg *prometheus.Registry
	log logtext.Text
}

// pki makes a PKI with BANKA and BANKB, and a list on which nobody is.
func pki(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must(t, InitAt(dir, []string{"BANKA", "BANKB"}, day0, LeafValidity), Revoke(dir, nil, day0, CRLValidity))
	return dir
}

func must(t testing.TB, faults ...error) {
	t.Helper()
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
}

// trusting starts a Trust over the files of dir; change may alter its options.
func trusting(t testing.TB, dir string, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, ca: filepath.Join(t.TempDir(), "ca.pem"), reg: prometheus.NewRegistry()}
	must(t, os.WriteFile(r.ca, r.read("ca.pem"), 0o600))
	r.at.Store(day0.UnixNano())
	o := Options{Paths: paths(dir, "switch"), CRLs: []string{filepath.Join(dir, "crl.pem")}, Peers: map[string]Peer{"BANKA": {}, "BANKB": {}},
		Clock: r.at.Load, Registry: r.reg, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	if change != nil {
		change(&o)
	}
	var err error
	if r.Trust, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) file(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) write(name string, data []byte) {
	r.t.Helper()
	must(r.t, os.WriteFile(r.file(name), data, 0o600))
}

func (r *rig) read(name string) []byte {
	r.t.Helper()
	b, err := os.ReadFile(r.file(name))
	must(r.t, err)
	return b
}

// looks is so many ticks of Run.
func (r *rig) looks(n int) {
	for range n {
		r.turn(func() {})
	}
}

// reissue makes new certificates and keys for participants.
func (r *rig) reissue(at time.Time, valid time.Duration, ids ...string) {
	r.t.Helper()
	for _, name := range leafFiles(ids) {
		must(r.t, os.Remove(r.file(name)))
	}
	must(r.t, Issue(r.dir, ids, at, valid))
}

// client are the settings of a participant that connects.
func (r *rig) client(id string) *tls.Config {
	r.t.Helper()
	p := paths(r.dir, id)
	p.CA = r.ca
	conf, err := ClientConfig(p, r.at.Load)
	must(r.t, err)
	return conf
}

// connect shakes hands as a participant and returns what the switch says.
func (r *rig) connect(id string) error {
	r.t.Helper()
	err, _ := shake(r.t, r.Server(), r.client(id))
	return err
}

// link is both ends of a link that is up.
type link struct{ server, client *tls.Conn }

func (r *rig) link(id string) *link {
	r.t.Helper()
	return r.linkWith(r.client(id))
}

func (r *rig) linkWith(client *tls.Config) *link {
	r.t.Helper()
	a, b := pipe()
	l := &link{tls.Server(a, r.Server()), tls.Client(b, client)}
	r.t.Cleanup(func() { a.Close(); b.Close() })
	done := make(chan error, 1)
	go func() { done <- l.client.Handshake() }()
	must(r.t, l.server.Handshake(), <-done)
	return l
}

// dialled is our end of a link to a participant with a certificate.
func (r *rig) dialled(id string, own tls.Certificate) *tls.Conn {
	r.t.Helper()
	conf, err := r.Dial(id)
	must(r.t, err)
	a, b := pipe()
	l, peer := tls.Client(a, conf), tls.Server(b, &tls.Config{Certificates: []tls.Certificate{own}, Time: conf.Time})
	r.t.Cleanup(func() { a.Close(); b.Close() })
	done := make(chan error, 1)
	go func() { done <- peer.Handshake() }()
	must(r.t, l.Handshake(), <-done)
	return l
}

// works sends a byte each way.
func (l *link) works() error {
	done := make(chan error, 1)
	go func() {
		_, err := l.client.Write([]byte{1})
		if err == nil {
			_, err = io.ReadFull(l.client, make([]byte, 1))
		}
		done <- err
	}()
	_, err := io.ReadFull(l.server, make([]byte, 1))
	if err == nil {
		_, err = l.server.Write([]byte{2})
	}
	return errors.Join(err, <-done)
}

func (r *rig) metric(name, label string) (value float64, there bool) {
	r.t.Helper()
	families, err := r.reg.Gather()
	must(r.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue(), true
			}
		}
	}
	return 0, false
}

func (r *rig) wants(name, label string, want float64) {
	r.t.Helper()
	if got, _ := r.metric(name, label); got != want {
		r.t.Errorf("%s{%s} is %v, want %v", name, label, got, want)
	}
}

// A renewed certificate is shown to whoever connects; links that are up go on.
func TestSwap(t *testing.T) {
	r := trusting(t, pki(t), nil)
	old := r.link("BANKA")
	before := old.client.ConnectionState().PeerCertificates[0].SerialNumber
	r.reissue(day0, LeafValidity, "switch")
	r.looks(1)
	if r.link("BANKA").client.ConnectionState().PeerCertificates[0].SerialNumber.Cmp(before) != 0 {
		t.Error("taken at the first look: the files may be half written")
	}
	r.looks(1)
	after := r.link("BANKA")
	if after.client.ConnectionState().PeerCertificates[0].SerialNumber.Cmp(before) == 0 {
		t.Error("the old certificate is still shown")
	}
	must(t, old.works(), after.works())
	if why := r.Reject("BANKA", old.server.ConnectionState()); why != "" {
		t.Errorf("the old link is rejected: %s", why)
	}
	r.wants("switchd_cert_reloads_total", "taken", 1)
	r.wants("switchd_cert_reloads_total", "refused", 0)
	if n := r.log.Count("certificate files taken"); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// A certificate that is written before its key is no fault, unless it stays alone.
func TestPairInTwoSteps(t *testing.T) {
	r := trusting(t, pki(t), nil)
	key := r.read("switch-key.pem")
	r.reissue(day0, LeafValidity, "switch")
	next := r.read("switch-key.pem")
	r.write("switch-key.pem", key)
	r.looks(1)
	r.write("switch-key.pem", next)
	r.looks(2)
	r.wants("switchd_cert_reloads_total", "taken", 1)
	r.wants("switchd_cert_reloads_total", "refused", 0)
}

// Whatever stands in the files, what was good before stays in force; it is told and
// counted once, and tried again.
func TestBadFiles(t *testing.T) {
	dir := pki(t)
	r := trusting(t, dir, nil)
	other := t.TempDir()
	must(t, InitAt(other, []string{"BANKA"}, day0, LeafValidity), Issue(dir, []string{"OLD"}, day0.Add(-48*time.Hour), 24*time.Hour))
	good := map[string][]byte{}
	for _, name := range []string{"ca.pem", "switch.pem", "switch-key.pem", "crl.pem"} {
		good[name] = r.read(name)
	}
	half := func(b []byte) []byte { return b[:len(b)/2] }
	bundle := append(append([]byte(nil), good["ca.pem"]...), good["ca.pem"]...)
	refused := 0.0
	for _, c := range []struct {
		what, file string
		data       []byte // nil: no file
	}{
		{"half a certificate", "switch.pem", half(good["switch.pem"])},
		{"an empty one", "switch.pem", []byte{}},
		{"no file", "switch.pem", nil},
		{"another's certificate", "switch.pem", r.read("BANKA.pem")},
		{"half a key", "switch-key.pem", half(good["switch-key.pem"])},
		{"another's key", "switch-key.pem", r.read("BANKA-key.pem")},
		{"too much", "switch.pem", make([]byte, pemBytesMax+1)},
		{"half an authority", "ca.pem", half(good["ca.pem"])},
		{"one and a half", "ca.pem", bundle[:len(bundle)*3/4]},
		{"no authority", "ca.pem", good["switch.pem"]},
		{"too many", "ca.pem", bytes.Repeat(good["ca.pem"], authoritiesMax+1)},
		{"half a list", "crl.pem", half(good["crl.pem"])},
		{"two lists", "crl.pem", append(append([]byte(nil), good["crl.pem"]...), good["crl.pem"]...)},
		{"no list", "crl.pem", good["ca.pem"]},
		{"nothing", "crl.pem", nil},
	} {
		before := r.now.Load()
		if c.data == nil {
			must(t, os.Remove(r.file(c.file)))
		} else {
			r.write(c.file, c.data)
		}
		r.looks(5)
		refused++
		if r.now.Load() != before || r.connect("BANKA") != nil {
			t.Errorf("%s: it has changed something", c.what)
		}
		r.wants("switchd_cert_reloads_total", "refused", refused)
		r.wants("switchd_cert_files_refused", "", 1)
		if n := r.log.Count("certificate files not taken"); n != int(refused) {
			t.Errorf("%s: %d lines, want %d", c.what, n, int(refused))
		}
		r.write(c.file, good[c.file])
		r.looks(2)
		r.wants("switchd_cert_files_refused", "", 0)
	}
	// A pair that matches and that no peer would take.
	for id, want := range map[string]string{"OLD": "of OLD", "BANKA": "of BANKA"} {
		r.write("switch.pem", r.read(id+".pem"))
		r.write("switch-key.pem", r.read(id+"-key.pem"))
		if err := r.Reload(); err == nil || !strings.Contains(err.Error(), want) || r.connect("BANKA") != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, part := range []string{"switch", "switch-key"} { // and one that is over
		must(t, os.Remove(r.file(part+".pem")))
	}
	must(t, Issue(dir, []string{"switch"}, day0.Add(-48*time.Hour), 24*time.Hour))
	if err := r.Reload(); err == nil || !strings.Contains(err.Error(), "expired on 2026-02-28") {
		t.Errorf("expired: %v", err)
	}
	if r.log.Count("PRIVATE") != 0 {
		t.Error("the log has something of a key")
	}
}

// Every cut of a file is refused, or is the whole of it.
func TestEveryCut(t *testing.T) {
	r := trusting(t, pki(t), nil)
	ca, crl := r.read("ca.pem"), r.read("crl.pem")
	bundle := append(append([]byte(nil), ca...), ca...)
	for n := range bundle {
		all, err := readAuthorities("ca.pem", bundle[:n])
		if whole := strings.Count(string(bundle[:n]), "-----END CERTIFICATE-----"); err == nil && (len(all) != whole || n > len(ca) && whole == 1) {
			t.Fatalf("%d of %d bytes: %d authorities", n, len(bundle), len(all))
		}
	}
	for n := range crl[:len(crl)-1] {
		if _, err := readList("crl.pem", crl[:n], r.authorities); err == nil {
			t.Fatalf("%d of %d bytes are a list", n, len(crl))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	dir := pki(t)
	for want, change := range map[string]func(*Options){
		"Paths":      func(o *Options) { o.Key = "" },
		"Clock":      func(o *Options) { o.Clock = nil },
		"Every":      func(o *Options) { o.Every = -1 },
		"CRLGrace":   func(o *Options) { o.CRLGrace = -2 },
		"CRLs":       func(o *Options) { o.CRLs = make([]string, listsMax+1) },
		"pins":       func(o *Options) { o.Peers = map[string]Peer{"BANKA": {Pins: make([]Pin, pinsMax+1)}} },
		`"BANK A"`:   func(o *Options) { o.Peers = map[string]Peer{"BANK A": {}} },
		"no such":    func(o *Options) { o.CRLs = []string{filepath.Join(dir, "none")} },
		"of BANKA,":  func(o *Options) { o.Paths = paths(dir, "BANKA") },
		"not valid":  func(o *Options) { o.Clock = clockAt(day0.Add(-48 * time.Hour)) },
		"not a file": func(o *Options) { o.CA = dir },
	} {
		o := Options{Paths: paths(dir, "switch"), Clock: clockAt(day0)}
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Two authorities stand in the bundle while participants change over; then the old
// one goes, and so do the links that rest on it.
func TestAuthorityRollOver(t *testing.T) {
	r := trusting(t, pki(t), nil)
	next := t.TempDir()
	must(t, InitAt(next, []string{"BANKB"}, day0, LeafValidity))
	nextCA, err := os.ReadFile(filepath.Join(next, "ca.pem"))
	must(t, err)
	moved := r.client("BANKB") // and trusts the old authority still
	own, err := tls.LoadX509KeyPair(paths(next, "BANKB").Cert, paths(next, "BANKB").Key)
	must(t, err)
	moved.Certificates = []tls.Certificate{own}
	if err, _ := shake(t, r.Server(), moved); err == nil {
		t.Error("an authority that is not in the bundle")
	}
	old := r.link("BANKA")
	// A certificate of the new authority that it only shows proves nothing.
	borrowing := r.client("BANKA")
	borrowing.Certificates[0].Certificate = append(borrowing.Certificates[0].Certificate, own.Certificate[0], pemOf(t, nextCA))
	borrower := r.linkWith(borrowing)
	dialled := r.dialled("BANKA", borrowing.Certificates[0])
	r.write("ca.pem", append(r.read("ca.pem"), nextCA...))
	must(t, r.Reload())
	if n := r.log.Count("authorities without a revocation list"); n != 1 {
		t.Errorf("%d lines about an authority without a list", n)
	}
	if err, _ := shake(t, r.Server(), moved); err != nil {
		t.Errorf("the second authority: %v", err)
	}
	if err := r.connect("BANKA"); err != nil {
		t.Errorf("the first authority: %v", err)
	}
	r.write("ca.pem", nextCA)
	must(t, r.Reload())
	if r.connect("BANKA") == nil {
		t.Error("the first authority has gone")
	}
	for name, l := range map[string]*tls.Conn{"its link": old.server, "a link with a foreign certificate": borrower.server, "one that is dialled": dialled} {
		if why := r.Reject("BANKA", l.ConnectionState()); why != ErrAuthority.Error() {
			t.Errorf("%s: %q", name, why)
		}
	}
}

// Files change while participants shake hands and links are looked at; nothing but
// what was written counts. For the race detector.
func TestConcurrentSwaps(t *testing.T) {
	r := trusting(t, pki(t), nil)
	l := r.link("BANKA")
	ca, cert, key := r.read("ca.pem"), r.read("switch.pem"), r.read("switch-key.pem")
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := r.connect([]string{"BANKA", "BANKB", "BANKA"}[i]); err != nil {
					t.Error(err)
				}
				if why := r.Reject("BANKA", l.server.ConnectionState()); why != "" {
					t.Error(why)
				}
				r.metric("switchd_cert_files_refused", "")
			}
		})
	}
	for i := range 20 {
		if i%2 == 0 {
			r.reissue(day0, LeafValidity, "switch")
			r.write("ca.pem", append([]byte(fmt.Sprintf("# %d\n", i)), ca...))
		} else {
			r.write("switch.pem", cert)
			r.write("switch-key.pem", key[:i])
		}
		r.looks(2)
		must(t, r.SetPeers(map[string]Peer{"BANKA": {}, "BANKB": {TLS12: i%2 == 0}}))
	}
	close(stop)
	wg.Wait()
	r.wants("switchd_cert_reloads_total", "refused", 10)
}

// pemOf is the first block of a PEM file.
func pemOf(t *testing.T, data []byte) []byte {
	t.Helper()
	der, err := decodePEM("ca.pem", data, certBlock)
	must(t, err)
	return der
}
