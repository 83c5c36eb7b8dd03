// Package ledger keeps the net position of every participant in every currency by
// reserve, post and void, under a net debit cap.
//
// The switch holds no money: a position is what a participant owes (negative)
// or is owed (positive) until settlement. Before a debit leaves the switch its
// amount is reserved against the payer participant's cap; a final success (or a
// deemed one) posts it from payer to payee; a decline or a completed reversal
// voids it. The sum of all positions in a currency is zero at every moment, by construction
// and by check.
//
// The package is pure: no clock, no I/O, no goroutine, checked arithmetic.
// switch/payment calls it from the one writer; nothing here is safe for
// concurrent use.
//
//	b := ledger.NewBook()
//	b.SetCap(payer, 356, 100_000)
//	if why := b.Reserve(payer, amount); why != ledger.OK { ... decline ... }
//	b.Post(payer, payee, amount)
package ledger
