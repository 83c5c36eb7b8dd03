// Package conform has the tests that every driver of package hsm passes: the vectors of
// the standards, what must be refused and how, calls at the same time, and random
// inputs whose results are compared with hsm/pinblock, hsm/mac, hsm/dukpt and
// hsm/keyblock.
//
// It promises that drivers which pass it can take each other's place: the same answers,
// the same kinds of errors, no secret in any of them. Callers are the tests of the
// drivers. It never skips what a driver has not said that it cannot do, and such a thing
// must be refused properly.
//
//	conform.Run(t, conform.Driver{
//		New:    func(t testing.TB, keys []conform.Key) hsm.Module { ... },
//		Cannot: map[conform.Ability]string{conform.DUKPTWithAES: "the firmware has none"},
//	})
package conform
