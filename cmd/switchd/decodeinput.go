package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// inputBytesMax bounds what decode reads: text and binary alike.
const inputBytesMax = 1 << 20

// input is what is to be decoded. An input of nothing but hexadecimal digits may
// also be a message in ASCII, and a file of text may have a newline at its end
// that is no part of the message; so there can be more than one reading, the
// likeliest first.
type input struct {
	readings [][]byte
	name     string // for a command to run: a file, "-" or HEX
	note     string // what is strange about it; may be empty
}

var errOdd = errors.New("an odd number of hexadecimal digits makes no whole bytes")

// readInput takes a file, hexadecimal, XML, or "-" for stdin. Its errors do not quote
// the argument, which may be a message.
func readInput(arg string, stdin io.Reader) (input, error) {
	if arg == "-" {
		text, err := readBounded(stdin)
		if err != nil {
			return input{}, fmt.Errorf("stdin: %w", err)
		}
		return fromText(text, "-")
	}
	file, noFile := os.Open(arg)
	if noFile == nil {
		defer file.Close() // only read
		text, err := readBounded(file)
		if err != nil {
			return input{}, fmt.Errorf("the file: %w", err)
		}
		return fromText(text, shellWord(arg))
	}
	if isXML([]byte(arg)) {
		return fromText([]byte(arg), "XML")
	}
	if _, err := unhex([]byte(arg)); err != nil {
		return input{}, fmt.Errorf("the argument is no file (%w), no XML and no hexadecimal: %w", cause(noFile), err)
	}
	return fromText([]byte(arg), "HEX")
}

// cause is what the system says of a file, without its name.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, inputBytesMax+1))
	err = cause(err)
	if err == nil && len(text) > inputBytesMax {
		err = errors.New("more than 1 MiB is not read")
	}
	return text, err
}

// fromText finds out what the input can be.
func fromText(text []byte, name string) (input, error) {
	in := input{name: name}
	if len(bytes.TrimSpace(text)) == 0 {
		return in, errors.New("the input is empty")
	}
	b, hexErr := unhex(text)
	if hexErr == nil {
		in.readings = append(in.readings, b)
	} else if b, ok := undump(text); ok {
		in.readings = append(in.readings, b)
	} else if errors.Is(hexErr, errOdd) {
		in.note = "note: " + errOdd.Error() + ", so the input is taken as characters"
	}
	in.readings = append(in.readings, text)
	if trimmed := bytes.TrimRight(text, "\r\n"); len(trimmed) < len(text) {
		in.readings = append(in.readings, trimmed)
	}
	return in, nil
}

// unhex reads hexadecimal with spaces, colons and newlines between. The error
// says where it stops to be that, and quotes nothing.
func unhex(text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	if len(text) > 1 && text[0] == '0' && text[1]|0x20 == 'x' {
		text = text[2:]
	}
	out := make([]byte, 0, len(text)/2)
	digits := 0
	var high byte
	for i, c := range text {
		if strings.IndexByte(" :\t\r\n", c) >= 0 {
			continue
		}
		v, ok := hexDigit(c)
		if !ok {
			return nil, fmt.Errorf("character %d of %d is no hexadecimal digit", i+1, len(text))
		}
		if digits++; digits%2 == 0 {
			out = append(out, high<<4|v)
		}
		high = v
	}
	if digits%2 != 0 {
		return nil, errOdd
	}
	return out, nil
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// undump reads the output of xxd, hexdump -C or tcpdump -X: each line has its
// offset first, which must be that of the bytes so far, then the bytes, then
// perhaps the same in characters.
func undump(text []byte) (out []byte, ok bool) {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		offset, rest, _ := strings.Cut(line, " ")
		offset = strings.TrimPrefix(strings.TrimSuffix(offset, ":"), "0x")
		at, err := strconv.ParseUint(offset, 16, 32)
		if err != nil || len(offset) < 4 || int(at) != len(out) {
			return nil, false
		}
		rest = strings.TrimSpace(rest)
		if bar := strings.IndexByte(rest, '|'); bar >= 0 {
			rest = rest[:bar]
		} else {
			rest, _, _ = strings.Cut(rest, "  ")
		}
		b, err := unhex([]byte(rest))
		if err != nil {
			return nil, false
		}
		out = append(out, b...)
	}
	return out, len(out) > 0
}

// shellWord is a file name that can be pasted into a shell.
func shellWord(name string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-/+,:=@%", r)
	}
	if name != "" && strings.TrimFunc(name, plain) == "" && !strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
