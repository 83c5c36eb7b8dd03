package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"switchd/switch/desk"
	"switchd/switch/payment"
	"switchd/switch/translate"
)

// eventFilter says which events are shown.
type eventFilter struct {
	from, to              uint64 // 0: from the first one, to the last one
	paymentText, kindText string

	payment payment.ID // 0: all
	kind    payment.Kind

	about desk.About // the payment, as far as it is known
}

// parse reads what the flags or the query of the admin port say.
func (f *eventFilter) parse() error {
	if f.to != 0 && f.to < f.from {
		return fmt.Errorf("to %d is before from %d", f.to, f.from)
	}
	if f.paymentText != "" {
		var ok bool
		if f.payment, ok = translate.ParsePayment(f.paymentText); !ok {
			return fmt.Errorf("payment %q is neither a number nor a transaction id of a switch (SWD and 32 hexadecimal digits)", f.paymentText)
		}
	}
	if f.kindText != "" {
		at := slices.IndexFunc(payment.Kinds(), func(k payment.Kind) bool { return k.String() == f.kindText })
		if at < 0 {
			return fmt.Errorf("kind %q is not one of %s", f.kindText, strings.Join(eventKinds(), ", "))
		}
		f.kind = payment.Kinds()[at]
	}
	f.about.ID = f.payment
	return nil
}

// path is the page of the admin port with the events from a record on.
func (f *eventFilter) path(from uint64) string {
	q := url.Values{}
	for name, n := range map[string]uint64{"from": from, "to": f.to} {
		if n != 0 {
			q.Set(name, strconv.FormatUint(n, 10))
		}
	}
	for name, s := range map[string]string{"payment": f.paymentText, "kind": f.kindText} {
		if s != "" {
			q.Set(name, s)
		}
	}
	return "/api/v1/journal/records?" + q.Encode()
}

// filterOf reads the query of such a page.
func filterOf(q url.Values) (f eventFilter, err error) {
	number := func(name string) uint64 {
		if s := q.Get(name); s != "" {
			n, fault := strconv.ParseUint(s, 10, 64)
			if fault != nil {
				err = errors.Join(err, fmt.Errorf("%s %q is no number", name, s))
			}
			return n
		}
		return 0
	}
	f = eventFilter{from: number("from"), to: number("to"), paymentText: q.Get("payment"), kindText: q.Get("kind")}
	return f, errors.Join(err, f.parse())
}

// bounds are the records to read of a journal from first to last.
func (f *eventFilter) bounds(first, last uint64) (from, to uint64) {
	from, to = max(f.from, first), last
	if f.from == 0 {
		from = max(uint64(f.payment), first) // nothing is about it before its request
	}
	if f.to != 0 {
		to = min(f.to, last)
	}
	return from, to
}

// matches says whether an event is asked for. It is called for each event in order:
// the request of the payment tells its key.
func (f *eventFilter) matches(e *payment.Event) bool {
	if f.payment != 0 && !f.about.Concerns(e) {
		return false
	}
	return f.kind == payment.KindNone || e.Kind == f.kind
}

// recordsView is some of the events of a journal.
type recordsView struct {
	Records []eventView `json:"records"`
	Next    uint64      `json:"next,omitempty"` // where to go on; 0: that was all
}
