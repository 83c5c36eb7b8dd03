package payment

import (
	"testing"

	"switchd/switch/route"
)

// TestFault: who a payment has failed by, and that every pair is one that is counted.
func TestFault(t *testing.T) {
	t.Parallel()
	answered := func(leg Leg, o Outcome) Payment {
		p := Payment{Outcome: o}
		p.Legs[leg] = LegState{SentAt: 1, Answer: o}
		return p
	}
	asked := func(leg Leg, o Outcome) Payment {
		p := Payment{Outcome: o}
		p.Legs[leg].SentAt = 1
		return p
	}
	none := func(o Outcome) Payment { return Payment{Outcome: o} }
	collect := none(Busy)
	collect.Type = Collect
	crowded := collect
	crowded.turned = true
	turned := none(Busy)
	turned.turned = true
	for _, c := range []struct {
		what  string
		p     Payment
		state State
		end   End
		fault Fault
	}{
		{"a success", none(OK), Success, EndSuccess, FaultNobody},
		{"no funds", answered(LegDebit, InsufficientFunds), Declined, EndDeclined, FaultNobody},
		{"at its cap", none(NetDebitCap), Declined, EndDeclined, FaultNobody},
		{"a collect that nobody approved", none(Expired), CollectExpired, EndDeclined, FaultNobody},
		{"the payee's bank declines, the debit is given back", answered(LegCredit, AccountClosedPayee), FailedReversed, EndReversed, FaultNobody},
		{"the payee's bank declines, and the payer's does not take it back", answered(LegCredit, AccountClosedPayee), ReversalStuck, EndFailed, FaultParticipant},
		{"a bank is down, or drained", none(PayeeOffline), Declined, EndFailed, FaultParticipant},
		{"its breaker is open", none(UnhealthyPayer), Declined, EndFailed, FaultParticipant},
		{"it is slow and gets fewer", none(BankThrottledPayer), Declined, EndFailed, FaultParticipant},
		{"it did not answer the debit", asked(LegDebit, TimeoutDebit), FailedReversed, EndReversed, FaultParticipant},
		{"it never told of the credit", asked(LegCredit, TimeoutCredit), Deemed, EndDeemed, FaultParticipant},
		{"its own module is down", answered(LegDebit, HSMDown), Declined, EndFailed, FaultParticipant},
		{"our module is down", none(HSMDown), Declined, EndFailed, FaultSwitch},
		{"our module is down before the credit", asked(LegCredit, HSMDown), FailedReversed, EndReversed, FaultSwitch},
		{"we are about to stop", none(Closing), Declined, EndFailed, FaultSwitch},
		{"no room", none(Busy), Declined, EndFailed, FaultSwitch},
		{"a repeat of what the rim has turned away", turned, Declined, EndFailed, FaultParticipant},
		{"the bank has no room", answered(LegDebit, Busy), Declined, EndFailed, FaultParticipant},
		{"no room for a collect", collect, Declined, EndFailed, FaultSwitch},
		{"too many collects of one PSP", crowded, Declined, EndFailed, FaultParticipant},
		{"too late, and nobody was asked", none(TooLate), Declined, EndFailed, FaultSwitch},
		{"too late after a slow debit", asked(LegDebit, TooLate), FailedReversed, EndReversed, FaultParticipant},
	} {
		c.p.State = c.state
		if c.p.End() != c.end || c.p.Fault() != c.fault {
			t.Errorf("%s: %v of %v, want %v of %v", c.what, c.p.End(), c.p.Fault(), c.end, c.fault)
		}
	}
	for _, o := range Outcomes() {
		for _, state := range []State{Success, Declined, FailedReversed, Deemed, ReversalStuck, CollectExpired} {
			if p := (Payment{State: state, Outcome: o}); !p.End().Faults(p.Fault()) {
				t.Errorf("%v with %v: %v of %v is not counted", state, o, p.End(), p.Fault())
			}
		}
	}
}

// TestTurnedAway: what the rim refuses as busy is not counted as the switch's fault again.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	s := newStepper()
	for _, c := range []struct {
		refuse Outcome
		fault  Fault
	}{{Busy, FaultParticipant}, {Closing, FaultSwitch}} {
		e := &s.e
		e.Kind = RequestArrived
		e.Request = Request{Key: RequestKey{STAN: 1, Transmitted: 1122000000, Acquirer: s.seq}, Hash: 1, Refuse: c.refuse}
		e.Text.Reset()
		s.step(e)
		ended := 0
		for i := range s.out {
			if ef := &s.out[i]; ef.Notice == Moved && ef.State.Final() {
				ended++
				if p := ef.Payment; p.Outcome != c.refuse || p.Fault() != c.fault {
					t.Errorf("%v by the rim: %v of %v, want of %v", c.refuse, p.Outcome, p.Fault(), c.fault)
				}
			}
		}
		if ended != 1 {
			t.Errorf("%v by the rim: %d payments have ended", c.refuse, ended)
		}
	}
}

// TestBusyCollect: of collects that are refused as busy, those are their PSP's that it has
// too many of; those for which the switch has no room, or that it sheds, are its own.
func TestBusyCollect(t *testing.T) {
	t.Parallel()
	s := newStepper()
	config := *s.m.Config()
	config.OpenMax = openShare // a collect for each PSP
	s.step(&Event{Kind: ConfigChanged, Config: &config})
	ask := func(from route.Participant) *Payment {
		e := &s.e
		*e = Event{Kind: RequestArrived, From: from}
		e.Request = Request{Key: RequestKey{From: from, STAN: uint32(s.seq), Transmitted: 1122000000, Acquirer: s.seq}, Hash: 1, Type: Collect}
		e.Request.Amount.Minor, e.Request.Amount.Currency = 1, 356
		e.Text.Set(PayeeAccount, []byte("1000020001"))
		e.Text.Set(PayeeIFSC, []byte("BNKB0000001"))
		e.Text.Set(PayerVPA, []byte("user@bankc"))
		s.step(e)
		for i := range s.out {
			if ef := &s.out[i]; ef.Notice == Moved {
				p := *ef.Payment
				return &p
			}
		}
		t.Fatal("nothing has moved")
		return nil
	}
	busy := func(what string, from route.Participant, fault Fault) {
		t.Helper()
		if p := ask(from); p.Outcome != Busy || p.Fault() != fault {
			t.Errorf("%s: %v of %v, want of %v", what, p.Outcome, p.Fault(), fault)
		}
	}
	waits := func(from route.Participant) {
		t.Helper()
		if p := ask(from); p.State != AwaitAuth {
			t.Fatalf("a collect of %d is %v, %v", from, p.State, p.Outcome)
		}
	}
	waits(0)
	busy("one too many", 0, FaultParticipant)
	waits(1)
	waits(2)
	s.request(0)
	busy("a full table", 1, FaultSwitch)
	s.step(&Event{Kind: LoadChanged, Load: LoadNoCollects})
	busy("a brown-out", 1, FaultSwitch)
}
