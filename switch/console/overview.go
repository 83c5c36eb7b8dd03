package console

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"switchd/switch/verdict"
	"switchd/switch/view"
)

// overview is the switch on one page: what is wrong and whose fault it is, the numbers,
// the objectives.
type overview struct {
	At      string
	Started string
	Uptime  string
	Build   string
	Verdict verdict.Verdict
	Faults  []found
	More    int // participants that something is wrong with, beyond those
	Tiles   []tile
	Burns   []burn
	Alerts  []alert
	Checks  []view.Check
	Banks   []chip // that nothing is said of above
}

// found is something that is wrong, and where.
type found struct {
	Level string // warn, bad
	Whose string // "The switch", or a participant
	Text  string
	Since string
	Href  string
}

// tile is one number.
type tile struct {
	Label, Value, Unit, Note, Level, Href string
}

// chip is a participant in a word.
type chip struct {
	ID, State, Level, Href string
}

// burn is an objective as a row.
type burn struct {
	Name, Goal, Fast, Slow, Left string
	FastLevel, SlowLevel         string
	Level, Word                  string
	Bar                          bar
}

// bar is a share of something, for a bar as long as that.
type bar struct {
	Percent string // 0 to 100, for the width
	Level   string
	Text    string
}

func barOf(share float64, level, text string) bar {
	share = math.Max(0, math.Min(1, share))
	return bar{Percent: strconv.FormatFloat(share*100, 'f', 1, 64), Level: level, Text: text}
}

func (c *console) overviewPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "overview", "Overview", "/"
	body, err := c.overview(r.Context())
	p.Body = body
	return err
}

// overview asks for what the page shows; it is the same for everyone.
func (c *console) overview(ctx context.Context) (overview, error) {
	o, err := c.Source.Overview(ctx, onlooker)
	if err != nil {
		return overview{}, err
	}
	all, err := c.Source.Participants(ctx)
	if err != nil {
		return overview{}, err
	}
	return overviewOf(o, all), nil
}

func overviewOf(o view.Overview, all view.Participants) overview {
	v := overview{
		At: o.At, Started: stamp(o.StartedAt), Uptime: between(o.StartedAt, o.At), Checks: o.Checks,
		Tiles: tilesOf(o), Burns: burnsOf(o.Objectives), Alerts: alertsOf(o.Alerts, o.At),
		Build: o.Version, Verdict: verdict.Judge(&o, all.Participants),
	}
	if o.Commit != "" && o.Commit != "unknown" {
		v.Build += " (" + o.Commit + ")"
	}
	others := slices.DeleteFunc(faultsOfParticipants(all, o.At), func(f found) bool { return !slices.Contains(v.Verdict.Participants, f.Whose) })
	v.More = max(0, len(others)-faultsShownMax)
	v.Faults = slices.Concat(faultsOf(o), others[:len(others)-v.More])
	worse(v.Faults)
	for _, p := range all.Participants {
		if !slices.ContainsFunc(v.Faults, func(f found) bool { return f.Whose == p.ID }) {
			v.Banks = append(v.Banks, chip{p.ID, p.State, stateLevels[p.State], participantHref(p.ID)})
		}
	}
	return v
}

// faultsShownMax is of how many participants the page says what is wrong: when it is
// more, it is not theirs.
const faultsShownMax = 8

// worse has the worst first.
func worse(faults []found) {
	slices.SortStableFunc(faults, func(a, b found) int { return cmp.Compare(a.Level, b.Level) }) // bad before warn
}

// faultsOf is what is wrong with the switch itself.
func faultsOf(o view.Overview) []found {
	var list []found
	us := func(level, text, href string) {
		list = append(list, found{Level: level, Whose: "The switch", Text: text, Href: href})
	}
	for _, check := range o.Checks {
		switch {
		case !check.OK:
			us("bad", "not ready: "+check.Name+": "+check.Error, "#checks")
		case check.Warning != "":
			us("warn", check.Name+": "+check.Warning, "#checks")
		}
	}
	if o.PositionsSum != 0 {
		us("bad", "the positions of all participants sum up to "+currencyOf(o).with(o.PositionsSum)+" and must be 0: stop settlement and keep the data folder", "/console/participants")
	}
	if o.LoadStep > 0 {
		us("warn", fmt.Sprintf("brown-out step %d of 4: %s", o.LoadStep, o.LoadSheds), "#charts")
	}
	return list
}

// faultsOfParticipants is what is wrong with others, the worst first.
func faultsOfParticipants(all view.Participants, now string) []found {
	var list []found
	for _, p := range all.Participants {
		level := stateLevels[p.State]
		if level != "warn" && level != "bad" {
			continue
		}
		text := p.State
		if p.Why != "" {
			text += ": " + p.Why
		}
		list = append(list, found{Level: level, Whose: p.ID, Text: text, Since: between(p.Since, now), Href: participantHref(p.ID)})
	}
	worse(list)
	return list
}

// stateLevels are how bad the states of a participant are. Drained is wanted.
var stateLevels = map[string]string{"up": "ok", "degraded": "warn", "down": "bad", "drained": "idle", "removed": "idle"}

