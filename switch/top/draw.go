package top

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"switchd/switch/screen"
	"switchd/switch/verdict"
)

// paper is the terminal, of which nothing is known before it has said its size.
func (m *model) paper() screen.Paper {
	p := screen.Paper{Width: m.width, Colour: m.colour}
	if p.Width == 0 {
		p.Width = 80
	}
	return p
}

func (m *model) lines() int {
	if m.height == 0 {
		return 24
	}
	return m.height
}

// View draws all of it, on a screen of its own.
func (m model) View() tea.View {
	v := tea.NewView(m.text())
	v.AltScreen = true
	return v
}

// text is what is drawn. It is never more than the terminal has.
func (m *model) text() string {
	p := m.paper()
	lines := append(m.head(p), m.body(p)...)
	most := max(m.lines()-1, 1) // the last line is the footer's
	if len(lines) > most {
		lines = lines[:most]
	}
	for len(lines) < most {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, m.foot(p)), "\n")
}

// head is the switch, and how old that is when it does not answer.
func (m *model) head(p screen.Paper) (lines []string) {
	if m.err != nil {
		lines = p.Wrap(2, screen.Marked(screen.Bad, "the switch does not answer: "), screen.Plain(m.err.Error()))
	}
	if !m.known {
		if m.err == nil {
			lines = append(lines, "asking the switch ...")
		}
		return lines
	}
	if m.err != nil {
		lines = append(lines, p.Join(screen.Marked(screen.Warn, fmt.Sprintf("what follows is %s old", screen.Lasts(m.now().Sub(m.seen.at))))))
	}
	v := verdict.Judge(&m.seen.overview, m.seen.participants)
	return append(append(lines, Head(p, &m.seen.overview, &v, m.seen.at)...), "")
}

// room is how many rows of the table can be seen.
func (m *model) room() int { return m.lines() - len(m.head(m.paper())) - 2 }

func (m *model) body(p screen.Paper) []string {
	switch {
	case m.help:
		return helpLines(p)
	case !m.known:
		return nil
	}
	rows := m.rows()
	if len(rows) == 0 {
		return []string{p.Join(screen.Plain("no participant fits " + m.filter))}
	}
	at := m.cursor(rows)
	if m.detail {
		return Detail(p, &m.seen.overview, &rows[at], m.seen.at)
	}
	// The cursor is a sign in a column of its own: not everybody sees it inverse.
	inner := p
	inner.Width -= 2
	all := Table(rows, m.seen.at).Lines(inner)
	lines := []string{"  " + all[0]}
	end := min(len(rows), m.top+max(m.room(), 1))
	for i := m.top; i < end; i++ {
		sign := "  "
		if i == at {
			sign = p.Paint(screen.Strong, "> ")
		}
		lines = append(lines, sign+all[i+1])
	}
	return lines
}

// foot says what the keys do now.
func (m *model) foot(p screen.Paper) string {
	if m.filtering {
		return p.Join(screen.Marked(screen.Strong, "/"+m.filter+"_"), screen.Marked(screen.Dim, "  enter takes it, esc leaves it"))
	}
	state := "by " + orders[m.by].name
	if m.back {
		state += ", reversed"
	}
	if m.filter != "" {
		state += ", /" + m.filter
	}
	if m.paused {
		state += ", PAUSED"
	}
	keys := "  q quit  ? keys  / filter  enter detail  space pause"
	if m.detail {
		keys = "  esc back  up/down the next one  q quit"
	}
	return p.Join(screen.Plain(state), screen.Marked(screen.Dim, keys))
}

func helpLines(p screen.Paper) []string {
	t := screen.NewTable(screen.Left("key"), screen.Left("does").Shrinks(20))
	for _, o := range orders {
		t.Row(screen.Plain(o.key), screen.Plain("sort by "+o.name))
	}
	for _, k := range [][2]string{{"r", "reverse the order"}, {"/", "filter by id, state or institution"}, {"up down j k", "move"}, {"enter", "one participant in detail"}, {"space", "pause, go on"}, {"esc", "back"}, {"q ctrl-c", "quit"}} {
		t.Row(screen.Plain(k[0]), screen.Plain(k[1]))
	}
	return t.Lines(p)
}
