// Package route answers one question: which participant serves an address.
//
// A Table is built once from the configured entries and never changes; a new
// configuration makes a new Table, which replaces the old one as a whole by a
// logged event, so that "before or after" is exact. The package is pure: no
// clock, no I/O, no goroutine. Its caller is switch/payment; the rim uses the
// Participant number as the short name of a participant.
//
//	t, err := route.New([]route.Entry{{Participant: 0, Handles: []string{"banka"}}})
//	p, ok := t.Handle([]byte("banka")) // 0, true
//
// An address is a handle, the code of a bank (IFSC or BIC), or the first digits of a
// card or an account.
package route
