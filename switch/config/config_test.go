package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write the expected texts of the golden tests anew")

var known = Names{
	Dialects: []string{"iso87-ascii", "iso87-npci", "iso20022"}, Framings: []string{"BIN2", "NAC", "B24", "ASCII4", "BIN4"},
	Profiles: []string{"ips-base", "fednow"}, Versions: []string{"pacs.008.001.08", "pacs.008.001.09", "pacs.002.001.10"},
	DuplicateFields: []int{7, 11, 12, 13, 32, 37, 41, 42}, MatchFields: []int{7, 11, 37},
	CheckKeys: func(duplicate, match []int) error {
		if len(match) == 1 && match[0] == 7 {
			return errors.New("match_key: needs DE37, or DE7 and DE11")
		}
		return nil
	},
	CheckWire: func(p *Participant) error {
		switch {
		case p.Framing == "B24" && p.Dialect == "iso87-npci":
			return errors.New("cannot carry binary bitmaps")
		case p.Framing == "BIN2" && p.Header+p.KeepAlive != "":
			return errors.New("has neither headers nor keep-alives")
		}
		return nil
	},
}

const golden = "../../testdata/config"

// TestBad: each *.bad.yml gives exactly the faults in its *.bad.txt.
func TestBad(t *testing.T) {
	for _, file := range files(t, "*.bad.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := parseFile(t, file)
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			compare(t, strings.TrimSuffix(file, ".yml")+".txt", err.Error()+"\n")
		})
	}
}

// TestGood: each *.good.yml is accepted and means what its *.good.txt says.
func TestGood(t *testing.T) {
	for _, file := range files(t, "*.good.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := parseFile(t, file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(file, ".yml")+".txt", dump(t, c))
		})
	}
}

// TestOneFaultEach: texts too short for a file of their own.
func TestOneFaultEach(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := Parse("f", []byte(text), known)
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
	empty := "f:1:1: the file is empty: `switchd check-config --example` prints one to start from"
	f("", empty)
	f("# nothing\n", empty)
	f("---\n...\n", empty)
	f("just words", "f:1:1: the file is a text: write a mapping of keys (listen, admin, admin_access, data_dir, seal_key, checkpoint_key, currency, institution, tls, profile, hsm, allow, limits, disk, journal, log, tracing, canary, health, business_day_start, retention, payment_limits, brown_out, defaults, participants_dir, participants)")
	f("- a", "f:1:1: the file is a list: write a mapping of keys (listen, admin, admin_access, data_dir, seal_key, checkpoint_key, currency, institution, tls, profile, hsm, allow, limits, disk, journal, log, tracing, canary, health, business_day_start, retention, payment_limits, brown_out, defaults, participants_dir, participants)")
	f("listen: \xff", "f:1:9: the file is not UTF-8 text from here: save it as UTF-8")
	f("listen: a\x00", "f:1:10: control character 0x00: remove it")
	f(strings.Repeat("#", fileBytesMax+1), "f: the file is larger than 4 MiB: this is not a configuration of switchd")
	f("a: "+strings.Repeat("[", 17), "f:1:20: brackets are nested too deeply: a configuration needs two or three levels")
	f(strings.Repeat(" ", 300)+"a: 1", "f:1:302: this begins too far to the right: check the indentation")
	f("{"+strings.Repeat("a: 1, ", 300)+"}", "f:1:1542: "+tooManyKeys)
	f("tls: {, ca: a}", "f:1:7: this comma has no value in front of it: remove it")
	f(strings.Repeat("- a\n", 200_001), "f:200001:1: the file has too many parts up to here: this is not a configuration of switchd")
	f(strings.Repeat("a:\n- x\n", 3000), "f:513:2: "+tooManyKeys)
}

// TestFaultsAreBounded: a file full of faults reports many, not all of them.
func TestFaultsAreBounded(t *testing.T) {
	_, err := Parse("f", []byte("participants:\n"+strings.Repeat("- {x: 1}\n", 1000)), known)
	faults := err.(Faults)
	if len(faults) != faultsMax+1 || !strings.Contains(faults[faultsMax].String(), "more faults are not shown") {
		t.Fatalf("%d faults, last %v", len(faults), faults[len(faults)-1])
	}
}

func TestByteOrderMarkAndLineEnds(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(string(Example()), "\n", "\r\n")
	if _, err := Parse("f", []byte(text), known); err != nil {
		t.Fatal(err)
	}
}

