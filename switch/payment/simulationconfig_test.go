package payment

import (
	"slices"
	"time"

	"switchd/switch/route"
)

// The configuration changes while payments go on, and so does the load.

// configuration is what is in force: whoever is taken out keeps its number.
func (s *simulation) configuration() *Config {
	c := s.config
	c.Limits, c.Participants = slices.Clone(s.config.Limits), nil
	for i, p := range s.profiles {
		if s.gone[i] {
			p = p.Unlisted()
		}
		c.Participants = append(c.Participants, p)
	}
	return &c
}

func (s *simulation) configure() {
	c := s.configuration()
	if err := c.Validate(); err != nil {
		s.t.Fatalf("a configuration that no driver would log: %v", err)
	}
	s.commit(&Event{Kind: ConfigChanged, From: route.Nobody, Config: c})
}

// reload changes one thing.
func (s *simulation) reload() {
	if s.calm {
		return
	}
	n := s.rng.IntN(simBanks)
	p := &s.profiles[n]
	switch s.rng.IntN(7) {
	case 0:
		s.retime(&p.Timers)
	case 1:
		p.NetDebitCap = s.rng.Int64N(30_000)
	case 2:
		p.Breaker = Breaker{Off: s.coin(), InRow: uint8(1 + s.rng.IntN(4)), OpenFor: time.Duration(1+s.rng.IntN(20)) * time.Second}
		p.Flow, p.InFlight = Flow{Off: s.coin(), Min: 1, Max: 1 + s.rng.Int32N(4)}, s.rng.IntN(8)
	case 3:
		s.config.BrownOut, s.config.Limits = s.rng.Int64N(3000), s.drawLimits()
	case 4, 5:
		s.remove(n)
	default:
		s.reable(n)
	}
	s.counts.Reloads++
	s.configure()
}

func (s *simulation) retime(t *Timers) {
	upTo := func(most time.Duration) time.Duration { return time.Second + time.Duration(s.rng.Int64N(int64(most))) }
	t.Total, t.Resolve, t.Debit, t.Credit = upTo(45*time.Second), upTo(10*time.Second), upTo(15*time.Second), upTo(15*time.Second)
	t.CreditUnknown, t.Reversal, t.BackoffMin, t.BackoffMax = upTo(2*time.Minute), upTo(10*time.Second), upTo(10*time.Second), upTo(15*time.Minute)
}

// drawLimits draws categories that begin, end and change what they are about.
func (s *simulation) drawLimits() []Limit {
	all := []Limit{{Name: "push", Types: []Type{Push}}, {Name: "shops", Payees: Merchants}, {Name: "all"}}
	for i := range all {
		all[i].PerDay, all[i].CountPerDay = 2000+s.rng.Int64N(30_000), s.rng.Uint32N(20)
	}
	return all[s.rng.IntN(4):]
}

// reable changes what the switch believes that a bank can do. Before, and after it
// was so for once, the bank can do it.
func (s *simulation) reable(n int) {
	p := &s.profiles[n]
	for _, ability := range [...]*bool{&p.Checks, &p.Binding, &p.RepeatSafe, &p.Updates, &p.Receipts} {
		*ability = s.coin()
	}
	p.Binding = p.Binding && p.Checks
	p.Match = Match{}
	if !p.Receipts && s.coin() {
		p.Match = Match{Transmitted: true, STAN: true}
	}
	s.hears(n)
}

// hears notes who may miss an update, because it did not take them all the time, and
// who may get a fence.
func (s *simulation) hears(n int) {
	s.fenced[n] = s.fenced[n] || s.profiles[n].Checks
	if !s.profiles[n].Updates {
		s.deaf[n] = true
	}
}

// remove takes a participant out, whatever it is part of, or in again. Its link goes a
// while after.
func (s *simulation) remove(n int) {
	if s.gone[n] = !s.gone[n]; s.gone[n] {
		s.counts.Removed++
		s.agenda.add(s.now+s.rng.Int64N(int64(25*time.Second)), func() {
			if s.gone[n] {
				s.link(route.Participant(n), false)
			}
		})
	}
}

// loaded goes up or down the ladder, and ends it after a while.
func (s *simulation) loaded() {
	if s.calm {
		return
	}
	s.counts.Loads++
	s.turnLoad(Load(1 + s.rng.IntN(int(LoadNoPayments))))
	s.agenda.add(s.now+s.rng.Int64N(int64(20*time.Second)), func() { s.turnLoad(LoadNormal) })
}

func (s *simulation) turnLoad(to Load) {
	s.commit(&Event{Kind: LoadChanged, From: route.Nobody, Load: to})
	if s.load = to; s.m.Load() != to {
		s.t.Errorf("the machine is at %v, it was told %v", s.m.Load(), to)
	}
}

// sheds is what a step of the ladder does not take, as domain.md has it.
func (s *simulation) sheds(q *Request) bool {
	return s.load == 4 || s.load >= 2 && q.Type == Collect || s.load == 3 && q.Type != Collect && s.config.BrownOut > 0 && q.Amount.Minor > s.config.BrownOut
}

// decided: what is shed is declined as busy, and who is not configured begins nothing.
func (s *simulation) decided(e *Event, effects []Effect) {
	for i := range effects {
		ef := &effects[i]
		if ef.Notice != Moved || ef.From != Received || uint64(ef.Payment.ID) != e.Seq {
			continue
		}
		shed, gone := s.sheds(&e.Request), s.gone[e.From]
		switch {
		case (shed || gone) && ef.State != Declined:
			s.t.Errorf("payment %d goes on to %v; the load is %v, its sender is removed: %v", e.Seq, ef.State, s.load, gone)
		case shed && ef.Payment.Outcome == Busy:
			s.counts.Shed++
		case gone && ef.Payment.Outcome == NotMember:
			s.counts.NotMember++
		}
	}
}

// settle ends all that: everybody is there, and nothing is shed.
func (s *simulation) settle() {
	clear(s.gone[:])
	s.configure()
	s.turnLoad(LoadNormal)
}
