package frame

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// encoding writes messages of one kind; Diagnose must tell it.
type encoding struct {
	name    string
	charset Charset
	bitmap  Bitmap
}

var encodings = []encoding{
	{"ASCII, hex bitmap", CharsetASCII, BitmapHex},
	{"ASCII, binary bitmap", CharsetASCII, BitmapBinary},
	{"BCD, binary bitmap", CharsetBCD, BitmapBinary},
	{"EBCDIC, binary bitmap", CharsetEBCDIC, BitmapBinary},
	{"EBCDIC, hex bitmap", CharsetEBCDIC, BitmapHexEBCDIC},
}

// message is an MTI, bitmaps in hex and the digits of the fields.
type message struct{ mti, bitmaps, digits string }

var golden = []message{
	{"0800", "82200000000000000400000000000000", "1122101405" + "000001" + "001"},
	{"0810", "82200000020000000400000000000000", "1122101405" + "000001" + "00" + "161"},
	{"0200", "7220000000008000", "164111111111111111" + "000000" + "000000001000" + "1122101405" + "000042" + "840"},
	{"0420", "7220000000008042", "164111111111111111" + "000000" + "000000001000" + "1122101405" + "000042" + "840" + "9999"},
	{"1804", "8220000000000000" + "0000010000000000", "1122101405" + "000007" + "080612"},
}

// encode writes m.
func (e encoding) encode(m message) []byte {
	out := e.text(m.mti, false)
	if e.bitmap == BitmapBinary {
		raw, _ := hex.DecodeString(m.bitmaps)
		out = append(out, raw...)
	} else {
		out = append(out, e.text(m.bitmaps, true)...)
	}
	return append(out, e.text(m.digits, false)...)
}

func (e encoding) text(digits string, wide bool) []byte {
	if e.charset == CharsetBCD && !wide {
		raw, _ := hex.DecodeString("0"[:len(digits)%2] + digits)
		return raw
	}
	out := []byte(digits)
	if e.charset == CharsetEBCDIC {
		for i, c := range out {
			if c >= 'A' {
				out[i] = c - 'A' + 0xc1
			} else {
				out[i] = c - '0' + 0xf0
			}
		}
	}
	return out
}

// alike are framings whose streams can be the same bytes.
var alike = [][]Framing{{NAC, NACNoSwap}, {NCC, NCCNoSwap}, {BIN4, GICC}, {CS, VML}}

func sameOnWire(a, b Framing) bool {
	return a == b || slices.ContainsFunc(alike, func(set []Framing) bool { return slices.Contains(set, a) && slices.Contains(set, b) })
}

// streamOf frames messages, with addresses where there is a header.
func streamOf(t *testing.T, f Framing, bodies ...[]byte) []byte {
	t.Helper()
	var header, stream []byte
	if f.HasHeader() {
		header = []byte("\x60\x00\x03\x12\x34")
		if rows[f].carried == carriesBaseI {
			header = []byte(plainBaseI)
			copy(header[5:], "\x11\x11\x11\x22\x22\x22")
		}
	}
	for _, body := range bodies {
		start := len(stream)
		b, err := f.BeginHeader(stream, header)
		if err == nil {
			b, err = f.End(append(b, body...), start, Limits{})
		}
		if err != nil {
			t.Fatal(f, err)
		}
		stream = b
	}
	return stream
}

// TestDiagnoseFindsTheFraming: one message, two, and two with a piece of a third,
// in every framing and every encoding.
func TestDiagnoseFindsTheFraming(t *testing.T) {
	cases := 0
	for f := range framingCount {
		for _, e := range encodings {
			for i := range golden {
				one := streamOf(t, f, e.encode(golden[i]))
				two := streamOf(t, f, e.encode(golden[i]), e.encode(golden[(i+1)%len(golden)]))
				for n, stream := range [][]byte{one, two, append(slices.Clip(two), one[:len(one)/2]...)} {
					cases++
					findings := Diagnose(stream)
					first := findings[0]
					if !sameOnWire(first.Framing, f) || first.Fit != FitWhole {
						t.Errorf("%v, %s, %s, case %d: %s\n%x", f, e.name, golden[i].mti, n, table(findings[:3]), stream)
						continue
					}
					if first.MTI != golden[i].mti || first.Charset != e.charset || first.Bitmap != e.bitmap {
						t.Errorf("%v, %s: it is seen as %s, %v, %v", f, e.name, first.MTI, first.Charset, first.Bitmap)
					}
				}
			}
		}
	}
	t.Logf("%d streams", cases)
}

