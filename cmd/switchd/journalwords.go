package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"switchd/switch/config"
	"switchd/switch/payment"
)

// stampNanos is the time of an event. Events of one group share it.
func stampNanos(at int64) string {
	return time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z")
}

const eventColumns = "%10s  %-30s  %-11s  %-12s  %10s"

// writeEventHead writes the heads of the columns.
func writeEventHead(w io.Writer) error {
	_, err := fmt.Fprintf(w, eventColumns+"  what\n", "record", "time", "event", "from", "payment")
	return err
}

// writeEvent writes one event in one line.
func writeEvent(w io.Writer, v *eventView) error {
	about := "-"
	if v.Payment != 0 {
		about = fmt.Sprint(v.Payment)
	}
	from := v.From
	if from == "" {
		from = "-"
	}
	line := fmt.Sprintf(eventColumns+"  %s", fmt.Sprint(v.Seq), v.At, v.Kind, from, about, joinWords(v))
	_, err := fmt.Fprintln(w, strings.TrimRight(line, " "))
	return err
}

// joinWords is what an event is about in one text.
func joinWords(v *eventView) string { return strings.Join(eventWords(v), ", ") }

// eventWords says what an event is about.
func eventWords(v *eventView) (words []string) {
	say := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	switch {
	case v.Fault != "":
		say("%s", v.Fault)
	case v.Request != nil:
		words = requestWords(v)
	case v.Answer != nil:
		words = answerWords(v)
	case v.Command != nil:
		words = commandWords(v)
	case v.Config != nil:
		say("currency %03d", v.Config.Currency)
		say("participants %s", strings.Join(v.Config.Participants, " "))
	}
	if v.Sealed > 0 {
		say("%s sealed", count(v.Sealed, "byte"))
	}
	return words
}

func commandWords(v *eventView) (words []string) {
	say := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	c := v.Command
	say("%s", c.Kind)
	if c.Participant != "" {
		say("%s", c.Participant)
	}
	if c.Below != 0 {
		say("payments below %d", c.Below)
	}
	if c.Currency != 0 {
		say("%s", config.AmountText(c.Minor, c.Currency))
	}
	if who := v.Text[payment.Operator.String()]; who != "" {
		say("by %s", who)
	}
	if why := v.Text[payment.Reason.String()]; why != "" {
		say("%q", why)
	}
	return words
}

func requestWords(v *eventView) (words []string) {
	say := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	q := v.Request
	if q.Type == "" { // an enquiry
		if q.OriginalRRN != "" {
			say("about RRN %s", q.OriginalRRN)
		}
	} else {
		what := q.Type
		if q.Repeat {
			what += " again"
		}
		say("%s %s", what, config.AmountText(q.Minor, q.Currency))
		if q.Model != "A" {
			say("model %s", q.Model)
		}
		if q.Original != 0 {
			say("of payment %d", q.Original)
		} else if q.OriginalRRN != "" {
			say("of RRN %s", q.OriginalRRN)
		}
		say("%s -> %s", partyWords(v, "payer"), partyWords(v, "payee"))
	}
	if q.Refuse != "" {
		say("refused %s", q.Refuse)
	}
	if q.RRN != "" {
		say("RRN %s", q.RRN)
	}
	for _, of := range [...]string{"uetr", "transaction_id", "end_to_end_id"} {
		if id := v.Text[of]; id != "" {
			say("%s %s", strings.ToUpper(strings.ReplaceAll(of, "_", "-")), id)
			break // one of them is enough to find it
		}
	}
	return words
}

// partyWords names payer or payee by what there is: address, account, branch.
func partyWords(v *eventView, side string) string {
	var words []string
	for _, of := range [...]string{"_vpa", "_account", "_ifsc"} {
		if s := v.Text[side+of]; s != "" {
			words = append(words, s)
		}
	}
	if len(words) == 0 {
		return side
	}
	return strings.Join(words, " ")
}

func answerWords(v *eventView) (words []string) {
	say := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	a := v.Answer
	leg := a.Leg
	if v.Payment == 0 && leg == payment.LegRequest.String() {
		leg = "debit or credit" // which one it was, the machine finds out by DE7 and DE11
	}
	if a.Outcome == "" {
		say("%s did not leave", leg)
	} else {
		say("%s %s", leg, a.Outcome)
	}
	if a.Code != "" {
		say("code %s", a.Code)
	}
	if a.Minor != nil {
		say("%s", config.AmountText(*a.Minor, a.Currency))
	}
	if v.Payment == 0 {
		say("to DE11 %06d DE7 %010d", a.STAN, a.Transmitted)
	}
	return words
}
