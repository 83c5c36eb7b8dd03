package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"switchd/switch/config"
)

// storm makes configurations by chance out of the one that the test began with.
type storm struct {
	r    *rand.Rand
	base string
	bare string // without its last participant
}

// newStorm takes a configuration whose last line is a participant's.
func newStorm(seed uint64, text string) *storm {
	s := &storm{r: rand.New(rand.NewPCG(seed, 9)), base: text}
	s.bare = text[:strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1]
	return s
}

// good is a configuration that a reload takes: with other measures for everyone,
// and now and then with participants that come, go, or are read anew.
func (s *storm) good() string {
	text := s.base
	if s.r.IntN(8) == 0 {
		text = s.bare
	}
	if s.r.IntN(3) == 0 { // who is not there changes numbers and routes all the same
		n := s.r.IntN(5)
		text += fmt.Sprintf("  - {id: BANKX%d, institution: \"20000%d\", handles: [bankx%d], dialect: iso87-npci, framing: BIN2, net_debit_cap: \"1.00\"}\n", n, n, n)
	}
	more := []string{
		fmt.Sprintf("timers: {debit: %dms, idle: %ds}", 300+s.r.IntN(200), 3+s.r.IntN(5)),
		fmt.Sprintf("net_debit_cap: \"%d.00\"", 9_000_000+s.r.IntN(1_000_000)),
		fmt.Sprintf("links: {window: %d, outbox: %dMiB}", 1000+s.r.IntN(1000), 1+s.r.IntN(8)),
		fmt.Sprintf("breaker: {in_row: %d, window: %d}", 20+s.r.IntN(200), 30+s.r.IntN(34)),
		fmt.Sprintf("in_flight: {min: %d}", 100+s.r.IntN(1000)), "in_flight: off", "breaker: off",
		fmt.Sprintf("ambiguous: [\"09\", \"68\", \"9%d\"]", s.r.IntN(7)),
		fmt.Sprintf("pins: []\n, allow: [127.0.0.0/%d]", 8+s.r.IntN(8)),
	}
	if s.r.IntN(3) == 0 { // keys that mean what they meant, but the dialect is another
		more = append(more, []string{"duplicate_key: [7, 11, 32, 37]", "match_key: [7, 11, 37]"}[s.r.IntN(2)])
	}
	for range 1 + s.r.IntN(4) {
		text = withKey(text, []string{"BANKA", "BANKB"}[s.r.IntN(2)], more[s.r.IntN(len(more))])
	}
	switch s.r.IntN(3) {
	case 0:
		text += fmt.Sprintf("limits: {open_payments: %d}\n", 10_000+s.r.IntN(1000))
	case 1:
		text += fmt.Sprintf("payment_limits: [{name: p2p, per_payment: \"%d.00\"}]\n", 100_000+s.r.IntN(1000))
	}
	return text
}

// withKey gives a participant a key, in the place of the one that it has.
func withKey(text, id, key string) string {
	lines := strings.SplitAfter(text, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "{id: "+id+",") })
	name, _, _ := strings.Cut(key, ":")
	line := lines[at]
	if _, rest, has := strings.Cut(line, " "+name+": "); has { // written last: up to the brace
		if name != "net_debit_cap" {
			return text
		}
		line = strings.Replace(line, name+": "+rest[:strings.Index(rest, "\"}")+1], key, 1)
		lines[at] = line
		return strings.Join(lines, "")
	}
	lines[at] = strings.Replace(line, "{id: "+id+",", "{id: "+id+", "+strings.ReplaceAll(key, "\n", "")+",", 1)
	return strings.Join(lines, "")
}

// bad is one that a reload refuses.
func (s *storm) bad() string {
	text := s.good()
	switch s.r.IntN(8) {
	case 0:
		return text[:s.r.IntN(strings.Index(text, "participants:"))] // half written
	case 1:
		return text + "limit: {}\n"
	case 2:
		return strings.Replace(text, "handles: [bankb]", "handles: [banka]", 1)
	case 3:
		return strings.Replace(text, "framing: ", "framing: X", 1)
	case 4:
		return strings.Replace(text, "\n", "\nseal_key: another.key\n", 1) // needs a restart
	case 5:
		return strings.Replace(text, "currency: INR", "currency: USD", 1) // so does that
	case 6:
		return strings.Replace(text, "{id: BANKA, ", "{id: BANKA, net_debit_cap: \"-1.00\", ", 1)
	}
	b := []byte(text)
	b[s.r.IntN(len(b))] = 0
	return string(b)
}

