package certs

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

const (
	pemBytesMax = 1 << 20  // of a file with certificates or a key
	crlBytesMax = 16 << 20 // of a revocation list; some 400,000 entries
)

// source is one or more files that count together, and what became of them.
type source struct {
	what  string // for the log
	files []string
	max   int64                      // bytes of each
	take  func(files [][]byte) error // reads and keeps what the files hold, or nothing
	held  [sha256.Size]byte          // content that is in force
	seen  [sha256.Size]byte          // content of the last look, if it was another one
	told  string                     // why the content is refused; "": it is not
	bad   [sha256.Size]byte          // and which content that is
}

// read returns the content of all files and its hash; a file that cannot be read
// has one, too.
func (s *source) read() (contents [][]byte, sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, f := range s.files {
		var b []byte
		if b, err = readBounded(f, s.max); err != nil {
			return nil, sha256.Sum256([]byte(err.Error())), err
		}
		_ = binary.Write(h, binary.BigEndian, int64(len(b))) // a hash takes everything
		h.Write(b)
		contents = append(contents, b)
	}
	return contents, [sha256.Size]byte(h.Sum(nil)), nil
}

// look takes the content if it has changed. Without force it must have been the
// same at the look before, so that files are not taken while they are written, and
// a certificate not before its key. refused is why what stands there now is not in
// force; again says that the look before has said the same.
func (s *source) look(force bool) (taken, again bool, refused error) {
	contents, sum, err := s.read()
	if err == nil && sum == s.held {
		s.seen, s.told = sum, ""
		return false, false, nil
	}
	if !force && sum != s.seen {
		s.seen = sum
		return false, false, nil
	}
	s.seen = sum
	if err == nil {
		err = s.take(contents)
	}
	if err != nil {
		again = s.told == err.Error() && s.bad == sum
		s.told, s.bad = err.Error(), sum
		return false, again, err
	}
	s.held, s.told = sum, ""
	return true, false, nil
}

// readBounded reads a regular file that is not larger than max.
func readBounded(file string, max int64) ([]byte, error) {
	info, err := os.Stat(file) // before opening: a pipe would block
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = fmt.Errorf("%s: more than %d bytes", file, max)
	}
	return b, err
}
