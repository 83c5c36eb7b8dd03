package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchd/switch/config"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/state"
	"switchd/switch/translate"
)

// criterion is one of what payments are searched by: in the query of the admin port,
// and as a flag with dashes.
type criterion struct {
	name  string
	usage string
	many  bool // it may be said several times, or with commas; one of them must fit
	set   func(q *state.Query, value string, g *glossary) error
}

// glossary is what a query is read with: names of participants, and the currency.
type glossary struct {
	names    []string // of the participants, by number
	currency uint16   // 0: not known
}

// criteria are all that payments are searched by. What is given must all fit.
var criteria = []criterion{
	{"id", "number, or transaction id (SWD and 32 hexadecimal digits)", false, setID},
	{"rrn", "RRN of the request (DE37), 12 characters", false, setRRN},
	{"uetr", "UETR", false, setUETR},
	{"reference", "message id, end-to-end id, transaction id or UETR of the request", false, func(q *state.Query, value string, _ *glossary) error {
		q.Reference = value
		return atMost(value, 36)
	}},
	{"account", "account of payer or payee; - reads it from stdin, so that it stays out of the shell's history", false, func(q *state.Query, value string, _ *glossary) error {
		q.Account = value
		return atMost(value, 35)
	}},
	{"participant", "participant that takes part in any role; several: one of them", true, setParticipant},
	{"state", "state that the payment is in; several: one of them", true, setState},
	{"from", "asked for at this time or later: 2026-11-22T18:30:00Z, or a date (its begin, UTC)", false, setFrom},
	{"to", "asked for before this time, or until the end of a date (UTC)", false, setTo},
	{"min", "least amount, in units of the currency", false, func(q *state.Query, value string, g *glossary) (err error) {
		q.Min, err = g.amount(value)
		return err
	}},
	{"max", "largest amount", false, func(q *state.Query, value string, g *glossary) (err error) {
		if q.Max, err = g.amount(value); err == nil && q.Max == 0 {
			err = errors.New("is 0: no payment is that small")
		}
		return err
	}},
	{"exceptions", "only those that reconciliation must look at", false, func(q *state.Query, value string, _ *glossary) (err error) {
		q.ExceptionsOnly, err = yesNo(value)
		return err
	}},
	{"dead_letters", "only those about which a person must decide", false, func(q *state.Query, value string, _ *glossary) (err error) {
		q.DeadLettersOnly, err = yesNo(value)
		return err
	}},
	{"limit", "payments of a page, 1 to 500", false, func(q *state.Query, value string, _ *glossary) (err error) {
		if q.PageSize, err = strconv.Atoi(value); err != nil || q.PageSize < 1 || q.PageSize > state.PageMax {
			err = fmt.Errorf("is %q, want 1 to %d", value, state.PageMax)
		}
		return err
	}},
	{"page", "go on where a page has ended, with what that page says; everything but --limit must be the same", false, func(q *state.Query, value string, _ *glossary) error {
		q.Token = value
		return nil
	}},
}

// queryOf reads criteria. The error names the one that is wrong, and never says an
// account.
func queryOf(values url.Values, g *glossary) (state.Query, error) {
	var q state.Query
	for name := range values {
		if !slices.ContainsFunc(criteria, func(c criterion) bool { return c.name == name }) {
			return q, fmt.Errorf("%q is none of the criteria of a search: %s", name, strings.Join(criterionNames(), ", "))
		}
	}
	for _, c := range criteria {
		given, ok := values[c.name]
		if !ok {
			continue
		}
		if c.many {
			given = strings.Split(strings.Join(given, ","), ",")
		}
		if len(given) != 1 && !c.many {
			return q, fmt.Errorf("%s is given %d times", c.name, len(given))
		}
		for _, value := range given {
			err := errors.New("is empty")
			if value != "" {
				err = c.set(&q, value, g)
			}
			if err != nil {
				return q, fmt.Errorf("%s %w", c.name, err)
			}
		}
	}
	switch {
	case q.ToAt != 0 && q.FromAt >= q.ToAt:
		return q, errors.New("to is not after from")
	case q.Max != 0 && q.Min > q.Max:
		return q, errors.New("max is less than min")
	}
	return q, nil
}

