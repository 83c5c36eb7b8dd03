package gnetio

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// gnetLog gives gnet's own lines to the operator log. gnet says little, and
// never anything about content.
type gnetLog struct{ log *slog.Logger }

func (g gnetLog) Debugf(string, ...any) {}
func (g gnetLog) Infof(f string, a ...any) {
	g.log.Debug("gnet: "+fmt.Sprintf(f, a...), "event", "gnet.note")
}
func (g gnetLog) Warnf(f string, a ...any) {
	g.log.Warn("gnet: "+fmt.Sprintf(f, a...), "event", "gnet.warning")
}
func (g gnetLog) Errorf(f string, a ...any) {
	g.log.Error("gnet: "+fmt.Sprintf(f, a...), "event", "gnet.error")
}
func (g gnetLog) Fatalf(format string, a ...any) { g.Errorf(format, a...) }

// lineGap is from one log line about a cause to the next: anyone who reaches the
// port can cause some, and all are counted in the metrics anyway.
const lineGap = int64(time.Minute)

// causes has one log line for each cause and minute. Causes are of small fixed
// sets, or of the configuration.
type causes struct {
	mu   sync.Mutex // guards the rest; loops share it
	told map[string]told
}

type told struct {
	at   int64 // when a line was written
	more int   // times since then
}

// tell says whether one more line is due about a cause, and for how many times it
// stands. Safe for concurrent use.
func (c *causes) tell(cause string, now int64) (times int, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, before := c.told[cause]
	t.more++
	if before && now-t.at < lineGap {
		c.told[cause] = t
		return 0, false
	}
	if c.told == nil {
		c.told = map[string]told{}
	}
	c.told[cause] = told{at: now}
	return t.more, true
}
