package config

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Config is one accepted configuration. It is complete and consistent; its
// users may read it from any goroutine and change nothing.
type Config struct {
	// Listen is the host:port where participants connect.
	Listen string
	// Admin is the loopback host:port of metrics and health.
	Admin string
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
	// Limits bounds what the switch holds at once.
	Limits Limits
	// Disk is what must stay free on the disk of DataDir.
	Disk Disk
	// BusinessDayStart is when a business day begins, after midnight UTC. The day is
	// named by the date of its middle: one that begins at 18:30 has the name of the
	// date that begins within it.
	BusinessDayStart time.Duration
	// Retention is how long what has happened is kept.
	Retention Retention
	// Participants are in the order of the file, at least one.
	Participants []Participant

	file   string
	places map[string]position // of what CheckFiles may complain about
}

// TLS holds three PEM files, joined to the configuration file's folder.
type TLS struct{ CA, Cert, Key string }

// Limits are counts; each has a default and none can be switched off.
type Limits struct {
	// Links is how many connections may be open. Default 1024.
	Links int
	// Handshakes is how many TLS handshakes may run at once. Default 256.
	Handshakes int
	// Queue is how many events may wait for the sequencer. Default 8192.
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
	// Handles are the parts behind the @ of the addresses it serves.
	Handles []string
	// IFSCPrefixes are the first four letters of its branches' codes.
	IFSCPrefixes []string
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

// Load reads and checks a configuration file. The error is of type Faults and
// holds everything that is wrong.
func Load(file string, known Names) (*Config, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, Faults{{File: file, Text: "cannot be read: " + reason(err)}}
	}
	return Parse(file, data, known)
}

// readFile reads one byte more than is allowed, so that Parse can tell.
func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, fileBytesMax+1))
}

// reason is the bare reason of a file error; the path is in the fault already.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// Parse is Load for bytes that are in memory already; file names them in faults
// and its folder is where relative paths start.
func Parse(file string, data []byte, known Names) (*Config, error) {
	r := &reader{file: file}
	root := r.document(data)
	if root == nil {
		return nil, r.err()
	}
	b := binder{r: r, known: known, dir: filepath.Dir(file)}
	c := b.config(value{r: r, node: root, at: position{1, 1}, name: "the file"})
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}
