package flame

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/small.svg anew")

// made is a profile of stacks, "caller;called 3" each.
func made(stacks ...string) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 10_000_000, DurationNanos: 2e9,
	}
	at := map[string]*profile.Location{}
	for _, each := range stacks {
		names, count, _ := strings.Cut(each, " ")
		var n int64
		if _, err := fmt.Sscan(count, &n); err != nil {
			panic(err)
		}
		s := &profile.Sample{Value: []int64{n, n * p.Period}}
		for name := range strings.SplitSeq(names, ";") {
			if at[name] == nil {
				f := &profile.Function{ID: uint64(len(at) + 1), Name: name}
				at[name] = &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
				p.Function, p.Location = append(p.Function, f), append(p.Location, at[name])
			}
			s.Location = append([]*profile.Location{at[name]}, s.Location...)
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func small() *profile.Profile {
	const loop = "switchd/session/gnetio.(*loop).OnTraffic;"
	return made(
		loop+"crypto/tls.(*Conn).Read;crypto/internal/fips140/aes/gcm.open 31",
		loop+"crypto/tls.(*Conn).Write 17",
		loop+"switchd/switch/ingress.(*Rim).Frame;switchd/codec/iso8583.(*Message).Parse 12",
		loop+"switchd/switch/ingress.(*Rim).Frame;runtime.mallocgc;runtime.gcStart 3",
		"switchd/switch/engine.(*Engine).Run;switchd/switch/payment.(*Machine).Step;switchd/ledger.(*Book).Reserve[go.shape.struct{a/b.c}].func1 9",
		"switchd/switch/engine.(*Engine).Run;switchd/switch/state.(*Batch).Put;github.com/cockroachdb/pebble/v2.(*Batch).Set 14",
		"runtime.mcall;runtime.schedule;runtime.findRunnable;runtime.epollwait 6",
		"main.<odd>&\"name\" 1",
	)
}

func bytesOf(t *testing.T, p *profile.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func drawn(t *testing.T, p *profile.Profile, value string) string {
	t.Helper()
	g, err := Read(bytes.NewReader(bytesOf(t, p)), value)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := g.Draw(&out, "a small profile"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestSmall: the picture of a small profile is the one of testdata, and XML.
func TestSmall(t *testing.T) {
	const file = "testdata/small.svg"
	got := drawn(t, small(), "")
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("another picture than %s: look at it, and write it anew with -rewrite\n%s", file, got)
	}
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOrder: the order of the samples makes no difference.
func TestOrder(t *testing.T) {
	turned := small()
	for i, j := 0, len(turned.Sample)-1; i < j; i, j = i+1, j-1 {
		turned.Sample[i], turned.Sample[j] = turned.Sample[j], turned.Sample[i]
	}
	if drawn(t, small(), "") != drawn(t, turned, "") {
		t.Error("equal profiles, two pictures")
	}
}

// TestNarrow: what cannot be seen is left out, and said; a frame has no text that does not
// fit.
func TestNarrow(t *testing.T) {
	got := drawn(t, made("main.wide 99000", "main.middling;main.inner 990", "main.tiny 1;", "main.tinier 9"), "samples")
	for _, want := range []string{">main.wide<", "main.middling: 1.0 %, 990", "left out, 0.0 % in all"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, never := range []string{"main.tin", ">main.inner<"} {
		if strings.Contains(got, never) {
			t.Errorf("%q in\n%s", never, got)
		}
	}
}

// TestDeep: a stack without an end is drawn as high as it may be.
func TestDeep(t *testing.T) {
	deep := strings.TrimSuffix(strings.Repeat("main.again;", 5000), ";") + " 1"
	if n := strings.Count(drawn(t, made(deep), ""), "<g>"); n != depthMax {
		t.Errorf("%d frames, want %d", n, depthMax)
	}
}

func TestRefused(t *testing.T) {
	good := bytesOf(t, small())
	for name, c := range map[string]struct {
		data        []byte
		value, want string
	}{
		"a value that is not there": {good, "alloc_space", `no value "alloc_space", it has samples, cpu`},
		"nothing in it":             {bytesOf(t, made("main.a 0")), "", "nothing of cpu"},
		"more than there can be":    {bytesOf(t, made("main.a 900000000000", "main.b 900000000000")), "", "too large"},
		"a trace":                   {[]byte("go 1.26 trace\x00\x00\x00"), "", "go tool trace"},
		"half a file":               {good[:len(good)/2], "", "cannot be unpacked"},
		"no profile":                {[]byte("hello"), "", "no profile of pprof"},
		"nothing at all":            {nil, "", "no profile of pprof"},
	} {
		if _, err := Read(bytes.NewReader(c.data), c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	for function, want := range map[string]group{
		"switchd/switch/payment.(*Machine).Step": ofMachine, "switchd/ledger/settlement.Cut": ofMachine, "switchd/codec/frame.Next": ofMessages,
		"github.com/cockroachdb/pebble/v2/record.(*LogWriter).flushLoop": ofStorage, "switchd/session/mtls.(*Conn).Read": ofRim, "crypto/tls.(*Conn).Read": ofTLS,
		"internal/runtime/syscall/linux.Syscall6": ofSystem, "runtime.gcDrain": ofMemory, "runtime.schedule": ofScheduler, "main.main": ofOthers, "": ofOthers,
	} {
		if got := groupOf(function); got != want {
			t.Errorf("%s is of %s, want %s", function, groups[got].name, groups[want].name)
		}
	}
}

func TestNames(t *testing.T) {
	for function, want := range map[string]string{
		"switchd/switch/payment.(*Machine).Step":                   "payment.(*Machine).Step (*Machine).Step Step",
		"github.com/cockroachdb/pebble/v2.(*DB).Apply":             "pebble.(*DB).Apply (*DB).Apply Apply",
		"slices.SortFunc[go.shape.[]switchd/a.b,go.shape.c].func1": "slices.SortFunc.func1 SortFunc.func1",
		"memeqbody": "memeqbody", "main.main": "main.main main", "v2.x": ".x x", "": "",
	} {
		if got := strings.Join(names(function), " "); got != want {
			t.Errorf("%s: %q, want %q", function, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := small().WriteUncompressed(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := Read(bytes.NewReader(data), "")
		if err != nil {
			return
		}
		if err := g.Draw(io.Discard, "x"); err != nil {
			t.Error(err)
		}
	})
}
