package payment

import (
	"fmt"
	"maps"
	"testing"
)

// TestTracesDoNotDependOnFlushes: what a late answer without a reference finds its
// payment by is in the store in the end, whether a new configuration came before the
// rows of the finished payment were written, as in a replay, or after; and whatever
// it says of that participant.
func TestTracesDoNotDependOnFlushes(t *testing.T) {
	traced := Match{Transmitted: true, STAN: true}
	for _, c := range []struct{ before, after Match }{{traced, traced}, {traced, Match{}}, {Match{}, traced}} {
		run := func(flush bool) (keys map[string]ID, told []string) {
			s := newMemory()
			m, seq := New(s), uint64(0)
			var sent trace
			step := func(e Event) {
				seq++
				e.Seq, e.At = seq, int64(seq)
				for _, ef := range m.Step(&e, nil) {
					if ef.Send && ef.Leg == LegResolve {
						sent = ef.Payment.trace(LegResolve)
					}
					told = append(told, fmt.Sprint(ef.Notice, ef.Send, ef.Leg))
				}
				if flush {
					m.Flush(s)
				}
			}
			config := func(match Match) {
				b := testProfile(1, "BANKB")
				b.Match = match
				step(Event{Kind: ConfigChanged, Config: &Config{Currency: 356, OpenMax: 10, Participants: []Profile{testProfile(0, "BANKA"), b}}})
			}
			config(c.before)
			step(Event{Kind: LinkUp, From: 0})
			step(Event{Kind: LinkUp, From: 1})
			ask := Event{Kind: RequestArrived, From: 0, Request: Request{Key: RequestKey{STAN: 7}, Hash: 7}}
			ask.Request.Amount.Minor, ask.Request.Amount.Currency = 100, 356
			ask.Text.Set(PayerAccount, []byte("1"))
			ask.Text.Set(PayeeVPA, []byte("payee@"+testProfile(1, "BANKB").Handles[0]))
			step(ask)
			no := Answer{Payment: ID(seq), Leg: LegResolve, STAN: sent.stan, Transmitted: sent.transmitted, Minor: 100, Outcome: AddressUnknown, Code: CodeOf("14")}
			step(Event{Kind: AnswerArrived, From: 1, Answer: no})
			if m.OpenCount() != 0 {
				t.Fatal("the payment goes on")
			}
			config(c.after)
			no.Payment = 0
			step(Event{Kind: AnswerArrived, From: 1, Answer: no})
			m.Flush(s)
			step(Event{Kind: AnswerArrived, From: 1, Answer: no})
			m.Flush(s)
			return s.keys, told
		}
		early, toldEarly := run(true)
		late, toldLate := run(false)
		if !maps.Equal(early, late) || fmt.Sprint(toldEarly) != fmt.Sprint(toldLate) {
			t.Errorf("%+v: with a flush after each event\n%v %q\nand with one at the end\n%v %q", c, early, toldEarly, late, toldLate)
		}
		if want := 1; c.before == traced && len(early) != want+1 {
			t.Errorf("%+v: %v: this proves nothing", c, early)
		}
	}
}
