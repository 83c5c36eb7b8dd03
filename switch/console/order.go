package console

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/access"
	"switchd/switch/view"
)

// orderKind is one command of view.Order as the console asks for it.
type orderKind struct {
	title  string // with what it is about behind it
	button string
	means  string // what will happen, in one sentence or two
	about  string // the field that says what it is about: payment, participant, link, approval; empty: the whole switch
	amount bool   // it wants an amount
	lasts  bool   // it wants a duration
	grave  bool   // it takes something away
}

var orders = map[string]orderKind{
	"drain": {title: "Drain", button: "Drain", about: "participant", grave: true,
		means: "It takes no new payments from now on. Those that are open finish, its links stay up."},
	"resume": {title: "Resume", button: "Resume", about: "participant",
		means: "It takes new payments again, from now on."},
	"set-cap": {title: "Change the net debit cap of", button: "Change cap", about: "participant", amount: true,
		means: "The new cap holds from the next payment on."},
	"debug": {title: "Debug log of", button: "Switch on", about: "participant", lasts: true,
		means: "Every message of it is logged, masked, until the time is over. 0s ends it."},
	"close-link": {title: "Close link", button: "Close link", about: "link", grave: true,
		means: "The switch signs the link off and closes it. The participant may connect again at once."},
	"settle": {title: "Settle the dead letter of payment", button: "Settle", about: "payment",
		means: "What the message asked for was done outside of the switch. Closes the dead letter; state and positions stay."},
	"write-off": {title: "Write off the dead letter of payment", button: "Write off", about: "payment", grave: true,
		means: "What the message asked for will not be done. Closes the dead letter; state and positions stay."},
	"retry": {title: "Send again for payment", button: "Send again", about: "payment",
		means: "The bank can answer now: the message is sent again and repeated until it is answered, or given up once more."},
	"bank-posted": {title: "Confirmed by the bank: payment", button: "Bank has posted", about: "payment",
		means: "The payee's bank has posted the payment that counts as done (TCC). It is noted; nothing else changes."},
	"bank-return": {title: "Returned by the bank: payment", button: "Bank returns", about: "payment",
		means: "The payee's bank gives the money of the payment back (RET). It is noted for settlement; nothing else changes."},
	"reload": {title: "Reload the configuration", button: "Reload",
		means: "The file on disk takes effect, all of it or nothing: a file that is not good, or that needs a restart, changes nothing."},
	"approve": {title: "Approve order", button: "Approve", about: "approval",
		means: "You are the second person: it is carried out at once."},
	"reject": {title: "Reject order", button: "Reject", about: "approval", grave: true,
		means: "It will not be carried out. Who ordered it sees that you have rejected it, and why."},
}

// orderForm is the form of an order.
type orderForm struct {
	Command, Title, Button, Means string
	Payment, Participant          string
	Link, Approval                string
	WantsAmount, WantsFor, Grave  bool
	Amount, For, Reason, Operator string
	AsksName                      bool // nobody has shown who he is
	TwoPerson                     bool
	Currency                      string
	Back                          string
	MayNot                        string   // why the caller cannot order it
	Detail                        string   // what the order that waits would do
	Pending                       []string // what a reload would change
}

// orderHref is the address of the form of an order about something.
func orderHref(command, about, what string) string {
	return "/console/order?" + encoded("command", command, about, what)
}

// twoPersons are the commands that a second person must approve.
var twoPersons = map[string]bool{"settle": true, "write-off": true, "retry": true, "bank-posted": true, "bank-return": true, "set-cap": true}

// orderPage shows the form; nothing happens by that.
func (c *console) orderPage(r *http.Request, p *page) error {
	q := r.URL.Query()
	form, err := c.orderForm(r, p, q.Get)
	if err != nil {
		return err
	}
	if cookie, err := r.Cookie("operator"); err == nil {
		form.Operator = cookie.Value
	}
	p.Body = form
	return nil
}

// orderForm is the form of an order with what get says.
func (c *console) orderForm(r *http.Request, p *page, get func(string) string) (*orderForm, error) {
	command := get("command")
	kind, known := orders[command]
	if !known || command == "reload" && c.Reload == nil {
		return nil, faultOf(view.ErrQuestion, "there is no order "+strconv.Quote(command))
	}
	f := &orderForm{
		Command: command, Button: kind.button, Means: kind.means, WantsAmount: kind.amount, WantsFor: kind.lasts, Grave: kind.grave,
		Payment: get("payment"), Participant: get("participant"), Link: get("link"), Approval: get("approval"),
		Amount: get("amount"), For: get("for"), Reason: get("reason"), Operator: get("operator"),
		AsksName: !p.caller.Secured, TwoPerson: p.overview.TwoPerson && twoPersons[command], Currency: p.currency.code,
	}
	what := get(kind.about)
	if what == "" && kind.about != "" {
		return nil, faultOf(view.ErrQuestion, fmt.Sprintf("%s: which %s is not said", command, kind.about))
	}
	f.Title = strings.TrimSpace(kind.title + " " + what)
	f.Back = f.back(kind.about)
	p.Template, p.Title, p.Active = "order", f.Title, ""
	if !p.caller.Roles.Any(access.Operator | access.SecurityOfficer) {
		f.MayNot = "It takes the role operator or security officer. Yours: " + cmp.Or(p.caller.Roles.String(), "none") + "."
		p.Status = http.StatusForbidden
	}
	switch kind.about {
	case "approval":
		f.Detail = c.waitingOrder(r, p, what)
	case "":
		if config, err := c.Source.Config(r.Context(), p.caller); err == nil {
			f.Pending, f.TwoPerson = config.Pending, config.TwoPerson
		}
	}
	return f, nil
}

