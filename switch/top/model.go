package top

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"switchd/switch/screen"
	"switchd/switch/view"
)

// Source answers what is shown. Each method returns when ctx ends.
type Source interface {
	Overview(ctx context.Context) (view.Overview, error)
	Participants(ctx context.Context) (view.Participants, error)
}

// look is one answer of the switch, or why there is none.
type look struct {
	overview     view.Overview
	participants []view.Participant
	at           time.Time
	err          error
}

// ask looks once, in bounded time.
func ask(ctx context.Context, s Source, now func() time.Time) (l look) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	defer func() { l.at = now() }()
	if l.overview, l.err = s.Overview(ctx); l.err != nil {
		return l
	}
	var all view.Participants
	all, l.err = s.Participants(ctx)
	l.participants = all.Participants
	return l
}

// askWait bounds a look: one that takes longer is told as an error.
const askWait = 5 * time.Second

// model is what is on the screen. It changes only by messages, and what it shows
// depends on nothing else.
type model struct {
	ctx    context.Context
	source Source
	every  time.Duration
	now    func() time.Time
	colour bool

	width, height int
	seen          look // the last that was an answer
	known         bool // there is one
	err           error
	asking        bool
	paused        bool

	by        int // in orders
	back      bool
	filter    string
	filtering bool
	at        string // id of the participant under the cursor
	top       int    // first row that is shown
	detail    bool
	help      bool
}

// tick asks for the next look.
type tick struct{}

// Init begins with the first look.
func (m model) Init() tea.Cmd { return m.ask() }

func (m model) ask() tea.Cmd {
	return func() tea.Msg { return ask(m.ctx, m.source, m.now) }
}

// next waits for the next look. It is asked for when the last has been answered, so
// that a slow switch is asked less often.
func (m model) next() tea.Cmd {
	return tea.Tick(m.every, func(time.Time) tea.Msg { return tick{} })
}

// Update takes an answer, a key or a new size.
func (m model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case look:
		m.asking = false
		if m.err = message.err; message.err == nil {
			m.seen, m.known = message, true
		}
		m.keep()
		return m, m.next()
	case tick:
		if m.paused {
			return m, m.next()
		}
		m.asking = true
		return m, m.ask()
	case tea.KeyPressMsg:
		return m.key(message)
	}
	return m, nil
}

// key does what a key means.
func (m model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if k.String() == "ctrl+c" {
		return m, tea.Quit
	}
	if m.filtering {
		m.typed(k)
		return m, nil
	}
	switch pressed := k.String(); pressed {
	case "q":
		return m, tea.Quit
	case "esc":
		m.escape()
	case "?", "h":
		m.help = !m.help
	case "enter":
		m.detail = m.at != ""
	case "/":
		m.filtering, m.detail, m.help = true, false, false
	case "space", "p":
		m.paused = !m.paused
	case "r":
		m.back = !m.back
	case "up", "k", "down", "j", "pgup", "pgdown", "home", "end":
		m.move(pressed)
	default:
		for i, o := range orders {
			if pressed == o.key {
				m.by, m.back = i, false
			}
		}
	}
	m.keep()
	return m, nil
}

// escape leaves what was entered last.
func (m *model) escape() {
	switch {
	case m.help:
		m.help = false
	case m.detail:
		m.detail = false
	default:
		m.filter = ""
	}
}

// filterMax bounds what is typed.
const filterMax = 32

// typed takes a key of the filter.
func (m *model) typed(k tea.KeyPressMsg) {
	switch k.String() {
	case "enter":
		m.filtering = false
	case "esc":
		m.filtering, m.filter = false, ""
	case "backspace":
		if r := []rune(m.filter); len(r) > 0 {
			m.filter = string(r[:len(r)-1])
		}
	default:
		if len(m.filter)+len(k.Text) <= filterMax {
			m.filter += screen.Clean(k.Text)
		}
	}
	m.keep()
}

// rows are the participants as they are shown.
func (m *model) rows() []view.Participant {
	return sorted(m.seen.participants, m.by, m.back, m.filter)
}

// cursor is the row of the participant under the cursor.
func (m *model) cursor(rows []view.Participant) int {
	for i := range rows {
		if rows[i].ID == m.at {
			return i
		}
	}
	return 0
}

// move moves the cursor.
func (m *model) move(pressed string) {
	rows := m.rows()
	if len(rows) == 0 {
		return
	}
	step := max(m.room(), 1)
	at := m.cursor(rows)
	switch pressed {
	case "up", "k":
		at--
	case "down", "j":
		at++
	case "pgup":
		at -= step
	case "pgdown":
		at += step
	case "home":
		at = 0
	case "end":
		at = len(rows) - 1
	}
	m.at = rows[min(max(at, 0), len(rows)-1)].ID
}

// keep keeps the cursor on a participant that is shown, and in sight.
func (m *model) keep() {
	rows := m.rows()
	if len(rows) == 0 {
		m.at, m.top = "", 0
		return
	}
	at := m.cursor(rows)
	m.at = rows[at].ID
	room := max(m.room(), 1)
	m.top = min(max(m.top, at-room+1), at)
	m.top = max(0, min(m.top, len(rows)-room))
}
