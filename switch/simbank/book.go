package simbank

import (
	"math"
	"sync"
)

// amountMax is the largest amount of DE4, twelve digits. With at most
// legsCeiling legs, no sum of a book can leave int64.
const (
	amountMax   = 999_999_999_999
	legsCeiling = 9_000_000
)

// Leg is one debit, credit, reversal, advice or fence as the switch sent it. What
// is about another leg carries that leg's key, and may leave out its account or
// both account and amount: then they are not compared.
type Leg struct {
	Key     Key
	TxnID   TxnID
	Account Account // of the payer for a debit, of the payee for a credit
	Amount  int64   // minor units
	Trace   Trace   // of a credit, in ISO 8583: its confirmation has another key
}

// passage is how a confirmation finds a credit of another key.
type passage struct {
	institution [11]byte
	trace       Trace
}

// Verdict bends the judgement of a leg that is new to the book; the zero value
// is an honest one. A leg that is known keeps its first answer.
type Verdict struct {
	Decline Code // do not post, answer this
	Tell    Code // post if the account allows it, but answer this
	Hold    bool // do not post before Confirm
}

// Answer is what a book says to a leg.
type Answer struct {
	Code     Code
	Approval Approval // DE38; empty unless Code is Approved
	Repeat   bool     // the leg was known, nothing was posted now
	State    State    // of the leg; zero when it is not in the book
}

// nowhere is the index of an account that the book does not keep.
const nowhere = int32(-1)

// record holds no pointer; see Code.
type record struct {
	key     Key
	txn     TxnID
	amount  int64
	account int32
	kind    Kind
	state   State
	code    Code // answer to the leg itself
	own     bool // debited for an own payment, not by the switch
}

// Book keeps accounts in minor units and every leg that touched them. It is safe
// for concurrent use and knows no codec. A leg posts at most once, whatever is
// repeated, and in whatever order its reversal or advice comes.
type Book struct {
	mu       sync.Mutex // guards all below
	accounts map[Account]int32
	balances []int64
	// suspense takes an advised credit that no account can take: an advice
	// reports a done fact, so refusing it would unbalance the switch.
	suspense  int64
	legs      []record
	index     map[Key]int32
	credits   map[passage]int32 // those with a trace
	legsMax   int
	net       int64
	conflicts int
}

// NewBook makes an empty book that remembers up to legsMax legs (0 means
// 1,000,000; never more than 9,000,000). A full book answers new legs 96.
func NewBook(legsMax int) *Book {
	if legsMax <= 0 {
		legsMax = 1_000_000
	}
	return &Book{
		accounts: make(map[Account]int32),
		index:    make(map[Key]int32),
		credits:  make(map[passage]int32),
		legsMax:  min(legsMax, legsCeiling),
	}
}

// Open opens an account with a balance, or sets the balance of a known one.
func (b *Book) Open(a Account, balance int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i, known := b.accounts[a]; known {
		b.balances[i] = balance
		return
	}
	b.accounts[a] = int32(len(b.balances))
	b.balances = append(b.balances, balance)
}

// Debit takes money from an account.
func (b *Book) Debit(l Leg, v Verdict) Answer { return b.book(Debit, l, v) }

// Credit gives money to an account.
func (b *Book) Credit(l Leg, v Verdict) Answer { return b.book(Credit, l, v) }

func (b *Book) book(k Kind, l Leg, v Verdict) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Whoever uses a trace twice has a key for each; only a bar counts for both.
	if i, seen := b.find(k, l); seen && (b.legs[i].key == l.Key || b.legs[i].state == ReversalFirst) {
		return b.again(i, k, l)
	}
	at := b.locate(l.Account)
	code := b.judge(k, at, l.Amount, v)
	state := Declined
	switch {
	case code != Approved:
	case v.Hold:
		state = Held
	default:
		state = Posted
		if v.Tell != (Code{}) {
			code = v.Tell
		}
	}
	i, ok := b.remember(record{key: l.Key, txn: l.TxnID, amount: l.Amount, account: at, kind: k, state: state, code: code}, l.Trace)
	if !ok {
		// Not remembered means not posted: an unremembered posting could
		// be posted again.
		return Answer{Code: Malfunction}
	}
	if state == Posted {
		b.post(k, at, l.Amount)
	}
	return b.answer(i, code, false)
}

// ReverseDebit takes a debit back. Before its original it is stored, and the
// original will be declined; repeated it answers the same.
func (b *Book) ReverseDebit(l Leg) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, seen := b.index[l.Key]
	if !seen {
		return b.bar(Debit, l)
	}
	r := &b.legs[i]
	if !b.same(r, Debit, l) {
		return Answer{Code: DuplicateOther}
	}
	switch r.state {
	case Posted:
		r.state = Reversed
		b.post(Credit, r.account, r.amount)
		return Answer{Code: Approved, State: Reversed}
	case Reversed:
		return Answer{Code: Approved, Repeat: true, State: Reversed}
	case ReversalFirst:
		return Answer{Code: NotFound, Repeat: true, State: ReversalFirst}
	default:
		return Answer{Code: NothingDone, Repeat: true, State: r.state}
	}
}

