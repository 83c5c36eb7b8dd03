package bench

import (
	"math"
	"sync"
)

// amountMax is the largest amount of DE4, twelve digits.
const amountMax = 999_999_999_999

// openingBalance is what each account begins with: no run can spend it, so that a
// decline is the switch's doing and not the generator's.
const openingBalance = math.MaxInt64 / 4

// legKey is what a bank knows a leg by: DE32 and DE37, as exact numbers, so that
// the map of a million legs holds no pointer for the collector to follow.
type legKey struct {
	institution uint64
	ref         uint64
}

// legState is what became of a leg at its bank.
type legState uint8

const (
	legPosted legState = iota + 1
	legDeclined
	legReversed
	legReversalFirst // its reversal came before it
	legFenced        // a credit that was taken back before it came, and never will be made
)

// leg is what a book remembers of a leg.
type leg struct {
	amount  int64
	account int32
	credit  bool
	state   legState
	code    [2]byte // DE39, the answer that a repeat gets again
}

// verdict is what the book says to a leg.
type verdict struct {
	code   [2]byte // DE39
	repeat bool    // the leg was known
}

// Response codes of the book.
var (
	codeApproved     = [2]byte{'0', '0'}
	codeAmount       = [2]byte{'1', '3'}
	codeNothingDone  = [2]byte{'2', '1'}
	codeNotFound     = [2]byte{'2', '5'}
	codeNoFunds      = [2]byte{'5', '1'}
	codeRefused      = [2]byte{'0', '5'}
	codePIN          = [2]byte{'5', '5'}
	codePayeeUnknown = [2]byte{'7', '6'}
	codePayerUnknown = [2]byte{'7', '7'}
	codeDuplicate    = [2]byte{'9', '4'}
)

// nowhere is the account number of an account that the book does not keep.
const nowhere = 0

// book is a bank's own: balances, legs and the net of both. Each leg posts at most
// once, and a reversal before its original is honoured. It is simbank's book made
// lean: a leg takes 40 bytes and a tenth of the time.
//
// It forgets the oldest legs when there are too many. That is safe for what it is
// here for: a repeat of a forgotten leg would post twice, the books would not
// balance, and a run could only fail by it, never pass.
type book struct {
	mu        sync.Mutex // guards all below; links of one participant share it
	balances  []int64    // by account number; 0 takes advised credits to nowhere
	young     map[legKey]leg
	old       map[legKey]leg
	legsMax   int
	fateOf    func(amount int64) fate
	net       int64
	legs      int64 // answered, repeats included
	repeats   int64
	conflicts int64 // known legs that came with other content: no honest switch does it
}

func newBook(accounts, legsMax int) *book {
	b := &book{balances: make([]int64, accounts+1), young: map[legKey]leg{}, legsMax: max(legsMax, 2), fateOf: new(Options).fateOf}
	for i := range b.balances {
		b.balances[i] = openingBalance
	}
	return b
}

// find looks a leg up.
func (b *book) find(k legKey) (leg, bool) {
	if l, known := b.young[k]; known {
		return l, true
	}
	l, known := b.old[k]
	return l, known
}

// accountOf is the account of a leg that is known; nowhere when it is not.
func (b *book) accountOf(k legKey) int32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, _ := b.find(k)
	return l.account
}

// keep stores a leg, new or changed.
func (b *book) keep(k legKey, l leg) {
	if len(b.young) >= b.legsMax/2 {
		b.old, b.young = b.young, make(map[legKey]leg)
	}
	b.young[k] = l
}

// post takes a debit or a credit for the first time or again.
func (b *book) post(k legKey, account int32, amount int64, credit bool) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.legs++
	if l, known := b.find(k); known {
		b.repeats++
		if l.state == legFenced || !b.same(l, account, amount, credit) {
			return verdict{codeDuplicate, true}
		}
		return verdict{l.code, true}
	}
	l := leg{amount: amount, account: account, credit: credit, state: legDeclined}
	if l.code = b.judge(account, amount, credit); l.code == codeApproved {
		l.state = legPosted
		b.move(account, amount, credit)
	}
	b.keep(k, l)
	return verdict{code: l.code}
}

