package session

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write the golden file of the automaton")

const golden = "../testdata/session/automaton.txt"

const sec = int64(time.Second)

// situations builds an automaton in each state worth telling apart. All of
// them are at t=100, and what waits was sent at t=100. Those of keys have a
// participant that may change them.
var situations = []struct {
	name  string
	build func() *Automaton
}{
	{"Connected", func() *Automaton { return New(Options{}, 100*sec) }},
	{"Connected, our sign-on asked", func() *Automaton { a := New(Options{}, 100*sec); a.SignOn(100 * sec); return a }},
	{"Connected, our sign-on asked for the third time", func() *Automaton {
		a := New(Options{}, 90*sec)
		a.SignOn(90 * sec)
		a.Tick(95 * sec)
		a.Tick(100 * sec)
		return a
	}},
	{"Connected, our sign-on refused", func() *Automaton {
		a := New(Options{}, 100*sec)
		a.SignOn(100 * sec)
		a.Response(100*sec, CodeSignOn, false)
		return a
	}},
	{"Connected, the sign-ons of this minute are used up", crowded},
	{"Connected, echo waits, misses 0", func() *Automaton { a := New(Options{}, 70*sec); a.Tick(100 * sec); return a }},
	{"Active", active},
	{"Active, echo waits, misses 0", func() *Automaton { return echoing(0) }},
	{"Active, echo waits, misses 1", func() *Automaton { return echoing(1) }},
	{"Active, echo waits, misses 2", func() *Automaton { return echoing(2) }},
	{"Active, day cut", func() *Automaton { a := active(); a.Request(100*sec, CodeCutOver); return a }},
	{"Active, keys", keyed},
	{"Active, keys, the peer's key offered", func() *Automaton { a := keyed(); a.Request(100*sec, CodeKeyChange); return a }},
	{"Active, keys, our key offered", func() *Automaton { a := keyed(); a.ChangeKey(100 * sec); return a }},
	{"Active, keys, one offered on another link", func() *Automaton {
		a := keyed()
		a.of.Open(100*sec).Request(100*sec, CodeKeyChange)
		return a
	}},
	{"Active, two keys", func() *Automaton {
		a := keyed()
		a.Request(100*sec, CodeKeyChange)
		a.KeySettled(100*sec, KeyVerdict{Code: "00"})
		return a
	}},
	{"Left", func() *Automaton { a := active(); a.Request(100*sec, CodeSignOff); return a }},
	{"Held", func() *Automaton { a := crowded(); a.Request(100*sec, CodeSignOn); return a }},
	{"Draining", func() *Automaton { a := active(); a.Drain(100 * sec); return a }},
	{"Closed", func() *Automaton { a := active(); a.Drain(100 * sec); a.Response(100*sec, CodeSignOff, true); return a }},
}

func active() *Automaton {
	a := New(Options{}, 100*sec)
	a.Request(100*sec, CodeSignOn)
	return a
}

func keyed() *Automaton {
	a := New(Options{Keys: true}, 100*sec)
	a.Request(100*sec, CodeSignOn)
	return a
}

// crowded is a link of a participant that has signed on as often as it may; the
// oldest sign-on was at t=60.
func crowded() *Automaton {
	p := NewParticipant(Options{SignOnsMax: 2})
	for at := 60 * sec; at <= 61*sec; at += sec {
		p.Open(at).Request(at, CodeSignOn)
	}
	return p.Open(100 * sec)
}

func echoing(misses int) *Automaton {
	a := active()
	a.heard = 70 * sec
	a.misses = misses
	a.Tick(100 * sec)
	return a
}

var inputs = []struct {
	name string
	do   func(a *Automaton) string
}{
	{"frame arrives", func(a *Automaton) string { a.Traffic(101 * sec); return "" }},
	{"0800/001", request(CodeSignOn)},
	{"0800/002", request(CodeSignOff)},
	{"0800/301", request(CodeEcho)},
	{"0800/161", request(CodeKeyChange)},
	{"0800/201", request(CodeCutOver)},
	{"0800/-1", request(-1)},
	{"0810/001 00", response(CodeSignOn, true)},
	{"0810/001 91", response(CodeSignOn, false)},
	{"0810/002 00", response(CodeSignOff, true)},
	{"0810/002 91", response(CodeSignOff, false)},
	{"0810/161 00", response(CodeKeyChange, true)},
	{"0810/161 88", response(CodeKeyChange, false)},
	{"0810/301 00", response(CodeEcho, true)},
	{"key settled 00", settled("00")},
	{"key settled 88", settled("88")},
	{"tick at 104.999s", tick(105*sec - 1)},
	{"tick at 105s", tick(105 * sec)},
	{"tick at 130s", tick(130 * sec)},
	{"tick at 220s", tick(220 * sec)},
	{"tick at 0s", tick(0)},
	{"sign on", func(a *Automaton) string { return a.SignOn(101 * sec).String() }},
	{"change key", func(a *Automaton) string { return a.ChangeKey(101 * sec).String() }},
	{"drain", func(a *Automaton) string { return a.Drain(101 * sec).String() }},
}