func criterionNames() (names []string) {
	for _, c := range criteria {
		names = append(names, c.name)
	}
	return names
}

func atMost(value string, most int) error {
	if len(value) > most {
		return fmt.Errorf("has %d characters, at most %d can be", len(value), most)
	}
	return nil
}

func yesNo(value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, fmt.Errorf("is %q, want true or false", value)
	}
	return value == "true", nil
}

func setID(q *state.Query, value string, _ *glossary) error {
	var ok bool
	if q.ID, ok = translate.ParsePayment(value); !ok {
		return fmt.Errorf("%q is neither a number nor a transaction id of a switch (SWD and 32 hexadecimal digits)", value)
	}
	return nil
}

func setRRN(q *state.Query, value string, _ *glossary) error {
	if q.RRN = value; len(value) != 12 {
		return fmt.Errorf("has %s, an RRN has 12", count(len(value), "character"))
	}
	return nil
}

func setUETR(q *state.Query, value string, _ *glossary) error {
	if q.UETR = strings.ToLower(value); !translate.IsUETR([]byte(q.UETR)) {
		return fmt.Errorf("%q is no UETR (a UUID of version 4)", value)
	}
	return nil
}

func setParticipant(q *state.Query, value string, g *glossary) error {
	at := slices.Index(g.names, value)
	if at < 0 {
		return fmt.Errorf("%q is none of %s", value, strings.Join(slices.DeleteFunc(slices.Clone(g.names), func(s string) bool { return s == "" }), ", "))
	}
	if n := route.Participant(at); !slices.Contains(q.Participants, n) {
		q.Participants = append(q.Participants, n)
	}
	return nil
}

func setState(q *state.Query, value string, _ *glossary) error {
	for _, s := range payment.States() {
		if s.String() != strings.ToUpper(value) && !(s == payment.FailedReversed && strings.EqualFold(value, payment.EndReversed.String())) {
			continue // the other results that a state stands for have its name
		}
		if !slices.Contains(q.States, s) {
			q.States = append(q.States, s)
		}
		return nil
	}
	return fmt.Errorf("%q is none of %s", value, strings.Join(stateNames(), ", "))
}

func stateNames() (names []string) {
	for _, s := range payment.States() {
		names = append(names, s.String())
	}
	return names
}

func setFrom(q *state.Query, value string, _ *glossary) (err error) {
	q.FromAt, _, err = moment(value)
	return err
}

func setTo(q *state.Query, value string, _ *glossary) error {
	at, date, err := moment(value)
	if q.ToAt = at; date {
		q.ToAt += int64(24 * time.Hour)
	}
	return err
}

// moment reads a time, or a date, which begins at midnight UTC.
func moment(value string) (at int64, date bool, err error) {
	t, err := time.Parse(time.DateOnly, value)
	if date = err == nil; !date {
		t, err = time.Parse(time.RFC3339, value)
	}
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("%q is neither a time like 2026-11-22T18:30:00Z nor a date like 2026-11-22", value)
	case t.Year() < 1971 || t.Year() > 2200: // what int64 holds, in both directions
		return 0, false, fmt.Errorf("%q is outside of the years 1971 to 2200", value)
	}
	return t.UnixNano(), date, nil
}

// amount reads an amount in units of the currency.
func (g *glossary) amount(value string) (int64, error) {
	money, known := config.CurrencyByNumber(g.currency)
	if !known {
		return 0, errors.New("cannot be read: the currency is not known here")
	}
	minor, err := config.ParseAmount(value, money)
	if err != nil {
		return 0, fmt.Errorf("is %q: %w", value, err)
	}
	return minor, nil
}