// AdviseCredit books a credit that the switch has already decided (deemed): it
// posts unless the leg is posted, even if the leg was declined before.
func (b *Book) AdviseCredit(l Leg) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, seen := b.index[l.Key]
	if seen {
		r := &b.legs[i]
		if !b.same(r, Credit, l) {
			return Answer{Code: DuplicateOther}
		}
		if r.state == Posted {
			return b.answer(i, Approved, true)
		}
		b.complete(r, l)
		r.state, r.code = Posted, Approved
		b.post(Credit, r.account, r.amount)
		return b.answer(i, Approved, false)
	}
	if l.Amount <= 0 || l.Amount > amountMax {
		return Answer{Code: InvalidAmount}
	}
	at := b.locate(l.Account)
	i, ok := b.remember(record{key: l.Key, txn: l.TxnID, amount: l.Amount, account: at, kind: Credit, state: Posted, code: Approved}, Trace{})
	if !ok {
		return Answer{Code: Malfunction}
	}
	b.post(Credit, at, l.Amount)
	return b.answer(i, Approved, false)
}

// again answers a leg that the book knows. REQUIRES: mu held.
func (b *Book) again(i int32, k Kind, l Leg) Answer {
	r := &b.legs[i]
	if !b.same(r, k, l) {
		return Answer{Code: DuplicateOther, Repeat: true}
	}
	b.complete(r, l)
	return b.answer(i, r.code, true)
}

// complete gives a bar that named neither amount nor account those of its leg.
// REQUIRES: mu held; l is the leg that r holds.
func (b *Book) complete(r *record, l Leg) {
	if r.state == ReversalFirst && r.amount == 0 {
		r.amount, r.account = l.Amount, b.locate(l.Account)
	}
}

// bar stores the reversal or fence of a leg that has not come. REQUIRES: mu held.
func (b *Book) bar(k Kind, l Leg) Answer {
	r := record{key: l.Key, txn: l.TxnID, amount: l.Amount, account: b.locate(l.Account), kind: k, state: ReversalFirst, code: DuplicateOther}
	if _, ok := b.remember(r, l.Trace); !ok {
		return Answer{Code: Malfunction}
	}
	return Answer{Code: NotFound, State: ReversalFirst}
}

// same reports whether l is the leg that r holds; another content under the same
// key is counted, because an honest switch never sends it. REQUIRES: mu held.
func (b *Book) same(r *record, k Kind, l Leg) bool {
	bare := l.Account == Account{} || r.state == ReversalFirst && r.account == nowhere
	amount := r.amount == l.Amount || bare && (l.Amount == 0 || r.amount == 0)
	if r.kind == k && amount && (bare || r.account == b.locate(l.Account)) {
		return true
	}
	b.conflicts++
	return false
}

// judge decides a new leg, in this order: amount, account, verdict, balance.
// REQUIRES: mu held.
func (b *Book) judge(k Kind, at int32, amount int64, v Verdict) Code {
	switch {
	case amount <= 0 || amount > amountMax:
		return InvalidAmount
	case at == nowhere && k == Debit:
		return InvalidPayer
	case at == nowhere:
		return InvalidPayee
	case v.Decline != (Code{}):
		return v.Decline
	case k == Debit && b.balances[at] < amount:
		return NoFunds
	case k == Credit && b.balances[at] > math.MaxInt64-amount:
		return AboveLimit
	}
	return Approved
}

// post moves the money. A credit that no account can take goes to suspense.
// REQUIRES: mu held; judge approved it, or it is an advice.
func (b *Book) post(k Kind, at int32, amount int64) {
	if k == Debit {
		b.balances[at] -= amount
		b.net -= amount
		return
	}
	b.net += amount
	if at == nowhere || b.balances[at] > math.MaxInt64-amount {
		b.suspense += amount
		return
	}
	b.balances[at] += amount
}

func (b *Book) locate(a Account) int32 {
	if i, known := b.accounts[a]; known {
		return i
	}
	return nowhere
}

// find is the record of a leg: by its key, or for a credit by its trace.
// REQUIRES: mu held.
func (b *Book) find(k Kind, l Leg) (int32, bool) {
	if i, seen := b.index[l.Key]; seen || k != Credit || l.Trace == (Trace{}) {
		return i, seen
	}
	i, seen := b.credits[passage{l.Key.institution, l.Trace}]
	return i, seen
}

// remember stores a new leg; false when the book is full. REQUIRES: mu held.
func (b *Book) remember(r record, trace Trace) (int32, bool) {
	if len(b.legs) >= b.legsMax {
		return 0, false
	}
	i := int32(len(b.legs))
	b.legs = append(b.legs, r)
	b.index[r.key] = i
	if trace != (Trace{}) {
		b.credits[passage{r.key.institution, trace}] = i
	}
	return i, true
}

// answer gives leg i its approval code, which is its number: so a repeat gets
// the same one without storing it.
func (b *Book) answer(i int32, code Code, repeat bool) Answer {
	a := Answer{Code: code, Repeat: repeat, State: b.legs[i].state}
	if code == Approved {
		const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		n := int(i) + 1
		for at := len(a.Approval) - 1; at >= 0; at-- {
			a.Approval[at] = digits[n%36]
			n /= 36
		}
	}
	return a
}
