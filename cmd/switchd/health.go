package main

import (
	"errors"

	"switchd/switch/admin"
)

// checks are the conditions under which traffic should be sent to this switch.
func (n *node) checks() []admin.Check {
	return []admin.Check{
		{Name: "recovered", Run: func() error {
			select {
			case <-n.engine.Ready():
				return nil
			default:
				return errors.New("the journal is being replayed")
			}
		}},
		{Name: "writer", Run: n.live},
		{Name: "disk", Run: n.disk.Check},
		{Name: "links", Run: func() error {
			if n.linksUp() == 0 {
				return errors.New("no participant is signed on")
			}
			return nil
		}},
		{Name: "accepting", Run: func() error {
			if n.leaving.Load() || n.ingress.Draining() {
				return errors.New("the switch is draining")
			}
			return nil
		}},
	}
}
