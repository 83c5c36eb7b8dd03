package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"switchd/certs"
	"switchd/switch/simbank"
)

// scheme is a switch and its participants as processes: certificates, a
// configuration with the demo's short timers, fixed ports that a restart keeps.
type scheme struct {
	t             testing.TB
	dir           string // of the configuration
	data          string
	config        string
	listen, admin string
	all           []schemeParticipant
	ids           []string // of all participants
	http          http.Client
}

// schemeParticipants are those of the demo and one more. BANKC and BANKD speak
// text, so that a test can spoil a message as it stands on the wire; BANKD does so
// in a framing with headers and keep-alives.
var schemeParticipants = func() (all []schemeParticipant) {
	for _, p := range append(slices.Clone(demoParticipants), demoParticipant{"BANKD", "100004", "bankd", "BNKD", "iso87-ascii", "ASCII4-TPDU", "6000040001", ""}) {
		p.Abilities = ""
		all = append(all, schemeParticipant{demoParticipant: p})
	}
	all[2].Dialect, all[2].Framing, all[2].Header = "iso87-npci", "BIN2", ""
	return all
}()

// schemeParticipant is one of a configuration of the tests.
type schemeParticipant struct {
	demoParticipant
	Posting string
	Extra   string // further keys
	Played  bool   // by the test itself, byte by byte
}

// simulatedParticipants are those whose processes pay each other while a test
// kills, stops or starves the switch: the demo's two of ISO 8583, of which the
// second can be asked about credits in doubt, and two of ISO 20022, of which the
// second posts a credit only when the switch confirms it.
var simulatedParticipants = []schemeParticipant{
	{demoParticipant: demoParticipants[0]},
	{demoParticipant: demoParticipants[1]},
	{demoParticipant: demoParticipant{"BANKE", "100005", "banke", "BNKE", dialect20022, "BIN4", "", "checks, updates, receipts"}},
	{demoParticipant: demoParticipant{"BANKF", "100006", "bankf", "BNKF", dialect20022, "BIN4", "", "checks, updates, receipts"}, Posting: "on_confirm"},
}

// shortTimers show every repair within seconds, longTimers none within a test.
const (
	shortTimers = "resolve: 300ms, debit: 300ms, credit: 300ms, total: 2s, reversal: 200ms, backoff_min: 100ms, backoff_max: 1s, give_up: 1m, credit_unknown: 600ms, idle: 5s, echo: 1s"
	longTimers  = "resolve: 60s, debit: 60s, credit: 60s, total: 3m, reversal: 60s, credit_unknown: 5m, idle: 60s"
)

// schemeDisk is little room to keep, so that a test can fill a small disk.
const schemeDisk = "reserve: 96MiB, ballast: 0"

var schemeTemplate = template.Must(template.New("scheme").Parse(`listen: {{ .Listen }}
admin: {{ .Admin }}
data_dir: {{ .Data }}
currency: INR
institution: "999999"
tls: {ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}
disk: { {{- .Disk -}} }
defaults:
  timers: { {{- .Timers -}} }
participants:
{{- range .Participants }}
  - {id: {{ .ID }}, institution: "{{ .Institution }}", handles: [{{ .Handle }}], ifsc_prefixes: [{{ .IFSC }}], dialect: {{ .Dialect }}, framing: {{ .Framing }}{{ with .Header }}, header: "{{ . }}"{{ end }}{{ with .Abilities }}, abilities: [{{ . }}]{{ end }}{{ with .Posting }}, posting: {{ . }}{{ end }}{{ with .Extra }}, {{ . }}{{ end }}, net_debit_cap: "10000000.00"}
{{- end }}
`))

// newScheme writes certificates and a configuration with the first so many
// participants to a new folder. A scheme on a file system of its own names its data
// folder.
func newScheme(t testing.TB, timers string, participants int, data ...string) *scheme {
	t.Helper()
	return newSchemeOf(t, timers, schemeParticipants[:participants], schemeParticipants[:2], data...)
}

// newSimulated is newScheme with the simulated participants.
func newSimulated(t testing.TB, data ...string) *scheme {
	t.Helper()
	return newSchemeOf(t, shortTimers, simulatedParticipants, simulatedParticipants, data...)
}

