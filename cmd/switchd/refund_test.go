package main

import "testing"

// TestRefund: what a bank got it can give back, in parts, and never more than that.
func TestRefund(t *testing.T) {
	s := newScheme(t, longTimers, 4)
	s.serve()
	payer, payee := s.connect("BANKC"), s.connect("BANKD")
	payer.signOn()
	payee.signOn()

	// credited plays the bank that is credited, and returns the credit.
	credited := func(c *client) *message {
		t.Helper()
		credit := c.receive()
		if credit.mti != "0200" || credit.tags[1] != "CREDIT" {
			t.Fatalf("a %s %v, want the credit", credit.mti, credit.tags)
		}
		c.send(credit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103))
		return credit
	}
	debited := func(c *client) {
		t.Helper()
		debit := c.receive()
		yes := debit.answer("00", 3, 4, 7, 11, 32, 33, 37, 49, 102, 103)
		yes.de[38] = "A00001"
		c.send(yes)
	}
	push := payer.payAccount("BANKC", "BANKD")
	payer.send(push)
	debited(payer)
	id := credited(payee).tags[2]
	if a := payer.answerTo(push); a.de[39] != "00" || a.tags[2] != id {
		t.Fatalf("the payment was answered with %s for %s", a.de[39], a.tags[2])
	}

	refund := func(minor string) *message {
		m := payee.pay("BANKD", "")
		delete(m.tags, 4)
		m.de[3], m.de[4], m.tags[1], m.tags[2] = "200000", minor, "REFUND", id
		return m
	}
	part := refund("000000012000")
	payee.send(part)
	debited(payee)
	if c := credited(payer); c.de[103] != push.de[102] || c.de[4] != "000000012000" {
		t.Errorf("the refund credits %s with %s, want %s", c.de[103], c.de[4], push.de[102])
	}
	if a := payee.answerTo(part); a.de[39] != "00" || a.de[3] != "200000" || a.tags[1] != "REFUND" {
		t.Errorf("the refund was answered with %s %s %s", a.de[39], a.de[3], a.tags[1])
	}
	if a := payee.ask(refund("000000000346")); a.de[39] != "13" {
		t.Errorf("a refund of more than is left was answered with %s", a.de[39])
	}
	stranger := payer.pay("BANKC", "")
	delete(stranger.tags, 4)
	stranger.de[3], stranger.tags[1], stranger.tags[2] = "200000", "REFUND", id
	if a := payer.ask(stranger); a.de[39] != "25" {
		t.Errorf("a refund by the payer was answered with %s", a.de[39])
	}
	if sum, ok := s.summary(); !ok || sum.PositionsSum != 0 || sum.Participants[2].Position.Posted != -345 {
		t.Errorf("positions %+v", sum.Participants)
	}
}
