package config

import (
	"net/netip"
	"time"
)

// Config is one accepted configuration. It is complete and consistent; its
// users may read it from any goroutine and change nothing.
type Config struct {
	// Listen is the host:port where participants connect.
	Listen string
	// Admin is the host:port of metrics, health, the admin API and the console.
	Admin string
	// AdminAccess is who may use it.
	AdminAccess AdminAccess
	// DataDir is the folder of journal and state, joined to the file's folder
	// when it was written as a relative path. It need not exist yet.
	DataDir string
	// SealKey is the file with the keys that seal account numbers and names in the
	// data folder. Empty: seal.key in the data folder, made at the first start.
	SealKey string
	// CheckpointKey is the file with the key that signs checkpoints of the journal.
	// Empty: checkpoint.key in the data folder, made at the first start.
	CheckpointKey string
	// Currency is the ISO 4217 letter code of all amounts; Money has the rest.
	Currency string
	// Institution is the switch's own identification (DE33), 1 to 11 digits.
	Institution string
	// TLS names the files of the switch's own certificate.
	TLS TLS
	// Profile is development or production: then nothing is taken that is for tests only.
	Profile string
	// HSM is the security module.
	HSM HSM
	// Limits bounds what the switch holds at once.
	Limits Limits
	// Disk is what must stay free on the disk of DataDir.
	Disk Disk
	// Journal is how the journal is written.
	Journal Journal
	// Log is how lines for operators are written.
	Log Log
	// Tracing is which payments are told of to a collector.
	Tracing Tracing
	// Canary is how often payments are made that only prove that payments work.
	Canary Canary
	// Health is from when on something is a warning, or a reason not to be ready.
	Health Health
	// BusinessDayStart is when a business day begins, after midnight UTC. The day is
	// named by the date of its middle: one that begins at 18:30 has the name of the
	// date that begins within it.
	BusinessDayStart time.Duration
	// Retention is how long what has happened is kept.
	Retention Retention
	// Allow are the addresses that may connect at all; empty: any.
	Allow []netip.Prefix
	// PaymentLimits are what payers may pay, by category: the first that fits a
	// payment counts. Empty: no limits.
	PaymentLimits []PaymentLimit
	// BrownOut is what is shed under load.
	BrownOut BrownOut
	// Participants are in the order of the file, then of the files of its folder; at
	// least one.
	Participants []Participant

	sources []Source
	places  map[string]position // of what CheckFiles may complain about
	spots   map[string]spot     // of what FaultOf may be asked for
}

// Sources are the files that the configuration was read from: the first is the one
// that names the folder of the others. The caller must not change them.
func (c *Config) Sources() []Source { return c.sources }

// TLS holds PEM files, joined to the configuration file's folder.
type TLS struct {
	CA, Cert, Key string
	// CRL are lists of revoked certificates. CRLGrace is how long one that is out of
	// date still vouches for what is not on it. Default 24 h.
	CRL      []string
	CRLGrace time.Duration
}

// Limits are counts; each has a default and none can be switched off.
type Limits struct {
	// Links is how many connections may be open. Default 1024.
	Links int
	// Handshakes is how many TLS handshakes may run at once. Default 256.
	Handshakes int
	// HalfOpen is how many connections may be without a handshake, of strangers and
	// of known addresses each. Default 512.
	HalfOpen int
	// HandshakesPerAddress is how many handshakes a second one address may begin,
	// HandshakeBurst how many at once, Addresses how many are remembered for that.
	// Defaults 50, 200, 8192.
	HandshakesPerAddress, HandshakeBurst, Addresses int
	// Dials is how many connections to participants may be in the making. Default 32.
	Dials int
	// Outbox is how many bytes may wait on one link. Default 4 MiB.
	Outbox int64
	// Queue is how many events may wait for the sequencer. Default 32768.
	Queue int
	// OpenPayments is how many payments may be unfinished. Default 1000000.
	OpenPayments int
}

