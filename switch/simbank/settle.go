package simbank

// What ends a leg after it was answered, or asks how it stands. The leg is found
// by its key, or its trace: a message about it need not repeat its content.

// Confirm takes the switch's last word about a credit: done posts what is held,
// failed drops it, or bars it if it has not come yet. A word against what the
// book has already done is counted as a conflict.
func (b *Book) Confirm(l Leg, done bool) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, seen := b.find(Credit, l)
	switch {
	case !seen && !done:
		return b.bar(Credit, l)
	case !seen, b.legs[i].kind != Credit:
		b.conflicts++
		return Answer{Code: NotFound}
	}
	r := &b.legs[i]
	switch {
	case r.state == Held && done:
		r.state = Posted
		b.post(Credit, r.account, r.amount)
		return b.answer(i, Approved, false)
	case r.state == Held:
		r.state = Dropped
		return b.answer(i, Approved, false)
	case done != (r.state == Posted):
		b.conflicts++
		return b.answer(i, DuplicateOther, true)
	}
	return b.answer(i, Approved, true)
}

// Fence calls a credit off: one that has not come will be declined, one that is
// held is dropped. One that is posted stays: a bank does not take back what its
// customer may have spent.
func (b *Book) Fence(l Leg) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, seen := b.index[l.Key]
	if !seen {
		return b.bar(Credit, l)
	}
	r := &b.legs[i]
	if !b.same(r, Credit, l) {
		return Answer{Code: DuplicateOther}
	}
	switch r.state {
	case Posted:
		return b.answer(i, Stays, true)
	case Held:
		r.state = Dropped
		return b.answer(i, Approved, false)
	case Dropped:
		return b.answer(i, Approved, true)
	case ReversalFirst:
		return b.answer(i, NotFound, true)
	}
	return b.answer(i, NothingDone, true)
}

// Status is how a leg stands, with the code that it was answered with. It
// changes nothing; State is zero for a leg that is not in the book.
func (b *Book) Status(key Key) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, seen := b.index[key]
	if !seen {
		return Answer{Code: NotFound}
	}
	return b.answer(i, b.legs[i].code, true)
}

// Withdraw debits an account for an own payment, before the switch hears of it.
// A refusal is not remembered: nothing was asked for from outside.
func (b *Book) Withdraw(l Leg) Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.locate(l.Account)
	if code := b.judge(Debit, at, l.Amount, Verdict{}); code != Approved {
		return Answer{Code: code}
	}
	i, ok := b.remember(record{key: l.Key, txn: l.TxnID, amount: l.Amount, account: at, kind: Debit, state: Posted, code: Approved, own: true}, Trace{})
	if !ok {
		return Answer{Code: Malfunction}
	}
	b.post(Debit, at, l.Amount)
	return b.answer(i, Approved, false)
}
