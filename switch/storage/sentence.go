package storage

import (
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// Corrupt says whether an error of Pebble is about bytes that are not what was
// written, and not about a disk that cannot be read.
func Corrupt(err error) bool { return pebble.IsCorruptionError(err) }

// Sentence is err with a message of one line. Pebble's errors carry details for
// its own tools on further lines, which say nothing to an operator.
func Sentence(err error) error {
	if err == nil || !strings.Contains(err.Error(), "\n") {
		return err
	}
	return sentence{err}
}

type sentence struct{ err error }

// Error joins what the lines say.
func (s sentence) Error() string {
	var said []string
	for line := range strings.Lines(s.err.Error()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "<") {
			said = append(said, line)
		}
	}
	return strings.Join(said, "; ")
}

// Unwrap is the whole error.
func (s sentence) Unwrap() error { return s.err }
