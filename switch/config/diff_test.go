package config

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestDiffSeesEveryField: whatever changes in a configuration is listed.
func TestDiffSeesEveryField(t *testing.T) {
	full := func() *Config {
		c, err := parseFile(t, filepath.Join(golden, "gateway.good.yml"))
		if err != nil {
			t.Fatal(err)
		}
		p := &c.Participants[0]
		p.Versions, p.Abilities, p.DuplicateKey, p.MatchKey = []string{"v"}, []string{"checks"}, []int{11}, []int{37}
		return c
	}
	old, next := full(), full()
	if diff := Diff(old, next); !diff.Empty() || diff.Restarts != 0 {
		t.Fatalf("no change is shown as %s", diff)
	}
	fields := 0
	eachField(reflect.ValueOf(next).Elem(), "Config", func(path string, v reflect.Value) {
		fields++
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		alter(v)
		diff := Diff(old, next)
		if len(diff.List) == 0 || len(diff.List) > 3 {
			t.Errorf("%s: shown as %q", path, diff)
		}
		for _, c := range diff.List {
			if c.Key == "" && c.Participant == "" || c.Text == "" {
				t.Errorf("%s: shown as %+v", path, c)
			}
		}
		v.Set(was)
	})
	if fields < 100 {
		t.Errorf("%d fields: some were not walked", fields)
	}
	if diff := Diff(old, next); !diff.Empty() {
		t.Errorf("left behind: %s", diff)
	}
}

// eachField calls f for every value of a configuration that has no parts, and for
// every list.
func eachField(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch {
	case v.Type() == reflect.TypeFor[netip.Prefix]():
		f(path, v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				eachField(v.Field(i), path+"."+field.Name, f)
			}
		}
	case v.Kind() == reflect.Slice:
		f(path, v)
		if v.Len() > 0 {
			eachField(v.Index(0), path+"[0]", f)
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			eachField(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		}
	default:
		f(path, v)
	}
}

// alter gives a value another one.
func alter(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[netip.Prefix]():
		v.Set(reflect.ValueOf(netip.MustParsePrefix("203.0.113.0/24")))
	case v.Type() == reflect.TypeFor[time.Duration]():
		v.SetInt(v.Int() + int64(time.Second))
	case v.Kind() == reflect.Int64: // bytes are shown in MiB
		v.SetInt(v.Int() + mib)
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.Kind() == reflect.Bool: // what is off shows no more
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.Slice:
		more := reflect.MakeSlice(v.Type(), v.Len()+1, v.Len()+1)
		reflect.Copy(more, v)
		for last := more.Index(v.Len()); ; last = last.Field(0) {
			if last.Kind() != reflect.Struct || last.Type() == reflect.TypeFor[netip.Prefix]() {
				alter(last)
				break
			}
		}
		v.Set(more)
	default:
		panic("no other value of " + v.Type().String())
	}
}

// TestDiffKnowsEveryKey: each key of the table is in a row, by itself or with the
// mapping that it belongs to, so that its mark of a restart counts.
func TestDiffKnowsEveryKey(t *testing.T) {
	shown := map[string]bool{}
	for _, r := range rootRows {
		shown[r.key] = true
	}
	for _, r := range participantRows {
		shown["participants."+r.key] = true
	}
	aside := []string{"defaults", "participants_dir", "participants.id"} // participants show them, or are another
	eachKey(&rootShape, "", func(path string, k *key) {
		for _, a := range aside {
			if path == a || strings.HasPrefix(path, a+".") {
				return
			}
		}
		if k.is.kind == isTable && !k.is.off && k.name != "account_padding" || path == "participants" {
			if k.restart {
				t.Errorf("%s: only its own keys can need a restart", path)
			}
			return
		}
		for way := path; ; {
			if shown[way] {
				return
			}
			cut := strings.LastIndex(way, ".")
			if cut < 0 {
				t.Errorf("%s is in no row", path)
				return
			}
			if way = way[:cut]; k.restart {
				t.Errorf("%s: its mark of a restart does not count", path)
			}
		}
	})
}

// TestDiffInWords: what an operator reads.
func TestDiffInWords(t *testing.T) {
	base := string(mustRead(t, "gateway.good.yml"))
	f := func(want string, changes ...string) {
		t.Helper()
		old, err := Parse("f", []byte(base), known)
		if err != nil {
			t.Fatal(err)
		}
		next, err := Parse("f", []byte(strings.NewReplacer(changes...).Replace(base)), known)
		if err != nil {
			t.Fatal(err)
		}
		if got := Diff(old, next).String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	f("")
	f("limits.links 2000 -> 1000 (needs a restart)\nlimits.open_payments 5000 -> 6000", "links: 2000", "links: 1000", "open_payments: 5000", "open_payments: 6000")
	f("participant BANKA: net_debit_cap 0.00 -> 2000000.00", "tls_min: \"1.2\"\n", "tls_min: \"1.2\"\n", "width: 16}\n    net_debit_cap: \"0\"", "width: 16}\n    net_debit_cap: \"2000000\"")
	f("participant PSPC: removed\nparticipant PSPD: added", "id: PSPC", "id: PSPD")
	f("participant BANKB: breaker off -> 5 in a row or 50 % of 20, open for 30s, closed by 3", "breaker: off", "breaker: {}")
	f("participant BANKB: in_flight off -> 8192 to 65536", "in_flight: off", "in_flight: {}")
	f("participant BANKA: bin_ranges without 510000, with 520000", "510000", "520000")
	f("participant BANKA: links.dial without 1 to bank.example:8583 in group 1, with 1 to bank.example:8583 in group 2", "group: 1", "group: 2")
	f("payment_limits without rest {types [], payee none, purposes [], per_payment none, per_day none, count_per_day none}, "+
		"with rest {types [], payee none, purposes [], per_payment none, per_day 5.00, count_per_day none}", "{name: rest}", `{name: rest, per_day: "5"}`)
	f("brown_out.small_amount 2000.00 -> none", "  small_amount: \"2000.00\"\n", "")
	f("participant PSPC: abilities without those of the dialect", "id: PSPC", "id: PSPC\n    abilities: []")
	f("participant BANKA: rate.enquiries 10 a second, 50 at once -> 100 a second, 200 at once", ", enquiries: {per_second: 10, burst: 50}", "")
	f("participant BANKA: roles with psp", "roles: [bank]", "roles: [bank, psp]")
}

// TestDiffIsBounded: many changes are counted, and none that needs a restart is lost.
func TestDiffIsBounded(t *testing.T) {
	old, next := &Config{}, &Config{}
	for i := range 2 * changesMax {
		id := fmt.Sprint(i)
		old.Participants = append(old.Participants, Participant{ID: id, Institution: "1"})
		next.Participants = append(next.Participants, Participant{ID: id, Institution: "2"})
	}
	diff := Diff(old, next)
	if len(diff.List) != changesMax || diff.More != changesMax || diff.Restarts != 2*changesMax {
		t.Errorf("%d listed, %d more, %d need a restart", len(diff.List), diff.More, diff.Restarts)
	}
	if last := "\n1000 more changes are not shown"; !strings.HasSuffix(diff.String(), last) {
		t.Errorf("ends with %q", diff.String()[len(diff.String())-80:])
	}
	old.Allow = make([]netip.Prefix, 0)
	for i := range 20 {
		next.Allow = append(next.Allow, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 32))
	}
	if got := Diff(old, next).List[0].Text; !strings.HasSuffix(got, "10.0.0.7/32 and 12 more") {
		t.Error(got)
	}
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	c, err := readFile(filepath.Join(golden, name))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
