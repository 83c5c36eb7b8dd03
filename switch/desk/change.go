package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/access"
	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// changesMax is how many deeds one page has at most.
const changesMax = 200

// Changes is a page of what operators have done, newest first: before the record of that
// number, or 0 from the latest on.
func (d *Desk) Changes(_ context.Context, c access.Caller, before uint64, limit int) (view.Changes, error) {
	if limit < 1 || limit > changesMax {
		limit = changesMax
	}
	v := view.Changes{Changes: []view.Change{}}
	err := d.reading(func() error {
		rows, err := d.o.Rows.Changes(before, limit+1)
		if err != nil {
			return err
		}
		more := len(rows) > limit
		rows = rows[:min(len(rows), limit)]
		names := d.names()
		for i := range rows {
			v.Changes = append(v.Changes, changeOf(&rows[i], names, c.Roles))
		}
		if more {
			v.Next = rows[len(rows)-1].Seq
		}
		return nil
	})
	return v, err
}

// notedKinds are the kinds of deeds that the machine need not know, as their records say
// them in front.
var notedKinds = []string{orderDebug, orderCloseLink, kindProposed, kindApproved, kindRejected, kindExpired, "reload", "reload-failed", "backup", "key"}

// kindOf is the kind of a noted deed, the approval that has ended by it, and what it says.
func kindOf(deed string) (kind string, approval uint64, rest string) {
	head, rest, _ := strings.Cut(deed, ": ")
	kind, number, of := strings.Cut(head, " ")
	if of {
		var err error
		if approval, err = strconv.ParseUint(number, 10, 64); err != nil {
			return payment.Noted.String(), 0, deed
		}
	}
	if !slices.Contains(notedKinds, kind) {
		return payment.Noted.String(), 0, deed
	}
	return kind, approval, rest
}

// changeOf shows a deed.
func changeOf(c *payment.Change, names func(route.Participant) string, roles access.Roles) view.Change {
	v := view.Change{
		Seq: c.Seq, At: stamp(c.At), Kind: "config", Operator: text(&c.Text, payment.Operator), Approver: text(&c.Text, payment.Approver),
		Reason: ReasonFor(text(&c.Text, payment.Reason), roles), Refused: c.Refused, Text: "Configuration changed.",
	}
	if v.Operator == "" {
		v.Operator = "switchd"
	}
	if c.Kind != payment.CommandGiven {
		return v
	}
	cmd := &c.Command
	v.Kind, v.Participant, v.Payment = cmd.Kind.String(), names(cmd.Participant), uint64(cmd.Payment)
	if _, about := decisions[cmd.Kind]; about {
		v.Participant = ""
	}
	if cmd.Kind != payment.Noted {
		v.Text = sentence(cmd, v.Participant, config.AmountText(cmd.Amount.Minor, uint16(cmd.Amount.Currency))) + "."
		return v
	}
	v.Kind, v.Approval, v.Text = kindOf(text(&c.Text, payment.Deed))
	v.Text += "."
	if v.Kind == kindProposed {
		v.Approval = c.Seq
	}
	return v
}

func text(t *payment.Text, f payment.TextField) string { return string(t.Get(f)) }

// filesMax is how many readings of the file on disk may be under way: each takes the time
// of check-config.
const filesMax = 2

// Config is the configuration in force and, for those who may act on it, what the file
// would change.
func (d *Desk) Config(_ context.Context, c access.Caller) (view.Config, error) {
	f, p, unread := d.o.Force(), Pending{}, "the file on disk is looked at for operators, security officers and auditors"
	if Personal(c.Roles) {
		select {
		case d.files <- struct{}{}:
			defer func() { <-d.files }()
		default:
			return view.Config{}, fault(view.ErrBusy, "the file is being read for %d others: try again", filesMax)
		}
		p, unread = d.o.Pending(), ""
	}
	v := view.Config{
		At: f.At.UTC().Format("2006-01-02T15:04:05Z"), By: f.By, Reason: ReasonFor(f.Reason, c.Roles), File: f.File, Hash: f.Hash, Text: f.Text,
		Pending: p.Changes, Restart: p.Restart, FileBad: p.Bad, Unread: unread, Fallback: f.Fallback,
		TwoPerson: p.Caps && d.twoPersons(c),
	}
	if v.Pending == nil {
		v.Pending = []string{}
	}
	if v.Restart == nil {
		v.Restart = []string{}
	}
	return v, nil
}

// KeyList is the keys of the security module, without any secret.
func (d *Desk) KeyList(ctx context.Context, c access.Caller) (view.Keys, error) {
	if !c.Roles.Any(access.SecurityOfficer | access.Auditor) {
		return view.Keys{}, fault(view.ErrForbidden, "keys are for security officers and auditors")
	}
	if d.o.KeyList == nil {
		return view.Keys{Keys: []view.Key{}}, nil
	}
	v, err := d.o.KeyList(ctx)
	if err != nil {
		err = fault(view.ErrBusy, "the security module has not answered: %w", err)
	}
	return v, err
}
