package console

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/view"
)

// matrix is the health of all participants, a row each.
type matrix struct {
	At      string
	Rows    []matrixRow
	Columns []column
	Sort    string // key of a column
	Down    bool   // the largest first
	Filter  string
	State   string // only these: all, unwell, or one state
	States  []choice
	Shown   int
	Summary string
}

// column is a column that the matrix can be sorted by.
type column struct {
	Key, Label, Means string
	Number            bool
	Sorted            string // ascending, descending or empty
	Href              string
}

// choice is an item of a list to choose from.
type choice struct {
	Value, Label string
	Chosen       bool
}

// matrixRow is one participant. Rows that are equal look the same.
type matrixRow struct {
	ID, Href, Institution, Dialect, Roles string
	State, Level, Why, Since              string
	TPS, Success, Declined, Failed        string
	P50, P99, Open                        string
	SuccessLevel, LatencyLevel            string
	Breakers                              [6]breakerCell // in the order of classLetters
	BreakersText                          string
	Links, LinksLevel                     string
	Cap                                   bar
	Position                              string
	Trend                                 spark
	Drained                               bool
	Order                                 string // address of the form to drain or resume it
	Debug                                 string
	Hidden                                bool                        // it does not fit the filter
	Drawn                                 template.HTML               // the row itself, when it was drawn before
	Keys                                  string                      // what it is sorted by, as JSON, for the script
	Text                                  string                      // what it is filtered by
	numbers                               [len(matrixColumns)]float64 // what it is sorted by, in the order of the columns
}

// breakerCell is the breaker of one class in as little room as can be.
type breakerCell struct {
	Text, Level string
}

// classLetters are the classes of messages in the order of the matrix.
var classLetters = [6]struct{ class, letter string }{
	{"resolve", "R"}, {"debit", "D"}, {"credit", "C"}, {"reversal", "V"}, {"advice", "A"}, {"check", "K"},
}

// matrixColumns are the columns in their order.
var matrixColumns = [13]column{
	{Key: "state", Label: "State", Means: "up, degraded (a breaker is open, or failures), down (no link is signed on), drained"},
	{Key: "id", Label: "Participant"},
	{Key: "tps", Label: "Per s", Means: "messages to it that were answered or given up, per second", Number: true},
	{Key: "success", Label: "Success", Means: "share of them that were approved", Number: true},
	{Key: "failed", Label: "Failed", Means: "technically: no answer, no link, overload", Number: true},
	{Key: "declined", Label: "Declined", Means: "by the participant", Number: true},
	{Key: "p50", Label: "p50", Means: "half of the answers took less", Number: true},
	{Key: "p99", Label: "p99", Means: "99 of 100 answers took less", Number: true},
	{Key: "open", Label: "Open", Means: "messages that wait for an answer", Number: true},
	{Key: "breakers", Label: "Breakers", Means: "R resolve, D debit, C credit, V reversal, A advice, K check; × is open, ? is half-open"},
	{Key: "links", Label: "Links", Means: "signed on, of those that are wanted", Number: true},
	{Key: "cap", Label: "Cap used", Means: "share of the net debit cap that is used", Number: true},
	{Key: "position", Label: "Position", Means: "net, in units of the currency", Number: true},
}

func (c *console) participantsPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "participants", "Participants", "/console/participants"
	m, err := c.matrix(r.Context(), p.currency)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	m.arrange(q.Get("sort"), q.Get("filter"), q.Get("state"))
	p.Body = m
	return nil
}

// matrix asks for the health of all participants; in the order of the source, nothing
// hidden.
func (c *console) matrix(ctx context.Context, money currency) (*matrix, error) {
	all, err := c.Source.Participants(ctx)
	if err != nil {
		return nil, err
	}
	m := &matrix{At: all.At}
	counts := map[string]int{}
	for _, p := range all.Participants {
		m.Rows = append(m.Rows, rowOf(p, all.At, money))
		counts[p.State]++
	}
	var parts []string
	for _, state := range []string{"up", "degraded", "down", "drained", "removed"} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	m.Summary = strings.Join(parts, ", ")
	m.Shown = len(m.Rows)
	m.arrange("", "", "")
	return m, nil
}

// ranks put the worst state first.
var ranks = map[string]float64{"down": 0, "degraded": 1, "drained": 2, "up": 3, "removed": 4}

