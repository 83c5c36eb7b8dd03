//go:build !mutant

package mutant

// Is says whether a bug is wanted: never.
func Is(Bug) bool { return false }
