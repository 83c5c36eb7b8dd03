package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/view"
)

// guess is what a typed text may be.
type guess struct {
	name  string // in words
	asked url.Values
}

var (
	uuidForm      = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	switchIDForm  = regexp.MustCompile(`^(?i)SWD[0-9a-f]{32}$`)
	messageIDForm = regexp.MustCompile(`^(?i)SWD[0-9A-Z]{15}$`)
	numberForm    = regexp.MustCompile(`^[0-9]{1,19}$`)
	rrnForm       = regexp.MustCompile(`^[0-9A-Za-z]{12}$`)
	amountForm    = regexp.MustCompile(`^[0-9]{1,3}(,?[0-9]{3})*\.[0-9]{1,4}$`)
	dateForm      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	stateForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z_ -]+$`)
	referenceForm = regexp.MustCompile(`^[!-~]{1,36}$`)
)

// accountBytesMax is how long an account or an address may be.
const accountBytesMax = 35

// guesses are what a typed text may be, the likeliest first. Each is one look by an
// index, so that trying all of them is cheap.
func guesses(text string) []guess {
	var list []guess
	add := func(name string, pairs ...string) {
		asked := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			asked.Set(pairs[i], pairs[i+1])
		}
		list = append(list, guess{name, asked})
	}
	if state := strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(text)); stateForm.MatchString(text) && stateMeans(state) != "" {
		add("state", "state", state)
		return list
	}
	switch {
	case dateForm.MatchString(text):
		add("date", "from", text, "to", text)
		return list
	case amountForm.MatchString(text):
		plain := strings.ReplaceAll(text, ",", "")
		add("amount", "min", plain, "max", plain)
		return list
	case uuidForm.MatchString(text):
		add("UETR", "uetr", strings.ToLower(text))
	case switchIDForm.MatchString(text):
		add("transaction id", "id", "SWD"+strings.ToLower(text[3:]))
	case messageIDForm.MatchString(text):
		add("message of the switch", "id", strings.ToUpper(text))
	case numberForm.MatchString(text) && fitsNumber(text):
		add("payment number", "id", text)
	}
	if rrnForm.MatchString(text) {
		add("RRN", "rrn", text)
	}
	if referenceForm.MatchString(text) {
		add("reference", "reference", text)
	}
	if len(text) <= accountBytesMax {
		add("account or address", "account", text)
	}
	return list
}

func fitsNumber(text string) bool {
	n, err := strconv.ParseUint(text, 10, 64)
	return err == nil && n != 0
}

// searchSent takes what was typed into the box of every page: the name of a participant,
// or anything that a payment is known by. What it is is tried in turn. An account is the
// only thing that is answered at once: it may not stand in an address.
func (c *console) searchSent(r *http.Request, p *page) error {
	p.Template, p.Title, p.Active = "payments", "Payments", "/console/payments"
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	text := strings.TrimSpace(r.PostForm.Get("text"))
	p.Search = text
	if text == "" {
		p.Goto = "/console/payments"
		return nil
	}
	ids := c.ids(r.Context())
	if at := slices.IndexFunc(ids, func(id string) bool { return strings.EqualFold(id, text) }); at >= 0 {
		p.Goto = participantHref(ids[at])
		return nil
	}
	if token := r.PostForm.Get("page"); token != "" {
		return c.accountFound(r, p, url.Values{"account": {text}, "page": {token}})
	}
	var tried []string
	for _, g := range guesses(text) {
		list, may, err := c.look(r.Context(), p, g)
		if err != nil {
			return err
		}
		if !may {
			continue
		}
		tried = append(tried, g.name)
		switch {
		case len(list.Payments) == 0:
		case len(list.Payments) == 1 && list.Next == "":
			p.Goto = paymentHref(strconv.FormatUint(list.Payments[0].ID, 10))
			return nil
		case g.asked.Has("account"):
			return c.accountFound(r, p, g.asked)
		default:
			p.Goto = "/console/payments?" + g.asked.Encode()
			return nil
		}
	}
	p.Body = c.searchForm(r.Context(), url.Values{})
	p.Notice = &notice{"warn", "No payment is known by this", "It was looked for as " + listed(tried) + ". What retention has forgotten is in the archive only."}
	return nil
}

// look tries one guess. That a text cannot be what was guessed is no fault, and that the
// caller may not look for it neither.
func (c *console) look(ctx context.Context, p *page, g guess) (list view.Found, may bool, err error) {
	asked := url.Values{"limit": {"2"}}
	for name, values := range g.asked {
		asked[name] = values
	}
	list, err = c.Source.Search(ctx, p.caller, asked)
	switch {
	case errors.Is(err, view.ErrForbidden):
		return view.Found{}, false, nil
	case errors.Is(err, view.ErrQuestion), errors.Is(err, view.ErrNotFound):
		return view.Found{}, true, nil
	}
	return list, true, err
}

// accountFound is the answer to a search by account, without the account in its address.
func (c *console) accountFound(r *http.Request, p *page, asked url.Values) error {
	v := c.searchForm(r.Context(), url.Values{})
	v.Asked, v.Accounts, v.Words = true, true, "the account or address in the box above"
	p.Body = v
	return c.search(r, p, v, asked)
}

// listed is "a, b or c".
func listed(words []string) string {
	switch len(words) {
	case 0:
		return "nothing: it is too long or has characters that nothing has"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func formFault(err error) error {
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return err
	}
	return faultOf(view.ErrQuestion, "the form cannot be read")
}