// TestExample: the example is accepted and shows nothing but defaults where it
// says so.
func TestExample(t *testing.T) {
	c, err := Parse("conf/switchd.yml", Example(), known)
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits != (Limits{
		Links: 1024, Handshakes: 256, HalfOpen: 512, HandshakesPerAddress: 50, HandshakeBurst: 200, Addresses: 8192,
		Dials: 32, Outbox: 4 << 20, Queue: 32_768, OpenPayments: 1_000_000,
	}) {
		t.Errorf("limits %+v", c.Limits)
	}
	if c.Disk != (Disk{Reserve: 1 << 30, Warning: 2 << 30, Ballast: 256 << 20}) || c.BusinessDayStart != 0 ||
		c.Health != (Health{CommitAge: 10 * time.Second, ClockWarning: 2 * time.Second, ClockStep: 2 * time.Minute, Certificates: 7}) ||
		c.Retention != (Retention{Journal: 90, State: 90, Archive: 3660}) {
		t.Errorf("%+v, a day from %v, %+v", c.Disk, c.BusinessDayStart, c.Retention)
	}
	a, b := c.Participants[0], c.Participants[1]
	if c.BrownOut != (BrownOut{Steps: DefaultLoadSteps()}) || c.PaymentLimits != nil || c.Allow != nil {
		t.Errorf("%+v, %+v, %v", c.BrownOut, c.PaymentLimits, c.Allow)
	}
	if a.Timers != DefaultTimers() || !slices.Equal(a.Ambiguous, DefaultAmbiguous()) {
		t.Errorf("BANKA is not as the defaults: %+v", a)
	}
	if b.Timers.Debit != 20*time.Second || b.Timers.Total != time.Minute || b.Timers.Credit != 15*time.Second {
		t.Errorf("BANKB timers %+v", b.Timers)
	}
	if a.NetDebitCap != 100_000_000 || c.Participants[2].NetDebitCap != 50_000_000 {
		t.Errorf("caps %d %d", a.NetDebitCap, c.Participants[2].NetDebitCap)
	}
	if c.DataDir != "conf/data" || c.TLS.Key != "conf/certs/switch-key.pem" {
		t.Errorf("paths %q %q", c.DataDir, c.TLS.Key)
	}
	if m := c.Money(); m.Numeric != 356 || m.Exponent != 2 || m.Digits() != "356" {
		t.Errorf("money %+v", m)
	}
	first := Example()
	first[0] = 'X'
	if bytes.Equal(first, Example()) {
		t.Error("a caller can change the example")
	}
}

// TestDefaultTimers holds the figures of domain.md 1.6 and 7.2.
func TestDefaultTimers(t *testing.T) {
	want := Timers{
		Resolve: 10 * time.Second, Debit: 15 * time.Second, Credit: 15 * time.Second, Reversal: 10 * time.Second,
		Total: 45 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 15 * time.Minute, GiveUp: 48 * time.Hour,
		CreditUnknown: 600 * time.Second, Idle: 30 * time.Second, Echo: 5 * time.Second,
	}
	if DefaultTimers() != want {
		t.Errorf("%+v", DefaultTimers())
	}
}

func TestCurrencies(t *testing.T) {
	f := func(code, digits string, exponent int) {
		t.Helper()
		if c, ok := CurrencyOf(code); !ok || c.Digits() != digits || c.Exponent != exponent {
			t.Errorf("%s: %+v %v", code, c, ok)
		}
	}
	f("INR", "356", 2)
	f("JPY", "392", 0)
	f("BHD", "048", 3)
	f("CLF", "990", 4)
	if _, ok := CurrencyOf("inr"); ok {
		t.Error("small letters accepted")
	}
	numbers := map[uint16]string{}
	for _, c := range currencies {
		if other, twice := numbers[c.Numeric]; twice {
			t.Errorf("%s and %s share %d", c.Code, other, c.Numeric)
		}
		numbers[c.Numeric] = c.Code
	}
}

// TestCapsFit: the sum of the largest caps of the most participants is an int64.
func TestCapsFit(t *testing.T) {
	if sum := int64(capUnitsMax) * participantsMax; sum/participantsMax != capUnitsMax {
		t.Fatal("the sum of all caps overflows")
	}
}

func files(t *testing.T, glob string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(golden, glob))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", glob, err)
	}
	return found
}

// parseFile reads a golden file under its bare name, so that the expected texts
// hold on every machine.
func parseFile(t *testing.T, file string) (*Config, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.Base(file), data, known)
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./switch/config -rewrite makes it)", err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func dump(t *testing.T, c *Config) string {
	t.Helper()
	out, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}
