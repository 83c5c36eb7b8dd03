package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// backupsPage is where backups are asked for.
const backupsPage = "/api/v1/backup"

// ErrConflict is wrapped by the error of a Backup that cannot begin now, for what
// somebody else does.
var ErrConflict = errors.New("not now")

// backup makes a backup while the client waits, who is told how far it is, a line of
// JSON each time; a client that goes away ends it. Whoever may command may ask for
// one: what it says of commands (command.go) holds here.
func (p *pages) backup(w http.ResponseWriter, r *http.Request) {
	body, ok := p.order(w, r, p.Backup != nil)
	if !ok {
		return
	}
	s := stream{w: w, control: http.NewResponseController(w)}
	// The server's limits are for requests that are answered at once. The reading
	// side stays open, so that the end of the client is noticed.
	if err := errors.Join(s.control.SetReadDeadline(time.Time{}), s.control.SetWriteDeadline(time.Time{})); err != nil {
		p.Log.Error("admin: a connection without deadlines", "event", "admin.deadline", "error", err)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	// On a goroutine of its own, so that a client that does not read holds up this
	// answer and not the backup. It ends when the backup does.
	steps, end := make(chan any, 1), make(chan ending, 1)
	go func() {
		v, err := p.Backup(ctx, body, func(v any) {
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
				return
			}
		case e := <-end:
			s.end(e)
			return
		}
	}
}

// ending is how a backup has ended.
type ending struct {
	v   any
	err error
}

// stream is an answer of several lines of JSON.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

// line sends an object with one member at once.
func (s *stream) line(name string, v any) error {
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

// end sends how it has ended: as a status, if nothing was sent before.
func (s *stream) end(e ending) {
	switch {
	case e.err == nil:
		_ = s.line("backup", e.v) // the client may be gone: the backup is made
	case s.begun:
		_ = s.line("error", e.err.Error())
	case errors.Is(e.err, ErrConflict):
		http.Error(s.w, e.err.Error(), http.StatusConflict)
	default:
		http.Error(s.w, e.err.Error(), http.StatusUnprocessableEntity)
	}
}
