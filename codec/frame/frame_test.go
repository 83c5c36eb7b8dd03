package frame

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestFrames runs testdata/frame: streams in hex, cut at every "|", against
// the frames, the wait or the refusal that they must give.
func TestFrames(t *testing.T) {
	datadriven.Walk(t, "../../testdata/frame", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			f := mustParse(t, argument(d, "framing"))
			lim := Limits{BodyMin: number(d, "min"), BodyMax: number(d, "max")}
			switch d.Cmd {
			case "read":
				return readChunks(t, f, lim, d.Input)
			case "write":
				return writeBodies(t, f, lim, d.Input)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func mustParse(t *testing.T, name string) Framing {
	t.Helper()
	f, err := Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func argument(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key && len(a.Vals) == 1 {
			return a.Vals[0]
		}
	}
	return ""
}

func number(d *datadriven.TestData, key string) int {
	n := 0
	_, _ = fmt.Sscanf(argument(d, key), "%d", &n)
	return n
}

// unhex understands "xx*n" as a repeated byte, so that long bodies stay
// readable in the test file.
func unhex(t *testing.T, text string) []byte {
	t.Helper()
	var out []byte
	for _, word := range strings.Fields(text) {
		digits, times, repeated := strings.Cut(word, "*")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		n := 1
		if repeated {
			_, _ = fmt.Sscanf(times, "%d", &n)
		}
		out = append(out, bytes.Repeat(b, n)...)
	}
	return out
}

func readChunks(t *testing.T, f Framing, lim Limits, input string) string {
	var out strings.Builder
	var buf []byte
	for chunk := range strings.SplitSeq(input, "|") {
		buf = append(buf, unhex(t, chunk)...)
		for {
			body, n, err := f.Next(buf, lim)
			if err != nil {
				fmt.Fprintf(&out, "%v\n", err)
				return out.String()
			}
			if n == 0 {
				fmt.Fprintf(&out, "wait with %d\n", len(buf))
				break
			}
			fmt.Fprintf(&out, "frame of %d: %s\n", n, brief(body))
			buf = buf[n:]
		}
	}
	return out.String()
}

func writeBodies(t *testing.T, f Framing, lim Limits, input string) string {
	var out strings.Builder
	var dst []byte
	for line := range strings.Lines(input) {
		start := len(dst)
		dst = append(f.Begin(dst), unhex(t, line)...)
		var err error
		if dst, err = f.End(dst, start, lim); err != nil {
			fmt.Fprintf(&out, "%v\n", err)
		}
	}
	fmt.Fprintf(&out, "%d bytes: %s\n", len(dst), brief(dst))
	return out.String()
}

func brief(b []byte) string {
	if len(b) > 40 {
		return hex.EncodeToString(b[:8]) + ".." + hex.EncodeToString(b[len(b)-4:])
	}
	return hex.EncodeToString(b)
}

func TestNames(t *testing.T) {
	for i, name := range Names() {
		f, err := Parse(name)
		if err != nil || f != Framing(i) || f.String() != name {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	var unknown *NameError
	if _, err := Parse("BIN9"); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "BIN2") {
		t.Errorf("Parse of an unknown name: %v", err)
	}
	if _, err := Parse(strings.Repeat("x", 100)); len(err.Error()) > 120 {
		t.Errorf("the error repeats an unbounded name: %v", err)
	}
}

func TestMisuseIsAnError(t *testing.T) {
	none := Framing(200)
	if _, _, err := none.Next([]byte("abc"), Limits{}); reason(err) != ReasonFraming {
		t.Errorf("Next: %v", err)
	}
	if _, err := none.End(none.Begin(nil), 0, Limits{}); reason(err) != ReasonFraming {
		t.Errorf("End: %v", err)
	}
	for _, start := range []int{-1, 19, 21} {
		if _, err := BIN2.End(make([]byte, 20), start, Limits{}); reason(err) != ReasonHeader {
			t.Errorf("End at %d: %v", start, err)
		}
	}
	if !slices.Contains(Reasons(), ReasonLong) || none.String() != "unknown" {
		t.Error("the names of errors")
	}
}

func TestLimits(t *testing.T) {
	if got := (Limits{}).WithDefaults(); got != (Limits{BodyMin: 12, BodyMax: 8192}) {
		t.Errorf("defaults: %+v", got)
	}
	if err := (Limits{}).Validate(); err != nil {
		t.Errorf("the defaults are valid: %v", err)
	}
	for _, bad := range []Limits{{BodyMin: -1}, {BodyMin: 20, BodyMax: 19}, {BodyMax: 5}, {BodyMax: -3}} {
		if bad.Validate() == nil {
			t.Errorf("%+v must be refused", bad)
		}
	}
	// The header is the last bound: a limit beyond it must not write a length
	// that is cut off.
	big := append(BIN2.Begin(nil), make([]byte, 1<<16)...)
	if _, err := BIN2.End(big, 0, Limits{BodyMax: 1 << 20}); reason(err) != ReasonLong {
		t.Errorf("a body longer than the header can say: %v", err)
	}
}

func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func TestNextDoesNotAllocate(t *testing.T) {
	stream := append(BIN2.Begin(nil), make([]byte, 190)...)
	stream, _ = BIN2.End(stream, 0, Limits{})
	if n := testing.AllocsPerRun(100, func() {
		if _, n, err := BIN2.Next(stream, Limits{}); n != 192 || err != nil {
			t.Error(n, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
