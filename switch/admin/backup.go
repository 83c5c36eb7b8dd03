package admin

import (
	"context"
	"encoding/json"
	"net/http"
)

// backup makes a backup while the client waits, who is told how far it is, a line of
// JSON each time; a client that goes away ends it.
func (o *Options) backup(c *Call, w http.ResponseWriter) error {
	s := lines{w: w, control: http.NewResponseController(w)}
	call := *c
	ctx, cancel := context.WithCancel(c.Context)
	call.Context = ctx
	defer cancel()
	// On a goroutine of its own, so that a client that does not read holds up this
	// answer and not the backup. It ends when the backup does.
	steps, end := make(chan any, 1), make(chan ending, 1)
	go func() {
		v, err := o.Backup(&call, func(v any) {
			select {
			case steps <- v:
			default: // the client reads slower than steps come
			}
		})
		end <- ending{v, err}
	}()
	for {
		select {
		case v := <-steps:
			if s.line("progress", v) != nil {
				return nil // the client is gone
			}
		case e := <-end:
			return s.end(e)
		}
	}
}

// ending is how a backup has ended.
type ending struct {
	v   any
	err error
}

// lines is an answer of several lines of JSON.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

// line sends an object with one member at once.
func (s *lines) line(name string, v any) error {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	data, err := json.Marshal(map[string]any{name: v})
	if err != nil {
		return err
	}
	if _, err := s.w.Write(append(data, '\n')); err != nil {
		return err
	}
	return s.control.Flush()
}

// end sends how it has ended. It returns what nothing was sent before.
func (s *lines) end(e ending) error {
	switch {
	case e.err == nil:
		_ = s.line("backup", e.v) // the client may be gone: the backup is made
	case s.begun:
		_ = s.line("error", e.err.Error())
	default:
		return refusedOr(e.err)
	}
	return nil
}
