package alert

import (
	"time"

	"switchd/switch/view"
)

// Input is what a process knows of itself at one moment. The zero value of a part means
// that it is not known, and fires nothing.
type Input struct {
	Now          time.Time
	Overview     view.Overview // Alerts is not read
	Participants []view.Participant
	Limits       []view.Limit
	Certificates []Certificate
	Legs         []Legs
	Disk         Disk
	Backup       Backup
	Module       *Module // nil: there is none
	Canary       *Canary // nil: there is none
	Config       Config
	Clock        Clock
	SecondDisk   bool          // the journal goes on in its second folder, because the disk is slow
	SecondRoom   int           // on the disk of that folder: 0 ok or no such folder, 1 low, 2 too little
	FeedLag      int64         // records that the slowest reader of the events has not been told of
	Stalled      time.Duration // for how long events have waited without any commit; 0: none waits
	FilesBad     int           // files of certificates that are not in force because they are not good
	AdminBad     bool          // the same of the users and the certificate of the admin port
	Lately       Lately
}

// Certificate is one certificate, authority or revocation list.
type Certificate struct {
	Whose   string // a participant, switch, ca, crl, BANKA/signature, ...
	Expires time.Time
}

// Legs is what became of the messages to a participant in the last five minutes.
type Legs struct {
	Participant                 string
	All, Failed, Declined, Slow int // Failed: also those that were not answered
	Limited                     int // messages of it turned away, because it may not send so many
	Unproven                    int // messages of it whose code or signature was wrong
}

// Disk is the disk of the data folder: switch/disk's state and figures.
type Disk struct {
	State                   int // 0 ok, 1 low, 2 below the reserve
	FreeBytes, ReserveBytes int64
}

// Backup is when the data folder was last safe elsewhere.
type Backup struct {
	Last time.Time // zero: none since the start of the process
}

// Module is the security module.
type Module struct {
	Up      bool          // it answered when it was last asked
	Waiting int           // requests that wait for a worker
	Silent  time.Duration // since its last answer while requests waited; 0: none waits
}

// Canary is the payment that the switch makes with itself.
type Canary struct {
	LastSuccess time.Time // zero: none yet, since Since
	Since       time.Time // when it was begun
}

// Config is how the configuration in force relates to the file.
type Config struct {
	Fallback bool // it is what was in force last, because the file was not good
	Refused  bool // the last reload was refused
}

// Clock is what the system says of its clock.
type Clock struct {
	Known  bool
	Synced bool
	Offset time.Duration
	Behind time.Duration // the journal's time is ahead of the clock by so much
}

// Lately is what was counted in the last five minutes, where nothing else is said.
type Lately struct {
	MoneyExceptions int // exceptions of the kinds of MoneyKinds
	Refused         int // new payments that the switch itself refused: no room, no disk, load
	LinksRefused    int // connections and handshakes turned away
	LoginsRefused   int // of the admin port
	RetentionFailed int // runs of the daily job, in the last day
	BackupsFailed   int // in the last day
	DiskErrors      int
	ModuleErrors    int // calls and requests to the security module that failed or were given up
	ModuleRefused   int // messages that did not leave for want of a key
	KeysRefused     int // keys that participants have brought and that were not taken, in the last hour
}
