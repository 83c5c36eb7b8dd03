package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"switchd/codec/frame"
)

// hostile is a running switch with two honest participants that pay each other.
// Whatever a test does to it, they must not notice.
type hostile struct {
	*scheme
	p     *process
	banks []*bank
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	h := &hostile{scheme: newScheme(t, shortTimers, 4)}
	h.p = h.serve()
	h.banks = []*bank{h.bank("BANKA", 1, "--rate", "50"), h.bank("BANKB", 2, "--rate", "50")}
	h.scheme.signedOn(patience, "BANKA", "BANKB")
	return h
}

// goesOn proves that payments of others still succeed.
func (h *hostile) goesOn() {
	h.t.Helper()
	h.goOnUnless(func() bool { return false })
}

// goOnUnless waits for more payments of the others, or for something that ends the wait, and
// says whether they were first.
func (h *hostile) goOnUnless(over func() bool) (more bool) {
	h.t.Helper()
	before, ok := h.summary()
	until(h.t, patience, "more payments of the others", func() bool {
		now, again := h.summary()
		more = ok && again && now.States["SUCCESS"] >= before.States["SUCCESS"]+5
		return more || over()
	})
	return more
}

// unharmed ends it all: the honest participants have never lost their link, and
// the books balance. What the hostile ones did to their own is not asked.
func (h *hostile) unharmed() {
	h.t.Helper()
	h.rest(h.banks...)
	for _, b := range h.banks {
		if n := strings.Count(b.err.String(), "signed on"); n != 1 {
			h.t.Errorf("%s had to sign on %d times", b.id, n)
		}
	}
	h.stopClean(h.p)
	for _, r := range h.reports(h.banks...) {
		if r.Mismatches+r.Malformed+r.Conflicts+r.Unanswered != 0 {
			h.t.Errorf("%s: %d changed answers, %d malformed, %d conflicts, %d without an answer", r.ID, r.Mismatches, r.Malformed, r.Conflicts, r.Unanswered)
		}
	}
}

// expect checks the code of a refusal and the text in DE44.
func expect(t testing.TB, a *message, code, note string) {
	t.Helper()
	if a.mti != "0210" || a.de[39] != code || a.de[44] != note {
		t.Errorf("a %s with %s %q, want 0210 with %s %q", a.mti, a.de[39], a.de[44], code, note)
	}
}

// TestMalformedFrame: a frame that cannot be one closes its link and no other,
// is counted by its reason, and nothing of it is logged.
func TestMalformedFrame(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	secret := "5555444433332222"
	for _, c := range []struct {
		reason string
		bytes  []byte
	}{
		{"too_short", []byte("\x00\x040800")},
		{"too_short", []byte{0, 0}},
		{"too_long", append([]byte{0xff, 0xff}, secret...)},
		{"too_long", []byte("0200" + secret)}, // a peer with ASCII lengths
	} {
		counter := fmt.Sprintf(`switchd_frame_errors_total{reason=%q}`, c.reason)
		before := h.metric(counter)
		bad, good := h.connect("BANKC"), h.connect("BANKC")
		good.signOn()
		bad.write(c.bytes)
		bad.closed(patience)
		good.echo("301")
		if got := h.metric(counter); got != before+1 {
			t.Errorf("%s went from %v to %v", counter, before, got)
		}
		h.p.says(patience, `msg="malformed frame" event=link.frame.malformed reason=`+c.reason)
	}
	h.goesOn()
	if strings.Contains(h.p.err.String(), secret) {
		t.Error("the log has content of a frame")
	}
	h.unharmed()
}

