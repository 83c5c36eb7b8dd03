package console

import (
	"net/http"
	"strconv"

	"switchd/switch/view"
)

// changesView is what operators have done, newest first.
type changesView struct {
	Rows []changeRow
	Next string // address of the older ones
	Old  bool   // this is not the first page
}

type changeRow struct {
	Seq                    uint64
	At, Kind, By, Approver string
	Reason, Text           string
	Participant, Href      string
	Payment, PaymentHref   string
	Refused                bool
}

func (c *console) changesPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "changes", "Changes", "/console/changes"
	before, err := number(r.URL.Query().Get("before"), "before")
	if err != nil {
		return err
	}
	list, err := c.Source.Changes(r.Context(), p.caller, before, pageRows)
	if err != nil {
		return err
	}
	v := changesView{Old: before != 0}
	for _, change := range list.Changes {
		v.Rows = append(v.Rows, changeOf(change))
	}
	if list.Next != 0 {
		v.Next = "/console/changes?before=" + strconv.FormatUint(list.Next, 10)
	}
	p.Body = v
	return nil
}

func changeOf(change view.Change) changeRow {
	row := changeRow{
		Seq: change.Seq, At: stamp(change.At), Kind: change.Kind, By: change.Operator, Approver: change.Approver,
		Reason: change.Reason, Text: change.Text, Participant: change.Participant, Refused: change.Refused,
	}
	if change.Participant != "" {
		row.Href = participantHref(change.Participant)
	}
	if change.Payment != 0 {
		row.Payment = strconv.FormatUint(change.Payment, 10)
		row.PaymentHref = paymentHref(row.Payment)
	}
	return row
}

// approvalsView is what waits for a second person.
type approvalsView struct {
	Rows      []approvalRow
	TwoPerson bool
}

type approvalRow struct {
	ID                        uint64
	Text, Reason, By, At, End string
	Roles                     []string
	Mine                      bool
	Approve, Reject           string
}

func (c *console) approvalsPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "approvals", "Approvals", "/console/approvals"
	list, err := c.Source.Approvals(r.Context(), p.caller)
	if err != nil {
		return err
	}
	v := approvalsView{TwoPerson: p.overview.TwoPerson}
	for _, a := range list.Approvals {
		id := strconv.FormatUint(a.ID, 10)
		v.Rows = append(v.Rows, approvalRow{
			ID: a.ID, Text: a.Text, Reason: a.Order.Reason, By: a.By, At: stamp(a.At), End: between(p.overview.At, a.Expires), Roles: a.Roles, Mine: a.Mine,
			Approve: orderHref("approve", "approval", id), Reject: orderHref("reject", "approval", id),
		})
	}
	p.Notice = c.outcome(r, p)
	p.Body = v
	return nil
}

// configView is the configuration in force, and what the file would change.
type configView struct {
	view.Config
	Since string
	Lines []line
	Same  bool   // the file on disk is what is in force
	Order string // address of the form to reload it; empty: there is none
}

// line is a line of the file with its number.
type line struct {
	Number int
	Text   string
}

func (c *console) configPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "config", "Config", "/console/config"
	config, err := c.Source.Config(r.Context(), p.caller)
	if err != nil {
		return err
	}
	v := configView{Config: config, Since: stamp(config.At)}
	if c.Reload != nil {
		v.Order = "/console/order?command=reload"
	}
	p.Notice = c.outcome(r, p)
	v.Same = len(config.Pending)+len(config.Restart) == 0 && config.FileBad == "" && config.Unread == ""
	for i, text := range lines(config.Text) {
		v.Lines = append(v.Lines, line{i + 1, text})
	}
	p.Body = v
	return nil
}
