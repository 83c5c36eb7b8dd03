package main

import (
	"io"
	"log/slog"
	"time"

	"switchd/switch/config"
	"switchd/switch/logline"
)

// newLogger writes lines for operators as text.
func newLogger(w io.Writer, quiet bool) *slog.Logger {
	return newLoggerOf(w, config.Log{Format: logline.Text, Level: "info"}, quiet)
}

// newLoggerOf writes lines for operators as a configuration says.
func newLoggerOf(w io.Writer, is config.Log, quiet bool) *slog.Logger {
	return slog.New(logline.New(w, logline.Options{Format: is.Format, Level: levelOf(is, quiet), Clock: clock}))
}

// levelOf is the level of the least lines.
func levelOf(is config.Log, quiet bool) (level slog.Level) {
	if err := level.UnmarshalText([]byte(is.Level)); err != nil {
		panic(err) // the configuration was checked
	}
	if quiet {
		level = max(level, slog.LevelWarn)
	}
	return level
}

// handlerOf is the handler of a logger; of a logger that is not ours (of a test), one
// that writes nothing.
func handlerOf(log *slog.Logger) *logline.Handler {
	if h, ours := log.Handler().(*logline.Handler); ours {
		return h
	}
	return logline.New(io.Discard, logline.Options{Clock: clock})
}

// flush tells of lines that were left out and not told of yet.
func flush(log *slog.Logger) {
	_ = handlerOf(log).Flush(time.Unix(0, clock())) // nobody is left to be told of an error
}

// watch has the debug lines of a participant written until a time (UTC ns), and says
// so in the log. A time that is over ends it.
func (n *node) watch(participant string, until int64) error {
	if err := n.lines.Watch(participant, until); err != nil {
		return err
	}
	n.log.Info("debug lines of a participant", "event", "participant.watched", "participant", participant, "until", time.Unix(0, until).UTC())
	return nil
}
