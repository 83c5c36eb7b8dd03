package simbank

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// script asks for everything that a participant can be asked, in an order in
// which the answers depend on what was before.
func script() []struct {
	name string
	m    message
} {
	repeat := func(m message) message {
		m.mti = m.mti[:3] + "1"
		return m
	}
	set := func(m message, de int, value string) message {
		m.de[de] = value
		return m
	}
	return []struct {
		name string
		m    message
	}{
		{"resolve", resolveOf("user3@banka")},
		{"resolve in capitals", resolveOf("USER3@BANKA")},
		{"resolve unknown user", resolveOf("user11@banka")},
		{"resolve a name with zeros", resolveOf("user03@banka")},
		{"resolve another handle", resolveOf("user3@bankb")},
		{"debit", debitOf("D1", 12_345)},
		{"debit repeated", repeat(debitOf("D1", 12_345))},
		{"debit with other amount", debitOf("D1", 12_346)},
		{"debit above the balance", debitOf("D2", 999_999_999_999)},
		{"debit of nothing", debitOf("D3", 0)},
		{"debit of an unknown account", set(debitOf("D4", 5), 102, "1000019999")},
		{"credit", creditOf("C1", 500)},
		{"credit repeated", repeat(creditOf("C1", 500))},
		{"credit to an unknown account", set(creditOf("C2", 500), 103, "1000019999")},
		{"reversal", reversalOf("D1", 12_345)},
		{"reversal repeated", repeat(reversalOf("D1", 12_345))},
		{"reversal of a declined debit", reversalOf("D2", 999_999_999_999)},
		{"reversal before its original", reversalOf("D5", 700)},
		{"original after its reversal", debitOf("D5", 700)},
		{"advice of an unseen credit", adviceOf("C3", 900)},
		{"advice repeated", repeat(adviceOf("C3", 900))},
		{"advice of a posted credit", adviceOf("C1", 500)},
		{"advice of a declined credit", set(adviceOf("C2", 500), 103, "1000019999")},
		{"status of a posted credit", statusOf("C1")},
		{"status of an unseen credit", statusOf("C4")},
		{"credit of nothing", creditOf("C5", 0)},
		{"status of a declined credit", statusOf("C5")},
		{"fence of a posted credit", fenceOf("C1", 500)},
		{"fence of a declined credit", fenceOf("C5", 0)},
		{"fence of an unseen credit", fenceOf("C4", 50)},
		{"fence repeated", repeat(fenceOf("C4", 50))},
		{"credit after its fence", creditOf("C4", 50)},
		{"status of a fenced credit", statusOf("C4")},
		{"a credit with a trace", set(creditOf("C6", 10), 11, "000066")},
		{"its confirmation", confirmOf("K6", "00", "000066")},
		{"its confirmation repeated", repeat(confirmOf("K6", "00", "000066"))},
	}
}

// TestAnswersGolden plays the script over a real link, in each dialect, and
// compares the answers byte for byte with testdata/simbank.
func TestAnswersGolden(t *testing.T) {
	for _, dialect := range []string{"iso87-npci", "iso87-ascii"} {
		t.Run(dialect, func(t *testing.T) { playScript(t, dialect) })
	}
}

