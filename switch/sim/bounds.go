package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"switchd/switch/payment"
)

// bounds are what keeps one participant, one payer or a flood from harming all:
// breakers, messages and requests under way, the scheme's limits, and how small a
// payment must be to pass when load is shed. Each is off, as an operator has it
// without thinking, or so tight that a run meets it.
type bounds struct {
	breaker  payment.Breaker
	flow     payment.Flow
	inFlight int
	limits   []payment.Limit
	brownOut int64
}

// amountMax is the largest amount that is asked for.
const amountMax = 3000

// purposes are what requests say that they are for; the first says nothing.
var purposes = [...]string{"", "SC", "14"}

func drawBounds(rng *rand.Rand) bounds {
	b := bounds{breaker: payment.Breaker{Off: true}, flow: payment.Flow{Off: true}}
	if rng.IntN(3) == 0 { // payments that are stopped early show nothing of what comes later
		return b
	}
	switch rng.IntN(4) {
	case 0:
		b.breaker = payment.Breaker{}
	case 1, 2:
		b.breaker = payment.Breaker{
			InRow: uint8(1 + rng.IntN(3)), Window: uint8(2 + rng.IntN(5)), Percent: uint8(30 + rng.IntN(50)),
			OpenFor: time.Duration(2+rng.IntN(20)) * time.Second, Closes: uint8(1 + rng.IntN(3)),
		}
	}
	switch rng.IntN(4) {
	case 0:
		b.flow = payment.Flow{}
	case 1, 2:
		b.flow = payment.Flow{Min: 1, Max: 1 + rng.Int32N(4)}
	}
	if rng.IntN(2) == 0 {
		b.inFlight = 1 + rng.IntN(6)
	}
	if rng.IntN(3) == 0 {
		b.limits = drawLimits(rng)
	}
	if rng.IntN(2) == 0 {
		b.brownOut = 1 + rng.Int64N(amountMax)
	}
	return b
}

// drawLimits draws limits of which requests meet the later ones only where the
// earlier do not fit them.
func drawLimits(rng *rand.Rand) []payment.Limit {
	all := []payment.Limit{
		{Name: "merchants", Payees: payment.Merchants, PerPayment: 1}, // asked for by nobody here
		{Name: "purpose", Purposes: purposes[1:2], Types: []payment.Type{payment.Push}},
		{Name: "persons", Payees: payment.Persons},
	}
	for i := range all[1:] {
		l := &all[1+i]
		if rng.IntN(2) == 0 {
			l.PerPayment = amountMax/4 + rng.Int64N(amountMax)
		}
		if rng.IntN(2) == 0 {
			l.PerDay = amountMax/4 + rng.Int64N(2*amountMax)
		}
		if rng.IntN(2) == 0 {
			l.CountPerDay = 1 + rng.Uint32N(4)
		}
	}
	return all[rng.IntN(3):]
}

// boundsOf are those of a configuration, in which all participants have the same.
func boundsOf(c *payment.Config) *bounds {
	p := &c.Participants[0]
	return &bounds{p.Breaker, p.Flow, p.InFlight, c.Limits, c.BrownOut}
}

// String is what a scenario text says of them in its configuration.
func (b *bounds) String() string {
	var s strings.Builder
	if k := &b.breaker; !k.Off {
		fmt.Fprintf(&s, " breakers=(%d,%d,%d,%v,%d)", k.InRow, k.Window, k.Percent, k.OpenFor, k.Closes)
	}
	if !b.flow.Off {
		fmt.Fprintf(&s, " flows=(%d,%d)", b.flow.Min, b.flow.Max)
	}
	if b.inFlight > 0 {
		fmt.Fprintf(&s, " requests=%d", b.inFlight)
	}
	for i := range b.limits {
		l := &b.limits[i]
		if l.Payees == payment.Merchants {
			continue
		}
		key := "limit"
		if len(l.Types) == 0 {
			key = "limit-any"
		}
		fmt.Fprintf(&s, " %s=(%d,%d,%d", key, l.PerPayment, l.PerDay, l.CountPerDay)
		for _, purpose := range l.Purposes {
			fmt.Fprintf(&s, ",%s", purpose)
		}
		s.WriteString(")")
	}
	if b.brownOut > 0 {
		fmt.Fprintf(&s, " brown-out=(%d)", b.brownOut)
	}
	return s.String()
}

// apply sets the bounds in a configuration.
func (b *bounds) apply(c *payment.Config) {
	c.Limits, c.BrownOut = b.limits, b.brownOut
	for i := range c.Participants {
		p := &c.Participants[i]
		p.Breaker, p.Flow, p.InFlight = b.breaker, b.flow, b.inFlight
	}
}
