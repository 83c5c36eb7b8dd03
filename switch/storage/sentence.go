package storage

import (
	"regexp"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// Corrupt says whether an error of Pebble is about bytes that are not what was
// written, and not about a disk that cannot be read.
func Corrupt(err error) bool { return pebble.IsCorruptionError(err) }

// missing is what Pebble says of a sorted file that its list names and that is not
// there.
var missing = regexp.MustCompile(`file (\d+) \(type sstable\)`)

// Missing is the name of the sorted file of which an error of Pebble says that it is
// not there; "" when the error says something else.
func Missing(err error) string {
	if m := missing.FindStringSubmatch(err.Error()); m != nil {
		return m[1] + ".sst"
	}
	return ""
}

// blockOf is how Pebble names the sorted file of a damaged block.
var blockOf = regexp.MustCompile(`\bfile (\d+): block`)

// Sentence is err with a message of one line. Pebble's errors carry details for
// its own tools on further lines, which say nothing to an operator, and name a sorted
// file without its ending.
func Sentence(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); !strings.Contains(text, "\n") && !blockOf.MatchString(text) {
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
	return blockOf.ReplaceAllString(strings.Join(said, "; "), "file $1.sst: block")
}

// Unwrap is the whole error.
func (s sentence) Unwrap() error { return s.err }
