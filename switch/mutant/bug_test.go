package mutant

import "testing"

// TestNames: every bug has a name of its own.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Bugs() {
		if b.String() == "" || seen[b.String()] {
			t.Errorf("bug %d is called %q", b, b)
		}
		seen[b.String()] = true
	}
}
