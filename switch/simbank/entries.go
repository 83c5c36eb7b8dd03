package simbank

import "iter"

// Entry is one leg as the book remembers it, for reconciliation.
type Entry struct {
	Ref    string `json:"ref"`    // DE37, or InstrId
	TxnID  string `json:"txn_id"` // DE120 tag 002, or TxId
	Kind   Kind   `json:"kind"`
	Amount int64  `json:"amount"` // minor units
	State  State  `json:"state"`
	Code   Code   `json:"code"`            // DE39 that the leg was answered with, or stands for the answer
	Model  string `json:"model,omitempty"` // "B": the bank debited it itself, for an own payment
}

// Count is how many legs of one kind are in each state.
type Count struct {
	Posted        int `json:"posted"`
	Declined      int `json:"declined"`
	Reversed      int `json:"reversed"`
	ReversalFirst int `json:"reversal_first"`
	Held          int `json:"held,omitempty"`
	Dropped       int `json:"dropped,omitempty"`
}

// Tally counts a book's legs.
type Tally struct {
	Debit  Count `json:"debit"`
	Credit Count `json:"credit"`
}

// Net is credits minus debits, net of reversals, in minor units: what the
// switch's position of this participant must be.
func (b *Book) Net() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.net
}

// Balance is the balance of an account; false when the book does not keep it.
func (b *Book) Balance(a Account) (int64, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.locate(a)
	if i == nowhere {
		return 0, false
	}
	return b.balances[i], true
}

// Suspense is the sum of advised credits that no account could take.
func (b *Book) Suspense() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.suspense
}

// Conflicts counts legs that came again under the same key with other content:
// zero with an honest switch.
func (b *Book) Conflicts() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.conflicts
}

// Entries yields the legs in the order they came. Legs that come meanwhile may
// be among them; each is consistent in itself.
func (b *Book) Entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := 0; ; i++ {
			b.mu.Lock()
			if i >= len(b.legs) {
				b.mu.Unlock()
				return
			}
			r := b.legs[i]
			b.mu.Unlock()
			e := Entry{Ref: r.key.Ref(), TxnID: r.txn.String(), Kind: r.kind, Amount: r.amount, State: r.state, Code: r.code}
			if r.own {
				e.Model = "B"
			}
			if !yield(e) {
				return
			}
		}
	}
}

// Tally counts the legs by kind and state.
func (b *Book) Tally() Tally {
	b.mu.Lock()
	defer b.mu.Unlock()
	var t Tally
	for i := range b.legs {
		c := &t.Debit
		if b.legs[i].kind == Credit {
			c = &t.Credit
		}
		switch b.legs[i].state {
		case Posted:
			c.Posted++
		case Declined:
			c.Declined++
		case Reversed:
			c.Reversed++
		case ReversalFirst:
			c.ReversalFirst++
		case Held:
			c.Held++
		case Dropped:
			c.Dropped++
		}
	}
	return t
}
