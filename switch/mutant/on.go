//go:build mutant

package mutant

var chosen Bug

// Choose makes b the bug of this process. Call it while nothing else runs.
func Choose(b Bug) { chosen = b }

// Is says whether a bug is wanted.
func Is(b Bug) bool { return chosen == b }
