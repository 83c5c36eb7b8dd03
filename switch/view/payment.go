package view

// Head is what is shown of every payment in a list.
type Head struct {
	ID         uint64     `json:"id"`
	SwitchID   string     `json:"switch_id"`
	Type       string     `json:"type"` // push, collect, refund
	State      string     `json:"state"`
	Outcome    string     `json:"outcome"`
	BankCode   string     `json:"bank_code,omitempty"`
	Minor      int64      `json:"minor"`
	Currency   int        `json:"currency"`
	Code       string     `json:"currency_code,omitempty"` // of the payment itself: one that was declined may be in any
	Exponent   int        `json:"exponent"`                // decimals of that currency
	Sender     string     `json:"sender"`
	PayerBank  string     `json:"payer_bank,omitempty"`
	PayeeBank  string     `json:"payee_bank,omitempty"`
	References References `json:"references"`
	Payer      string     `json:"payer,omitempty"` // masked, as the next one
	Payee      string     `json:"payee,omitempty"`
	CreatedAt  string     `json:"created_at"`
	ClosedAt   string     `json:"closed_at,omitempty"`
	DeadLetter bool       `json:"dead_letter"`
	Exceptions []string   `json:"exceptions"`
}

// References are what others call a payment.
type References struct {
	RRN           string `json:"rrn,omitempty"`
	MsgID         string `json:"msg_id,omitempty"`
	EndToEndID    string `json:"end_to_end_id,omitempty"`
	TransactionID string `json:"transaction_id,omitempty"`
	UETR          string `json:"uetr,omitempty"`
}

// Found is a page of payments, newest first.
type Found struct {
	Payments []Head `json:"payments"`
	Next     string `json:"next,omitempty"` // of the page that comes next; empty: there is none
	Examined int    `json:"examined"`
	Cut      bool   `json:"cut"` // the search ended before its page was full, for all that it had read
}

// Timeline is all that happened to a payment.
type Timeline struct {
	Payment  Head     `json:"payment"`
	Told     string   `json:"told"`             // to the sender
	Model    string   `json:"model"`            // A or B
	Reason   string   `json:"reason,omitempty"` // of an operator's decision
	Operator string   `json:"operator,omitempty"`
	Moments  []Moment `json:"moments"` // in their order
	Legs     []Leg    `json:"legs"`
	Timers   []Timer  `json:"timers"`        // that run now
	Related  []Head   `json:"related"`       // the payment that is given back, its refunds
	Whole    bool     `json:"whole"`         // false: the journal holds more than was read, or has it no more
	Why      string   `json:"why,omitempty"` // it is not whole
}

// Moment is an event of the journal, or what the switch did then.
type Moment struct {
	Seq         uint64   `json:"seq,omitempty"`  // of the journal's record; 0: an effect of the one before
	At          string   `json:"at"`             // with nanoseconds
	AfterMicros int64    `json:"after_us"`       // since the payment's first moment
	GapMicros   int64    `json:"gap_us"`         // since the moment before
	Kind        string   `json:"kind"`           // request, message, answer, repeat, timer, moved, late, exception, decision, link
	Leg         string   `json:"leg,omitempty"`  // request, resolve, debit, credit, reversal, ...
	From        string   `json:"from,omitempty"` // participant; empty: the switch
	To          string   `json:"to,omitempty"`
	State       string   `json:"state,omitempty"` // of the payment then; of moved: the one that it has moved to
	Outcome     string   `json:"outcome,omitempty"`
	Code        string   `json:"code,omitempty"`
	Text        string   `json:"text"` // in one sentence
	Message     *Message `json:"message,omitempty"`
}

// Message is a message field by field, masked by the role of who looks.
type Message struct {
	Name    string  `json:"name"` // "0200", "pacs.008.001.08"
	Dialect string  `json:"dialect"`
	Rebuilt bool    `json:"rebuilt"` // from the journal's event: the bytes themselves are not kept
	Fields  []Field `json:"fields"`
}

// Field is a field of a message.
type Field struct {
	Path  string `json:"path"` // "039", "CdtTrfTxInf/PmtId/TxId"
	Name  string `json:"name"`
	Value string `json:"value"`           // masked
	Means string `json:"means,omitempty"` // of a code
}

// Leg is one exchange with one participant, for the bars of a timeline.
type Leg struct {
	Leg         string `json:"leg"`
	Participant string `json:"participant"`
	StartMicros int64  `json:"start_us"` // since the payment's first moment
	EndMicros   int64  `json:"end_us"`   // 0: it waits
	Tries       int    `json:"tries"`
	Outcome     string `json:"outcome,omitempty"`
	Owed        bool   `json:"owed"`
}

// Timer is a wait that runs.
type Timer struct {
	Name string `json:"name"`
	Leg  string `json:"leg,omitempty"`
	Ends string `json:"ends"`
}
