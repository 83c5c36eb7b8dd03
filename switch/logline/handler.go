package logline

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Handler writes the lines of a switch. Make it with New.
type Handler struct {
	*shared
	inner       slog.Handler
	event       string // of With, "" if there is none
	participant string // of With
	grouped     bool   // within a group: its attributes are not the line's own
}

// shared is what a Handler and those that With has made of it have in common.
type shared struct {
	level   slog.LevelVar
	out     slog.Handler // without attributes
	watched watchlist
	bound   bound
	metrics *metrics
}

// New makes a Handler that writes lines to w, each with one Write. It panics when
// Options are not valid: the configuration was checked.
func New(w io.Writer, o Options) *Handler {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		panic(err)
	}
	s := &shared{watched: watchlist{clock: o.Clock}, bound: bound{max: o.PerEvent, of: map[string]*window{}}}
	s.metrics = newMetrics()
	s.level.Set(o.Level)
	all := &slog.HandlerOptions{Level: slog.Level(-1 << 10)} // Enabled below decides
	if o.Format == JSON {
		s.out = slog.NewJSONHandler(w, all)
	} else {
		s.out = slog.NewTextHandler(w, all)
	}
	return &Handler{shared: s, inner: s.out}
}

// SetLevel changes the lowest level of lines. Safe for concurrent use.
func (h *Handler) SetLevel(level slog.Level) { h.level.Set(level) }

// Watch has the debug lines of a participant written until a time by Options.Clock,
// whatever the level is; a time that is over ends it at once. It ends by itself. At
// most 32 participants are watched at a time: one more is refused with ErrWatched.
// Safe for concurrent use.
func (h *Handler) Watch(participant string, until int64) error {
	return h.watched.set(participant, until)
}

// Watched says whether the debug lines of a participant are written now. Who would
// have to make a line asks first: while nobody is watched the answer costs a load.
// Safe for concurrent use.
func (h *Handler) Watched(participant string) bool { return h.watched.has(participant) }

// Watching is who is watched, and until when. Safe for concurrent use.
func (h *Handler) Watching() map[string]int64 { return h.watched.list() }

// Enabled says whether a line of a level may be written: for debug lines also while
// somebody is watched, and Handle looks who it is about.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level() || level >= slog.LevelDebug && h.watched.any()
}

// Handle writes a line, masked, unless its event has had too many of late. It returns
// the error of the writer.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	event, participant := h.event, h.participant
	line := slog.NewRecord(r.Time, r.Level, "", r.PC)
	hidden := 0
	r.Attrs(func(a slog.Attr) bool {
		if !h.grouped {
			names(a, &event, &participant)
		}
		shown, n := hide(a)
		hidden += n
		line.AddAttrs(shown)
		return true
	})
	if r.Level < h.level.Level() && !h.watched.has(participant) {
		return nil
	}
	if !known(event) {
		event = ""
	}
	ok, over := h.bound.take(event, r.Time)
	for _, l := range over {
		if err := h.suppressed(ctx, r.Time, l); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	text, n := maskDigits(r.Message)
	line.Message = text
	h.metrics.masked.Add(float64(hidden + n))
	return h.inner.Handle(ctx, line)
}

// suppressed tells what was left out of an event.
func (h *Handler) suppressed(ctx context.Context, at time.Time, l left) error {
	h.metrics.suppressed.Add(float64(l.lines))
	line := slog.NewRecord(at, slog.LevelWarn, fmt.Sprintf("suppressed %d lines", l.lines), 0)
	line.AddAttrs(slog.String(Key, "log.suppressed"), slog.String("of", l.event), slog.Int("lines", l.lines))
	return h.out.Handle(ctx, line)
}

// Flush tells of what was left out and not told yet; at is the time of its lines. The
// end of a process calls it. Safe for concurrent use.
func (h *Handler) Flush(at time.Time) error {
	for _, l := range h.bound.rest() {
		if err := h.suppressed(context.Background(), at, l); err != nil {
			return err
		}
	}
	return nil
}

// WithAttrs is a Handler whose lines have attributes, masked.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next, shown := *h, make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		if !h.grouped {
			names(a, &next.event, &next.participant)
		}
		var n int
		shown[i], n = hide(a)
		h.metrics.masked.Add(float64(n))
	}
	next.inner = h.inner.WithAttrs(shown)
	return &next
}

// WithGroup is a Handler that puts attributes into a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	next := *h
	next.inner, next.grouped = h.inner.WithGroup(name), true
	return &next
}

// names takes the event and the participant out of an attribute.
func names(a slog.Attr, event, participant *string) {
	if a.Value.Kind() != slog.KindString {
		return
	}
	switch a.Key {
	case Key:
		*event = a.Value.String()
	case "participant":
		*participant = a.Value.String()
	}
}
