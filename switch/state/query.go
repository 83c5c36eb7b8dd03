package state

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"switchd/switch/payment"
	"switchd/switch/route"
	"switchd/switch/seal"
)

// Query says what payments are looked for: those that fit all of it. What is not
// set fits any.
type Query struct {
	ID           payment.ID
	RRN          string // of the request, 12 characters
	UETR         string
	Reference    string              // any of message id, end-to-end id, transaction id, UETR
	Account      string              // of payer or payee
	Participants []route.Participant // at least one of them takes part
	Without      []route.Participant // none of them has sent it
	States       []payment.State     // it is in one of them
	FromAt, ToAt int64               // when the request came, UTC ns: FromAt or later, before ToAt
	Min, Max     int64               // amount in minor units, of whatever currency; 0: no bound

	ExceptionsOnly  bool // reconciliation must look at it
	DeadLettersOnly bool // a person must decide

	PageSize int    // at most PageMax; 0: PageDefault
	Token    string // Page.Next of the page before; the rest of the query must be the same
}

// Sizes of a page.
const (
	PageDefault = 50
	PageMax     = 500
)

// Page is a part of what was found, newest requests first.
type Page struct {
	Payments []payment.Payment
	Next     string // Query.Token for what follows; empty: that is all
	Examined int    // rows that were read for this page, or their like
	Cut      bool   // the page is not full because so much was read: the rest is behind Next
}

// ErrQuery is wrapped by every error that is the query's own fault.
var ErrQuery = errors.New("the search cannot be made")

// Sizes of what is looked for.
const (
	rrnBytes    = 12
	uetrBytes   = 36
	searchedMax = 35 // bytes of a reference or an account
	criteriaMax = 64 // participants, states
)

// check reports what makes a query unusable, all faults at once.
func (q *Query) check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrQuery}, args...)...))
		}
	}
	fault(q.RRN != "" && len(q.RRN) != rrnBytes, "an RRN has %d characters, this has %d", rrnBytes, len(q.RRN))
	fault(q.UETR != "" && len(q.UETR) != uetrBytes, "a UETR has %d characters, this has %d", uetrBytes, len(q.UETR))
	fault(len(q.Reference) > uetrBytes, "a reference has at most %d characters", uetrBytes)
	fault(len(q.Account) > searchedMax, "an account has at most %d characters", searchedMax)
	fault(len(q.Participants) > criteriaMax || len(q.Without) > criteriaMax || len(q.States) > criteriaMax, "at most %d participants and states", criteriaMax)
	fault(q.FromAt < 0 || q.ToAt < 0 || q.ToAt != 0 && q.FromAt >= q.ToAt, "the time ends before it begins")
	fault(q.Min < 0 || q.Max < 0 || q.Max != 0 && q.Min > q.Max, "the largest amount is less than the smallest")
	fault(q.PageSize < 0 || q.PageSize > PageMax, "a page has 1 to %d payments", PageMax)
	return errors.Join(faults...)
}

func (q *Query) matches(p *payment.Payment) bool {
	switch {
	case q.ID != 0 && p.ID != q.ID,
		q.RRN != "" && string(p.Echo.RRN[:]) != q.RRN,
		q.UETR != "" && string(p.Text.Get(payment.UETR)) != q.UETR,
		q.Reference != "" && !has(p, q.Reference, references[:]),
		q.Account != "" && !has(p, q.Account, accounts[:]):
		return false
	}
	return q.covers(p)
}

// covers says whether a payment lies in the bounds of a query.
func (q *Query) covers(p *payment.Payment) bool {
	switch {
	case q.FromAt != 0 && p.CreatedAt < q.FromAt, q.ToAt != 0 && p.CreatedAt >= q.ToAt,
		q.Min != 0 && p.Amount.Minor < q.Min, q.Max != 0 && p.Amount.Minor > q.Max,
		q.ExceptionsOnly && p.Exceptions == 0, q.DeadLettersOnly && !p.DeadLetter,
		slices.Contains(q.Without, p.Key.From),
		len(q.States) > 0 && !slices.Contains(q.States, p.State):
		return false
	}
	if len(q.Participants) == 0 {
		return true
	}
	for _, n := range participants(p) {
		if n != route.Nobody && slices.Contains(q.Participants, n) {
			return true
		}
	}
	return false
}

func has(p *payment.Payment, text string, fields []payment.TextField) bool {
	for _, f := range fields {
		if p.Text.Has(f) && string(p.Text.Get(f)) == text {
			return true
		}
	}
	return false
}

// A token is a place in what a query finds: all payments with numbers from there on
// have been examined. version u8 | number u64 | check [8]u8, which depends on all
// of the query and on the keys of the store, so that nothing else is taken for one.
const (
	tokenVersion = 1
	tokenBytes   = 1 + 8 + 8
)

func (q *Query) token(keys *seal.Keys, at payment.ID) string {
	b := binary.BigEndian.AppendUint64([]byte{tokenVersion}, uint64(at))
	return base64.RawURLEncoding.EncodeToString(append(b, q.checksum(keys, b)...))
}

// place is where a token says that the search goes on; the first page begins at
// the end of all numbers.
func (q *Query) place(keys *seal.Keys) (payment.ID, error) {
	if q.Token == "" {
		return 1<<64 - 1, nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.Token)
	if err != nil || len(b) != tokenBytes || b[0] != tokenVersion {
		return 0, fmt.Errorf("%w: the page token is none of this version's", ErrQuery)
	}
	if string(b[9:]) != string(q.checksum(keys, b[:9])) {
		return 0, fmt.Errorf("%w: the page token is of another search", ErrQuery)
	}
	return payment.ID(binary.BigEndian.Uint64(b[1:])), nil
}

func (q *Query) checksum(keys *seal.Keys, head []byte) []byte {
	same := *q
	same.PageSize, same.Token = 0, ""
	text, err := json.Marshal(&same)
	if err != nil {
		panic("state: a query cannot be encoded: " + err.Error())
	}
	sum := keys.Token(append(text, head...))
	return sum[:8]
}
