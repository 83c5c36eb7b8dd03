package verdict

import (
	"fmt"
	"time"

	"switchd/switch/view"
)

// tooEarly is how much of a window has to have passed before its budget is spoken of: a
// bad second of the first minute is no bad hour.
const tooEarly = 5 * time.Minute

// Unsaid is why nothing can be said of an objective's budget; empty: something can.
func Unsaid(b *view.Burn) string {
	switch {
	case !b.Enough:
		return "too little traffic to say"
	case b.Seconds < tooEarly.Seconds():
		return "too early to tell"
	}
	return ""
}

// Budget names an objective's budget by the window that it is of.
func Budget(b *view.Burn) string {
	if b.Seconds < time.Hour.Seconds() {
		return fmt.Sprintf("the budget of the last %d min", int(b.Seconds/60))
	}
	return "the last hour's budget"
}
