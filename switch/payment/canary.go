package payment

import "switchd/switch/route"

// A canary is a participant that only proves that payments work: it is paid by canaries
// and pays canaries, and nobody settles with it. What is counted of payments leaves
// its own out.

// Canary says that p is a canary's.
func (m *Machine) Canary(p *Payment) bool { return m.canaries && m.at(p.Key.From).profile.Canary }

// mixes says that canaries and others are parties of one payment, as far as they are
// known.
func (m *Machine) mixes(p *Payment) bool {
	if !m.canaries {
		return false
	}
	canary := m.Canary(p)
	for _, n := range [...]route.Participant{p.PayerBank, p.PayerPSP, p.PayeePSP, p.PayeeBank} {
		if n != route.Nobody && m.at(n).profile.Canary != canary {
			return true
		}
	}
	return false
}
