package feed

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"switchd/switch/access"
	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/view"
)

// Ask is what somebody wants to read.
type Ask struct {
	Caller access.Caller
	Query  url.Values  // participant, from, until, limit
	Header http.Header // Accept, Last-Event-ID
}

// Readers are those who may read: the participant its own events, the others anyone's.
const Readers = access.Participant | overseers

const overseers = access.Auditor | access.Operator | access.SecurityOfficer

// place is a place in the stream: the tiding n of an event, from 0. It does not depend
// on who reads.
type place struct {
	seq, n uint64
}

func (p place) before(q place) bool { return p.seq < q.seq || p.seq == q.seq && p.n < q.n }

// String is how a place stands in a line and in an address.
func (p place) String() string {
	if p.n == 0 {
		return strconv.FormatUint(p.seq, 10)
	}
	return strconv.FormatUint(p.seq, 10) + "." + strconv.FormatUint(p.n, 10)
}

// parsePlace reads "SEQ" or "SEQ.N".
func parsePlace(s string) (p place, err error) {
	seq, n, both := strings.Cut(s, ".")
	if p.seq, err = strconv.ParseUint(seq, 10, 64); err == nil && both {
		p.n, err = strconv.ParseUint(n, 10, 64)
	}
	if err != nil || p.seq > math.MaxInt64 {
		return place{}, fmt.Errorf("%w: %.40q is no place in the stream: want SEQ or SEQ.N", view.ErrQuestion, s)
	}
	return p, nil
}

// question is an Ask that was understood and is allowed.
type question struct {
	who   route.Participant
	name  string
	own   bool // who reads is the participant, as far as anybody has to show who he is
	from  place
	until uint64 // the last event; math.MaxUint64: there is no end
	limit int    // lines; 0: as many as come
	sse   bool
}

// limitMax bounds what may be asked for as a number of lines.
const limitMax = 1_000_000

// understand reads an ask. Its errors wrap those of package view.
func (f *Feed) understand(a *Ask) (q question, err error) {
	if q.who, q.name, err = f.whose(a); err != nil {
		return q, err
	}
	q.own = !a.Caller.Secured || !a.Caller.Roles.Any(overseers)
	q.sse = wantsSSE(a.Header)
	first, applied := f.o.Source.TidingsFrom(), f.o.Source.Applied()
	from := a.Query.Get("from")
	if last := a.Header.Get("Last-Event-ID"); last != "" { // a browser that comes back, with the address it had
		from = last
	}
	switch from {
	case "", "0":
		q.from = place{seq: first}
	case "next":
		q.from = place{seq: applied + 1}
	default:
		if q.from, err = parsePlace(from); err != nil {
			return q, err
		}
	}
	if q.from.seq > applied+1 {
		return q, fmt.Errorf("%w: from %s: the latest event is %d; this is not the switch, or not the data, that has given this place", view.ErrConflict, q.from, applied)
	}
	q.until = math.MaxUint64
	switch until := a.Query.Get("until"); until {
	case "":
	case "now":
		q.until = applied
	default:
		if q.until, err = strconv.ParseUint(until, 10, 63); err != nil {
			return q, fmt.Errorf("%w: until %.40q is not the number of an event", view.ErrQuestion, until)
		}
	}
	if limit := a.Query.Get("limit"); limit != "" {
		if q.limit, err = strconv.Atoi(limit); err != nil || q.limit < 1 || q.limit > limitMax {
			return q, fmt.Errorf("%w: limit %.40q: want 1 to %d", view.ErrQuestion, limit, limitMax)
		}
	}
	return q, nil
}

// whose finds out whose events are wanted, and whether the caller may read them. Who
// may not is not told who there is.
func (f *Feed) whose(a *Ask) (route.Participant, string, error) {
	id := a.Query.Get("participant")
	if !a.Caller.Roles.Any(overseers) {
		own := a.Caller.Participant
		if !a.Caller.Roles.Any(access.Participant) || own == "" || id != "" && id != own {
			return 0, "", fmt.Errorf("%w: a participant reads its own events", view.ErrForbidden)
		}
		id = own
	}
	if id == "" {
		return 0, "", fmt.Errorf("%w: say whose events: participant=ID", view.ErrQuestion)
	}
	n, ok := number(f.o.Config(), id)
	if !ok {
		return 0, "", fmt.Errorf("%w: there is no participant %.40q", view.ErrNotFound, id)
	}
	return n, id, nil
}

// number is a participant's, also of one that is no longer configured. Canaries have no
// events.
func number(c *payment.Config, id string) (route.Participant, bool) {
	for i := range c.Participants {
		if p := &c.Participants[i]; p.ID == id && !p.Canary {
			return p.Number, true
		}
	}
	return route.Nobody, false
}

func wantsSSE(h http.Header) bool {
	for _, accept := range h.Values("Accept") {
		for kind := range strings.SplitSeq(accept, ",") {
			kind, _, _ = strings.Cut(kind, ";")
			if strings.TrimSpace(kind) == "text/event-stream" {
				return true
			}
		}
	}
	return false
}
