// Package mutant names deliberate bugs, so that a test can show that the
// simulator finds every one of them.
//
// Code that could have such a bug asks for it where it would be:
//
//	if mutant.Is(mutant.SkipReserve) {
//		return ledger.OK
//	}
//
// It promises that an ordinary build has none of this: Is is constantly false
// there, and the compiler drops what it guards. With the build tag mutant one bug
// can be chosen, for the whole process, before anything else runs. Callers are the
// packages under test and switch/sim; the package is pure and imports nothing.
package mutant