func participantHref(id string) string { return "/console/participants/" + url.PathEscape(id) }

func tilesOf(o view.Overview) []tile {
	s, money := o.Latest, currencyOf(o)
	quiet := s.PerSecond == 0
	tiles := []tile{
		{Label: "Payments per second", Value: rate(s.PerSecond), Note: "ended in the last " + strconv.FormatFloat(math.Max(1, math.Round(s.Seconds)), 'f', 0, 64) + " s"},
		{Label: "Success", Value: percent(s.Success), Note: "declined " + percent(s.Declined) + ", failed " + percent(s.Failed), Level: successLevel(s)},
		{Label: "Latency p50", Value: millis(s.P50), Note: "p99 " + millis(s.P99), Level: latencyLevel(s)},
		{Label: "Money in flight", Value: money.text(s.InFlight), Unit: money.code, Note: whole(o.Open) + " payments open"},
		{Label: "Unknown outcomes", Value: whole(o.InDoubt), Level: levelOver(o.InDoubt > 0, "warn"), Href: "/console/exceptions?list=unknown",
			Note: "how every payment ended is known"},
		{Label: "Brown-out step", Value: strconv.Itoa(o.LoadStep), Unit: "of 4", Note: o.LoadSheds, Level: levelOver(o.LoadStep > 0, "warn")},
		{Label: "Links signed on", Value: whole(o.LinksUp), Unit: "of " + whole(o.LinksWanted), Level: levelOver(o.LinksUp < o.LinksWanted, "warn"), Href: "/console/participants"},
		{Label: "Dead letters", Value: whole(o.DeadLetters), Note: "wait for a decision", Level: levelOver(o.DeadLetters > 0, "warn"), Href: "/console/exceptions"},
		{Label: "Commit p99", Value: millis(s.CommitP99), Note: "until an event is on disk"},
		{Label: "Positions sum", Value: money.text(o.PositionsSum), Unit: money.code, Note: "always 0, or money is lost", Level: levelOver(o.PositionsSum != 0, "bad")},
	}
	if quiet {
		tiles[1].Value, tiles[1].Note = none, "no payment has ended lately"
		tiles[2].Value, tiles[2].Note = none, "no payment has ended lately"
	}
	if o.TurnedAway > 0 {
		tiles[0].Note, tiles[0].Level = rate(o.TurnedAway)+" requests a second are turned away", "bad"
	}
	if o.InDoubt > 0 {
		tiles[4].Note = money.with(o.InDoubtMinor) + ", oldest " + ageOf(time.Duration(o.OldestInDoubt*float64(time.Second)))
	}
	if o.LoadStep == 0 {
		tiles[5].Note = "nothing is shed"
	}
	if o.LinksWanted == 0 {
		tiles[6].Unit = ""
	}
	return tiles
}

func levelOver(is bool, level string) string {
	if is {
		return level
	}
	return ""
}

// successLevel judges technical failures only: what banks decline by their rules is no
// fault.
func successLevel(s view.Sample) string {
	switch {
	case s.PerSecond == 0:
		return ""
	case s.Failed > 0.05:
		return "bad"
	case s.Failed > 0.01:
		return "warn"
	}
	return ""
}

// latencyLevel judges by the objective: 99 of 100 payments under 2 s.
func latencyLevel(s view.Sample) string { return levelOver(s.P99 > 2000, "warn") }

// The rates of burning at which a person is called, and at which one should look, as in
// the rules for Prometheus.
const (
	burnsFast = 14.4
	burns     = 1.0
)

func burnsOf(list []view.Burn) []burn {
	rows := make([]burn, 0, len(list))
	for _, b := range list {
		row := burn{Name: b.Name, Goal: goal(b.Goal), Fast: times(b.Fast), Slow: times(b.Slow), Left: percent(b.Budget) + " of " + verdict.Budget(&b) + " left",
			FastLevel: burnLevel(b.Fast), SlowLevel: burnLevel(b.Slow)}
		row.Level = budgetLevel(b.Budget)
		if b.Budget < 0 {
			row.Left = verdict.Budget(&b) + " is used up " + times(1-b.Budget)
		}
		row.Bar = barOf(b.Budget, row.Level, row.Left)
		if unsaid := verdict.Unsaid(&b); unsaid != "" {
			row.Word, row.FastLevel, row.SlowLevel = unsaid, "", ""
		}
		rows = append(rows, row)
	}
	return rows
}

func budgetLevel(left float64) string {
	switch {
	case left <= 0:
		return "bad"
	case left < 0.5:
		return "warn"
	}
	return "ok"
}

func burnLevel(r float64) string {
	switch {
	case r >= burnsFast:
		return "bad"
	case r > burns:
		return "warn"
	}
	return ""
}

func goal(share float64) string { return strconv.FormatFloat(share*100, 'f', -1, 64) + " %" }

func times(r float64) string { return strconv.FormatFloat(r, 'f', 1, 64) + "×" }
