package sim

import (
	"slices"
	"time"

	"switchd/switch/payment"
)

// file is a configuration as its operator writes it. Nothing of it takes effect
// before a start or a reload reads it.
type file struct {
	payment.Config        // with everybody who may ever take part
	out            []bool // who does not stand in it
}

// listed is what the switch reads.
func (f *file) listed() *payment.Config {
	c := f.Config
	c.Participants = nil
	for i := range f.Participants {
		if !f.out[i] {
			c.Participants = append(c.Participants, f.Participants[i])
		}
	}
	return &c
}

func (f *file) clone() *file {
	c := *f
	c.Participants, c.out = slices.Clone(f.Participants), slices.Clone(f.out)
	return &c
}

// edits are what operators change in a file, each with its name.
var edits = [...]struct {
	fault fault
	draw  func(w *world, f *file) bool // false: there is nothing to change
}{
	{faultReloadCap, editCap}, {faultReloadTimers, editTimers}, {faultReloadBounds, editBounds}, {faultReloadAbilities, editAbilities},
	{faultReloadRoles, editRoles}, {faultReloadMatch, editMatch}, {faultReloadAmounts, editAmounts}, {faultRemoved, remove}, {faultAdded, add},
}

// editCap gives a participant another cap, sometimes one below what it owes already.
func editCap(w *world, f *file) bool {
	f.Participants[w.rng.IntN(len(f.Participants))].NetDebitCap = w.drawCap()
	return true
}

func (w *world) drawCap() int64 {
	if w.rng.IntN(3) == 0 {
		return w.rng.Int64N(4 * amountMax)
	}
	return w.rng.Int64N(2 * w.swarm.cap)
}

// editTimers draws a participant's timers anew. None is longer than by default, so
// that the bounds of check_final.go hold.
func editTimers(w *world, f *file) bool {
	upTo := func(most time.Duration) time.Duration {
		return (most/5 + time.Duration(w.upTo(most-most/5))).Truncate(time.Millisecond)
	}
	t, most := &f.Participants[w.rng.IntN(len(f.Participants))].Timers, profile(0).Timers
	*t = payment.Timers{
		Total: upTo(most.Total), Resolve: upTo(most.Resolve), Debit: upTo(most.Debit), Credit: upTo(most.Credit),
		CreditUnknown: upTo(most.CreditUnknown), Reversal: upTo(most.Reversal),
		BackoffMin: upTo(most.BackoffMin), BackoffMax: upTo(most.BackoffMax), GiveUp: most.GiveUp,
	}
	return true
}

// editBounds draws anew what bounds the work, for all.
func editBounds(w *world, f *file) bool {
	b := drawBounds(w.rng)
	b.apply(&f.Config)
	f.OpenMax = drawOpenMax(w.rng)
	return true
}

// editAbilities has the switch believe more or less of what a participant can do.
// What is asked of it, it can do all the same, and no answer that proves nothing
// begins to prove something.
func editAbilities(w *world, f *file) bool {
	i := w.rng.IntN(len(f.Participants))
	p, t := &f.Participants[i], &w.swarm.traits[i]
	switch w.rng.IntN(6) {
	case 0:
		p.Checks = !p.Checks
	case 1:
		p.Binding = !p.Binding
	case 2:
		p.Updates = !p.Updates || t.onConfirm
	case 3:
		p.RepeatSafe = !p.RepeatSafe
	case 4:
		if !t.receipts || t.onConfirm {
			return false
		}
		p.Receipts = !p.Receipts
	default:
		refused := payment.CodeOf("05")
		p.AmbiguousDebit, p.AmbiguousCredit = toggled(p.AmbiguousDebit, refused), toggled(p.AmbiguousCredit, refused)
	}
	p.Binding = p.Binding && p.Checks
	return true
}

func toggled(codes []payment.Code, c payment.Code) []payment.Code {
	if at := slices.Index(codes, c); at >= 0 {
		return slices.Concat(codes[:at], codes[at+1:])
	}
	return append(slices.Clone(codes), c)
}

// editRoles makes a participant a PSP only, a bank only, or both again.
func editRoles(w *world, f *file) bool {
	i := w.rng.IntN(len(f.Participants))
	p, both := &f.Participants[i], profile(i)
	was := *p
	p.NotPSP, p.NotBank, p.Handles, p.IFSCPrefixes = false, false, both.Handles, both.IFSCPrefixes
	switch {
	case was.NotPSP || was.NotBank:
	case w.rng.IntN(2) == 0:
		p.NotPSP, p.Handles = true, nil
	default:
		p.NotBank, p.IFSCPrefixes = true, nil
	}
	return true
}

// editAmounts changes which amounts a participant's messages can say.
func editAmounts(w *world, f *file) bool {
	p := &f.Participants[w.rng.IntN(len(f.Participants))]
	was := *p
	if p.AmountUnit, p.AmountMax = 0, 0; was.AmountUnit == 0 && was.AmountMax == 0 {
		p.AmountUnit, p.AmountMax = 1+w.rng.Int64N(2), amountMax/4+w.rng.Int64N(amountMax)
	}
	return true
}

// editMatch changes what the answers of a participant must echo. Who is asked here
// echoes all that there is.
func editMatch(w *world, f *file) bool {
	i := w.rng.IntN(len(f.Participants))
	if t := &w.swarm.traits[i]; t.xml || t.byTrace {
		return false
	}
	match := &f.Participants[i].Match
	was := *match
	for *match == was {
		*match = [...]payment.Match{{}, {Reference: true}, {Transmitted: true, STAN: true}}[w.rng.IntN(3)]
	}
	return true
}

// remove takes a participant out, whatever it is part of. Two stay.
func remove(w *world, f *file) bool {
	i := w.rng.IntN(len(f.out))
	if f.out[i] || len(f.listed().Participants) == 2 {
		return false
	}
	f.out[i] = true
	return true
}

// add takes one in that was out, or that never was there before.
func add(w *world, f *file) bool {
	first := w.rng.IntN(len(f.out))
	for n := range f.out {
		if i := (first + n) % len(f.out); f.out[i] {
			f.out[i] = false
			return true
		}
	}
	return false
}

// spoil makes a file that no switch may take.
func (f *file) spoil(w *world) {
	p := &f.Participants[w.rng.IntN(len(f.Participants))]
	switch w.rng.IntN(5) {
	case 0:
		f.OpenMax = 0
	case 1:
		f.Currency = 840
	case 2:
		f.BrownOut = -1
	case 3:
		for i := range f.Participants {
			f.Participants[i].Timers.Credit = 0
		}
	default:
		for i := range f.Participants {
			f.Participants[i].ID = p.ID
		}
	}
}