// TestOtherFramings: a participant with headers and keep-alives of its own pays
// like any other; one that does not speak as configured is told to the operator.
func TestOtherFramings(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	d, other := h.connect("BANKD"), h.connect("BANKC")
	for range 3 {
		d.write([]byte("0000"))
		if fr, err := d.frame(patience); err != nil || fr.Kind != frame.KeepAlive {
			t.Fatalf("to a keep-alive came %v, %v", fr.Kind, err)
		}
	}
	d.signOn()
	if a := d.paid(d.payAccount("BANKD", "BANKA")); a.de[39] != "00" {
		t.Errorf("a payment ends with %s %s", a.de[39], a.de[44])
	}
	if n := h.metric(`switchd_keepalives_total{direction="out"}`); n != 3 {
		t.Errorf("%v keep-alives answered, want 3", n)
	}
	other.framing = frame.ASCII4
	other.write(other.framed(other.encode(other.network("001"))))
	other.closed(patience)
	h.p.says(patience, "framing=BIN2 dialect=iso87-npci fits=ASCII4 fits_dialect=iso87-npci")
	other = h.connect("BANKC")
	other.spec = d.spec
	other.write(other.framed(other.encode(other.network("001"))))
	h.p.says(patience, "framing=BIN2 dialect=iso87-npci fits=BIN2 fits_dialect=iso87-ascii")
	h.goesOn()
	h.unharmed()
}

// TestMalformedMessage: in a good frame it is answered with the field, in both
// dialects, and the link stays.
func TestMalformedMessage(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	counter := "switchd_messages_malformed_total"
	for _, id := range []string{"BANKC", "BANKD"} { // npci and ascii
		c := h.connect(id)
		c.signOn()
		before := h.metric(counter)
		good := c.payAccount(id, "BANKA")
		for _, bad := range []struct {
			note     string
			old, new string
			change   func(m *message)
		}{
			{note: "DE4 n12", old: "000000012345", new: "00000001234X"},
			{note: "DE49 an3", old: "356", new: "3-6"},
			{note: "DE4 n12 > 0", change: func(m *message) { m.de[4] = "000000000000" }},
			{note: "DE32 of the sender", change: func(m *message) { m.de[32] = "100001" }},
			{note: "DE102 missing", change: func(m *message) { delete(m.de, 102) }},
			{note: "DE120 017 missing", change: func(m *message) { delete(m.tags, 17) }},
			{note: "DE7 MMDDhhmmss", change: func(m *message) { m.de[7] = "1332250000" }},
		} {
			m := *good
			m.de, m.tags = clone(good.de), clone(good.tags)
			if bad.change != nil {
				bad.change(&m)
			}
			body := c.encode(&m)
			if bad.old != "" { // the last one: at 23:56 DE7 has digits like those of DE49
				at := bytes.LastIndex(body, []byte(bad.old))
				copy(body[at:], bad.new)
			}
			c.write(c.framed(body))
			a := c.receive()
			expect(t, a, "30", bad.note)
			// What stands before the bad field is known, and echoed.
			if bad.note != "DE4 n12" && (a.de[11] != good.de[11] || a.de[4] != m.de[4]) {
				t.Errorf("%s: the answer to a malformed message does not say to which: %v", id, a.de)
			}
		}
		c.write(c.framed([]byte("0200 this is no message at all")))
		if a := c.receive(); a.mti != "0210" || a.de[39] != "30" {
			t.Errorf("%s: to rubbish came a %s with %s", id, a.mti, a.de[39])
		}
		c.echo("301") // the link is there, and nothing else was answered
		if got := h.metric(counter) - before; got != 8 {
			t.Errorf("%s: %v malformed messages counted, want 8", id, got)
		}
	}
	h.unharmed()
}