// Participant is one bank or payment service provider.
type Participant struct {
	// ID is also the name in its certificate (urn:switch:participant:ID).
	ID string
	// Institution identifies it in messages (DE32), 1 to 11 digits.
	Institution string
	// PSP says that it serves addresses and may have accounts at other participants
	// debited; Bank that it holds accounts: no other is asked to debit or to credit.
	// One of them at least; both unless the file says which.
	PSP, Bank bool
	// Handles are the parts behind the @ of the addresses it serves.
	Handles []string
	// IFSCPrefixes are the first four letters of its branches' codes.
	IFSCPrefixes []string
	// BIC is its business identifier code, 8 or 11 characters; empty: it has none.
	BIC string
	// BINRanges and AccountRanges are the first digits of its cards and accounts,
	// ascending. No two of one kind overlap, of all participants.
	BINRanges, AccountRanges []Range
	// Currency is that of the configuration.
	Currency string
	// Dialect and Framing are names that the binary knows.
	Dialect, Framing string
	// KeepAlive says what a keep-alive of its framing gets: "answer" or "swallow";
	// empty: answer.
	KeepAlive string
	// Header is the TPDU or BASE I header, in hex, of what is sent to it before it
	// has sent one; empty: the framing's plain one.
	Header string
	// Profile says what the messages of an ISO 20022 participant must have; empty:
	// the dialect's own. Versions are the message versions that it takes, the first
	// of each message is sent; empty: those of the profile.
	Profile  string
	Versions []string
	// AmountInMajorUnits says that its DE4 counts whole units of the currency.
	AmountInMajorUnits bool
	// AccountPadding is how its own accounts are filled up in DE102 and DE103.
	AccountPadding Padding
	// Posting is "immediate" when the participant posts a credit with its yes,
	// "on_confirm" when it waits for the switch's confirmation; empty: immediate.
	Posting string
	// Abilities are what it can do beyond the messages of every payment; nil: the
	// dialect's default.
	//
	//	repeat_safe  it takes a repeated debit as the same debit
	//	receipts     it acknowledges answers, updates and confirmations
	//	updates      it takes updates of what it was told, and confirmations
	//	checks       it answers status enquiries and fences about its credits
	//	binding      its "not done" to an enquiry is a promise not to do it later
	Abilities []string
	// NetDebitCap is how far its position may go below zero, in minor units.
	NetDebitCap int64
	// Ambiguous are the DE39 codes of a debit answer that do not prove that
	// nothing was posted. Default 09, 68, 91, 96.
	Ambiguous []string
	// DuplicateKey are the data elements that identify a request of this
	// participant, MatchKey those that its answers echo; empty: the defaults of
	// the dialect.
	DuplicateKey, MatchKey []int
	// Timers are those of the file over its defaults over DefaultTimers.
	Timers Timers
	// Links are its connections.
	Links Links
	// Allow are the addresses that its certificate is good for; empty: any.
	Allow []netip.Prefix
	// Pins are the SHA-256 of public keys that its certificate may have, each as
	// sha256/BASE64; empty: any that the CA has signed.
	Pins []string
	// TLSMin is the oldest version of TLS that it may use: "1.3" or "1.2".
	TLSMin string
	// MAC and PIN are how its messages of ISO 8583 are protected.
	MAC MAC
	PIN PIN
	// KeyExchange is the name of the key that protects new ones; empty: none are taken.
	KeyExchange string
	// Signature is how its messages of ISO 20022 are signed.
	Signature Signature
	// Rates limit the new messages that are taken from it, by class.
	Rates Rates
	// RequestsOpen is how many of its requests may be without a final answer; 0: no
	// limit of its own.
	RequestsOpen int
	// InFlight bounds the limit of the messages of one class that wait for its
	// answers.
	InFlight InFlight
	// Breaker is when messages of one class are no longer sent to it, and again.
	Breaker Breaker
}

