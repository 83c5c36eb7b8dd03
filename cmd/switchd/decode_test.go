package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"switchd/codec/frame"
	"switchd/codec/iso8583"
)

var rewriteDecode = flag.Bool("rewrite-decode", false, "write testdata/decode anew")

// command runs a command line in this process.
func command(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), args, &out, &err)
	return code, out.String(), err.String()
}

func decodeGood(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "iso8583", "good", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := unhex(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// framedAs puts messages into frames.
func framedAs(t *testing.T, name string, messages ...[]byte) (out []byte) {
	t.Helper()
	f, err := frame.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		start := len(out)
		out = append(f.Begin(out), m...)
		if out, err = f.End(out, start, frame.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestDecodeGolden compares what is printed, as text and as JSON, with the files
// of testdata/decode. Each has the exit code, stdout and stderr.
func TestDecodeGolden(t *testing.T) {
	t.Setenv("COLUMNS", "") // that of whoever runs the tests
	npci, bcd := decodeGood(t, "iso87-npci/0200"), decodeGood(t, "iso87-binary/0100")
	broken := bytes.Clone(npci)
	broken[47] = '+' // in DE4
	lacks := decodeGood(t, "iso87-npci/0800")
	copy(lacks, "0200")
	xml := sampleXML(t)
	for _, c := range []struct {
		name, flags string
		input       []byte
	}{
		{"npci", "--dialect iso87-npci", npci},
		{"bcd-card", "--dialect iso87-binary", bcd},
		{"ebcdic-card", "--dialect iso87-ebcdic", decodeGood(t, "iso87-ebcdic/0100")},
		{"iso93-network", "--dialect iso93-ascii", decodeGood(t, "iso93-ascii/1800")},
		{"nac", "--dialect iso87-binary --framing NAC", framedAs(t, "NAC", decodeGood(t, "iso87-binary/0800"), decodeGood(t, "iso87-binary/0810"))},
		{"keep-alives", "--dialect iso87-npci --framing ASCII4", append([]byte("00000000"), framedAs(t, "ASCII4", lacks)...)},
		{"bad-field", "--dialect iso87-npci", broken},
		{"bad-dialect", "--dialect iso87-ascii", npci},
		{"bad-framing", "--dialect iso87-npci --framing BIN2", framedAs(t, "NAC", bcd, bcd)},
		{"bad-unframed", "--dialect iso87-npci --framing BIN2", append(framedAs(t, "BIN2", lacks), 0, 90, '0', '2')},
		{"bad-one-of-three", "--dialect iso87-npci --framing BIN2", framedAs(t, "BIN2", lacks, broken, lacks)},
		{"bad-tls", "--dialect iso87-npci --framing BIN2", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefghijklmnopqrstuvwxyz")},
		{"strict", "--strict --dialect iso87-npci", lacks},
		{"xml", "--dialect iso20022", xml},
		{"xml-framed", "--dialect iso20022 --framing BIN4 --profile fednow", append(make([]byte, 8), framedAs(t, "BIN4", xml, edited(xml, "<UETR>", "<Foo>"))...)},
		{"xml-alone", "--dialect iso20022 --strict", partOf(xml, "Document")},
		{"xml-bad-profile", "--dialect iso20022", edited(xml, "    <ChrgBr>SLEV</ChrgBr>", "    <ChrgBr>SHAR</ChrgBr>")},
		{"xml-bad-version", "--dialect iso20022", edited(xml, "xsd:pacs.008.001.08", "xsd:pacs.008.001.07")},
		{"xml-bad-8583", "--dialect iso20022 --framing BIN4", framedAs(t, "BIN2", npci, npci)},
		{"xml-bad-html", "--dialect iso20022", []byte("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n")},
		{"xml-as-8583", "--dialect iso87-npci --framing BIN2", framedAs(t, "BIN4", xml, xml)},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, c.input, 0o600); err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, form := range []string{"", " --json"} {
				flags := c.flags + form
				code, stdout, stderr := command(append(append([]string{"decode"}, strings.Fields(flags)...), file)...)
				got.WriteString("$ switchd decode " + flags + " FILE\n" + stdout + stderr + "exit code " + string(rune('0'+code)) + "\n\n")
				if form == "" {
					for line := range strings.Lines(stdout) {
						if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 120 && !strings.HasPrefix(line, "  expected: ") {
							t.Errorf("%d columns: %s", len(line), line)
						}
					}
					continue
				}
				for line := range strings.Lines(stdout) {
					var m decoded
					d := json.NewDecoder(strings.NewReader(line))
					if d.DisallowUnknownFields(); d.Decode(&m) != nil || m.Kind == "" {
						t.Errorf("no JSON object: %s", line)
					}
				}
			}
			text := strings.ReplaceAll(got.String(), file, "FILE")
			golden := filepath.Join("..", "..", "testdata", "decode", c.name+".txt")
			if *rewriteDecode {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || text != string(want) {
				t.Errorf("%v; got\n%s\nwant (go test -rewrite-decode writes it)\n%s", err, text, want)
			}
		})
	}
}

// TestDecodeKeepAlivesOnly: "0000" again and again could be hexadecimal as well;
// the framing decides.
func TestDecodeKeepAlivesOnly(t *testing.T) {
	code, stdout, stderr := command("decode", "--dialect", "iso87-npci", "--framing", "ASCII4", strings.Repeat("0000", 3))
	if code != 0 || stdout != "3 keep-alives at byte 0 (ASCII4)\n" || stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestDecodeNarrow: a terminal of 80 columns gets lines that fit, with all values.
func TestDecodeNarrow(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	code, stdout, stderr := command("decode", "--dialect", "iso87-binary", hex.EncodeToString(decodeGood(t, "iso87-binary/0100")))
	for line := range strings.Lines(stdout) {
		if len(line) > 80+len("\n") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	for _, want := range []string{"411111******1111", "MERCHANT0000001", "A1B2C3D4E5F60718", "55.9F26"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %s in\n%s", want, stdout)
		}
	}
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestDecodeSuggestionsWork: what is suggested for a whole message in another
// dialect and framing is right: run as printed, it reads the input.
func TestDecodeSuggestionsWork(t *testing.T) {
	for _, of := range iso8583.BuiltinNames() {
		mti := "0200"
		if of == "iso93-ascii" {
			mti = "1200"
		}
		m := decodeGood(t, of+"/"+mti)
		for _, framing := range []string{"", "BIN2", "NAC", "ASCII4", "BCD2", "STX-ETX", "VAP"} {
			input := m
			if framing != "" {
				input = framedAs(t, framing, m, m)
			}
			file := filepath.Join(t.TempDir(), "in.bin")
			if err := os.WriteFile(file, input, 0o600); err != nil {
				t.Fatal(err)
			}
			given := "iso87-npci"
			if of == given {
				given = "iso87-binary"
			}
			code, stdout, _ := command("decode", "--dialect", given, file)
			_, try, _ := strings.Cut(stdout, "try:")
			try, _, _ = strings.Cut(try, "\n")
			if code != exitFailed || !strings.Contains(try, "--dialect "+of) {
				t.Errorf("%s in %q: exit code %d\n%s", of, framing, code, stdout)
				continue
			}
			if code, stdout, stderr := command(strings.Fields(try)[1:]...); code != 0 {
				t.Errorf("%s: exit code %d\n%s%s", try, code, stdout, stderr)
			}
		}
	}
}

// TestDecodeInputs: the same message comes in many ways.
func TestDecodeInputs(t *testing.T) {
	m := decodeGood(t, "iso87-binary/0100")
	digits := hex.EncodeToString(m)
	var spaced, dump, canonical strings.Builder
	for at := 0; at < len(m); at += 16 {
		row := m[at:min(at+16, len(m))]
		spaced.WriteString(strings.ToUpper(strings.TrimSpace(strings.ReplaceAll(hex.Dump(row)[10:58], "  ", " "))) + "\n")
		dump.WriteString(hex.EncodeToString([]byte{0, 0, byte(at >> 8), byte(at)}) + ": ")
		for i := 0; i < len(row); i += 2 {
			dump.WriteString(hex.EncodeToString(row[i:min(i+2, len(row))]) + " ")
		}
		dump.WriteString(" ..text here...\n")
	}
	canonical.WriteString(hex.Dump(m))
	_, want, _ := command("decode", "--dialect", "iso87-binary", digits)
	if !strings.Contains(want, "411111******1111") {
		t.Fatal(want)
	}
	for name, input := range map[string]string{
		"binary": string(m), "hexadecimal": digits + "\n", "spaced": spaced.String(), "colons": strings.ReplaceAll(spaced.String(), " ", ":"),
		"prefixed": "0x" + digits, "prefixed in upper case": "0X" + digits, "xxd": dump.String(), "hexdump -C": canonical.String(),
	} {
		file := filepath.Join(t.TempDir(), "it's input")
		if err := os.WriteFile(file, []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, got, stderr := command("decode", "--dialect", "iso87-binary", file); code != 0 || got != want {
			t.Errorf("%s: exit code %d\n%s%s", name, code, got, stderr)
		}
		for _, args := range [][]string{{"decode", "--dialect", "iso87-binary", "-"}, {"decode", "--dialect", "iso87-binary"}} {
			c := exec.Command(os.Args[0], args...)
			c.Env = append(os.Environ(), asCommand+"=1")
			c.Stdin = strings.NewReader(input)
			if got, err := c.Output(); err != nil || string(got) != want {
				t.Errorf("%s on stdin: %v\n%s", name, err, got)
			}
		}
	}
	// A message in characters that are hexadecimal digits too, with a newline.
	text := filepath.Join(t.TempDir(), "text")
	ascii := append(decodeGood(t, "iso87-ascii/0800"), '\n')
	if err := os.WriteFile(text, ascii, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, got, _ := command("decode", "--dialect", "iso87-ascii", text); code != 0 || !strings.Contains(got, "network management") {
		t.Errorf("exit code %d\n%s", code, got)
	}
	if got := shellWord("it's"); got != `'it'\''s'` {
		t.Error(got)
	}
}

// TestDecodeUsage: wrong use ends with 2 and does not repeat an argument that
// may be a message.
func TestDecodeUsage(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, inputBytesMax+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, want string }{
		{"decode", "which dialect?"},
		{"decode --dialect fednow 00", "fednow is a profile of ISO 20022: --dialect iso20022 --profile fednow"},
		{"decode --dialect iso87-npci --profile fednow 00", "--profile goes with --dialect iso20022 only"},
		{"decode --dialect iso20022 --profile nonsense 00", `no built-in profile "nonsense": known are fednow, ips-base, or a file as ./nonsense`},
		{"decode --dialect nonsense 00", `no built-in spec "nonsense": known are iso87-ascii`},
		{"decode --dialect ./none.json 00", "none.json: no such file"},
		{"decode --dialect " + big + ".json 00", "no such file"},
		{"decode --dialect iso87-npci --framing NONSENSE 00", "NONSENSE"},
		{"decode --dialect iso87-npci 4111111111111111x", "no hexadecimal: character 17 of 17"},
		{"decode --dialect iso87-npci 411111111111111", "an odd number of hexadecimal digits"},
		{"decode --dialect iso87-npci " + big, "more than 1 MiB"},
		{"decode --dialect iso87-npci /dev/null", "the input is empty"},
		{"decode --dialect iso87-npci 00 00", "--help"},
		{"decode --dialect iso87-npci " + filepath.Dir(big), "is a directory"},
	} {
		code, stdout, stderr := command(strings.Fields(c.line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "4111") {
			t.Errorf("%s: exit code %d\n%s\n%s", c.line, code, stdout, stderr)
		}
	}
}

// TestDecodeHostile: no input makes it panic, print without end or take long.
func TestDecodeHostile(t *testing.T) {
	chance := rand.New(rand.NewSource(1))
	random := make([]byte, inputBytesMax)
	chance.Read(random)
	inputs := map[string][]byte{
		"random": random, "zeros": make([]byte, inputBytesMax), "one byte": {0}, "stars": bytes.Repeat([]byte("\x1b[2J"), 1000),
		"short frames": bytes.Repeat(framedAs(t, "BIN2", []byte("0800\x00\x00\x00\x00\x00\x00\x00\x00")), 2000),
		"many bad":     bytes.Repeat(framedAs(t, "BIN2", []byte("0800\xff\x00\x00\x00\x00\x00\x00\x00")), 2000),
		"ones":         bytes.Repeat([]byte("1"), inputBytesMax-1),
	}
	for name, input := range inputs {
		file := filepath.Join(t.TempDir(), "input")
		if err := os.WriteFile(file, input, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, framing := range []string{"", "BIN2", "STX-ETX"} {
			for _, dialect := range []string{"iso87-npci", "iso87-binary"} {
				args := []string{"decode", "--dialect", dialect, file}
				if framing != "" {
					args = append(args, "--framing", framing)
				}
				code, stdout, _ := command(args...)
				if code > exitFailed || len(stdout) > 64*len(input)+4000 || strings.Contains(stdout, "\x1b") {
					t.Errorf("%s %s: exit code %d, %d bytes printed", name, args, code, len(stdout))
				}
			}
		}
	}
}
