package view

// Order is what an operator wants done. Which of the values are wanted is said by
// Command:
//
//	settle, write-off, retry, bank-posted, bank-return   payment
//	set-cap                                              participant, amount
//	drain, resume                                        participant
//	debug                                                participant, for
//	close-link                                           link
//	approve, reject                                      approval
type Order struct {
	Command     string `json:"command"`
	Payment     string `json:"payment,omitempty"`
	Participant string `json:"participant,omitempty"`
	Link        uint64 `json:"link,omitempty"`
	Amount      string `json:"amount,omitempty"` // in units of the currency
	For         string `json:"for,omitempty"`    // a duration, "10m"; 0s ends it
	Approval    uint64 `json:"approval,omitempty"`
	Reason      string `json:"reason"` // 1 to 140 bytes
	// Operator names who orders it where nobody has to show who he is; elsewhere it
	// is who has shown it.
	Operator string `json:"operator,omitempty"` // at most 35 bytes
}

// Done is what became of an order.
type Done struct {
	// Done is false when the order waits for a second person.
	Done bool `json:"done"`
	// Approval is the number by which a second person approves it.
	Approval uint64    `json:"approval,omitempty"`
	Seq      uint64    `json:"seq"`                // of its record in the journal
	Text     string    `json:"text"`               // in one sentence
	Payment  *Head     `json:"payment,omitempty"`  // after a decision about it
	Position *Position `json:"position,omitempty"` // after set-cap
}

// Approvals are orders that wait for a second person.
type Approvals struct {
	Approvals []Approval `json:"approvals"`
}

// Approval is an order that waits for a second person.
type Approval struct {
	ID      uint64   `json:"id"`
	Order   Order    `json:"order"`
	Text    string   `json:"text"` // what would be done, in one sentence
	By      string   `json:"by"`
	At      string   `json:"at"`
	Expires string   `json:"expires"`
	Roles   []string `json:"roles"` // that may approve it
	Mine    bool     `json:"mine"`  // who asks may not approve it: he has ordered it
}

// Changes are a page of what operators have done, newest first.
type Changes struct {
	Changes []Change `json:"changes"`
	Next    uint64   `json:"next,omitempty"` // ask for before=NEXT; 0: there is no more
}

// Change is one deed of an operator, as the journal has it.
type Change struct {
	Seq         uint64 `json:"seq"` // of its record
	At          string `json:"at"`
	Kind        string `json:"kind"`               // a command of Order, config, proposed, approved, rejected, expired, reload, reload-failed, backup, key
	Approval    uint64 `json:"approval,omitempty"` // of proposed, and of the record by which it has ended
	Operator    string `json:"operator"`
	Approver    string `json:"approver,omitempty"`
	Reason      string `json:"reason"`
	Participant string `json:"participant,omitempty"`
	Payment     uint64 `json:"payment,omitempty"`
	Text        string `json:"text"` // in one sentence
	Refused     bool   `json:"refused"`
}

// Caller is who asks.
type Caller struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles"`
	// Secured is false where nobody has to show who he is.
	Secured   bool `json:"secured"`
	TwoPerson bool `json:"two_person"`
}

// Keys are the keys of the security module, without any secret.
type Keys struct {
	Keys []Key `json:"keys"`
}

// Key is one key.
type Key struct {
	Name        string `json:"name"`
	Purpose     string `json:"purpose"`
	Participant string `json:"participant,omitempty"`
	Algorithm   string `json:"algorithm"`
	Check       string `json:"check,omitempty"` // key check value
	Expires     string `json:"expires,omitempty"`
	State       string `json:"state"`
}

// Config is the configuration in force, and what the file would change.
type Config struct {
	At      string   `json:"at"` // since when it is in force
	By      string   `json:"by"`
	Reason  string   `json:"reason"`
	File    string   `json:"file"`
	Hash    string   `json:"sha256"`
	Text    string   `json:"text"`               // of the files, one after the other
	Pending []string `json:"pending"`            // changes that the file on disk has and that are not in force, a line each
	Restart []string `json:"restart"`            // of those that need a restart
	FileBad string   `json:"file_bad,omitempty"` // why the file on disk would be refused
	Unread  string   `json:"unread,omitempty"`   // why the file on disk was not looked at
	// TwoPerson says that a reload waits for a second person: the file has other caps.
	TwoPerson bool `json:"two_person"`
	Fallback  bool `json:"fallback"` // it is not the file's, but what was in force last
}
