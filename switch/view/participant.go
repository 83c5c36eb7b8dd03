package view

// Participants is the health of all participants.
type Participants struct {
	At           string        `json:"at"`
	Participants []Participant `json:"participants"`
}

// Participant is the health of one participant.
type Participant struct {
	ID          string   `json:"id"`
	Institution string   `json:"institution"`
	Dialect     string   `json:"dialect"`
	Roles       []string `json:"roles"`           // psp, bank
	State       string   `json:"state"`           // up, degraded (a breaker is open, or failures), down (no link is signed on), drained, removed
	Why         string   `json:"why,omitempty"`   // the state, in words
	Since       string   `json:"since,omitempty"` // the state; of one that it had at the start: the start
	Drained     bool     `json:"drained"`
	LinksUp     int      `json:"links_up"`
	LinksWanted int      `json:"links_wanted"` // 0: it connects as it likes
	Latest      Sample   `json:"latest"`       // of the messages to it
	// InDoubtMinor is the money of the payments whose outcome it has not told.
	InDoubtMinor int64     `json:"in_doubt_minor"`
	Breakers     []Breaker `json:"breakers"`
	Position     Position  `json:"position"`
	Trend        []float64 `json:"trend"` // success, 0 to 1, of the latest minutes, the oldest first; less than 0: nothing was asked
	TrendTPS     []float64 `json:"trend_per_second"`
	Certificate  string    `json:"certificate_expires,omitempty"`
	DebugUntil   string    `json:"debug_until,omitempty"`
}

// Breaker is what a participant's messages of one class are kept from.
type Breaker struct {
	Participant string `json:"participant"`
	Class       string `json:"class"` // resolve, debit, credit, reversal, advice, check
	State       string `json:"state"` // closed, open, half-open
	InFlight    int    `json:"in_flight"`
	Limit       int    `json:"limit"` // of messages in flight; 0: none
	Asked       uint64 `json:"asked"` // since the start of the process, as the next ones
	Approved    uint64 `json:"approved"`
	Declined    uint64 `json:"declined"`
	Failed      uint64 `json:"failed"`
}

// Breakers are all breakers.
type Breakers struct {
	Breakers []Breaker `json:"breakers"`
}

// Position is a participant's net position.
type Position struct {
	Participant string  `json:"participant"`
	Posted      int64   `json:"posted"` // minor units, as the next ones
	Reserved    int64   `json:"reserved"`
	Cap         int64   `json:"cap"`
	Used        float64 `json:"used"` // of the cap, 0 to 1
}

// Positions are the positions of all participants; their sum is 0.
type Positions struct {
	Currency  string     `json:"currency"`
	Exponent  int        `json:"exponent"`
	Sum       int64      `json:"sum"`
	Positions []Position `json:"positions"`
}

// Limits are what is bounded, and how much of it is used.
type Limits struct {
	Currency string  `json:"currency"` // of the limits whose unit is minor
	Exponent int     `json:"exponent"`
	Limits   []Limit `json:"limits"`
}

// Limit is one bound.
type Limit struct {
	Name        string `json:"name"` // queue, open payments, links, ...
	Participant string `json:"participant,omitempty"`
	Unit        Unit   `json:"unit"`
	Used        int64  `json:"used"`
	Max         int64  `json:"max"`
	// Reached is how often it turned something away since the start; 0 as well where
	// nobody counts that: a payment that is declined at a cap, or for want of room among
	// the open ones or the messages in flight, is declined as any other.
	Reached uint64 `json:"reached"`
}

// Unit is what a limit counts.
type Unit string

// The units. Minor is money, in minor units of the switch's currency.
const (
	UnitMinor       Unit = "minor"
	UnitMessages    Unit = "messages"
	UnitPayments    Unit = "payments"
	UnitLinks       Unit = "links"
	UnitConnections Unit = "connections"
	UnitReaders     Unit = "readers"
)

// In is the unit for people: of money the code of its currency.
func (u Unit) In(currency string) string {
	if u == UnitMinor {
		return currency
	}
	return string(u)
}

// Links are the links of the rim.
type Links struct {
	Links []Link `json:"links"`
}

// Link is one link.
type Link struct {
	ID          uint64 `json:"id"`
	Participant string `json:"participant"`
	State       string `json:"state"`     // connected, signed on, leaving, ...
	Direction   string `json:"direction"` // in, out
	Group       int    `json:"group"`
	Remote      string `json:"remote"`
	Since       string `json:"since"`
	TLS         string `json:"tls"` // "TLS 1.3, TLS_AES_128_GCM_SHA256"
	Expires     string `json:"certificate_expires"`
	LastIn      string `json:"last_in,omitempty"`
	MessagesIn  uint64 `json:"messages_in"`
	MessagesOut uint64 `json:"messages_out"`
	OutboxBytes int    `json:"outbox_bytes"`
}