func request(code int) func(*Automaton) string {
	return func(a *Automaton) string {
		got := a.Request(101*sec, code)
		return fmt.Sprintf("answer %s %v", got.Code, got.Change)
	}
}

func response(code int, ok bool) func(*Automaton) string {
	return func(a *Automaton) string { return a.Response(101*sec, code, ok).String() }
}

func settled(code string) func(*Automaton) string {
	return func(a *Automaton) string {
		got := a.KeySettled(101*sec, KeyVerdict{Code: code})
		return fmt.Sprintf("answer %s %v", got.Code, got.Change)
	}
}

func tick(at int64) func(*Automaton) string {
	return func(a *Automaton) string { return a.Tick(at).String() }
}

// TestAutomatonTable prints every state x every input. The golden file is the
// contract; change it only with -rewrite and read the difference.
func TestAutomatonTable(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "# Every situation of a link and every input: what comes back -> the state after, and whether new payments are allowed.")
	fmt.Fprintln(&out, "# Idle 30s, echo timeout 5s, 3 misses, keys overlap 120s. Each situation is at t=100s; what waits in it was sent at t=100s.")
	fmt.Fprintln(&out, "# Written by: go test ./session -rewrite")
	for _, s := range situations {
		fmt.Fprintf(&out, "\n%s\n", s.name)
		for _, in := range inputs {
			a := s.build()
			got := in.do(a)
			fmt.Fprintf(&out, "  %-18s %-21s -> %s\n", in.name, got, standing(a))
		}
	}
	if *rewrite {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, out.Bytes()) {
		t.Errorf("%s differs; now it is:\n%s", golden, out.Bytes())
	}
}

func standing(a *Automaton) string {
	s := a.State().String()
	if a.Ready() {
		s += " ready"
	}
	if a.state == Held {
		s += fmt.Sprintf(" until %v", time.Duration(a.HeldUntil()))
	}
	if a.asked {
		s += fmt.Sprintf(", sign-on asked, %d before", a.asks)
	}
	if a.refused {
		s += ", sign-on refused"
	}
	if a.waiting {
		s += fmt.Sprintf(", echo waits, misses %d", a.misses)
	}
	if k := a.of.key; k.offer != noOffer {
		s += map[offer]string{theirs: ", their key", ours: ", our key"}[k.offer]
	}
	if a.of.key.overlap {
		s += ", two keys"
	}
	return s
}

// A silent peer is closed after the third echo, and not before.
func TestSilentPeer(t *testing.T) {
	a := New(Options{}, 0)
	var log []string
	for at := int64(0); at <= 60*sec; at += sec / 10 {
		if act := a.Tick(at); act != None {
			log = append(log, fmt.Sprintf("%v@%v", act, time.Duration(at)))
			if act == Close {
				break
			}
		}
	}
	if got, want := fmt.Sprint(log), "[Echo@30s Echo@35s Echo@40s Close@45s]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// One frame between the echoes starts the count again.
func TestMissesAreInARow(t *testing.T) {
	a := New(Options{Idle: 10 * time.Second, EchoTimeout: time.Second, MissesMax: 2}, 0)
	for round := range int64(5) {
		base := round * 100 * sec
		a.Traffic(base)
		if got := a.Tick(base + 10*sec); got != Echo {
			t.Fatalf("round %d: first echo: %v", round, got)
		}
		if got := a.Tick(base + 11*sec); got != Echo {
			t.Fatalf("round %d: second echo: %v", round, got)
		}
	}
}

func TestNames(t *testing.T) {
	if s := State(200).String() + Action(200).String() + Change(200).String(); s != "???" {
		t.Errorf("unknown values print %q", s)
	}
}

func TestNoAllocation(t *testing.T) {
	a := active()
	if n := testing.AllocsPerRun(100, func() { a.Traffic(200 * sec); a.Request(200*sec, CodeEcho); a.Tick(201 * sec) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
