package view

// Overview is the switch at one moment.
type Overview struct {
	At            string  `json:"at"`
	StartedAt     string  `json:"started_at"`
	Version       string  `json:"version"`
	Commit        string  `json:"commit"`
	Currency      string  `json:"currency"` // code of all amounts
	Exponent      int     `json:"exponent"` // decimals of an amount in units of the currency
	Ready         bool    `json:"ready"`
	Checks        []Check `json:"checks"`  // of /readyz
	Secured       bool    `json:"secured"` // who asks must show who he is
	TwoPerson     bool    `json:"two_person"`
	Latest        Sample  `json:"latest"`
	Minute        Minute  `json:"minute"`
	TurnedAway    float64 `json:"turned_away_per_second"` // requests that the switch has refused at the rim, of which there is no payment: no room, no disk, load
	LinksUp       int     `json:"links_up"`
	LinksWanted   int     `json:"links_wanted"` // of the participants that should have some
	LoadStep      int     `json:"load_step"`    // of the brown-out: 0 nothing is shed, 4 all new payments
	LoadSheds     string  `json:"load_sheds"`   // what is shed, in words
	Open          int     `json:"open"`
	InDoubt       int     `json:"in_doubt"` // payments whose outcome no bank has told yet
	InDoubtMinor  int64   `json:"in_doubt_minor"`
	OldestInDoubt float64 `json:"oldest_in_doubt_seconds"`
	DeadLetters   int     `json:"dead_letters"`
	PositionsSum  int64   `json:"positions_sum"` // anything but 0 is a fault of the switch
	Objectives    []Burn  `json:"objectives"`
	Alerts        []Alert `json:"alerts"` // that fire now, the gravest first
}

// Check is one condition of readiness.
type Check struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	// Warning is what is wrong and yet no reason to send traffic elsewhere.
	Warning string `json:"warning,omitempty"`
}

// Sample is one look at the whole switch, or at one participant: what happened in the
// time before it.
type Sample struct {
	At        int64   `json:"at"`         // unix seconds
	Seconds   float64 `json:"seconds"`    // that it is about
	PerSecond float64 `json:"per_second"` // payments that have ended; of a participant messages that have been answered or given up
	Success   float64 `json:"success"`    // share of those that ended well, 0 to 1; 1 when there were none
	Declined  float64 `json:"declined"`   // share that banks or rules have declined
	Failed    float64 `json:"failed"`     // share that has failed technically: no answer, no link, overload
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Open      int     `json:"open"`            // payments; of a participant messages that wait for its answer
	InDoubt   int     `json:"in_doubt"`        // of a participant payments whose outcome it has not told
	InFlight  int64   `json:"in_flight_minor"` // money of open payments; of the whole only, as the next ones
	CommitP99 float64 `json:"commit_p99_ms"`
	LoadStep  int     `json:"load_step"`
}

// Minute is what became of the payments of the last minute, or since the start.
type Minute struct {
	Payments int     `json:"payments"` // that have ended
	Success  float64 `json:"success"`  // share of them, as in Sample
	Declined float64 `json:"declined"`
	Failed   float64 `json:"failed"`
	Ours     float64 `json:"ours"` // share that failed by the switch's own fault; the rest of Failed is participants'
}

// Series is the latest samples, the oldest first, at an even distance.
type Series struct {
	EverySeconds int      `json:"every_seconds"`
	Samples      []Sample `json:"samples"`
}

// Burn is how fast an objective's budget of errors is used up: 1 is just as fast as it
// may be.
type Burn struct {
	Name   string  `json:"name"`   // success, latency, availability, money safety
	Goal   float64 `json:"goal"`   // 0.99
	Fast   float64 `json:"fast"`   // over 5 minutes
	Slow   float64 `json:"slow"`   // over an hour; of payments, since the start if that is later
	Budget float64 `json:"budget"` // share that is left of the longest window that is known, 1 to below 0
	// Seconds is how long the window of Slow and Budget is: an hour, or of payments the
	// time since the start if that is less.
	Seconds float64 `json:"seconds"`
	Enough  bool    `json:"enough"` // there was enough traffic to say so
}

// Alert is a condition that somebody should look at, as long as it lasts.
type Alert struct {
	Name        string `json:"name"`     // as in the rules for Prometheus
	Severity    string `json:"severity"` // page, ticket, info
	Participant string `json:"participant,omitempty"`
	Since       string `json:"since"`
	Summary     string `json:"summary"`
	Todo        string `json:"todo"`    // the first thing to do, in one sentence
	Runbook     string `json:"runbook"` // file under docs/runbooks, without its ending
}

// Alerts are the alerts that fire, and those that have ended lately.
type Alerts struct {
	Firing []Alert `json:"firing"`
	Ended  []Ended `json:"ended"` // the latest first
}

// Ended is an alert that fires no more.
type Ended struct {
	Alert
	Until string `json:"until"`
}
