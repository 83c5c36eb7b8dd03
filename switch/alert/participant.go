package alert

import (
	"fmt"
	"strings"
	"time"

	"switchd/switch/view"
)

// What is too much of one participant.
const (
	failingShare    = 0.1  // of the messages to it
	declinedShare   = 0.5  // of the messages to it
	slowShare       = 0.05 // of the answers, that take longer than a second
	enoughLegs      = 20   // in five minutes, before a share says anything
	manyShare       = 0.5  // of the participants with enough messages: it is something that they share
	limitedEnough   = 100  // messages turned away in five minutes
	unprovenEnough  = 10   // messages with a wrong code or signature in five minutes
	capShare        = 0.9
	drainedTooLong  = 4 * time.Hour
	legsFailedRatio = "participant:switchd_legs_failed:ratio_5m"
	legsSlowRatio   = "participant:switchd_legs_slow:ratio_5m"
	legsNoRatio     = "participant:switchd_legs_declined:ratio_5m"
)

var participantRecords = []Record{
	{"participants", "participant:switchd_legs:increase_5m", `sum by (job, participant) (increase(switchd_legs_total[5m]))`},
	{"participants", legsFailedRatio, legShare(`switchd_legs_total{result=~"failed|unanswered"}`)},
	{"participants", legsNoRatio, legShare(`switchd_legs_total{result="declined"}`)},
	{"participants", legsSlowRatio, legShare(`switchd_legs_slow_total`)},
}

func legShare(counter string) string {
	return fmt.Sprintf("sum by (job, participant) (increase(%s[5m]))\n/ (participant:switchd_legs:increase_5m >= %d)", counter, enoughLegs)
}

// share is the condition that more than a share of the messages to a participant are so,
// and that there were enough of them to say it.
func share(record string, bound float64, of func(l *Legs) int) perParticipant {
	return perParticipant{series: record, is: ">", bound: bound, detail: "%.0f %% of its messages", scale: 100, of: func(_ *view.Participant, l *Legs) float64 {
		return l.share(of(l))
	}}
}

// share is that of some of the messages; 0 if there were not enough to say it.
func (l *Legs) share(some int) float64 {
	if l.All < enoughLegs {
		return 0
	}
	return float64(some) / float64(l.All)
}

// came is the condition that more messages of a participant than so many were counted in
// five minutes, whether it is drained or not.
func came(counter string, more float64, of func(l *Legs) int) perParticipant {
	return perParticipant{
		series: fmt.Sprintf("sum by (job, instance, participant) (increase(%s[5m]))", counter), is: ">", bound: more, drained: true,
		detail: "%.0f within 5 minutes", of: func(_ *view.Participant, l *Legs) float64 { return float64(of(l)) },
	}
}

