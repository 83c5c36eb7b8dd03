package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/view"
)

// participantView is one participant.
type participantView struct {
	Topic    string // of what is shown live
	Row      matrixRow
	Now      string
	Tiles    []tile
	Facts    []fact
	Breakers []breakerRow
	Links    []linkRow
	Limits   []limitRow
	Cap      string
	Reserved string
	Orders   []orderLink
	More     []fact // where else to look
}

type breakerRow struct {
	Class, State, Level               string
	InFlight, Limit                   string
	Asked, Approved, Declined, Failed string
}

type linkRow struct {
	ID, State, Level, Direction, Group, Remote, Since, For, TLS, Expires string
	LastIn, In, Out, Outbox                                              string
	Close                                                                string
}

type limitRow struct {
	Name, Used, Max, Reached string
	Bar                      bar
}

// orderLink leads to the form of an order.
type orderLink struct{ Label, Href string }

func (c *console) participantPage(r *http.Request, p *page) error {
	id := r.PathValue("id")
	p.Template, p.Title, p.Active = "participant", id, "/console/participants"
	v, err := c.participant(r.Context(), id, p.currency)
	if err != nil {
		return err
	}
	p.Notice = cmp.Or(c.outcome(r, p), p.Notice)
	p.Body = v
	return nil
}

func (c *console) participant(ctx context.Context, id string, money currency) (*participantView, error) {
	all, err := c.Source.Participants(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all.Participants, func(p view.Participant) bool { return p.ID == id })
	if at < 0 {
		return nil, faultOf(view.ErrNotFound, "no participant is called "+strconv.Quote(id))
	}
	of := all.Participants[at]
	v := &participantView{
		Topic: "participant:" + id, Row: rowOf(of, all.At, money), Now: all.At,
		Cap: money.with(of.Position.Cap), Reserved: money.with(of.Position.Reserved),
	}
	links, err := c.Source.Links(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, link := range links.Links {
		v.Links = append(v.Links, linkOf(link, all.At))
	}
	limits, err := c.Source.Limits(ctx)
	if err != nil {
		return nil, err
	}
	for _, limit := range limits.Limits {
		if limit.Participant == id {
			v.Limits = append(v.Limits, limitOf(limit, money))
		}
	}
	for _, b := range of.Breakers {
		v.Breakers = append(v.Breakers, breakerOf(b))
	}
	v.Facts = participantFacts(of)
	v.Tiles = participantTiles(v.Row, of, money)
	v.Orders = ordersFor(of)
	v.More = []fact{
		{Name: "Its payments", Href: "/console/payments?" + encoded("participant", id)},
		{Name: "Its dead letters", Href: "/console/payments?" + encoded("participant", id, "dead_letters", "true")},
		{Name: "Diagnosis of its messages (JSON)", Href: "/api/v1/participants/" + url.PathEscape(id) + "/diagnosis"},
	}
	return v, nil
}

func participantFacts(p view.Participant) []fact {
	return known([]fact{
		{Name: "Institution", Value: p.Institution}, {Name: "Dialect", Value: p.Dialect}, {Name: "Roles", Value: strings.Join(p.Roles, ", ")},
		{Name: "Certificate ends", Value: stamp(p.Certificate)}, {Name: "Debug until", Value: stamp(p.DebugUntil)},
	})
}

func participantTiles(row matrixRow, p view.Participant, money currency) []tile {
	s := p.Latest
	quiet := ""
	if s.PerSecond == 0 {
		quiet = "nothing was asked lately"
	}
	return []tile{
		{Label: "Messages per second", Value: row.TPS, Note: cmp.Or(quiet, "answered or given up")},
		{Label: "Success", Value: row.Success, Note: cmp.Or(quiet, "declined "+row.Declined+", failed "+row.Failed), Level: row.SuccessLevel},
		{Label: "Latency p50", Value: row.P50, Note: "p99 " + row.P99, Level: row.LatencyLevel},
		{Label: "Open", Value: row.Open, Note: "messages that wait for an answer"},
		{Label: "In doubt", Value: whole(s.InDoubt), Note: money.with(p.InDoubtMinor) + ": it has not told the outcome", Level: levelOver(s.InDoubt > 0, "warn")},
		{Label: "Position", Value: row.Position, Unit: money.code, Note: "reserved " + money.text(p.Position.Reserved)},
		{Label: "Cap used", Value: row.Cap.Text, Note: "of " + money.with(p.Position.Cap), Level: levelOver(row.Cap.Level != "ok", row.Cap.Level)},
	}
}

// ordersFor is what may be ordered about a participant.
func ordersFor(p view.Participant) []orderLink {
	drain := orderLink{"Drain", orderHref("drain", "participant", p.ID)}
	if p.Drained {
		drain = orderLink{"Resume", orderHref("resume", "participant", p.ID)}
	}
	return []orderLink{drain, {"Change cap", orderHref("set-cap", "participant", p.ID)}, {"Debug log", orderHref("debug", "participant", p.ID)}}
}

var breakerLevels = map[string]string{"closed": "ok", "half-open": "warn", "open": "bad"}

func breakerOf(b view.Breaker) breakerRow {
	row := breakerRow{
		Class: b.Class, State: b.State, Level: breakerLevels[b.State], InFlight: whole(b.InFlight), Limit: none,
		Asked: whole(b.Asked), Approved: whole(b.Approved), Declined: whole(b.Declined), Failed: whole(b.Failed),
	}
	if b.Limit > 0 {
		row.Limit = whole(b.Limit)
	}
	return row
}

func linkOf(l view.Link, now string) linkRow {
	id := strconv.FormatUint(l.ID, 10)
	row := linkRow{
		ID: id, State: l.State, Level: "warn", Direction: l.Direction, Group: strconv.Itoa(l.Group), Remote: l.Remote, Since: stamp(l.Since),
		For: between(l.Since, now), TLS: l.TLS, Expires: stamp(l.Expires), LastIn: none, In: whole(l.MessagesIn), Out: whole(l.MessagesOut),
		Outbox: bytesOf(l.OutboxBytes), Close: orderHref("close-link", "link", id) + "&" + encoded("participant", l.Participant),
	}
	if l.State == "signed on" {
		row.Level = "ok"
	}
	if l.LastIn != "" {
		row.LastIn = cmp.Or(between(l.LastIn, now), "0 s") + " ago"
	}
	return row
}

func bytesOf(n int) string {
	switch {
	case n < 1<<10:
		return strconv.Itoa(n) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

func limitOf(l view.Limit, money currency) limitRow {
	row := limitRow{Name: l.Name, Used: whole(l.Used), Max: whole(l.Max), Reached: whole(l.Reached)}
	if l.Unit == view.UnitMinor {
		row.Used, row.Max = money.text(l.Used), money.text(l.Max)
	}
	share, level := 0.0, "ok"
	if l.Max > 0 {
		share = float64(l.Used) / float64(l.Max)
	}
	switch {
	case share >= 0.9:
		level = "bad"
	case share >= 0.75:
		level = "warn"
	}
	row.Bar = barOf(share, level, percent(share))
	return row
}
