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
// them are at t=100, and a waiting echo or sign-off was sent at t=100.
var situations = []struct {
	name  string
	build func() *Automaton
}{
	{"Connected", func() *Automaton { return New(Options{}, 100*sec) }},
	{"Connected, our sign-on asked", func() *Automaton { a := New(Options{}, 100*sec); a.SignOn(100 * sec); return a }},
	{"Connected, echo waits, misses 0", func() *Automaton { a := New(Options{}, 70*sec); a.Tick(100 * sec); return a }},
	{"Active", active},
	{"Active, echo waits, misses 0", func() *Automaton { return echoing(0) }},
	{"Active, echo waits, misses 1", func() *Automaton { return echoing(1) }},
	{"Active, echo waits, misses 2", func() *Automaton { return echoing(2) }},
	{"Left", func() *Automaton { a := active(); a.Request(100*sec, CodeSignOff); return a }},
	{"Draining", func() *Automaton { a := active(); a.Drain(100 * sec); return a }},
	{"Closed", func() *Automaton { a := active(); a.Drain(100 * sec); a.Response(100*sec, CodeSignOff, true); return a }},
}

func active() *Automaton {
	a := New(Options{}, 100*sec)
	a.Request(100*sec, CodeSignOn)
	return a
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
	{"0800/161", request(161)},
	{"0800/-1", request(-1)},
	{"0810/001 00", response(CodeSignOn, true)},
	{"0810/001 91", response(CodeSignOn, false)},
	{"0810/002 00", response(CodeSignOff, true)},
	{"0810/002 91", response(CodeSignOff, false)},
	{"0810/301 00", response(CodeEcho, true)},
	{"tick at 104.999s", tick(105*sec - 1)},
	{"tick at 105s", tick(105 * sec)},
	{"tick at 130s", tick(130 * sec)},
	{"tick at 0s", tick(0)},
	{"sign on", func(a *Automaton) string { return a.SignOn(101 * sec).String() }},
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

func tick(at int64) func(*Automaton) string {
	return func(a *Automaton) string { return a.Tick(at).String() }
}

// TestAutomatonTable prints every state x every input. The golden file is the
// contract; change it only with -rewrite and read the difference.
func TestAutomatonTable(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "# Every situation of a link and every input: what comes back -> the state after, and whether new payments are allowed.")
	fmt.Fprintln(&out, "# Idle 30s, echo timeout 5s, 3 misses. Each situation is at t=100s; its echo or sign-off was sent at t=100s.")
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
	if a.waiting {
		s += fmt.Sprintf(", echo waits, misses %d", a.misses)
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
