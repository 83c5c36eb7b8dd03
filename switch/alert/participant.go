package alert

import (
	"fmt"
	"slices"
	"time"

	"switchd/switch/view"
)

// What is too much of one participant.
const (
	failingShare    = 0.1  // of the messages to it
	declinedShare   = 0.5  // of the messages to it
	slowShare       = 0.05 // of the answers, that take longer than a second
	enoughLegs      = 20   // in five minutes, before a share says anything
	limitedEnough   = 100  // messages turned away in five minutes
	unprovenEnough  = 10   // messages with a wrong code or signature in five minutes
	capShare        = 0.9
	drainedTooLong  = 4 * time.Hour
	notDrained      = "unless on (job, instance, participant) switchd_drained == 1"
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

// each is what Holds answers for conditions of single participants; those that are
// drained, or are none any more, are nobody's concern.
func each(holds func(p *view.Participant) (bool, string)) func(*Input) []Held {
	return func(in *Input) []Held {
		var all []Held
		for i := range in.Participants {
			p := &in.Participants[i]
			if p.Drained || p.State == "drained" || p.State == "removed" {
				continue
			}
			if ill, detail := holds(p); ill {
				all = append(all, Held{Participant: p.ID, Detail: detail})
			}
		}
		return all
	}
}

// legs is what Holds answers for conditions of the messages to single participants.
func legs(holds func(l *Legs) (bool, string)) func(*Input) []Held {
	return func(in *Input) []Held {
		return each(func(p *view.Participant) (bool, string) {
			at := slices.IndexFunc(in.Legs, func(l Legs) bool { return l.Participant == p.ID })
			if at < 0 {
				return false, ""
			}
			return holds(&in.Legs[at])
		})(in)
	}
}

// share holds when more than a share of the messages to a participant are so, and when
// there were enough of them to say it.
func share(bound float64, of func(l *Legs) int) func(*Input) []Held {
	return legs(func(l *Legs) (bool, string) {
		is := float64(of(l)) / float64(max(l.All, 1))
		return l.All >= enoughLegs && is > bound, fmt.Sprintf("%.0f %% of %d", 100*is, l.All)
	})
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

var participantRules = []Rule{
	{
		Name: "SwitchdParticipantDown", Severity: Ticket, For: time.Minute, Group: "participants", By: "participant",
		Expr:    "sum by (job, instance, participant) (switchd_participant_links{state=\"signed_on\"}) == 0\n" + notDrained,
		Summary: "The participant is not there: no link of it is signed on, and payments to it are declined",
		Todo:    "Call the participant: ask whether its system or its line is down.",
		Runbook: "participant-down",
		Holds:   each(func(p *view.Participant) (bool, string) { return p.LinksUp == 0, p.Why }),
	},
	{
		Name: "SwitchdAllParticipantsDown", Severity: Page, For: 30 * time.Second, Group: "participants",
		Expr:    `sum by (job, instance) (switchd_participant_links{state="signed_on"}) == 0`,
		Summary: "No participant at all is signed on: it is our line, our certificate or our port",
		Todo:    "Run `switchd doctor` on the host and look at the network before the switch.",
		Runbook: "participant-down",
		Holds: func(in *Input) []Held {
			up := slices.ContainsFunc(in.Participants, func(p view.Participant) bool { return p.LinksUp > 0 })
			return when(len(in.Participants) > 0 && !up, "")
		},
	},
	{
		Name: "SwitchdParticipantFailing", Severity: Ticket, For: 2 * time.Minute, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf("%s > %g", legsFailedRatio, failingShare),
		Summary: "The participant does not answer, or cannot be sent to: its payments fail, and ours are well",
		Todo:    "Call the participant with the times and kinds of messages that it did not answer.",
		Runbook: "participant-failing",
		Holds:   share(failingShare, func(l *Legs) int { return l.Failed }),
	},
	{
		Name: "SwitchdParticipantSlow", Severity: Ticket, For: 5 * time.Minute, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf("%s > %g", legsSlowRatio, slowShare),
		Summary: "The participant answers slowly: more than one answer in twenty takes longer than a second",
		Todo:    "Tell the participant, and watch whether its breaker opens.",
		Runbook: "participant-slow",
		Holds:   share(slowShare, func(l *Legs) int { return l.Slow }),
	},
	{
		Name: "SwitchdParticipantDeclines", Severity: Info, For: 10 * time.Minute, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf("%s > %g", legsNoRatio, declinedShare),
		Summary: "The participant declines more than half of what it is asked",
		Todo:    "Look at the codes of its answers: one code for all is a fault of its system.",
		Runbook: "participant-failing",
		Holds:   share(declinedShare, func(l *Legs) int { return l.Declined }),
	},
	{
		Name: "SwitchdBreakerOpen", Severity: Ticket, For: time.Minute, Group: "participants", By: "participant",
		Expr:    "switchd_breaker_state == 1\n" + notDrained,
		Summary: "The participant is kept from messages of a class that it did not answer: payments that need them are declined",
		Todo:    "Call the participant; the breaker closes by itself once it answers again.",
		Runbook: "breaker-open",
		Holds:   breakersOpen,
	},
	{
		Name: "SwitchdPositionNearCap", Severity: Ticket, For: time.Minute, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf("switchd_position_used_ratio > %g", capShare),
		Summary: "The participant has used most of its net debit cap: payments from it will be declined at the cap",
		Todo:    "Tell the participant to pay in, or have two persons raise its cap.",
		Runbook: "position-near-cap",
		Holds: each(func(p *view.Participant) (bool, string) {
			return p.Position.Used > capShare, percent(p.Position.Used)
		}),
	},
	{
		Name: "SwitchdParticipantDrained", Severity: Info, For: drainedTooLong, Group: "participants", By: "participant",
		Expr:    `switchd_drained == 1`,
		Summary: "The participant has been drained for hours: it gets no new payments",
		Todo:    "Ask who has drained it whether it is over, and resume it.",
		Runbook: "participant-drained",
		Holds: func(in *Input) []Held {
			var all []Held
			for _, p := range in.Participants {
				if p.Drained {
					all = append(all, Held{Participant: p.ID})
				}
			}
			return all
		},
	},
	{
		Name: "SwitchdParticipantOverLimit", Severity: Info, For: 5 * time.Minute, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf(`sum by (job, instance, participant) (increase(switchd_messages_limited_total{why=~"rate|gap|share"}[5m])) > %d`, limitedEnough),
		Summary: "The participant sends or asks more than it may, and is turned away",
		Todo:    "Tell the participant, or raise its limit if the traffic is honest.",
		Runbook: "participant-over-limit",
		Holds: legs(func(l *Legs) (bool, string) {
			return l.Limited > limitedEnough, fmt.Sprintf("%d within 5 minutes", l.Limited)
		}),
	},
	{
		Name: "SwitchdMessagesNotProven", Severity: Ticket, Group: "participants", By: "participant",
		Expr:    fmt.Sprintf(`sum by (job, instance, participant) (increase(switchd_messages_unproven_total{why="wrong"}[5m])) > %d`, unprovenEnough),
		Summary: "Codes or signatures of the participant's messages are wrong: another key than ours, or somebody writes in its name",
		Todo:    "Compare the check values of its keys by telephone before anything else.",
		Runbook: "messages-not-proven",
		Holds: legs(func(l *Legs) (bool, string) {
			return l.Unproven > unprovenEnough, fmt.Sprintf("%d within 5 minutes", l.Unproven)
		}),
	},
	{
		Name: "SwitchdKeyOfferRefused", Severity: Ticket, Group: "participants",
		Expr:    `sum by (job, instance) (increase(switchd_key_offers_total{result=~"refused|failed|later"}[1h])) > 0`,
		Summary: "A working key that a participant has brought was not taken",
		Todo:    "Read `switchd keys audit`: it says whose key, and why.",
		Runbook: "messages-not-proven",
		Holds: func(in *Input) []Held {
			return when(in.Lately.KeysRefused > 0, fmt.Sprintf("%d within an hour", in.Lately.KeysRefused))
		},
	},
}

func breakersOpen(in *Input) []Held {
	return each(func(p *view.Participant) (bool, string) {
		open := ""
		for _, b := range p.Breakers {
			switch {
			case b.State != "open":
			case open == "":
				open = b.Class
			default:
				open += ", " + b.Class
			}
		}
		return open != "", open
	})(in)
}
