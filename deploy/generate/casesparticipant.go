package main

var bankA = []string{`participant="BANKA"`}

// legs are messages to participants, so many a minute of each result.
func legs(participant, result string, n int) string {
	return perMinute(`switchd_legs_total{participant="`+participant+`",class="debit",result="`+result+`"}`, n)
}

var participantCases = []testCase{
	{
		"SwitchdParticipantDown",
		situation{"its two links have gone", "5m", []string{`switchd_participant_links{participant="BANKA",state="signed_on"} 2 2 0x10`, `switchd_participant_links{participant="BANKA",state="connected"} 0 0 1x10`}, bankA},
		situation{"somebody has drained it", "5m", []string{`switchd_participant_links{participant="BANKA",state="signed_on"} 0x10`, `switchd_drained{participant="BANKA"} 1x10`}, nil},
	},
	{
		"SwitchdAllParticipantsDown",
		situation{"none of two", "3m", []string{`switchd_participant_links{participant="BANKA",state="signed_on"} 1 0x10`, `switchd_participant_links{participant="BANKB",state="signed_on"} 1 0x10`}, nil},
		situation{"one of two", "5m", []string{`switchd_participant_links{participant="BANKA",state="signed_on"} 1 0x10`, `switchd_participant_links{participant="BANKB",state="signed_on"} 1x10`}, nil},
	},
	{
		"SwitchdParticipantFailing",
		situation{"one message in five is not answered", "10m", []string{legs("BANKA", "approved", 80), legs("BANKA", "unanswered", 15), legs("BANKA", "failed", 5), legs("BANKB", "approved", 100)}, bankA},
		situation{"three messages in five minutes say nothing", "8m", []string{legs("BANKA", "approved", 0), `switchd_legs_total{participant="BANKA",class="debit",result="failed"} 0 0 0 0 1 2 3 3 3 3 3 3`}, nil},
	},
	{
		"SwitchdParticipantFailing",
		situation{"one in five of one of two", "10m", []string{legs("BANKA", "approved", 100), legs("BANKB", "approved", 80), legs("BANKB", "failed", 20), `switchd_drained{participant="BANKB"} 0x20`}, []string{`participant="BANKB"`}},
		situation{"somebody has drained it", "10m", []string{legs("BANKA", "approved", 100), legs("BANKB", "approved", 80), legs("BANKB", "failed", 20), `switchd_drained{participant="BANKB"} 1x20`}, nil},
	},
	{
		"SwitchdManyParticipantsFailing",
		situation{"two of three", "10m", []string{legs("BANKA", "approved", 80), legs("BANKA", "unanswered", 20), legs("BANKB", "approved", 80), legs("BANKB", "failed", 20), legs("BANKC", "approved", 100), legs("BANKC", "failed", 0)}, nil},
		situation{"one of two", "10m", []string{legs("BANKA", "approved", 80), legs("BANKA", "unanswered", 20), legs("BANKB", "approved", 100), legs("BANKB", "failed", 0)}, nil},
	},
	{
		"SwitchdParticipantSlow",
		situation{"one answer in ten", "15m", []string{legs("BANKA", "approved", 100), perMinute(slowLegs("BANKA"), 10), legs("BANKB", "approved", 100), perMinute(slowLegs("BANKB"), 1)}, bankA},
		situation{"one answer in a hundred", "15m", []string{legs("BANKA", "approved", 100), perMinute(slowLegs("BANKA"), 1)}, nil},
	},
	{
		"SwitchdParticipantDeclines",
		situation{"two of three", "20m", []string{legs("BANKA", "approved", 10), legs("BANKA", "declined", 20)}, bankA},
		situation{"one of eleven", "20m", []string{legs("BANKA", "approved", 100), legs("BANKA", "declined", 10)}, nil},
	},
	{
		"SwitchdBreakerOpen",
		situation{"of debits", "5m", []string{`switchd_breaker_state{participant="BANKA",class="debit"} 0 0 1x10`}, bankA},
		situation{"it tries again", "5m", []string{`switchd_breaker_state{participant="BANKA",class="debit"} 0 0 1 2x10`}, nil},
	},
	{
		"SwitchdPositionNearCap",
		situation{"95 percent", "5m", []string{`switchd_position_used_ratio{participant="BANKA"} 0.5 0.95x10`}, bankA},
		situation{"75 percent", "5m", []string{`switchd_position_used_ratio{participant="BANKA"} 0.5 0.75x10`}, nil},
	},
	{
		"SwitchdParticipantDrained",
		situation{"for more than four hours", "5h", []string{`switchd_drained{participant="BANKA"} 0 1x400`}, bankA},
		situation{"for an hour", "1h", []string{`switchd_drained{participant="BANKA"} 0 1x300`}, nil},
	},
	{
		"SwitchdParticipantOverLimit",
		situation{"fifty a minute", "12m", []string{perMinute(`switchd_messages_limited_total{participant="BANKA",class="requests",why="rate"}`, 50)}, bankA},
		situation{"it was the switch's load", "12m", []string{perMinute(`switchd_messages_limited_total{participant="BANKA",class="requests",why="load"}`, 50)}, nil},
	},
	{
		"SwitchdMessagesNotProven",
		situation{"five a minute", "10m", []string{perMinute(`switchd_messages_unproven_total{participant="BANKA",why="wrong"}`, 5)}, bankA},
		situation{"the module was down", "10m", []string{perMinute(`switchd_messages_unproven_total{participant="BANKA",why="down"}`, 5)}, nil},
	},
	{
		"SwitchdKeyOfferRefused",
		situation{"one", "10m", []string{`switchd_key_offers_total{result="refused"} 0 0 1x20`}, nil},
		situation{"one was taken", "10m", []string{`switchd_key_offers_total{result="taken"} 0 0 1x20`, `switchd_key_offers_total{result="refused"} 0x20`}, nil},
	},
}
