package verdict

import (
	"testing"

	"switchd/switch/view"
)

// TestBudget: a budget is of a window, and of a minute nothing is said.
func TestBudget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		b            view.Burn
		unsaid, name string
	}{
		{view.Burn{Seconds: 3600}, "too little traffic to say", "the last hour's budget"},
		{view.Burn{Seconds: 80, Enough: true}, "too early to tell", "the budget of the last 1 min"},
		{view.Burn{Seconds: 300, Enough: true}, "", "the budget of the last 5 min"},
		{view.Burn{Seconds: 3599, Enough: true}, "", "the budget of the last 59 min"},
		{view.Burn{Seconds: 3600, Enough: true}, "", "the last hour's budget"},
	} {
		if Unsaid(&c.b) != c.unsaid || Budget(&c.b) != c.name {
			t.Errorf("%+v: %q, %q; want %q, %q", c.b, Unsaid(&c.b), Budget(&c.b), c.unsaid, c.name)
		}
	}
}
