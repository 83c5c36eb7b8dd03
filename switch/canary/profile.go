package canary

import (
	"time"

	"switchd/switch/payment"
	"switchd/switch/route"
)

// IDs are those of the two canaries. No other participant may have them.
var IDs = [2]string{"CANARY1", "CANARY2"}

// What the canaries are reached by. No bank has such codes.
var (
	institutions = [2]string{"99999999991", "99999999992"}
	prefixes     = [2]string{"ZZCA", "ZZCB"}
)

// amountMinor is what a canary pays.
const amountMinor = 100

// Profiles are the canaries as participants of the machine. Their banks answer at once:
// their timers are short, so that one that is stuck is ended soon.
func Profiles() (all []payment.Profile) {
	for i := range IDs {
		all = append(all, payment.Profile{
			ID: IDs[i], Institution: institutions[i], IFSCPrefixes: []string{prefixes[i]}, Canary: true,
			NetDebitCap: 1000 * amountMinor, // far more than one payment, in case that some stand
			Timers: payment.Timers{
				Total: 10 * time.Second, Resolve: 5 * time.Second, Debit: 5 * time.Second, Credit: 5 * time.Second, CreditUnknown: 10 * time.Second,
				Reversal: 5 * time.Second, BackoffMin: 5 * time.Second, BackoffMax: time.Minute, GiveUp: time.Hour,
			},
			Breaker: payment.Breaker{Off: true}, Flow: payment.Flow{Off: true},
		})
	}
	return all
}

// find finds the canaries' numbers in a configuration.
func find(c *payment.Config) (pair [2]route.Participant, both bool) {
	found := 0
	for i := range c.Participants {
		for k, id := range IDs {
			if p := &c.Participants[i]; p.ID == id && p.Canary && p.Listed() {
				pair[k], found = p.Number, found+1
			}
		}
	}
	return pair, found == len(pair)
}