func newSchemeOf(t testing.TB, timers string, all, simulated []schemeParticipant, data ...string) *scheme {
	t.Helper()
	s := &scheme{t: t, all: all, dir: t.TempDir(), http: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	s.config, s.data = filepath.Join(s.dir, "switchd.yml"), filepath.Join(s.dir, "data")
	if len(data) > 0 {
		s.data = data[0]
	}
	s.listen, s.admin = fixedAddress(t), fixedAddress(t)
	for _, p := range all {
		s.ids = append(s.ids, p.ID)
	}
	if err := certs.InitAt(s.certs(), s.ids, time.Now(), certs.LeafValidity); err != nil {
		t.Fatal(err)
	}
	s.write(s.config, timers, all)
	s.write(s.banksConfig(), timers, simulated)
	return s
}

func (s *scheme) write(file, timers string, participants []schemeParticipant) {
	s.t.Helper()
	var text bytes.Buffer
	err := schemeTemplate.Execute(&text, map[string]any{"Listen": s.listen, "Admin": s.admin, "Data": s.data, "Timers": timers, "Disk": schemeDisk, "Participants": participants})
	if err == nil {
		err = os.WriteFile(file, text.Bytes(), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// banksConfig has the simulated participants only: they pay all others in their
// configuration, and those that a test plays itself are not always there.
func (s *scheme) banksConfig() string { return filepath.Join(s.dir, "banks.yml") }

func (s *scheme) certs() string { return filepath.Join(s.dir, "certs") }

// fixedAddress finds a free port that stays free while a switch restarts: below
// the range from which the system takes the ports of outgoing connections, or a
// participant that reconnects could take it, or even connect to itself. No other
// test gets it.
func fixedAddress(t testing.TB) string {
	t.Helper()
	low := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		low, _ = strconv.Atoi(strings.Fields(string(text))[0])
	}
	if low < 11_000 {
		low = 60_000
	}
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(low-10_000))
		if _, taken := fixedAddresses.LoadOrStore(address, true); taken {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// fixedAddresses are those that tests have been given.
var fixedAddresses sync.Map

// seedFlag repeats a run; the processes' own scheduling is not in it.
var seedFlag = flag.Uint64("process-seed", 0, "seed of the tests that start processes; 0: by the clock")

func newSeed(t testing.TB) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) % 1_000_000_007
	}
	t.Logf("seed %d (-process-seed)", seed)
	return seed
}

// serve starts the switch and waits until it serves.
func (s *scheme) serve(flags ...string) *process {
	s.t.Helper()
	p := start(s.t, append([]string{"serve", "--config", s.config}, flags...)...)
	s.serving(p, patience)
	return p
}

// serving waits until the switch is recovered and participants can connect.
func (s *scheme) serving(p *process, limit time.Duration) {
	s.t.Helper()
	p.says(limit, "switchd: serving "+s.listen)
	if !s.recovered() {
		s.t.Fatal("it serves, but /readyz does not say that it has recovered")
	}
}

// recovered asks /readyz.
func (s *scheme) recovered() bool {
	var health struct {
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := s.get("/readyz", &health); err != nil {
		return false
	}
	for _, c := range health.Checks {
		if c.Name == "recovered" {
			return c.OK
		}
	}
	return false
}

// get reads an admin page: JSON into a struct, text into a *string.
func (s *scheme) get(page string, into any) error {
	request, err := http.NewRequest(http.MethodGet, "http://"+s.admin+page, nil)
	if err != nil {
		return err
	}
	text, isText := into.(*string)
	if !isText {
		request.Header.Set("Accept", "application/json")
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if isText {
		*text = string(body)
		return nil
	}
	return json.Unmarshal(body, into)
}

// summary is /api/v1/summary; false when it cannot be had.
func (s *scheme) summary() (summary, bool) {
	var got summary
	err := s.get("/api/v1/summary", &got)
	return got, err == nil && len(got.Participants) > 0
}

// metric is the value of one sample of /metrics, named as it stands there.
func (s *scheme) metric(name string) float64 {
	s.t.Helper()
	var text string
	if err := s.get("/metrics", &text); err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return f
		}
	}
	s.t.Fatalf("no metric %s", name)
	return 0
}

// signedOn waits until each of ids has a link.
func (s *scheme) signedOn(limit time.Duration, ids ...string) {
	s.t.Helper()
	until(s.t, limit, fmt.Sprintf("%v are signed on", ids), func() bool {
		got, ok := s.summary()
		for _, id := range ids {
			for _, p := range got.Participants {
				ok = ok && (p.ID != id || p.Links > 0)
			}
		}
		return ok
	})
}

// bank is a simulated participant as a process.
type bank struct {
	*process
	id, file string
}

// bank starts a simulated participant that writes a report when it ends.
func (s *scheme) bank(id string, seed uint64, flags ...string) *bank {
	s.t.Helper()
	b := &bank{id: id, file: filepath.Join(s.dir, id+".json")}
	b.process = start(s.t, append([]string{"bank", "--config", s.banksConfig(), "--id", id, "--seed", strconv.FormatUint(seed, 10),
		"--report", b.file, "--linger", "--answer-timeout", "2s", "--repeats-max", "30", "--json"}, flags...)...)
	return b
}

// banks starts a simulated participant for each of the configuration.
func (s *scheme) banks(seed uint64, flags ...string) (all []*bank) {
	s.t.Helper()
	for i, id := range s.ids {
		all = append(all, s.bank(id, seed+uint64(i), flags...))
	}
	return all
}

// rest ends the payments of all banks: each own payment has its answer and the
// switch has nothing open. Repairs go out 20 a second to each, so after a kill on
// a slow machine this takes its time.
func (s *scheme) rest(banks ...*bank) {
	s.t.Helper()
	for _, b := range banks {
		b.signal(syscall.SIGTERM)
	}
	for _, b := range banks {
		b.says(2*patience, "no own payment is open")
	}
	until(s.t, 3*patience, "no payment is open at the switch", func() bool {
		got, ok := s.summary()
		return ok && got.Open == 0
	})
}

// reports ends the banks and reads what they saw.
func (s *scheme) reports(banks ...*bank) map[string]*simbank.Report {
	s.t.Helper()
	for _, b := range banks {
		b.signal(syscall.SIGTERM)
	}
	out := map[string]*simbank.Report{}
	for _, b := range banks {
		b.wait(patience, 0)
		text, err := os.ReadFile(b.file)
		if err != nil {
			s.t.Fatal(err)
		}
		r := new(simbank.Report)
		if err := json.Unmarshal(text, r); err != nil {
			s.t.Fatal(err)
		}
		out[b.id] = r
	}
	return out
}

// stopClean ends the switch as an operator does.
func (s *scheme) stopClean(p *process) {
	s.t.Helper()
	p.signal(syscall.SIGTERM)
	p.wait(patience, 0)
	if strings.Contains(p.err.String(), "still open") {
		s.t.Errorf("payments were open at the stop: %s", tail(p.err.String()))
	}
}
