package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"switchd/hsm"
)

// asker asks a person at the terminal. It shows nothing of a secret, and never says
// again what it was told.
type asker struct {
	ctx  context.Context
	in   io.Reader
	tty  *os.File // nil without a terminal
	talk io.Writer
}

func newAsker(c *cobra.Command) *asker {
	a := &asker{ctx: c.Context(), in: c.InOrStdin(), talk: c.ErrOrStderr()}
	if f, ok := a.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.tty = f
	}
	return a
}

// secret asks for a secret without showing what is typed. without is what is said where
// there is nobody to ask.
func (a *asker) secret(what, without string) ([]byte, error) {
	if a.tty == nil {
		return nil, usageError{errors.New(without)}
	}
	fd := int(a.tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(a.talk, "%s (not shown): ", what)
	text, err := a.wait(func() ([]byte, error) { return term.ReadPassword(fd) })
	if err != nil {
		err = errors.Join(err, term.Restore(fd, before)) // Ctrl-C must not leave the terminal mute
	}
	fmt.Fprintln(a.talk)
	return text, err
}

// line asks for what is no secret; "" where there is nobody to ask.
func (a *asker) line(what string) (string, error) {
	if a.tty == nil {
		return "", nil
	}
	fmt.Fprintf(a.talk, "%s: ", what)
	text, err := a.wait(func() ([]byte, error) { return readLine(a.in, lineBytesMax) })
	return strings.TrimSpace(string(text)), err
}

// wait gives up when the command is interrupted. What reads then goes on until the
// process ends, and nobody gets what it reads.
func (a *asker) wait(read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read()
		done <- answer{text, err}
	}()
	select {
	case got := <-done:
		return got.text, got.err
	case <-a.ctx.Done():
		return nil, a.ctx.Err()
	}
}

// lineBytesMax bounds what is read from a person or a file: the longest component has
// 64 digits, and blanks between them.
const lineBytesMax = 1024

// readLine reads one line, and no byte after it.
func readLine(in io.Reader, bytesMax int) ([]byte, error) {
	line := make([]byte, 0, bytesMax)
	for one := make([]byte, 1); len(line) < bytesMax; {
		n, err := in.Read(one)
		switch {
		case n == 1 && one[0] == '\n', errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		case n == 1:
			line = append(line, one[0])
		case err != nil:
			clear(line)
			return nil, err
		}
	}
	clear(line)
	return nil, fmt.Errorf("the line has more than %d bytes", bytesMax)
}

// secretText reads a secret from a file, from standard input (-), or from a person.
func (a *asker) secretText(file, flag, what string) ([]byte, error) {
	switch {
	case file == "-":
		text, err := a.wait(func() ([]byte, error) { return readLine(a.in, lineBytesMax) })
		if err != nil {
			return nil, fmt.Errorf("%s: standard input: %w", flag, err)
		}
		return text, nil
	case file == "":
		return a.secret(what, fmt.Sprintf("there is no terminal to ask for the %s: name a file with %s", what, flag))
	case looksSecret(file):
		return nil, usageError{fmt.Errorf("%s wants the name of a file, and not what is in it: your shell may have kept it", flag)}
	}
	text, err := readPrivate(file, lineBytesMax)
	switch {
	case err != nil:
		return nil, usageError{fmt.Errorf("%s: %w", flag, err)}
	case text == nil:
		return nil, usageError{fmt.Errorf("%s: %s: %w", flag, file, fs.ErrNotExist)}
	}
	return text, nil
}

// looksSecret tells whether a word could be a key, a component, or a token, which must
// not be said again.
func looksSecret(s string) bool {
	digits := 0
	for _, c := range s {
		switch {
		case strings.ContainsRune("0123456789abcdefABCDEF", c):
			digits++
		case c != ' ' && c != '-':
			return strings.HasPrefix(s, tokenHead)
		}
	}
	return digits >= 16
}

// digits reads a component: hexadecimal digits, with blanks wherever they help to read.
// What is no digit is not named.
func digits(text []byte) (hsm.Secret, error) {
	plain := make([]byte, 0, len(text))
	defer func() { clear(plain[:cap(plain)]) }()
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			plain = append(plain, c)
		}
	}
	b := make([]byte, hex.DecodedLen(len(plain)))
	if _, err := hex.Decode(b, plain); err != nil || len(b) == 0 {
		clear(b)
		return hsm.Secret{}, fmt.Errorf("%w: a component is hexadecimal digits, two for each byte", hsm.ErrBlock)
	}
	return hsm.NewSecret(b), nil
}

// checkDigits reads a check value that a person gave, zero without one.
func checkDigits(text string) (hsm.KCV, error) {
	if text == "" {
		return hsm.KCV{}, nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err == nil {
		var k hsm.KCV
		if k, err = hsm.NewKCV(b); err == nil {
			return k, nil
		}
	}
	return hsm.KCV{}, usageError{errors.New("a check value has 6 to 10 hexadecimal digits")}
}
