package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/view"
)

// paymentsView is a search: its form, and what it has found.
type paymentsView struct {
	Asked    bool // something was searched for
	Fields   map[string]string
	States   []choice
	Banks    []choice
	Found    *foundView
	Words    string // what was searched for, in words
	Accounts bool   // by account: the criteria may not stand in an address
}

// foundView is a page of payments.
type foundView struct {
	Rows     []paymentRow
	Next     string // address of the next page
	NextPage string // of a search whose criteria may not stand in an address
	Account  string
	Cut      bool
	Examined string
}

// paymentRow is a payment in a list.
type paymentRow struct {
	ID, Href, At, Type, State, Level, Outcome, BankCode string
	Amount, Code                                        string
	Payer, Payee, PayerBank, PayeeBank                  string
	Reference                                           string
	DeadLetter                                          bool
	Exceptions                                          []string
}

// criteria are those of a search that may stand in an address, as the form has them.
var criteria = []string{"id", "rrn", "uetr", "reference", "participant", "state", "from", "to", "min", "max", "exceptions", "dead_letters"}

// states are the states of a payment, with what they mean for people.
var states = []struct{ name, level, means string }{
	{"RECEIVED", "open", "received"}, {"AWAIT_AUTH", "open", "waits for the payer's consent"}, {"RESOLVING", "open", "the payee's address is asked for"},
	{"RESOLVED", "open", "about to be debited"}, {"DEBIT_SENT", "open", "waits for the debit"}, {"DEBITED", "open", "debited"},
	{"CREDIT_SENT", "open", "waits for the credit"}, {"CREDIT_UNKNOWN", "warn", "nobody knows whether it was credited"},
	{"DEBIT_REV_SENT", "warn", "the debit is taken back"}, {"SUCCESS", "ok", "done"}, {"DECLINED", "idle", "declined"},
	{"FAILED_REVERSED", "warn", "failed, the debit was taken back"}, {"DEEMED", "warn", "counts as done, the payee's bank has not confirmed"},
	{"REVERSAL_STUCK", "bad", "the debit could not be taken back"}, {"EXPIRED", "idle", "the payer has not consented in time"},
}

func stateLevel(name string) string {
	for _, s := range states {
		if s.name == name {
			return s.level
		}
	}
	return "idle"
}

func stateMeans(name string) string {
	for _, s := range states {
		if s.name == name {
			return s.means
		}
	}
	return ""
}

func paymentHref(id string) string { return "/console/payments/" + url.PathEscape(id) }

func (c *console) paymentsPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "payments", "Payments", "/console/payments"
	q := r.URL.Query()
	asked := url.Values{}
	for _, name := range criteria {
		if value := strings.TrimSpace(q.Get(name)); value != "" {
			asked.Set(name, value)
		}
	}
	v := c.searchForm(r.Context(), asked)
	p.Body = v
	if token := q.Get("page"); token != "" {
		asked.Set("page", token)
	}
	return c.search(r, p, v, asked)
}

// searchForm is the form with what stands in it.
func (c *console) searchForm(ctx context.Context, asked url.Values) *paymentsView {
	v := &paymentsView{Asked: len(asked) > 0, Fields: map[string]string{}}
	var words []string
	for _, name := range criteria {
		value := asked.Get(name)
		v.Fields[name] = value
		if value != "" {
			words = append(words, strings.ReplaceAll(name, "_", " ")+" "+value)
		}
	}
	v.Words = strings.Join(words, ", ")
	v.States = append(v.States, choice{"", "any", asked.Get("state") == ""})
	for _, s := range states {
		v.States = append(v.States, choice{s.name, s.name, asked.Get("state") == s.name})
	}
	v.Banks = append(v.Banks, choice{"", "any", asked.Get("participant") == ""})
	for _, id := range c.ids(ctx) {
		v.Banks = append(v.Banks, choice{id, id, asked.Get("participant") == id})
	}
	return v
}

