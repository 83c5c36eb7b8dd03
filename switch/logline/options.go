package logline

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// The formats of lines.
const (
	Text = "text" // key=value, as slog.TextHandler
	JSON = "json" // an object a line, as slog.JSONHandler
)

// Formats are all formats.
func Formats() []string { return []string{Text, JSON} }

// Levels are the levels that a configuration may name, the chattiest first.
func Levels() []string { return []string{"debug", "info", "warn", "error"} }

// LevelOf is the level of a name of Levels.
func LevelOf(name string) (level slog.Level, err error) {
	err = level.UnmarshalText([]byte(name))
	return level, err
}

// Options of a Handler.
type Options struct {
	Format   string                // Text or JSON; default Text
	Level    slog.Leveler          // the lowest level of lines; default slog.LevelInfo
	Clock    func() int64          // UTC nanoseconds, for Watch; required if somebody is to be watched
	PerEvent int                   // lines of one event within a second; default 100, at least 1
	Registry prometheus.Registerer // default: none
}

func (o Options) withDefaults() Options {
	if o.Format == "" {
		o.Format = Text
	}
	if o.Level == nil {
		o.Level = slog.LevelInfo
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return 0 }
	}
	if o.PerEvent == 0 {
		o.PerEvent = 100
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
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
