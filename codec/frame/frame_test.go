package frame

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestFrames runs testdata/frame: streams in hex, cut at every "|", against
// the frames, the keep-alives, the wait or the refusal that they must give; and
// bodies against the stream that they must make. Below bad/ there is one file
// for each rule on hostile input and for each known fault of other programs.
func TestFrames(t *testing.T) {
	datadriven.Walk(t, "../../testdata/frame", func(t *testing.T, path string) {
		if strings.Contains(path, "diagnose") {
			return // TestDiagnoseTells runs these
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			f := mustParse(t, argument(d, "framing"))
			lim := Limits{BodyMin: number(d, "min"), BodyMax: number(d, "max"), KeepAlivesMax: number(d, "keepalives")}
			header := unhex(t, argument(d, "header"))
			switch d.Cmd {
			case "read":
				return countRepeats(readChunks(t, f, lim, d.Input))
			case "write":
				return writeBodies(t, f, lim, header, d.Input)
			case "reply":
				if reply := f.AppendReply(nil, header); len(reply) > 0 {
					return hex.EncodeToString(reply) + "\n"
				}
				return "none\n"
			case "keep-alive":
				b, ok := f.AppendKeepAlive(nil)
				return fmt.Sprintf("%t %x\n", ok, b)
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
	reader := Reader{Framing: f, Limits: lim}
	for chunk := range strings.SplitSeq(input, "|") {
		buf = append(buf, unhex(t, chunk)...)
		for {
			fr, err := reader.Next(buf)
			if err != nil {
				fmt.Fprintf(&out, "%v\n", err)
				return out.String()
			}
			sameAsNext(t, f, lim, buf, fr)
			if fr.Kind == Incomplete {
				fmt.Fprintf(&out, "wait with %d\n", len(buf))
				break
			}
			fmt.Fprintln(&out, show(fr))
			buf = buf[fr.Bytes:]
		}
	}
	return out.String()
}

// countRepeats writes equal lines in a row as one.
func countRepeats(text string) string {
	var out strings.Builder
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, n := 0, 0; i < len(lines); i += n {
		for n = 1; i+n < len(lines) && lines[i+n] == lines[i]; n++ {
		}
		out.WriteString(lines[i])
		if n > 1 {
			fmt.Fprintf(&out, " (%d times)", n)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func show(fr Frame) string {
	text := fmt.Sprintf("frame of %d", fr.Bytes)
	if fr.Kind == KeepAlive {
		text = fmt.Sprintf("keep-alive of %d", fr.Bytes)
	}
	if fr.Header != nil {
		text += fmt.Sprintf(", header %x", fr.Header)
	}
	if len(fr.Body) > 0 {
		text += ": " + brief(fr.Body)
	}
	return text
}

// sameAsNext holds Next to what Read says.
func sameAsNext(t *testing.T, f Framing, lim Limits, b []byte, fr Frame) {
	t.Helper()
	body, n, err := f.Next(b, lim)
	switch {
	case err != nil || n != fr.Bytes:
		t.Errorf("%v: Next gives %d bytes and %v, Read %d", f, n, err, fr.Bytes)
	case fr.Kind == Message && !bytes.Equal(body, fr.Body):
		t.Errorf("%v: Next gives another body than Read", f)
	case fr.Kind != Message && body != nil:
		t.Errorf("%v: Next gives a body where there is none", f)
	}
}

func writeBodies(t *testing.T, f Framing, lim Limits, header []byte, input string) string {
	var out strings.Builder
	var dst []byte
	for line := range strings.Lines(input) {
		start := len(dst)
		b, err := f.BeginHeader(dst, header)
		if err == nil {
			b, err = f.End(append(b, unhex(t, line)...), start, lim)
		}
		if dst = b; err != nil {
			fmt.Fprintf(&out, "%v\n", err)
		}
	}
	fmt.Fprintf(&out, "%d bytes: %s\n", len(dst), brief(dst))
	return out.String()
}

func brief(b []byte) string {
	if len(b) > 160 {
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
		if doc := f.Doc(); !strings.HasSuffix(doc, ".") || len(doc) < 60 {
			t.Errorf("%s has no sentence: %q", name, doc)
		}
	}
	var unknown *NameError
	if _, err := Parse("BIN9"); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "BIN2, ") {
		t.Errorf("Parse of an unknown name: %v", err)
	}
	if _, err := Parse(strings.Repeat("x", 100)); strings.Contains(err.Error(), strings.Repeat("x", 40)) {
		t.Errorf("the error repeats an unbounded name: %v", err)
	}
}

// TestEveryFramingHasFiles keeps the golden files complete.
func TestEveryFramingHasFiles(t *testing.T) {
	for _, name := range Names() {
		if _, err := os.Stat("../../testdata/frame/" + strings.ToLower(name)); err != nil {
			t.Error(err)
		}
	}
}

func TestMisuseIsAnError(t *testing.T) {
	none := Framing(200)
	if _, _, err := none.Next([]byte("abc"), Limits{}); reason(err) != ReasonFraming {
		t.Errorf("Next: %v", err)
	}
	if _, err := none.Read([]byte("abc"), Limits{}); reason(err) != ReasonFraming {
		t.Errorf("Read: %v", err)
	}
	if _, err := none.End(none.Begin(nil), 0, Limits{}); reason(err) != ReasonFraming {
		t.Errorf("End: %v", err)
	}
	if _, err := none.BeginHeader(nil, nil); reason(err) != ReasonFraming {
		t.Errorf("BeginHeader: %v", err)
	}
	if _, ok := none.AppendKeepAlive(nil); ok || none.HasHeader() || none.HasKeepAlive() || none.Doc() != "" || none.BytesMax(Limits{}) != 0 {
		t.Error("what an unknown framing says of itself")
	}
	for f := range framingCount {
		lead := rows[f].lead
		for _, start := range []int{-1, 21 - lead, 21} {
			if _, err := f.End(make([]byte, 20), start, Limits{}); lead > 0 && reason(err) != ReasonHeader {
				t.Errorf("%v: End at %d: %v", f, start, err)
			}
		}
		// Somebody wrote over the header that Begin had reserved, or cut it off.
		if f.HasHeader() {
			if _, err := f.End(make([]byte, lead+3), 0, Limits{BodyMin: 1}); reason(err) != ReasonCarried {
				t.Errorf("%v: End without a carried header: %v", f, err)
			}
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
	for _, bad := range []Limits{{BodyMin: -1}, {BodyMin: 20, BodyMax: 19}, {BodyMax: 5}, {BodyMax: -3}, {KeepAlivesMax: -1}} {
		if bad.Validate() == nil {
			t.Errorf("%+v must be refused", bad)
		}
	}
}

// TestNoLengthIsCutOff: the field is the last bound. A body one byte longer than
// it can say is refused, whatever the limits; the longest that it can say is
// sent with its true length and read back.
func TestNoLengthIsCutOff(t *testing.T) {
	for f := range framingCount {
		r := &rows[f]
		if r.fieldMax > 1<<20 {
			continue // nobody allocates that much; the bound is the same code
		}
		longest := r.fieldMax - r.counts - r.carried.bytesMin()
		lim := Limits{BodyMax: 1 << 21}
		for _, n := range []int{longest, longest + 1, longest + 10_000, 1 << 20} {
			stream, err := f.End(append(f.Begin(nil), bytes.Repeat([]byte{0xc1}, n)...), 0, lim)
			if n > longest {
				if reason(err) != ReasonLong || len(stream) != 0 {
					t.Errorf("%v: a body of %d bytes: %v", f, n, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%v: a body of %d bytes: %v", f, n, err)
				continue
			}
			body, size, err := f.Next(stream, lim)
			if len(body) != n || size != len(stream) || err != nil {
				t.Errorf("%v: a body of %d bytes is read as %d, %d of %d, %v", f, n, len(body), size, len(stream), err)
			}
			if most := f.BytesMax(lim); size > most {
				t.Errorf("%v: a frame of %d bytes, BytesMax %d", f, size, most)
			}
		}
	}
}

func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// TestNothingAllocates: cutting, framing, replying and keeping alive work in the
// buffers that they are given.
func TestNothingAllocates(t *testing.T) {
	body := make([]byte, 99)
	out, answer := make([]byte, 0, 256), make([]byte, 0, 64)
	for f := range framingCount {
		stream, err := f.End(append(f.Begin(nil), body...), 0, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		reader := Reader{Framing: f}
		if n := testing.AllocsPerRun(100, func() {
			got, n, err := f.Next(stream, Limits{})
			fr, err2 := reader.Next(stream)
			if len(got) != 99 || n != len(stream) || fr.Bytes != n || err != nil || err2 != nil {
				t.Error(f, n, err, err2)
			}
			answer = f.AppendReply(answer[:0], fr.Header)
			b, err := f.BeginHeader(out[:0], answer)
			if err != nil {
				t.Error(f, err)
			}
			if _, err = f.End(append(b, body...), 0, Limits{}); err != nil {
				t.Error(f, err)
			}
			f.AppendKeepAlive(out[:0])
		}); n != 0 {
			t.Errorf("%v: %v allocations", f, n)
		}
	}
}
