package doctor

import "fmt"

// Level is how good something is.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // it works, and should be looked at
	Bad  Level = "bad"  // payments, money or secrets are in danger
)

// Finding is one thing that was looked at.
type Finding struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	Text  string `json:"text"`           // what is so
	Todo  string `json:"todo,omitempty"` // what to do about it
}

// Good is a finding that is as it should be.
func Good(name, format string, args ...any) Finding {
	return Finding{Name: name, Level: OK, Text: fmt.Sprintf(format, args...)}
}

// Wrong is a finding that is not, with what to do.
func Wrong(level Level, name, todo, format string, args ...any) Finding {
	return Finding{Name: name, Level: level, Text: fmt.Sprintf(format, args...), Todo: todo}
}
