package logline

import (
	"errors"
	"fmt"
	"log/slog"
)

// The formats of lines.
const (
	Text = "text" // key=value, as slog.TextHandler
	JSON = "json" // an object a line, as slog.JSONHandler
)

// Options of a Handler.
type Options struct {
	Format   string       // Text or JSON; default Text
	Level    slog.Level   // the lowest level of lines; default slog.LevelInfo. See SetLevel
	Clock    func() int64 // UTC nanoseconds, for Watch; required if somebody is to be watched
	PerEvent int          // lines of one event within a second; default 100, at least 1
}

func (o Options) withDefaults() Options {
	if o.Format == "" {
		o.Format = Text
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return 0 }
	}
	if o.PerEvent == 0 {
		o.PerEvent = 100
	}
	return o
}

func (o *Options) validate() error {
	var faults []error
	if o.Format != Text && o.Format != JSON {
		faults = append(faults, fmt.Errorf("logline: format %q, want %s or %s", o.Format, Text, JSON))
	}
	if o.PerEvent < 1 {
		faults = append(faults, fmt.Errorf("logline: PerEvent %d, want at least 1", o.PerEvent))
	}
	return errors.Join(faults...)
}
