package payment

import (
	"switchd/ledger"
	"switchd/switch/route"
)

// CommandKind says what an operator wants. Values are on disk: never renumber.
type CommandKind uint8

// The commands.
const (
	NoCommand  CommandKind = iota
	SetCap                 // Participant, Amount: its net debit cap in that currency
	Settle                 // Payment: what a dead letter asked for has been done outside; it is closed
	WriteOff               // Payment: a dead letter is closed without it
	Retry                  // Payment: a dead letter is sent again, for another GiveUp
	BankPosted             // Payment, deemed: its bank says that the credit is posted (TCC)
	BankReturn             // Payment, deemed: its bank cannot post and gives the money back (RET)
	commandCount
)

var commandNames = [commandCount]string{"none", "set-cap", "settle", "write-off", "retry", "bank-posted", "bank-return"}

// String is the name that documents and scenario texts use.
func (c CommandKind) String() string {
	if c >= commandCount {
		return "invalid"
	}
	return commandNames[c]
}

// Command is an operator's decision. Event.Text has Reason and Operator; one
// without a reason is refused.
type Command struct {
	Kind        CommandKind
	Payment     ID
	Participant route.Participant
	Amount      ledger.Amount
}