func clone[K comparable, V any](m map[K]V) map[K]V {
	out := map[K]V{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// TestRefusals: what is declined before it is a payment, or before any debit. The
// very next message after a request is its answer, and after all of them no leg
// has been sent for any.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 4)
	p := s.serve()
	a := s.bank("BANKA", 1)
	s.signedOn(patience, "BANKA")
	c := s.connect("BANKC")

	early := c.pay("BANKC", "user1@banka")
	refusal := c.ask(early)
	expect(t, refusal, "91", "NOT SIGNED ON")
	for _, de := range []int{3, 4, 7, 11, 32, 37, 49, 102} {
		if refusal.de[de] != early.de[de] {
			t.Errorf("a refusal has DE%d %q, the request %q", de, refusal.de[de], early.de[de])
		}
	}
	if got, _ := s.summary(); got.Payments != 0 {
		t.Error("a request before sign-on has become a payment")
	}
	c.signOn()
	upi := func(m *message, code, tag, note string) {
		t.Helper()
		expect(t, m, code, note)
		if m.tags[13] != tag {
			t.Errorf("UPI code %q with %s, want %q", m.tags[13], code, tag)
		}
	}
	upi(c.ask(c.pay("BANKC", "user1@nosuchhandle")), "14", "ZH", "ADDRESS UNKNOWN")
	upi(c.ask(c.pay("BANKC", "nobody@banka")), "14", "ZH", "ADDRESS UNKNOWN 14")
	upi(c.ask(c.pay("BANKC", "user1@bankd")), "91", "U78", "PAYEE BANK OFFLINE")
	upi(c.ask(c.payAccount("BANKC", "BANKD")), "91", "U78", "PAYEE BANK OFFLINE")
	upi(c.ask(c.payAccount("BANKD", "BANKA")), "91", "U28", "PAYER BANK OFFLINE")
	nowhere := c.payAccount("BANKC", "BANKA")
	nowhere.tags[17] = "ZZZZ0000001"
	upi(c.ask(nowhere), "92", "U17", "CANNOT ROUTE")
	same := c.payAccount("BANKC", "BANKC")
	upi(c.ask(same), "57", "U96", "SAME ACCOUNT")
	large := c.payAccount("BANKC", "BANKA")
	large.de[4] = "001000000001" // above the net debit cap
	upi(c.ask(large), "61", "U03", "NDC")
	dollars := c.payAccount("BANKC", "BANKA")
	dollars.de[49] = "840"
	upi(c.ask(dollars), "13", "XD", "AMOUNT OR CURRENCY")

	for _, request := range []*message{
		{mti: "0100", de: map[int]string{3: "310000", 7: stampNow(), 11: "000077", 32: c.institution, 37: "BALANCE00001", 102: "1000030001"}},
		{mti: "0420", de: map[int]string{3: "401000", 4: "000000000100", 7: stampNow(), 11: "000078", 32: c.institution, 37: "REVERSE00001"}},
		{mti: "0220", de: map[int]string{3: "210010", 4: "000000000100", 7: stampNow(), 11: "000079", 32: c.institution, 37: "ADVISE000001"}},
	} {
		if answer := c.ask(request); answer.de[39] != "40" {
			t.Errorf("a %s was answered with %s %q, want 40", request.mti, answer.de[39], answer.de[44])
		}
	}
	balance, purchase := c.pay("BANKC", "user1@banka"), c.pay("BANKC", "user1@banka")
	balance.de[3], purchase.tags[1] = "310000", "BUY"
	for _, request := range []*message{balance, purchase} {
		if answer := c.ask(request); answer.de[39] != "40" {
			t.Errorf("a 0200 that is no push payment was answered with %s %q, want 40", answer.de[39], answer.de[44])
		}
	}

	c.echo("002") // signed off, it may ask no more
	expect(t, c.ask(c.pay("BANKC", "user1@banka")), "91", "NOT SIGNED ON")
	got, _ := s.summary()
	if got.States["DEBIT_SENT"] != 0 || got.Open != 0 || got.States["DECLINED"] != got.Payments || got.Payments == 0 {
		t.Errorf("after refusals only: %+v", got)
	}
	s.rest(a)
	s.stopClean(p)
	if r := s.reports(a)["BANKA"]; len(r.Entries) != 0 {
		t.Errorf("BANKA was sent legs: %+v", r.Entries)
	}
}

// TestDuplicates: the same request gets the same bytes, whatever became of it and
// whatever happened to the switch meanwhile; other content under its reference is
// refused and changes nothing.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	s := newScheme(t, shortTimers, 4)
	p := s.serve()
	a := s.bank("BANKA", 1)
	s.signedOn(patience, "BANKA")
	c := s.connect("BANKC")
	c.signOn()

	success, declined, unknown := c.payAccount("BANKC", "BANKA"), c.pay("BANKC", "nobody@banka"), c.pay("BANKC", "user1@nosuchhandle")
	told := map[*message][]byte{success: c.paid(success).raw, declined: c.ask(declined).raw, unknown: c.ask(unknown).raw}
	for m, code := range map[*message]string{success: "00", declined: "14", unknown: "14"} {
		if again := c.ask(m); again.de[39] != code || !bytes.Equal(again.raw, told[m]) {
			t.Errorf("the answer changed:\n%q\n%q", told[m], again.raw)
		}
	}
	again := func(when string) {
		t.Helper()
		for m, want := range told {
			for _, repeat := range []*message{m, m.repeat()} {
				if got := c.ask(repeat).raw; !bytes.Equal(got, want) {
					t.Errorf("%s a %s is answered with\n%q, first it was\n%q", when, repeat.mti, got, want)
				}
			}
			other := *m
			other.de = clone(m.de)
			other.de[4] = "000000054321"
			expect(t, c.ask(&other), "94", "DUPLICATE REFERENCE")
		}
	}
	again("at once")
	reconnect := func() {
		s.signedOn(patience, "BANKA")
		c = s.connect("BANKC")
		c.signOn()
	}
	s.stopClean(p)
	p = s.serve()
	reconnect()
	again("after a restart")
	p.kill()
	p = s.serve()
	reconnect()
	again("after a kill")

	s.rest(a)
	s.stopClean(p)
	if r := s.reports(a)["BANKA"]; len(r.Entries) != 1 || r.Net != 12345 {
		t.Errorf("BANKA has net %d and legs %+v, want the one credit", r.Net, r.Entries)
	}
}

