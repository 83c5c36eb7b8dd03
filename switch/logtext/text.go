package logtext

import (
	"bytes"
	"strings"
	"sync"
)

// Text is what was logged. The zero value is ready. All methods are safe for
// concurrent use.
type Text struct {
	mu  sync.Mutex // guards all
	all bytes.Buffer
}

// Write adds a line, as a handler of slog does.
func (t *Text) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.Write(line)
}

// String is all that was written.
func (t *Text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.String()
}

// Count says how often a text was written.
func (t *Text) Count(text string) int { return strings.Count(t.String(), text) }