var participantRules = []Rule{
	Rule{
		Name: "SwitchdParticipantDown", Severity: Ticket, For: time.Minute, Group: "participants",
		Summary: "The participant is not there: no link of it is signed on, and payments to it are declined",
		Todo:    "Call the participant: ask whether its system or its line is down.",
		Runbook: "participant-down",
	}.each(perParticipant{
		series: `sum by (job, instance, participant) (switchd_participant_links{state="signed_on"})`, is: "==",
		of: func(p *view.Participant, _ *Legs) float64 { return float64(p.LinksUp) },
	}),
	Rule{
		Name: "SwitchdAllParticipantsDown", Severity: Page, For: 30 * time.Second, Group: "participants",
		Summary: "No participant at all is signed on: it is our line, our certificate or our port",
		Todo:    "Run `switchd doctor` on the host and look at the network before the switch.",
		Runbook: "participant-down",
	}.when(condition{series: `sum by (job, instance) (switchd_participant_links{state="signed_on"})`, is: "==", of: func(in *Input) float64 {
		up := 0
		for i := range in.Participants {
			up += in.Participants[i].LinksUp
		}
		if len(in.Participants) == 0 {
			return -1 // there is nobody who could be
		}
		return float64(up)
	}}),
	Rule{
		Name: "SwitchdParticipantFailing", Severity: Ticket, For: 2 * time.Minute, Group: "participants",
		Summary: "The participant does not answer, or cannot be sent to: its payments fail, and ours are well",
		Todo:    "Call the participant with the times and kinds of messages that it did not answer.",
		Runbook: "participant-failing",
	}.each(share(legsFailedRatio, failingShare, func(l *Legs) int { return l.Failed })),
	manyFailing,
	Rule{
		Name: "SwitchdParticipantSlow", Severity: Ticket, For: 5 * time.Minute, Group: "participants",
		Summary: "The participant answers slowly: more than one answer in twenty takes longer than a second",
		Todo:    "Tell the participant, and watch whether its breaker opens.",
		Runbook: "participant-slow",
	}.each(share(legsSlowRatio, slowShare, func(l *Legs) int { return l.Slow })),
	Rule{
		Name: "SwitchdParticipantDeclines", Severity: Info, For: 10 * time.Minute, Group: "participants",
		Summary: "The participant declines more than half of what it is asked",
		Todo:    "Look at the codes of its answers: one code for all is a fault of its system.",
		Runbook: "participant-failing",
	}.each(share(legsNoRatio, declinedShare, func(l *Legs) int { return l.Declined })),
	Rule{
		Name: "SwitchdBreakerOpen", Severity: Ticket, For: time.Minute, Group: "participants",
		Summary: "The participant is kept from messages of a class that it did not answer: payments that need them are declined",
		Todo:    "Call the participant; the breaker closes by itself once it answers again.",
		Runbook: "breaker-open",
	}.each(perParticipant{
		series: `count by (job, instance, participant) (switchd_breaker_state == 1)`, is: ">",
		of: func(p *view.Participant, _ *Legs) float64 { return float64(len(openBreakers(p))) },
	}).named(func(p *view.Participant) string { return strings.Join(openBreakers(p), ", ") }),
	Rule{
		Name: "SwitchdPositionNearCap", Severity: Ticket, For: time.Minute, Group: "participants",
		Summary: "The participant has used most of its net debit cap: payments from it will be declined at the cap",
		Todo:    "Tell the participant to pay in, or have two persons raise its cap.",
		Runbook: "position-near-cap",
	}.each(perParticipant{
		series: "switchd_position_used_ratio", is: ">", bound: capShare, detail: "%.0f %%", scale: 100,
		of: func(p *view.Participant, _ *Legs) float64 { return p.Position.Used },
	}),
	Rule{
		Name: "SwitchdParticipantDrained", Severity: Info, For: drainedTooLong, Group: "participants",
		Summary: "The participant has been drained for hours: it gets no new payments",
		Todo:    "Ask who has drained it whether it is over, and resume it.",
		Runbook: "participant-drained",
	}.each(perParticipant{series: "switchd_drained", is: ">", drained: true, of: func(p *view.Participant, _ *Legs) float64 {
		if p.Drained {
			return 1
		}
		return 0
	}}),
	Rule{
		Name: "SwitchdParticipantOverLimit", Severity: Info, For: 5 * time.Minute, Group: "participants",
		Summary: "The participant sends or asks more than it may, and is turned away",
		Todo:    "Tell the participant, or raise its limit if the traffic is honest.",
		Runbook: "participant-over-limit",
	}.each(came(`switchd_messages_limited_total{why=~"rate|gap|share"}`, limitedEnough, func(l *Legs) int { return l.Limited })),
	Rule{
		Name: "SwitchdMessagesNotProven", Severity: Ticket, Group: "participants",
		Summary: "Codes or signatures of the participant's messages are wrong: another key than ours, or somebody writes in its name",
		Todo:    "Compare the check values of its keys by telephone before anything else.",
		Runbook: "messages-not-proven",
	}.each(came(`switchd_messages_unproven_total{why="wrong"}`, unprovenEnough, func(l *Legs) int { return l.Unproven })),
	Rule{
		Name: "SwitchdKeyOfferRefused", Severity: Ticket, Group: "participants",
		Summary: "A working key that a participant has brought was not taken",
		Todo:    "Read `switchd keys audit`: it says whose key, and why.",
		Runbook: "messages-not-proven",
	}.when(condition{
		series: added("1h", `switchd_key_offers_total{result=~"refused|failed|later"}`), is: ">", detail: "%.0f within an hour",
		of: func(in *Input) float64 { return float64(in.Lately.KeysRefused) },
	}),
}

// manyFailing is for what participants share, which no alert of one of them tells: a
// payment that no bank answers is charged to the bank, also when it was our network.
var manyFailing = Rule{
	Name: "SwitchdManyParticipantsFailing", Severity: Page, For: 2 * time.Minute, Group: "participants",
	Expr: fmt.Sprintf(`count by (job) (%[1]s > %[2]g) >= 2
and on (job)
count by (job) (%[1]s > %[2]g) / count by (job) (%[1]s) > %[3]g`, legsFailedRatio, failingShare, manyShare),
	Summary: "Most participants fail at once: it is something that they share, and that may be us",
	Todo:    "Ask what they share: our network, our disk, our module, a line, a centre, a change of within the hour.",
	Runbook: "participant-failing",
	Holds: func(in *Input) []Held {
		failing, known := 0, 0
		for i := range in.Legs {
			l := &in.Legs[i]
			if l.All >= enoughLegs {
				known++
			}
			if l.share(l.Failed) > failingShare {
				failing++
			}
		}
		return when(failing >= 2 && float64(failing) > manyShare*float64(known), fmt.Sprintf("%d of %d", failing, known))
	},
}

// named has the row tell what of says of the participant.
func (r Rule) named(of func(p *view.Participant) string) Rule {
	holds := r.Holds
	r.Holds = func(in *Input) []Held {
		all := holds(in)
		for i := range all {
			for k := range in.Participants {
				if p := &in.Participants[k]; p.ID == all[i].Participant {
					all[i].Detail = of(p)
				}
			}
		}
		return all
	}
	return r
}

// openBreakers are the classes of messages that a participant is kept from.
func openBreakers(p *view.Participant) (open []string) {
	for i := range p.Breakers {
		if p.Breakers[i].State == "open" {
			open = append(open, p.Breakers[i].Class)
		}
	}
	return open
}