func playScript(t *testing.T, dialect string) {
	s := newFakeSwitchOf(t, dialect)
	b, stop := start(t, s.options())
	var got bytes.Buffer
	for _, step := range script() {
		request, err := s.codec.encode(step.m)
		must(t, err)
		s.sendBytes(request)
		f := s.next(responseMTI(step.m.mti))
		fmt.Fprintf(&got, "%s: %s\n> %s\n< %s\n\n", step.name, f.de[39], hex.EncodeToString(request), hex.EncodeToString(f.body))
	}
	stop()
	golden := "../../testdata/simbank/answers-" + dialect + ".txt"
	if *update {
		must(t, os.WriteFile(golden, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("answers differ from %s:\n%s", golden, got.String())
	}
	if net := b.Book().Net(); net != 500+900+500+10 {
		t.Errorf("net %d", net)
	}
	if st := b.Stats(); st.Malformed != 0 || st.Unmatched != 0 || st.Conflicts != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestMalformedRequestsAreNamed(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	without := func(m message, de int) message {
		delete(m.de, de)
		return m
	}
	set := func(m message, de int, value string) message {
		m.de[de] = value
		return m
	}
	tagged := func(m message, tag, value string) message {
		m.tag[tag] = value
		return m
	}
	cases := []struct {
		m          message
		code, text string
	}{
		{without(debitOf("X1", 1), 102), "30", "DE102 missing"},
		{set(debitOf("X1", 1), 4, "12A"), "30", "DE4 n12"},
		{set(debitOf("X1", 1), 11, "12-456"), "30", "DE11 n6"},
		{set(debitOf("X1", 1), 37, "SHORT"), "30", "DE37 an12"},
		{set(debitOf("X1", 1), 3, "999999"), "12", "DE3 unknown"},
		{set(debitOf("X1", 1), 32, ""), "30", "DE32 n..11"},
		{tagged(debitOf("X1", 1), "001", "CREDIT"), "30", "DE120.001 type"},
		{tagged(debitOf("X1", 1), "002", ""), "30", "DE120.002 missing"},
		{set(reversalOf("X1", 1), 90, "020000000201020304050000020000200000999998"), "30", "DE90 original"},
		{without(adviceOf("X1", 1), 90), "30", "DE90 missing"},
		{without(statusOf("X1"), 90), "30", "DE90 missing"},
		{without(confirmOf("X1", "00", "000001"), 39), "30", "DE39 missing"},
		{tagged(fenceOf("X1", 1), "001", "CREDIT"), "30", "DE120.001 type"},
		{tagged(confirmOf("X1", "00", "000001"), "001", "NEWS"), "30", "DE120.001 type"},
		{message{mti: "0600", de: map[int]string{7: "0102030405", 11: "000009"}}, "12", "MTI unknown"},
	}
	for _, c := range cases {
		s.send(c.m)
		f := s.next(responseMTI(c.m.mti))
		if f.de[39] != c.code || f.de[44] != c.text || f.de[11] != c.m.de[11] {
			t.Errorf("answer %s %q (STAN %s), want %s %q", f.de[39], f.de[44], f.de[11], c.code, c.text)
		}
	}
	if st := b.Stats(); st.Malformed != int64(len(cases)) || b.Book().Net() != 0 || !st.Ready {
		t.Errorf("stats %+v", st)
	}
}

// TestBytesThatTheLibraryLetsPass are refused all the same: domain.md 1.7.
func TestBytesThatTheLibraryLetsPass(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	good, err := s.codec.encode(debitOf("X1", 1))
	must(t, err)
	at := bytes.Index(good, []byte("06200002"))
	cases := map[string][]byte{
		"trailing bytes":     append(bytes.Clone(good), "garbage"...),
		"signed length":      bytes.Replace(good, []byte("06200002"), []byte("+6200002"), 1),
		"truncated":          good[:at+4],
		"TLV beyond the end": bytes.Replace(good, []byte("002005TXNX1"), []byte("999005TXNX1"), 1)[:len(good)-4],
		"tags out of order":  bytes.Replace(good, []byte("001005DEBIT002005TXNX1"), []byte("002005TXNX1001005DEBIT"), 1),
	}
	for name, body := range cases {
		if bytes.Equal(body, good) {
			t.Fatalf("%s: the case is not one", name)
		}
		s.sendBytes(body)
		if f := s.next("0210"); f.de[39] != "30" || f.de[44] == "" {
			t.Errorf("%s: answer %s %q", name, f.de[39], f.de[44])
		}
	}
	s.sendBytes([]byte("not a message at all"))
	s.nothing()
	if got := b.Book().Tally(); got != (Tally{}) {
		t.Errorf("something was booked: %+v", got)
	}
}

func TestSilences(t *testing.T) {
	for name, c := range map[string]struct {
		faults Faults
		net    int64
	}{
		"swallowed":     {Faults{Swallow: 1}, 0},
		"not answered":  {Faults{Mute: 1}, -100},
		"both, unmoved": {Faults{Swallow: 1, Mute: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeSwitch(t)
			o := s.options()
			o.Faults = c.faults
			b, _ := start(t, o)
			s.send(debitOf("D1", 100))
			// Network management is never met with silence, so its answer,
			// in order behind, proves the silence.
			s.send(message{mti: "0800", de: map[int]string{7: "0102030405", 11: "000077", 70: "301"}})
			s.network0810("000077")
			if len(s.frames) != 0 || b.Book().Net() != c.net || b.Stats().Silences != 1 {
				t.Errorf("%d answers, net %d, stats %+v", len(s.frames), b.Book().Net(), b.Stats())
			}
		})
	}
}

// network0810 waits for the participant's answer to an 0800 of ours.
func (s *fakeSwitch) network0810(stan string) message {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m := <-s.network:
			if m.mti == "0810" && m.de[11] == stan {
				return m
			}
		case <-deadline:
			s.t.Fatal("no 0810 came")
		}
	}
}

func TestLateAnswers(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Faults = Faults{Late: 1, LateBy: 40 * time.Millisecond}
	b, _ := start(t, o)
	const n = 40
	begun := wall()
	for i := range n {
		s.send(debitOf(fmt.Sprintf("D%d", i), 10))
	}
	eventually(t, "half are booked before they are answered", func() bool { return b.Book().Net() < 0 })
	for range n {
		if f := s.next("0210"); f.de[39] != "00" {
			t.Fatalf("answer %s", f.de[39])
		}
	}
	if waited := time.Duration(wall() - begun); waited < o.Faults.LateBy {
		t.Errorf("answered after %v", waited)
	}
	if b.Book().Net() != -10*n {
		t.Errorf("net %d", b.Book().Net())
	}
}

// TestLateDebitLosesToItsReversal: what is done only after LateBy finds the
// reversal there.
func TestLateDebitLosesToItsReversal(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Faults = Faults{Late: 1, LateBy: 100 * time.Millisecond}
	b, _ := start(t, o)
	const n = 20
	for i := range n {
		s.send(debitOf(fmt.Sprintf("D%d", i), 10))
		s.send(reversalOf(fmt.Sprintf("D%d", i), 10))
	}
	eventually(t, "all is answered", func() bool { return b.Stats().Answers == 2*n })
	if b.Book().Net() != 0 {
		t.Errorf("net %d: a reversed debit stayed", b.Book().Net())
	}
	if got := b.Book().Tally().Debit; got.Reversed+got.ReversalFirst != n || got.ReversalFirst == 0 {
		t.Errorf("tally %+v: no reversal came first", got)
	}
}

func TestDuplicateAnswersAndDelay(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Faults = Faults{Duplicate: 1, DelayMin: 5 * time.Millisecond, DelayMax: 10 * time.Millisecond}
	b, _ := start(t, o)
	begun := wall()
	s.send(creditOf("C1", 10))
	first, second := s.next("0210"), s.next("0210")
	if !bytes.Equal(first.body, second.body) || first.de[39] != "00" {
		t.Errorf("answers %q and %q", first.body, second.body)
	}
	if wall()-begun < int64(o.Faults.DelayMin) || b.Book().Net() != 10 {
		t.Errorf("too early, or net %d is not 10", b.Book().Net())
	}
}

func TestDeclinesByKnob(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Faults = Faults{Decline: 0.5, Ambiguous: 0.5}
	b, _ := start(t, o)
	codes := map[string]int{}
	credited := int64(0)
	for i := range 200 {
		s.send(debitOf(fmt.Sprintf("D%d", i), 10))
		codes[s.next("0210").de[39]]++
		s.send(creditOf(fmt.Sprintf("C%d", i), 10))
		if f := s.next("0210"); f.de[39] == "00" {
			credited++
		}
	}
	for _, code := range []string{"00", "05", "51", "57", "61", "91", "96"} {
		if codes[code] == 0 {
			t.Errorf("no debit was answered %s: %v", code, codes)
		}
	}
	tally := b.Book().Tally()
	if int64(tally.Credit.Posted) != credited {
		t.Errorf("%d credits posted, %d said so: a declined credit must not post", tally.Credit.Posted, credited)
	}
	if tally.Debit.Posted <= codes["00"] || tally.Debit.Posted >= codes["00"]+codes["91"]+codes["96"] {
		t.Errorf("%d debits posted of %v: of the ambiguous some must be", tally.Debit.Posted, codes)
	}
}