// refuse declines a debit for a reason that is not the book's, for the first time or
// again.
func (b *book) refuse(k legKey, account int32, amount int64, code [2]byte) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.legs++
	if l, known := b.find(k); known {
		b.repeats++
		return verdict{l.code, true}
	}
	b.keep(k, leg{amount: amount, account: account, state: legDeclined, code: code})
	return verdict{code: code}
}

// reverse takes a debit back.
func (b *book) reverse(k legKey, account int32, amount int64) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.legs++
	l, known := b.find(k)
	if !known {
		b.keep(k, leg{amount: amount, account: account, state: legReversalFirst, code: codeDuplicate})
		return verdict{code: codeNotFound}
	}
	if !b.same(l, account, amount, false) {
		return verdict{codeDuplicate, true}
	}
	switch l.state {
	case legPosted:
		l.state = legReversed
		b.move(account, amount, true)
		b.keep(k, l)
		return verdict{code: codeApproved}
	case legReversed:
		return verdict{codeApproved, true}
	case legReversalFirst:
		return verdict{codeNotFound, true}
	}
	return verdict{codeNothingDone, true}
}

// advise books a credit that the switch has decided: it posts unless it is posted.
func (b *book) advise(k legKey, account int32, amount int64) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.legs++
	l, known := b.find(k)
	switch {
	case known && !b.same(l, account, amount, true):
		return verdict{codeDuplicate, true}
	case known && l.state == legPosted:
		return verdict{codeApproved, true}
	case amount <= 0 || amount > amountMax:
		return verdict{code: codeAmount}
	}
	b.move(account, amount, true)
	b.keep(k, leg{amount: amount, account: account, credit: true, state: legPosted, code: codeApproved})
	return verdict{code: codeApproved}
}

// stands says what became of a credit; 0: it was never seen.
func (b *book) stands(k legKey) legState {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, _ := b.find(k)
	return l.state
}

// fence takes care that a credit that has not been made never is, and says what became
// of it.
func (b *book) fence(k legKey) legState {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.legs++
	l, known := b.find(k)
	if !known {
		l = leg{credit: true, state: legFenced, code: codeDuplicate}
		b.keep(k, l)
	}
	return l.state
}

func (b *book) same(l leg, account int32, amount int64, credit bool) bool {
	if l.account == account && l.amount == amount && l.credit == credit {
		return true
	}
	b.conflicts++
	return false
}

func (b *book) judge(account int32, amount int64, credit bool) [2]byte {
	switch f := b.fateOf(amount); {
	case f == fateNoFunds && !credit:
		return codeNoFunds
	case f == fateRefused && credit:
		return codeRefused
	case amount <= 0 || amount > amountMax:
		return codeAmount
	case account == nowhere && credit:
		return codePayeeUnknown
	case account == nowhere:
		return codePayerUnknown
	case !credit && b.balances[account] < amount:
		return codeNoFunds
	}
	return codeApproved
}

func (b *book) move(account int32, amount int64, credit bool) {
	if !credit {
		amount = -amount
	}
	b.balances[account] += amount
	b.net += amount
}

// state reads the figures of the book for a comparison.
func (b *book) state() (net, conflicts int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.net, b.conflicts
}

// keyOf packs DE32 and DE37 without loss: the digits of the one, the 12 letters
// and digits of the other in base 36, which fit 63 bits. False for anything else.
func keyOf(institution uint64, ref []byte) (legKey, bool) {
	k := legKey{institution: institution}
	if len(ref) != 12 {
		return k, false
	}
	for _, c := range ref {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'A' && c <= 'Z':
			c -= 'A' - 10
		default:
			return k, false
		}
		k.ref = k.ref*36 + uint64(c)
	}
	return k, true
}

// approval is DE38 of a posted leg: made of its key, so that a repeat gets the
// same one without storing it.
func (k legKey) approval() (code [6]byte) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	v := k.ref ^ k.institution*0x9E3779B97F4A7C15
	for i := range code {
		code[i] = digits[v%36]
		v /= 36
	}
	return code
}
