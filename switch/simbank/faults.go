package simbank

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Faults are the knobs of misbehaviour. Each share is a chance of 0..1 per
// message that comes, repeats included; none ever touches network management
// (0800). Reversals and advices are never declined, but may be met with silence:
// they are repeated until answered.
type Faults struct {
	DelayMin, DelayMax time.Duration // each answer is held back by a time between

	Decline   float64 // debit or credit refused for business reasons: 05, 51, 57, 61
	Ambiguous float64 // debit or credit answered 91 or 96; such a debit may have been posted, such a credit has not
	Swallow   float64 // silence: the message is lost before anything is done
	Mute      float64 // silence: all is done, nothing is answered
	Late      float64 // answered after LateBy; half of them are also done only then
	LateBy    time.Duration
	Duplicate float64 // the same answer twice
	Forge     float64 // answers and own payments with a wrong code or none, where messages have codes
}

func (f Faults) valid() bool {
	for _, p := range []float64{f.Decline, f.Ambiguous, f.Swallow, f.Mute, f.Late, f.Duplicate, f.Forge} {
		if !share(p) {
			return false
		}
	}
	return f.DelayMin >= 0 && f.DelayMin <= f.DelayMax && f.LateBy >= 0 && (f.Late == 0 || f.LateBy > 0)
}

// fate is what the dice hold for one message.
type fate struct {
	swallow   bool
	mute      bool
	late      bool // answer after LateBy
	doLate    bool // and act only then
	duplicate bool
	delay     time.Duration
	verdict   Verdict
}

// dice are seeded chance, safe for concurrent use.
type dice struct {
	mu  sync.Mutex // guards rng
	rng *rand.Rand
}

// newDice makes dice of their own for each use, so that more traffic does not
// change which faults come.
func newDice(seed, use uint64) *dice {
	return &dice{rng: rand.New(rand.NewPCG(seed, use))}
}

// cast decides the fate of a message. The number of throws is fixed, so that
// turning one knob leaves the others' outcomes as they were.
func (d *dice) cast(f Faults, k duty) fate {
	d.mu.Lock()
	defer d.mu.Unlock()
	throw := func(p float64) bool { return d.rng.Float64() < p }
	var out fate
	out.swallow = throw(f.Swallow)
	out.mute = throw(f.Mute)
	out.late = throw(f.Late)
	out.doLate = throw(0.5)
	out.duplicate = throw(f.Duplicate)
	decline, ambiguous, posted := throw(f.Decline), throw(f.Ambiguous), throw(0.5)
	which := d.rng.IntN(4)
	out.delay = f.DelayMin + time.Duration(d.rng.Float64()*float64(f.DelayMax-f.DelayMin))
	if k != dutyDebit && k != dutyCredit {
		return out
	}
	switch {
	case decline:
		out.verdict.Decline = [...]Code{CodeOf("05"), NoFunds, CodeOf("57"), AboveLimit}[which]
	case ambiguous:
		code := [...]Code{CodeOf("91"), Malfunction}[which%2]
		// An explicit decline of a credit binds the payee's side, whatever
		// its code: posting it all the same would create money.
		if k == dutyDebit && posted {
			out.verdict.Tell = code
		} else {
			out.verdict.Decline = code
		}
	}
	return out
}

// chance is true with probability p.
func (d *dice) chance(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < p
}

// below is a whole number of 0..n-1.
func (d *dice) below(n int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Int64N(n)
}