// waitingOrder is what the order that waits would do.
func (c *console) waitingOrder(r *http.Request, p *page, id string) string {
	list, err := c.Source.Approvals(r.Context(), p.caller)
	if err != nil {
		return ""
	}
	for _, a := range list.Approvals {
		if strconv.FormatUint(a.ID, 10) == id {
			return a.Text + " (" + a.By + ": " + a.Order.Reason + ")"
		}
	}
	return ""
}

// back is the page that the order is about.
func (f *orderForm) back(about string) string {
	switch about {
	case "payment":
		return paymentHref(f.Payment)
	case "approval":
		return "/console/approvals"
	case "":
		return "/console/config"
	}
	if f.Participant == "" {
		return "/console/participants"
	}
	return participantHref(f.Participant)
}

// orderSent carries out what the form says. What is refused is told in the form, with all
// that was typed.
func (c *console) orderSent(r *http.Request, p *page) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	form, err := c.orderForm(r, p, get)
	if err != nil {
		return err
	}
	p.Body = form
	o, err := form.order()
	if err == nil && o.Reason == "" {
		err = faultOf(view.ErrRefused, "say why: a reason is kept with every order")
	}
	var done view.Done
	if err == nil {
		done, err = c.do(r, p, o)
	}
	if err != nil {
		f := told(err)
		if f.status == http.StatusInternalServerError {
			c.Log.Error("console: an order failed", "event", "console.order", "command", o.Command, "error", err)
		}
		p.Status, p.Notice = f.status, &notice{"bad", f.title, sentence(err)}
		return nil
	}
	if form.AsksName && o.Operator != "" {
		p.cookies = append(p.cookies, &http.Cookie{Name: "operator", Value: cookieText(o.Operator), Path: "/console/order", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	p.Goto = form.Back + "?done=" + strconv.FormatUint(done.Seq, 10)
	if !done.Done {
		p.Goto = "/console/approvals?waits=" + strconv.FormatUint(done.Approval, 10)
	}
	return nil
}

// do carries out an order.
func (c *console) do(r *http.Request, p *page, o view.Order) (view.Done, error) {
	if o.Command != "reload" {
		return c.Source.Do(r.Context(), p.caller, o)
	}
	done, err := c.Reload(r.Context(), p.caller, o)
	if err != nil || !done.Done {
		return done, err
	}
	// Its record is the latest of those with this reason: there is one at least.
	list, err := c.Source.Changes(r.Context(), p.caller, 0, 8)
	at := slices.IndexFunc(list.Changes, func(change view.Change) bool { return change.Reason == o.Reason })
	if err != nil || at < 0 {
		return view.Done{Done: true}, nil
	}
	return view.Done{Done: true, Seq: list.Changes[at].Seq}, nil
}

// order is the order that the form says. Only what its command wants is in it.
func (f *orderForm) order() (o view.Order, err error) {
	o = view.Order{Command: f.Command, Reason: f.Reason}
	if f.AsksName {
		o.Operator = f.Operator
	}
	switch orders[f.Command].about {
	case "payment":
		o.Payment = f.Payment
	case "participant":
		o.Participant, o.Amount, o.For = f.Participant, f.Amount, f.For
	case "link":
		o.Link, err = number(f.Link, "the link")
	case "approval":
		o.Approval, err = number(f.Approval, "the approval")
	}
	return o, err
}

// cookieText keeps of a name what may stand in a cookie.
func cookieText(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`",;\`, r) {
			return -1
		}
		return r
	}, name)
}

// outcome is what became of the order whose number stands in the address, as the journal
// or the list of what waits has it: an address alone cannot make the console say
// anything.
func (c *console) outcome(r *http.Request, p *page) *notice {
	q := r.URL.Query()
	if seq, err := number(q.Get("done"), "done"); err == nil && seq != 0 {
		list, err := c.Source.Changes(r.Context(), p.caller, seq+1, 1)
		if err != nil || len(list.Changes) == 0 || list.Changes[0].Seq != seq {
			return &notice{"idle", "Record " + strconv.FormatUint(seq, 10) + " of the journal", "Changes tells what it was."}
		}
		change := list.Changes[0]
		by := "by " + change.Operator
		if change.Approver != "" {
			by += ", approved by " + change.Approver
		}
		return &notice{"ok", change.Text, fmt.Sprintf("Record %d of the journal, %s: %s", seq, by, change.Reason)}
	}
	if id, err := number(q.Get("waits"), "waits"); err == nil && id != 0 {
		return &notice{"warn", fmt.Sprintf("Order %d waits for a second person", id), "Nothing has happened yet. It lapses if nobody approves it in time."}
	}
	return nil
}