// TestDiagnoseFindsRandomMessages: what golden was not chosen for. A length whose
// two bytes are equal reads the same from both ends, a BCD message may end in a
// byte that is an ETX: a few answers are wrong, and have to be.
func TestDiagnoseFindsRandomMessages(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 9))
	types := []string{"0100", "0110", "0121", "0200", "0210", "0220", "0420", "0430", "0800", "0810", "1100", "1420"}
	total, missed := 0, 0
	for range 100 {
		// About eight fields of 64, with the two that all have; digits with many
		// zeros, as amounts are.
		bitmap := chance.Uint64()&chance.Uint64()&chance.Uint64() | bitOf(7) | bitOf(11)
		digits := make([]byte, 50+chance.IntN(300))
		for i := range digits {
			digits[i] = "0123456789"[chance.IntN(10)*min(1, chance.IntN(3))]
		}
		m := message{types[chance.IntN(len(types))], fmt.Sprintf("%016X", bitmap&^bitOf(1)), string(digits)}
		for f := range framingCount {
			for _, e := range encodings {
				body := e.encode(m)
				if !sendable(f, nil, body) {
					continue
				}
				total++
				first := Diagnose(streamOf(t, f, body))[0]
				if !sameOnWire(first.Framing, f) || first.Fit != FitWhole {
					missed++
				}
			}
		}
	}
	t.Logf("%d of %d missed", missed, total)
	if missed*500 > total {
		t.Errorf("%d of %d missed", missed, total)
	}
}

// TestDiagnoseOfBeginnings: of a stream that ends anywhere, the right framing is
// never called wrong, and every framing has its finding and its sentence.
func TestDiagnoseOfBeginnings(t *testing.T) {
	for f := range framingCount {
		for _, e := range encodings {
			stream := streamOf(t, f, e.encode(golden[0]), e.encode(golden[2]))
			for n := range len(stream) + 1 {
				findings := Diagnose(stream[:n])
				if len(findings) < int(framingCount) {
					t.Fatalf("%d findings", len(findings))
				}
				for _, x := range findings {
					if x.Framing == f && x.Fit < FitPart {
						t.Errorf("%v, %s, %d bytes: %v: %s", f, e.name, n, x.Fit, x.Text)
					}
					if x.Text == "" || strings.Contains(x.Text, "%!") {
						t.Errorf("%s has the sentence %q", x.Name, x.Text)
					}
				}
			}
		}
	}
}

// TestDiagnoseTells shows sentences as an operator gets them.
func TestDiagnoseTells(t *testing.T) {
	datadriven.RunTest(t, "../../testdata/frame/diagnose/findings", func(t *testing.T, d *datadriven.TestData) string {
		count := max(1, number(d, "top"))
		if len(d.CmdArgs) > 0 && d.CmdArgs[0].Key == "all" {
			count = int(framingCount)
		}
		return table(Diagnose(unhex(t, d.Input))[:count])
	})
}

