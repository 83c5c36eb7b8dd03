package unlock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"switchd/hsm"
)

// ErrLine says that a file has not the one line that it should have.
var ErrLine = errors.New("it has not one line")

// LineMax is the longest secret in a file of one line, in bytes.
const LineMax = 1024

// File reads a file that nobody but its owner may have access to. The caller wipes it.
func File(path string, bytesMax int64) ([]byte, error) {
	// A pipe would hold up the opening until somebody writes to it.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is no file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("others than its owner may have access (mode %04o): chmod 600 %s", info.Mode().Perm(), path)
	case info.Size() > bytesMax:
		return nil, fmt.Errorf("it has more than %d bytes", bytesMax)
	}
	// In one piece, so that no part of it is left where a buffer grew.
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.EOF) {
		clear(b)
		return nil, fmt.Errorf("it has changed while it was read: %w", err)
	}
	return b[:n], nil
}

// Line reads the one line of such a file, without its end. The caller wipes it.
func Line(path string) (hsm.Secret, error) {
	b, err := File(path, LineMax)
	if err != nil {
		return hsm.Secret{}, err
	}
	defer clear(b)
	line := bytes.TrimRight(b, "\r\n")
	if len(line) == 0 || bytes.ContainsAny(line, "\r\n") {
		return hsm.Secret{}, ErrLine
	}
	return hsm.CopySecret(line), nil
}
