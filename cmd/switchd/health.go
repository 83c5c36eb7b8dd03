package main

import (
	"errors"

	"switchd/switch/admin"
)

// checks are the conditions under which traffic should be sent to this switch.
func (n *node) checks() []admin.Check {
	return []admin.Check{
		{Name: "recovered", Run: func() (string, error) {
			select {
			case <-n.engine.Ready():
				return "", nil
			default:
				return "", errors.New("the journal is being replayed")
			}
		}},
		{Name: "writer", Run: alone(n.live)},
		{Name: "disk", Run: alone(n.disk.Check)},
		{Name: "links", Run: func() (string, error) {
			if n.linksUp() == 0 {
				return "", errors.New("no participant is signed on")
			}
			return "", nil
		}},
		{Name: "accepting", Run: func() (string, error) {
			if n.leaving.Load() || n.ingress.Draining() {
				return "", errors.New("the switch is draining")
			}
			return "", nil
		}},
	}
}

// started says whether the start is over: participants can connect.
func (n *node) started() error {
	if n.isOpen() {
		return nil
	}
	return errors.New("the switch is starting")
}

// alone makes a check of a condition that has no warning.
func alone(condition func() error) func() (string, error) {
	return func() (string, error) { return "", condition() }
}