// TestDiagnoseTellsOtherProtocols: by the first bytes, and never a message of
// ours for one of them.
func TestDiagnoseTellsOtherProtocols(t *testing.T) {
	for text, want := range map[string]string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": "TLS", "\x15\x03\x02\x00\x02\x02\x46": "TLS (an alert)",
		"GET / HTTP/1.1\r\n": "HTTP", "DELETE /x HTTP/1.1\r\n": "HTTP", "CONNECT bank:443 HTTP/1.1\r\n": "HTTP",
		"PATCH /x HTTP/1.1\r\n": "HTTP", "HTTP/1.1 400 Bad Request\r\n": "HTTP", "PRI * HTTP/2.0\r\n\r\nSM": "HTTP/2",
		"<?xml version=": "XML", "\xef\xbb\xbf<?xml": "XML", "<Document xmlns=": "XML", "<soap:Envelope": "XML", "<!-- -->": "XML",
		"SSH-2.0-OpenSSH_9": "SSH", "PROXY TCP4 1.2.3.4": "the PROXY protocol", "\x1f\x8b\x08\x00": "gzip", "\xff\xfb\x01": "telnet",
	} {
		if first := Diagnose([]byte(text))[0]; first.Name != want || first.Fit != FitForeign {
			t.Errorf("%q: %s, %v: %s", text, first.Name, first.Fit, first.Text)
		}
	}
	for f := range framingCount {
		for _, e := range encodings {
			for i := range golden {
				if name := foreign(streamOf(t, f, e.encode(golden[i]))); name != "" {
					t.Errorf("%v, %s: it is taken for %s", f, e.name, name)
				}
			}
		}
	}
}

func table(findings []Finding) string {
	var out strings.Builder
	for _, x := range findings {
		fmt.Fprintf(&out, "%-11s %-14s %s\n", x.Name, x.Fit, x.Text)
	}
	return out.String()
}

// TestDiagnoseKeepsContent: a sentence quotes the length and the MTI of the
// first frame, six digits at most; an account number must not come out of it,
// wherever the bytes begin.
func TestDiagnoseKeepsContent(t *testing.T) {
	for f := range framingCount {
		for _, e := range encodings {
			stream := streamOf(t, f, e.encode(golden[2]), e.encode(golden[3]))
			for cut := range len(stream) {
				for _, x := range Diagnose(stream[cut:]) {
					if strings.Contains(x.Text, "4111111") || strings.Contains(x.Text, "1111111") {
						t.Fatalf("%v from byte %d: %s", f, cut, x.Text)
					}
				}
			}
		}
	}
}

// TestDiagnoseIsBounded: the work does not grow with what it is given.
func TestDiagnoseIsBounded(t *testing.T) {
	b := bytes.Repeat(streamOf(t, BIN2, encodings[0].encode(golden[0])), 100_000)
	for _, x := range Diagnose(b) {
		if x.Frames+x.KeepAlives > diagnoseFramesMax {
			t.Errorf("%s: %d frames", x.Name, x.Frames)
		}
	}
	if n := testing.AllocsPerRun(5, func() { Diagnose(b) }); n > 1000 {
		t.Errorf("%v allocations", n)
	}
}

// TestNoiseFitsNothing: random bytes do not look like a whole message, whatever
// the framing.
func TestNoiseFitsNothing(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	whole := 0
	for range 2000 {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(chance.Uint32())
		}
		if Diagnose(b)[0].Fit == FitWhole {
			whole++
		}
	}
	if whole > 4 {
		t.Errorf("%d of 2000", whole)
	}
}

// FuzzDiagnose: no panic, one finding for each framing, the best first, and the
// same again.
func FuzzDiagnose(f *testing.F) {
	for _, e := range encodings {
		f.Add(append([]byte{0, 0x50}, e.encode(golden[2])...))
		f.Add(append([]byte("0080"), e.encode(golden[1])...))
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("\x00\x00\x00\x20\x00\x04\x00\x20abcd\x16\x81"))
	f.Fuzz(func(t *testing.T, b []byte) {
		findings := Diagnose(b)
		seen := [framingCount]bool{}
		for i, x := range findings {
			if i > 0 && x.Fit > findings[i-1].Fit {
				t.Fatal("not in order")
			}
			if x.Fit == FitForeign {
				continue
			}
			seen[x.Framing] = true
			if (x.Fit == FitWhole) != (x.Frames > 0 && x.Fit != FitNone && x.Fit != FitLength) {
				t.Fatalf("%s: %v with %d frames", x.Name, x.Fit, x.Frames)
			}
		}
		if slices.Contains(seen[:], false) {
			t.Fatal("a framing without a finding")
		}
		if fmt.Sprint(Diagnose(b)) != fmt.Sprint(findings) {
			t.Fatal("another answer to the same question")
		}
	})
}
