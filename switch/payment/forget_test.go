package payment

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"switchd/switch/route"
)

// TestForgettingDoesNotDependOnFlushes: a finished payment that is forgotten is a
// stranger at once, whether its row is in the store already or still in memory.
func TestForgettingDoesNotDependOnFlushes(t *testing.T) {
	told := func(flush bool) (all []string) {
		s := newMemory()
		m := New(s)
		step := func(e *Event) {
			e.Seq, e.At = uint64(len(all)+1), int64(len(all)+1)
			text := ""
			for _, ef := range m.Step(e, nil) {
				id := ID(0)
				if ef.Payment != nil {
					id = ef.Payment.ID
				}
				text += fmt.Sprintf("%v %v %v %d; ", ef.Notice, ef.State, ef.Outcome, id)
			}
			all = append(all, text)
			if flush {
				m.Flush(s)
			}
		}
		step(&Event{Kind: ConfigChanged, Config: &Config{Currency: 356, OpenMax: 10, Participants: []Profile{{ID: "A"}}}})
		request := func() {
			step(&Event{Kind: RequestArrived, Request: Request{Key: RequestKey{STAN: 7}, Business: Business{7}, Refuse: Format}})
		}
		request()
		request() // a repeat
		forget := Event{Kind: CommandGiven, From: route.Nobody, Command: &Command{Kind: Forget, Payment: 3}}
		forget.Text.Set(Reason, []byte("age"))
		step(&forget)
		step(&Event{Kind: EnquiryArrived, Request: Request{Original: Reference{Payment: 2}}})
		step(&Event{Kind: EnquiryArrived, Request: Request{Original: Reference{Business: Business{7}}}})
		request() // a new one
		m.Flush(s)
		request() // its repeat
		return append(all, fmt.Sprint(m.Totals()))
	}
	early, late := told(true), told(false)
	if !slices.Equal(early, late) {
		t.Errorf("with a flush after each event\n%q\nand with one at the end\n%q", early, late)
	}
	if again := early[len(early)-2]; !strings.Contains(again, "repeated DECLINED NONE 7") {
		t.Errorf("the new request was not remembered: %q", again)
	}
}
