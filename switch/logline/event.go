package logline

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Event is one kind of line.
type Event struct {
	// ID is its name: lower case, the area first, "link.up". It is never given another
	// meaning, and stays when the words of the line change.
	ID string
	// Level is that of its lines; of load.changed, which has two, the lower one.
	Level slog.Level
	// Says is what has happened, and what to do if something is to be done.
	Says string
}

// Events are all kinds of lines that a switch writes, sorted by ID. The caller must
// not change them.
func Events() []Event { return events }

// Key is the attribute that holds the ID.
const Key = "event"

// Document is docs/logs.md from its table on.
func Document() string {
	var b strings.Builder
	b.WriteString("| event | level | what it says |\n|---|---|---|\n")
	for _, e := range events {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.ID, strings.ToLower(e.Level.String()), e.Says)
	}
	return b.String()
}

// known says whether an ID is in the table.
func known(id string) bool {
	_, found := slices.BinarySearchFunc(events, id, func(e Event, id string) int { return strings.Compare(e.ID, id) })
	return found
}