// ids are the names of the participants; none when they cannot be had.
func (c *console) ids(ctx context.Context) []string {
	all, err := c.Source.Participants(ctx)
	if err != nil {
		return nil
	}
	var ids []string
	for _, p := range all.Participants {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids
}

// search looks and fills in what was found. What is wrong with the criteria is told
// beside the form, so that they can be mended.
func (c *console) search(r *http.Request, p *page, v *paymentsView, asked url.Values) error {
	asked.Set("limit", strconv.Itoa(pageRows))
	list, err := c.Source.Search(r.Context(), p.caller, asked)
	if errors.Is(err, view.ErrQuestion) {
		p.Status = http.StatusBadRequest
		p.Notice = &notice{"bad", "The search is not understood", sentence(err)}
		return nil
	}
	if err != nil {
		return err
	}
	v.Found = foundOf(list, p.currency)
	v.Found.next(r.URL.Path, list.Next, asked)
	return nil
}

func foundOf(list view.Found, money currency) *foundView {
	f := &foundView{Cut: list.Cut, Examined: whole(list.Examined), Rows: make([]paymentRow, 0, len(list.Payments))}
	for _, h := range list.Payments {
		f.Rows = append(f.Rows, paymentRowOf(h, money))
	}
	return f
}

// next sets where the next page is.
func (f *foundView) next(path, token string, asked url.Values) {
	switch {
	case token == "":
	case asked.Has("account"):
		f.NextPage, f.Account = token, asked.Get("account")
	default:
		q := url.Values{"page": {token}}
		for name, values := range asked {
			if name != "limit" && name != "page" {
				q[name] = values
			}
		}
		f.Next = path + "?" + q.Encode()
	}
}

// paymentRowOf writes a payment in its own currency: what was declined may be in another
// one than the switch's.
func paymentRowOf(h view.Head, money currency) paymentRow {
	if h.Code != "" {
		money = currency{code: h.Code, exponent: h.Exponent}
	}
	id := strconv.FormatUint(h.ID, 10)
	return paymentRow{
		ID: id, Href: paymentHref(id), At: stamp(h.CreatedAt), Type: h.Type, State: h.State, Level: stateLevel(h.State),
		Outcome: h.Outcome, BankCode: h.BankCode, Amount: money.text(h.Minor), Code: money.code,
		Payer: h.Payer, Payee: h.Payee, PayerBank: h.PayerBank, PayeeBank: h.PayeeBank,
		Reference:  cmp.Or(h.References.RRN, h.References.EndToEndID, h.References.TransactionID, h.References.MsgID, h.References.UETR),
		DeadLetter: h.DeadLetter, Exceptions: h.Exceptions,
	}
}

// exceptionsView is what a person must look at, one list of three.
type exceptionsView struct {
	Lists []choice
	List  string
	Empty string
	Found *foundView
}

// lists are the lists of exceptions, with what is said when they are empty.
var lists = []struct {
	name, label, empty string
	asked              url.Values
}{
	{"dead", "Dead letters", "No payment waits for a decision.", url.Values{"dead_letters": {"true"}}},
	{"exceptions", "Exceptions", "No payment has an answer that contradicts what was decided.", url.Values{"exceptions": {"true"}}},
	{"unknown", "Unknown outcomes", "Of every payment it is known how it has ended.", url.Values{"state": {"CREDIT_UNKNOWN,DEBIT_REV_SENT"}}},
	{"deemed", "Deemed", "No payment counts as done without its bank's word.", url.Values{"state": {"DEEMED"}}},
}

func (c *console) exceptionsPage(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "exceptions", "Exceptions", "/console/exceptions"
	chosen := lists[0]
	for _, l := range lists {
		if l.name == r.URL.Query().Get("list") {
			chosen = l
		}
	}
	v := exceptionsView{List: chosen.name, Empty: chosen.empty}
	for _, l := range lists {
		v.Lists = append(v.Lists, choice{l.name, l.label, l.name == chosen.name})
	}
	asked := url.Values{"limit": {strconv.Itoa(pageRows)}}
	for name, values := range chosen.asked {
		asked[name] = values
	}
	if token := r.URL.Query().Get("page"); token != "" {
		asked.Set("page", token)
	}
	list, err := c.Source.Search(r.Context(), p.caller, asked)
	if err != nil {
		return err
	}
	v.Found = foundOf(list, p.currency)
	if list.Next != "" {
		v.Found.Next = "/console/exceptions?" + encoded("list", chosen.name, "page", list.Next)
	}
	p.Body = v
	return nil
}
