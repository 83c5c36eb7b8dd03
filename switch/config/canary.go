package config

import (
	"slices"
	"time"
)

// Canary is how often a payment between two built-in participants is made. The zero
// value is never.
type Canary struct {
	// Every is from one payment to the next; 0: none is made.
	Every time.Duration
	// Timeout is until one has failed. Default 5 s.
	Timeout time.Duration
}

// CanaryIDs are the ids of the built-in participants, which no other one may have.
var CanaryIDs = []string{"CANARY1", "CANARY2"}

// canary reads how often canary payments are made.
func (b *binder) canary(v value) Canary {
	if v.absent() {
		return Canary{}
	}
	o := v.object("canary")
	return Canary{Every: o.get("every").duration(), Timeout: o.get("timeout").duration()}
}

// noCanary refuses the id of a built-in participant.
func (v value) noCanary(id string) {
	if slices.Contains(CanaryIDs, id) {
		v.fault("id %s is that of a built-in participant, which makes canary payments: give it another one", id)
	}
}
