package console

import (
	"context"

	"switchd/switch/access"
	"switchd/switch/view"
)

// head is what the top of every page shows of the whole switch, and keeps up to date.
type head struct {
	At        string         `json:"at"`
	Level     string         `json:"level"` // ok, warn, bad
	Text      string         `json:"text"`
	Badges    map[string]int `json:"badges"`
	Version   string         `json:"-"`
	TwoPerson bool           `json:"-"`
}

// onlooker is who the shared parts of the pages are drawn for: they hold what every
// viewer may see, so that all consoles can have the same.
var onlooker = access.Caller{Name: "console", Roles: access.Viewer, Secured: true}

// counter is who the orders that wait are counted for: their number tells nothing of them.
var counter = access.Caller{Name: "console", Roles: access.Anyone, Secured: true}

// waiting is how many orders wait for a second person.
func (c *console) waiting(ctx context.Context) int {
	list, err := c.Source.Approvals(ctx, counter)
	if err != nil {
		return 0
	}
	return len(list.Approvals)
}

// headOf sums up the switch in two words.
func headOf(o view.Overview, waiting int) head {
	h := head{
		At: stamp(o.At), Level: "ok", Text: "Ready", Version: o.Version, TwoPerson: o.TwoPerson,
		Badges: map[string]int{"alerts": len(o.Alerts), "exceptions": o.DeadLetters, "approvals": waiting},
	}
	switch {
	case o.At == "":
		h.Level, h.Text = "bad", "Not known"
	case !o.Ready:
		h.Level, h.Text = "bad", "Not ready"
	case o.LoadStep > 0:
		h.Level, h.Text = "warn", "Sheds load"
	case len(o.Alerts) > 0:
		h.Level, h.Text = "warn", "Ready, alerts"
	}
	return h
}