// Range is all numbers whose first digits are from Low to High, which have as many
// digits as each other.
type Range struct{ Low, High string }

// Padding fills a text up to Width with zeros on the left, or spaces on the right;
// Width 0: not at all.
type Padding struct {
	Width  int
	Spaces bool
}

// Links are the connections of one participant.
type Links struct {
	// Listen is how many it may open at a time; 0: no limit of its own.
	Listen int
	// Dial are those that the switch makes.
	Dial []Dial
	// Window is how many new requests may be unanswered on one. Default 16384.
	Window int
	// Outbox is how many bytes may wait on one; 0: Limits.Outbox.
	Outbox int64
}

// Dial is one way to a participant: so many links to any of some host:port.
type Dial struct {
	Addresses []string
	Group     int // 0 to 15; the lowest that is up is used
	Links     int // default 1
}

// Rates are the limits of a participant's messages by their class.
type Rates struct {
	Requests  Rate // payments, refunds, collects, repeats; default off
	Enquiries Rate // what became of a payment; default 100 a second, 200 at once
	Others    Rate // what else asks something; default as enquiries
}

// Rate is so many messages a second and so many at once.
type Rate struct {
	Off              bool
	PerSecond, Burst int
}

// InFlight bounds a limit that follows a participant's answer times. Defaults 8192
// and 65536.
type InFlight struct {
	Off      bool
	Min, Max int
}

// Breaker is when a participant's breakers open and close.
type Breaker struct {
	Off     bool
	InRow   int           // failures in a row that open it; default 5
	Window  int           // results that are looked at; default 20
	Percent int           // of failures in a full window that open it; default 50
	OpenFor time.Duration // until a few may try; default 30 s
	Closes  int           // how many may try, and answers that close it; default 3
}

// PaymentLimit is what one payer may pay in one category. What it does not name, it
// does not ask for; an amount or count of 0 is no limit.
type PaymentLimit struct {
	Name               string
	Types              []string // push, collect, refund
	Payee              string   // merchant, person
	Purposes           []string
	PerPayment, PerDay int64 // minor units
	CountPerDay        int
}

// BrownOut is what is shed under load.
type BrownOut struct {
	// SmallAmount is the largest payment, in minor units, that is taken at the third
	// step; 0: any.
	SmallAmount int64
	// Steps are when each begins.
	Steps [loadSteps]LoadStep
}

// LoadStep begins when the queue is full to Queue percent (101: never), or commits take
// as long as Commit.
type LoadStep struct {
	Queue  int
	Commit time.Duration
}

// Timers are the waits of one participant (domain.md 1.6 and 7.2).
type Timers struct {
	// Resolve, Debit, Credit and Reversal wait for the answer to one request.
	Resolve, Debit, Credit, Reversal time.Duration
	// Total is what a payment may take until no money may start to move.
	Total time.Duration
	// BackoffMin is the first wait before a reversal is repeated; it doubles
	// up to BackoffMax, and GiveUp ends the repeats.
	BackoffMin, BackoffMax, GiveUp time.Duration
	// CreditUnknown is how long an unconfirmed credit is asked about before
	// it is deemed done.
	CreditUnknown time.Duration
	// Idle is the silence on a link after which an echo is sent; Echo waits
	// for its answer.
	Idle, Echo time.Duration
}

// Names are the sets that only the binary knows.
type Names struct {
	Dialects, Framings           []string
	Profiles, Versions           []string // of ISO 20022
	DuplicateFields, MatchFields []int    // data elements that may be in the keys
	// CheckKeys says whether keys make sense together; nil: any do.
	CheckKeys func(duplicate, match []int) error
	// CheckWire says whether a participant's dialect, framing, keep-alive and
	// header go together; nil: any do.
	CheckWire func(*Participant) error
}

// Money is the currency of all amounts with its numeric code and exponent.
func (c *Config) Money() Currency {
	money, _ := CurrencyOf(c.Currency)
	return money
}
