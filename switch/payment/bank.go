package payment

import "switchd/switch/route"

// side is where a message speaks of payer or payee.
type side struct {
	agent, account TextField
	types          uint16 // what to divide the account types by, to have its own last
}

var (
	payerSide = side{PayerIFSC, PayerAccount, 100}
	payeeSide = side{PayeeIFSC, PayeeAccount, 1}
)

// creditAccount is the account type of a card with credit (ISO 8583, DE3).
const creditAccount = 30

// bankOf finds the bank of a party. The code of a bank decides. Without one it is
// the participant that speaks of its own customer, if that holds accounts; else
// the first digits of the account lead to it, or those of the card when the account
// is one of a card. It is always one that holds accounts: no other has codes or
// ranges.
func (m *Machine) bankOf(t *Text, of side, types uint16, speaker route.Participant) (route.Participant, bool) {
	switch {
	case t.Has(of.agent):
		return m.routes.Agent(t.Get(of.agent))
	case speaker != route.Nobody && !m.at(speaker).profile.NotBank:
		return speaker, true
	case types/of.types%100 == creditAccount:
		return m.routes.BIN(t.Get(of.account))
	}
	return m.routes.Account(t.Get(of.account))
}
