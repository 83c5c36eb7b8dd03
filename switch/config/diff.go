package config

import (
	"fmt"
	"slices"
	"strings"
)

// changesMax bounds what is listed; more is counted.
const changesMax = 1000

// Change is one difference between two configurations.
type Change struct {
	// Participant is whose it is; empty: the switch's.
	Participant string
	// Key is the way to the key: limits.links. It is empty when a participant was
	// added or removed.
	Key string
	// Text says what has changed: 1024 -> 2000.
	Text string
	// Restart says that it takes effect at the next start only.
	Restart bool
}

// String is the change in words.
func (c Change) String() string {
	var b strings.Builder
	if c.Participant != "" {
		b.WriteString("participant " + c.Participant + ": ")
	}
	if c.Key != "" {
		b.WriteString(c.Key + " ")
	}
	b.WriteString(c.Text)
	if c.Restart {
		b.WriteString(" (needs a restart)")
	}
	return b.String()
}

// Changes are the differences between two configurations, those of the switch first.
type Changes struct {
	List     []Change
	More     int // that are not listed
	Restarts int // of all of them, how many take effect at the next start only
}

// String has one line for each change.
func (c Changes) String() string {
	lines := make([]string, 0, len(c.List)+1)
	for _, change := range c.List {
		lines = append(lines, change.String())
	}
	if c.More > 0 {
		lines = append(lines, fmt.Sprintf("%d more changes are not shown", c.More))
	}
	return strings.Join(lines, "\n")
}

// Empty says that both configurations mean the same.
func (c Changes) Empty() bool { return len(c.List) == 0 }

// Diff lists what differs between two accepted configurations. Participants are
// compared by their ids: their order, and the file that one stands in, mean nothing.
// A configuration holds no secret, only the names of files with some; their content
// is not looked at.
func Diff(old, next *Config) Changes {
	var c Changes
	compareRows(&c, "", &rootShape, rootRows, old, next)
	was := byID(old)
	is := byID(next)
	for i := range old.Participants {
		if id := old.Participants[i].ID; is[id] == nil {
			c.add(Change{Participant: id, Text: "removed"})
		}
	}
	for i := range next.Participants {
		p := &next.Participants[i]
		if before := was[p.ID]; before == nil {
			c.add(Change{Participant: p.ID, Text: "added"})
		} else {
			compareRows(&c, p.ID, &participantShape, participantRows, before, p)
		}
	}
	return c
}

func byID(c *Config) map[string]*Participant {
	all := make(map[string]*Participant, len(c.Participants))
	for i := range c.Participants {
		all[c.Participants[i].ID] = &c.Participants[i]
	}
	return all
}

func (c *Changes) add(change Change) {
	if change.Restart {
		c.Restarts++
	}
	if len(c.List) == changesMax {
		c.More++
		return
	}
	c.List = append(c.List, change)
}

// row says how one key, or a mapping as a whole, shows in a difference: by a text,
// or by the entries of a list.
type row[T any] struct {
	key  string
	text func(*T) string
	list func(*T) []string
}

// compareRows adds the differences of two values of one kind.
func compareRows[T any](c *Changes, participant string, is *shape, rows []row[T], old, next *T) {
	for _, r := range rows {
		text := ""
		if r.list != nil {
			text = listChange(r.list(old), r.list(next))
		} else if a, b := r.text(old), r.text(next); a != b {
			text = orNone(a) + " -> " + orNone(b)
		}
		if text != "" {
			c.add(Change{Participant: participant, Key: r.key, Text: text, Restart: is.at(r.key).restart})
		}
	}
}

// at is the key at the end of a way.
func (s *shape) at(way string) *key {
	first, rest, more := strings.Cut(way, ".")
	k := s.find(first)
	if more {
		return k.is.at(rest)
	}
	return k
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// listChange says what a list has lost and got; empty: nothing.
func listChange(old, next []string) string {
	if slices.Equal(old, next) {
		return ""
	}
	var parts []string
	if lost := without(old, next); len(lost) > 0 {
		parts = append(parts, "without "+some(lost))
	}
	if got := without(next, old); len(got) > 0 {
		parts = append(parts, "with "+some(got))
	}
	if len(parts) == 0 {
		return "in another order, or another number of times"
	}
	return strings.Join(parts, ", ")
}

// without are the entries of a list that another one does not have.
func without(list, other []string) []string {
	has := make(map[string]bool, len(other))
	for _, s := range other {
		has[s] = true
	}
	var out []string
	for _, s := range list {
		if !has[s] {
			out = append(out, s)
		}
	}
	return out
}

// some prints the first entries of a list.
func some(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
