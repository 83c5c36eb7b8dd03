package gnetio

import (
	"fmt"
	"log/slog"
	"sync"
)

// gnetLog gives gnet's own lines to the operator log. gnet says little, and
// never anything about content.
type gnetLog struct{ log *slog.Logger }

func (g gnetLog) Debugf(string, ...any)          {}
func (g gnetLog) Infof(f string, a ...any)       { g.log.Debug("gnet: " + fmt.Sprintf(f, a...)) }
func (g gnetLog) Warnf(f string, a ...any)       { g.log.Warn("gnet: " + fmt.Sprintf(f, a...)) }
func (g gnetLog) Errorf(f string, a ...any)      { g.log.Error("gnet: " + fmt.Sprintf(f, a...)) }
func (g gnetLog) Fatalf(format string, a ...any) { g.Errorf(format, a...) }

// quota bounds the log lines that strangers can cause: anyone who reaches the
// port can fail a handshake, and each failure is counted anyway.
type quota struct {
	mu     sync.Mutex // guards the rest; loops share the quota
	second int64
	used   int
}

const linesPerSecond = 10

// allow says whether one more line fits into the second of now.
func (q *quota) allow(now int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s := now / 1e9; s != q.second {
		q.second = s
		q.used = 0
	}
	q.used++
	return q.used <= linesPerSecond
}