// reload has the switch read a text, says what it has made of it and what is in force
// then, and fails the test when the two do not go together.
func (s *scheme) reload(reason, text string, before kept) (result string, now kept) {
	s.t.Helper()
	status, answer := s.post("/api/v1/reload", reloadOrder{reason, "tester", false})
	now = s.inForce()
	_, fault := config.Load(s.config, known())
	switch {
	case status == http.StatusUnprocessableEntity && now.SHA256 == before.SHA256:
		if fault != nil && answer != fault.Error() {
			s.t.Errorf("%s: it says %q, check-config %v", reason, answer, fault)
		}
		return "refused", now
	case status == http.StatusOK && now.Files[0].Text == text && now.SHA256 == now.sum() && fault == nil:
		var r reloaded
		if err := json.Unmarshal([]byte(answer), &r); err != nil || !r.Applied {
			s.t.Errorf("%s: %s", reason, answer)
		}
		if len(r.Changes) == 0 {
			return "unchanged", now
		}
		return "applied", now
	}
	s.t.Fatalf("%s: %d %s; in force is %q; the file:\n%s", reason, status, answer, now.Reason, text)
	return "", now
}

// TestReloadStorm: 200 reloads by chance while the participants pay each other, half
// of them of files that are not good. None of those is ever in force, each of the
// others is when its reload returns; and no payment is lost for it: all that was
// promised is in the books of all. What was in force last is what a crash leaves.
func TestReloadStorm(t *testing.T) {
	seed := newSeed(t)
	s := newSimulated(t)
	rate, reloads := "20", 200
	if raced {
		rate = "5"
	}
	if testing.Short() {
		reloads = 40
	}
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	w := newStorm(seed, string(text))
	p := s.serve()
	banks := s.banks(seed, "--rate", rate, "--repeat-rate", "0.1")
	s.signedOn(patience, s.ids...)
	force, results := s.inForce(), map[string]int{"applied": 0, "refused": 0, "unchanged": 0}
	for i := range reloads {
		before, _ := s.summary()
		until(t, patience, "three payments more", func() bool {
			got, ok := s.summary()
			return ok && got.Payments >= before.Payments+3
		})
		next, bad := w.good(), i%2 == 0
		if bad {
			next = w.bad()
		}
		if err := os.WriteFile(s.config, []byte(next), 0o600); err != nil {
			t.Fatal(err)
		}
		result, now := s.reload(fmt.Sprint("storm ", i), next, force)
		if (result == "refused") != bad {
			t.Fatalf("reload %d, bad: %v, was %s; the file:\n%s", i, bad, result, next)
		}
		results[result]++
		force = now
	}
	for result, want := range results {
		if n := s.metric(`switchd_config_reloads_total{result="` + result + `"}`); n != float64(want) {
			t.Errorf("%v reloads were %s, want %d", n, result, want)
		}
	}
	if n := s.metric("switchd_messages_unencodable_total"); n != 0 {
		t.Errorf("%v messages did not fit their dialect", n)
	}
	ended := strings.Count(p.err.String(), "link is to end")
	if ended == 0 { // how many were up to be ended is for the machine to say
		t.Errorf("%d links had to end for a reload: the test shows too little", ended)
	}

	// A crash, while the file is no good: what was in force last goes on.
	if err := os.WriteFile(s.config, []byte(w.good()+"limit: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.kill()
	runs(t, exitUsage, "check-config", s.config) // or the test shows nothing
	p = s.serve("--last-good", s.data)
	if now := s.inForce(); now.SHA256 != force.SHA256 || now.Reason != force.Reason {
		t.Errorf("after the crash in force is %q, before it %q", now.Reason, force.Reason)
	}
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, answer := s.post("/api/v1/reload", reloadOrder{"the end", "tester", false}); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	s.rest(banks...)
	reports := s.reports(banks...)
	s.stopClean(p)
	t.Logf("reloads %v, %d links ended for them", results, ended)
	t.Log(judge(t, readHistory(t, s.data), reports))
}