// dribble writes one byte at a time, each in a segment of its own.
type dribble struct {
	net.Conn
	gap time.Duration
}

// Write sends each byte alone.
func (d *dribble) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
		if d.gap > 0 {
			<-time.After(d.gap)
		}
	}
	return len(b), nil
}

// silent connects so many that make no handshake, or begin one and stop.
func (h *hostile) silent(n int) {
	h.t.Helper()
	for i := range n {
		conn, err := net.DialTimeout("tcp", h.listen, patience)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(func() { conn.Close() })
		if i%2 == 0 {
			if _, err := conn.Write([]byte{22, 3, 1, 2, 0, 1}); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// TestSlowClients: clients that send one byte at a time are served, those that
// stop in the middle are closed, and nobody else waits for either. It has the
// machine for itself, because what that takes is logged.
func TestSlowClients(t *testing.T) {
	h := newHostile(t)
	begun := time.Now()
	timeouts := func() int { return int(h.metric(`switchd_handshakes_total{result="timeout"}`)) }
	before := timeouts()
	half := make([]*client, 20)
	for i := range half { // half a frame, then nothing
		half[i] = h.connect("BANKC")
		half[i].write([]byte{0, 200, '0', '2'})
	}
	const silent = 20
	h.silent(silent)
	var slow *dribble
	c := h.connectThrough("BANKC", func(conn net.Conn) net.Conn {
		slow = &dribble{Conn: conn}
		return slow
	})
	slow.gap = 5 * time.Millisecond
	c.signOn()
	slow.gap = 0 // still byte by byte, but within the debit timer
	if a := c.paid(c.payAccount("BANKC", "BANKA")); a.de[39] != "00" {
		t.Errorf("a payment in single bytes is answered with %s", a.de[39])
	}
	until(t, patience, "the silent ones are closed", func() bool { return timeouts() >= before+silent })
	for _, hc := range half {
		hc.closed(patience)
	}
	t.Logf("silent and half-open clients were gone after %v", time.Since(begun).Round(time.Millisecond))
	// Others pay while some are silent, and not only after those are closed; a machine that
	// is too slow for that tries again.
	until(t, patience, "others pay before the silent ones are closed", func() bool {
		had := timeouts()
		half := h.connect("BANKC")
		half.write([]byte{0, 200, '0', '2'})
		h.silent(4)
		return h.goOnUnless(func() bool { return timeouts() > had }) && timeouts() == had
	})
	c.echo("301")
	worst := 0.0
	until(t, patience, "a hundred payments of the others", func() bool { s, ok := h.summary(); return ok && s.States["SUCCESS"] >= 100 })
	h.rest(h.banks...)
	h.stopClean(h.p)
	for _, r := range h.reports(h.banks...) {
		worst = max(worst, r.Latency.P99)
		if r.Unanswered+r.Mismatches != 0 || r.Success < 20 {
			t.Errorf("%s: %d of %d succeeded, %d without an answer", r.ID, r.Success, r.Sent, r.Unanswered)
		}
	}
	t.Logf("p99 of the others: %.1f ms", worst) // they share nothing with the slow ones but the loop
}