func rowOf(p view.Participant, now string, money currency) matrixRow {
	s := p.Latest
	row := matrixRow{
		ID: p.ID, Href: participantHref(p.ID), Institution: p.Institution, Dialect: p.Dialect, Roles: strings.Join(p.Roles, ", "),
		State: p.State, Level: stateLevels[p.State], Why: p.Why, Since: between(p.Since, now),
		TPS: rate(s.PerSecond), Success: percent(s.Success), Declined: percent(s.Declined), Failed: percent(s.Failed),
		P50: millis(s.P50), P99: millis(s.P99), Open: whole(s.Open),
		SuccessLevel: successLevel(s), LatencyLevel: latencyLevel(s),
		Links: whole(p.LinksUp), Drained: p.Drained, Debug: p.DebugUntil,
		Position: money.text(p.Position.Posted), Trend: sparkOf(p.Trend, p.TrendTPS),
	}
	if s.PerSecond == 0 {
		row.Success, row.Declined, row.Failed = none, none, none
	}
	if p.LinksWanted > 0 {
		row.Links += "/" + whole(p.LinksWanted)
	}
	if p.LinksUp < p.LinksWanted || p.LinksUp == 0 {
		row.LinksLevel = "warn"
		if p.LinksUp == 0 {
			row.LinksLevel = "bad"
		}
	}
	row.Cap = capBar(p.Position, money)
	row.Order = ordersFor(p)[0].Href
	opened := row.breakers(p.Breakers)
	row.numbers = [...]float64{
		rankOf(p.State), 0, s.PerSecond, s.Success, s.Failed, s.Declined, s.P50, s.P99, float64(s.Open), float64(opened), float64(p.LinksUp),
		p.Position.Used, float64(p.Position.Posted),
	}
	row.Keys = row.keys()
	row.Text = strings.ToLower(strings.Join([]string{row.ID, row.Institution, row.Dialect, row.Roles}, " "))
	return row
}

// keys are the numbers as JSON.
func (row *matrixRow) keys() string {
	out := make([]byte, 0, 256)
	for i, n := range row.numbers {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			n = 0 // as the script has it of a number that is not there
		}
		out = append(append(out, `,"`...), matrixColumns[i].Key...)
		out = strconv.AppendFloat(append(out, `":`...), n, 'g', -1, 64)
	}
	out[0] = '{'
	return string(append(out, '}'))
}

func rankOf(state string) float64 {
	if rank, known := ranks[state]; known {
		return rank
	}
	return float64(len(ranks))
}

// capBar shows the use of a cap, with the shares at which the switch gives notice.
func capBar(p view.Position, money currency) bar {
	if p.Cap == 0 {
		return bar{Text: none, Percent: "0"}
	}
	level := "ok"
	switch {
	case p.Used >= 0.9:
		level = "bad"
	case p.Used >= 0.75:
		level = "warn"
	}
	return barOf(p.Used, level, percent(p.Used))
}

// breakers fills in the cells and says how many are open.
func (row *matrixRow) breakers(list []view.Breaker) (open int) {
	var words []string
	for i, class := range classLetters {
		cell := &row.Breakers[i]
		*cell = breakerCell{class.letter, "idle"}
		at := slices.IndexFunc(list, func(b view.Breaker) bool { return b.Class == class.class })
		if at < 0 {
			continue
		}
		switch list[at].State {
		case "closed":
			cell.Level = "ok"
			continue
		case "open":
			cell.Text, cell.Level = class.letter+"×", "bad"
		case "half-open":
			cell.Text, cell.Level = class.letter+"?", "warn"
		}
		words = append(words, class.class+" "+list[at].State)
	}
	open = len(words)
	row.BreakersText = "all closed"
	if open > 0 {
		row.BreakersText = strings.Join(words, ", ")
	}
	return open
}

// arrange sorts, and hides what does not fit. A key with a minus has the largest first;
// an unknown one is as none: the worst state first, then by id.
func (m *matrix) arrange(sorted, filter, state string) {
	m.Sort, m.Down = strings.CutPrefix(sorted, "-")
	m.Filter, m.State = strings.TrimSpace(filter), state
	if !slices.ContainsFunc(matrixColumns[:], func(c column) bool { return c.Key == m.Sort }) {
		m.Sort, m.Down = "", false
	}
	at := max(0, slices.IndexFunc(matrixColumns[:], func(c column) bool { return c.Key == m.Sort })) // or by state
	slices.SortStableFunc(m.Rows, func(a, b matrixRow) int {
		by := cmp.Compare(a.numbers[at], b.numbers[at])
		if m.Sort == "id" {
			by = cmp.Compare(a.ID, b.ID)
		}
		if m.Down {
			by = -by
		}
		return cmp.Or(by, cmp.Compare(a.ID, b.ID))
	})
	m.Shown = 0
	for i := range m.Rows {
		row := &m.Rows[i]
		if row.Hidden = !row.fits(m.Filter, state); !row.Hidden {
			m.Shown++
		}
	}
	m.Columns = slices.Clone(matrixColumns[:])
	for i := range m.Columns {
		m.Columns[i].sortedBy(m)
	}
	m.States = nil
	for _, choice := range []choice{{"", "all", false}, {"unwell", "not up", false}, {"up", "up", false}, {"degraded", "degraded", false},
		{"down", "down", false}, {"drained", "drained", false}} {
		choice.Chosen = choice.Value == state
		m.States = append(m.States, choice)
	}
}

// sortedBy says how the column is sorted, and where a click on it leads: numbers begin
// with the largest.
func (c *column) sortedBy(m *matrix) {
	next := c.Key
	if c.Number {
		next = "-" + c.Key
	}
	if m.Sort == c.Key {
		c.Sorted, next = "ascending", "-"+c.Key
		if m.Down {
			c.Sorted, next = "descending", c.Key
		}
	}
	c.Href = "?" + encoded("sort", next, "filter", m.Filter, "state", m.State)
}

func (row *matrixRow) fits(filter, state string) bool {
	switch {
	case state == "unwell" && row.State == "up", state != "" && state != "unwell" && row.State != state:
		return false
	}
	return strings.Contains(row.Text, strings.ToLower(filter))
}
