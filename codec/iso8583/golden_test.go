package iso8583

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

const goldenDir = "../../testdata/iso8583"

// TestGolden runs the messages of testdata/iso8583.
//
// "parse" takes a message in hexadecimal, where a word between quotes is text,
// and prints its fields or the error with what is still readable. "write" takes
// fields, one a line, and prints the message. Each message that parses is also
// written again, and read by the second implementation.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, goldenDir, func(t *testing.T, path string) {
		if strings.Contains(path, "/good/") {
			return // see TestGood
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var name, mti string
			d.ScanArgs(t, "spec", &name)
			s := mustBuiltin(t, name)
			switch d.Cmd {
			case "check":
				return goldenCheck(t, s, bytesOf(t, d.Input))
			case "parse":
				return goldenParse(t, s, bytesOf(t, d.Input))
			case "write":
				d.ScanArgs(t, "mti", &mti)
				return goldenWrite(t, s, mti, d.Input)
			}
			t.Fatalf("unknown command %q", d.Cmd)
			return ""
		})
	})
}

func goldenParse(t *testing.T, s *Spec, b []byte) string {
	var m Message
	err := m.Parse(s, b)
	var out strings.Builder
	if err != nil {
		var f *FieldError
		if !errors.As(err, &f) || len(f.Note()) > 25 {
			t.Errorf("%v does not fit DE44", err)
		}
		fmt.Fprintf(&out, "%v\n", err)
	} else {
		checkRewrite(t, s, &m, b)
		checkMoovReads(t, s, &m, b)
	}
	fmt.Fprintf(&out, "0 %s\n", m.MTI())
	for de := 2; de <= 128; de++ {
		if m.Has(de) {
			describe(&out, s, de, m.Value(de))
		}
	}
	return out.String()
}

func describe(out *strings.Builder, s *Spec, de int, v []byte) {
	switch {
	case s.fields[de].class == classB:
		fmt.Fprintf(out, "%d %s %x\n", de, s.Format(de), v)
	case s.Tagged(de):
		fmt.Fprintf(out, "%d %s\n", de, s.Format(de))
		r := ReadTLV(v)
		for tag, v, ok := r.Next(); ok; tag, v, ok = r.Next() {
			fmt.Fprintf(out, "%d.%03d %q\n", de, tag, v)
		}
	case len(v) > 100:
		fmt.Fprintf(out, "%d %s %q and %d more\n", de, s.Format(de), v[:10], len(v)-10)
	default:
		fmt.Fprintf(out, "%d %s %q\n", de, s.Format(de), v)
	}
}

// goldenWrite understands "DE text", "DE.TAG text", "DE =number" (SetUint) and
// "DE x:hex"; text between quotes may have spaces.
func goldenWrite(t *testing.T, s *Spec, mti, input string) string {
	number, err := strconv.ParseUint(mti, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	var w Writer
	w.Begin(s, []byte("before"), MTI(number))
	open := 0
	for line := range strings.Lines(input) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if text, err := strconv.Unquote(value); err == nil {
			value = text
		}
		deText, tagText, tagged := strings.Cut(key, ".")
		de, _ := strconv.Atoi(deText)
		if open != 0 && de != open {
			w.EndTLV()
			open = 0
		}
		switch {
		case tagged:
			if open == 0 {
				w.BeginTLV(de)
				open = de
			}
			tag, _ := strconv.Atoi(tagText)
			w.TLVString(tag, value)
		case strings.HasPrefix(value, "="):
			n, _ := strconv.ParseUint(value[1:], 10, 64)
			w.SetUint(de, n)
		case strings.HasPrefix(value, "x:"):
			raw, err := hex.DecodeString(value[2:])
			if err != nil {
				t.Fatal(err)
			}
			w.Set(de, raw)
		default:
			w.SetString(de, value)
		}
	}
	if open != 0 {
		w.EndTLV()
	}
	b, err := w.Finish()
	if err != nil {
		if string(b) != "before" {
			t.Errorf("a failed message left %q behind", b)
		}
		return err.Error() + "\n"
	}
	b = b[len("before"):]
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Errorf("what was written cannot be read: %v", err)
	}
	checkRewrite(t, s, &m, b)
	checkMoovReads(t, s, &m, b)
	return fmt.Sprintf("%d bytes\n%s", len(b), dump(b))
}

// dump is a plain hexdump of 32 bytes a line with the text beside it.
func dump(b []byte) string {
	var out strings.Builder
	for ; len(b) > 0; b = b[min(32, len(b)):] {
		line := b[:min(32, len(b))]
		text := make([]byte, len(line))
		for i, c := range line {
			text[i] = '.'
			if c > 0x20 && c < 0x7f {
				text[i] = c
			}
		}
		fmt.Fprintf(&out, "%-64x %s\n", line, text)
	}
	return out.String()
}

// bytesOf reads hexadecimal words and "text"; xx*n repeats a byte, "c"*n a text.
func bytesOf(tb testing.TB, text string) []byte {
	tb.Helper()
	var out []byte
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var word []byte
		if quoted, err := strconv.QuotedPrefix(text); err == nil {
			plain, _ := strconv.Unquote(quoted)
			word, text = []byte(plain), text[len(quoted):]
		} else {
			n := strings.IndexAny(text+" ", " \n*")
			raw, err := hex.DecodeString(text[:n])
			if err != nil {
				tb.Fatal(err)
			}
			word, text = raw, text[n:]
		}
		times := 1
		if strings.HasPrefix(text, "*") {
			n := strings.IndexAny(text+" ", " \n")
			times, _ = strconv.Atoi(text[1:n])
			text = text[n:]
		}
		for range times {
			out = append(out, word...)
		}
	}
	return out
}

// goldenMessages gives every input of a "parse" command, for the fuzz targets.
func goldenMessages(tb testing.TB) (messages [][]byte) {
	tb.Helper()
	files, err := filepath.Glob(goldenDir + "/*")
	bad, _ := filepath.Glob(goldenDir + "/bad/*")
	files = slices.DeleteFunc(append(files, bad...), func(f string) bool { return filepath.Ext(f) == "" && isDir(f) })
	if err != nil || len(files) == 0 {
		tb.Fatal("no golden messages", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for part := range strings.SplitSeq(string(data), "\n\n") {
			_, part, ok := strings.Cut("\n"+part, "\nparse ")
			if input, _, good := strings.Cut(part, "\n----"); ok && good {
				_, input, _ = strings.Cut(input, "\n")
				messages = append(messages, bytesOf(tb, input))
			}
		}
	}
	return messages
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// goldenCheck reads a message and prints what its type asks for and it lacks.
func goldenCheck(t *testing.T, s *Spec, b []byte) string {
	var m Message
	if err := m.Parse(s, b); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, e := range s.CheckAll(&m) {
		fmt.Fprintln(&out, e)
	}
	return out.String()
}
