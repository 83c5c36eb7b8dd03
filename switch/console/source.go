package console

import (
	"context"
	"net/url"

	"switchd/switch/access"
	"switchd/switch/view"
)

// Source answers the console's questions and takes its orders. Every method is safe for
// concurrent use, returns in bounded time, and checks itself what the caller may see and
// do. Errors wrap those of package view.
type Source interface {
	// Overview is the whole switch now.
	Overview(ctx context.Context, c access.Caller) (view.Overview, error)
	// Series is the latest samples of the whole switch, one each few seconds, of at most
	// so many seconds.
	Series(ctx context.Context, seconds int) (view.Series, error)
	// Participants is the health of all participants.
	Participants(ctx context.Context) (view.Participants, error)
	// Links is the links of a participant, or of all ("").
	Links(ctx context.Context, participant string) (view.Links, error)
	// Limits is what is bounded.
	Limits(ctx context.Context) (view.Limits, error)
	// Positions is the positions of all participants.
	Positions(ctx context.Context) (view.Positions, error)
	// Search is a page of the payments that fit criteria: those of the search of the
	// admin API (id, rrn, uetr, reference, account, participant, state, from, to, min,
	// max, exceptions, dead_letters, limit, page).
	Search(ctx context.Context, c access.Caller, criteria url.Values) (view.Found, error)
	// Timeline is all that happened to a payment, by its number or transaction id.
	Timeline(ctx context.Context, c access.Caller, id string) (view.Timeline, error)
	// Changes is a page of what operators have done, before the record of that number (0:
	// the latest), newest first.
	Changes(ctx context.Context, c access.Caller, before uint64, limit int) (view.Changes, error)
	// Approvals is what waits for a second person.
	Approvals(ctx context.Context, c access.Caller) (view.Approvals, error)
	// Alerts is what fires.
	Alerts(ctx context.Context) (view.Alerts, error)
	// KeyList is the keys of the security module, without any secret.
	KeyList(ctx context.Context, c access.Caller) (view.Keys, error)
	// Config is the configuration in force and what the file would change.
	Config(ctx context.Context, c access.Caller) (view.Config, error)
	// Do carries out an order, or has it wait for a second person.
	Do(ctx context.Context, c access.Caller, o view.Order) (view.Done, error)
}
