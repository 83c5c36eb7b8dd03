package state

import (
	"fmt"

	"switchd/switch/payment"
)

// examinedMax bounds the work of one Search, in rows that are read or their like:
// some tens of milliseconds. To go on with a mark takes up to as much again: the runs
// of the lateAfter events behind the place are looked into for what has ended late.
const examinedMax = 20_000

// Search finds payments, open and finished, those with the largest numbers first:
// the numbers are in the order of time. It sees the effect of all groups that were
// committed before the call, and of nothing that is not durable, because the engine
// commits what the journal has on disk. Safe for concurrent use.
//
// A page follows another by its number, so that none is told twice or left out,
// however many payments arrive or end meanwhile. The error wraps ErrQuery when the
// query cannot be searched by.
func (s *Store) Search(q Query) (Page, error) { return s.search(q, examinedMax) }

func (s *Store) search(q Query, most int) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	at, err := q.place(s.keys)
	if err != nil {
		return Page{}, err
	}
	if q.PageSize == 0 {
		q.PageSize = PageDefault
	}
	v, err := s.view()
	if err != nil {
		return Page{}, err
	}
	defer v.close()
	f := &search{view: v, q: &q, at: at, budget: budget{most: most}}
	if err = f.begin(s); err == nil {
		err = firstError(f.run(), f.from.close())
	}
	if err != nil {
		return Page{}, fmt.Errorf("search in the state store: %w", err)
	}
	if f.more {
		f.page.Next = q.token(s.keys, f.at)
	}
	f.page.Examined = f.budget.spent
	return f.page, nil
}

// search is one call of Search.
type search struct {
	*view
	q      *Query
	known  payment.ID // finished payments below it are forgotten
	low    payment.ID // the first that can fit
	at     payment.ID // all from here on have been examined
	from   cursor
	budget budget
	page   Page
	more   bool // not all below at have been
	p      payment.Payment
}

// begin chooses where to look.
func (f *search) begin(s *Store) error {
	machine, err := row(f.rows, []byte{tagMachine})
	if err != nil {
		return err
	}
	if f.known, err = payment.KnownIn(machine); err != nil {
		return err
	}
	if f.q.FromAt != 0 {
		if f.low, err = f.since(f.q.FromAt); err != nil {
			return err
		}
	}
	if f.q.ToAt != 0 {
		end, err := f.since(f.q.ToAt)
		if err != nil {
			return err
		}
		f.at = min(f.at, end)
	}
	f.from, err = f.cursor(s)
	return err
}

// cursor is the one that is likely to pass the fewest payments.
func (f *search) cursor(s *Store) (cursor, error) {
	q := f.q
	switch {
	case q.ID != 0:
		return one{q.ID}, nil
	case q.RRN != "":
		return f.marked(referenceMark([]byte(q.RRN)))
	case q.UETR != "":
		return f.marked(referenceMark([]byte(q.UETR)))
	case q.Reference != "":
		return f.marked(referenceMark([]byte(q.Reference)))
	case q.Account != "":
		return f.marked(accountMark(s.keys.Tokener(), []byte(q.Account)))
	case q.DeadLettersOnly:
		return f.numbers(tagDeadLetter)
	case q.ExceptionsOnly:
		return f.numbers(tagException)
	case len(q.Participants) > 0:
		u := f.open()
		for _, n := range q.Participants {
			u.add(f.blocks(uint16(n), &f.budget))
		}
		return u.done()
	case len(q.States) > 0:
		u := f.open()
		for _, state := range q.States {
			u.add(f.blocks(stateFacet+uint16(state), &f.budget))
		}
		return u.done()
	}
	u := f.open()
	u.add(f.numbers(tagHistory))
	return u.done()
}

// marked is the cursor of finished payments with a mark, and of all open ones.
func (f *search) marked(mark uint64) (cursor, error) {
	u := f.open()
	u.add(f.runs(mark, &f.budget))
	u.add(f.lates(mark, &f.budget))
	return u.done()
}

// open begins a union with the open payments.
func (f *search) open() *union {
	u := &union{}
	u.add(f.numbers(tagOpen))
	return u
}

// run fills the page, and finds out whether there is one more.
func (f *search) run() error {
	for f.at > f.low {
		if f.budget.over() {
			f.more, f.page.Cut = true, len(f.page.Payments) < f.q.PageSize
			return nil
		}
		id, found := f.from.before(f.at)
		if !found {
			if id > f.low { // its budget is spent
				f.at = id
				continue
			}
			return nil
		}
		if id < f.low {
			return nil
		}
		fits, err := f.look(id)
		if err != nil {
			return err
		}
		if fits && len(f.page.Payments) == f.q.PageSize {
			f.more = true // the next page begins with this one
			return nil
		}
		if f.at = id; fits {
			f.page.Payments = append(f.page.Payments, f.p)
			f.p = payment.Payment{}
		}
	}
	return nil
}

// look reads a payment into f.p and says whether it fits.
func (f *search) look(id payment.ID) (bool, error) {
	f.budget.spend(1)
	sealed, err := f.from.row(), error(nil)
	for _, tag := range [...]byte{tagHistory, tagOpen} {
		if len(sealed) == 0 && err == nil {
			sealed, err = row(f.rows, appendID(nil, tag, id))
		}
	}
	if err != nil || len(sealed) == 0 { // swept, but not yet what it was found by
		return false, err
	}
	if err := f.decode(id, sealed, &f.p); err != nil {
		return false, err
	}
	if f.p.ID < f.known && !f.p.Open() && !f.p.DeadLetter {
		return false, nil
	}
	return f.q.matches(&f.p), nil
}
