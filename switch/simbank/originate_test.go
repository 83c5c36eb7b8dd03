package simbank

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// approve answers a push payment as the switch would.
func approve(f frameIn) message {
	return settled(f, "00", "00")
}

func settled(f frameIn, code, upi string) message {
	a := answerTo(f.message, code, 3, 4, 7, 11, 32, 37, 49, 102)
	a.mti = "0210"
	if code == "00" {
		a.de[38] = "SW0001"
	}
	return a.with(map[string]string{"001": "PAY", "002": "TXN" + f.de[37], "013": upi})
}

type sent struct {
	r   Result
	err error
}

func send(b *Bank, o Order) chan sent {
	out := make(chan sent, 1)
	go func() {
		r, err := b.Send(context.Background(), o)
		out <- sent{r, err}
	}()
	return out
}

func (s *fakeSwitch) wait(c chan sent) sent {
	s.t.Helper()
	select {
	case got := <-c:
		return got
	case <-time.After(patience):
		s.t.Fatal("Send did not return")
		panic("unreachable")
	}
}

func TestSendByAddressAndAccount(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	byVPA := send(b, Order{PayeeVPA: "user2@bankb", Amount: 12_345, Note: "tea", PayerAccount: "1000010003"})
	f := s.next("0200")
	want := map[int]string{3: "401000", 4: "12345", 32: "100001", 49: "356", 102: "1000010003"}
	for de, value := range want {
		if f.de[de] != value {
			t.Errorf("DE%d is %q, want %q", de, f.de[de], value)
		}
	}
	if f.tag["001"] != "PAY" || f.tag["003"] != "user3@banka" || f.tag["004"] != "user2@bankb" || f.tag["018"] != "tea" || !bytes.Contains(f.body, []byte("000000012345")) {
		t.Errorf("tags %v", f.tag)
	}
	s.send(approve(f))
	got := s.wait(byVPA)
	if got.err != nil || got.r.Outcome != "success" || got.r.RRN != f.de[37] || got.r.TxnID != "TXN"+f.de[37] {
		t.Errorf("result %+v", got)
	}

	byAccount := send(b, Order{PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001", Amount: 1})
	f = s.next("0200")
	if f.de[103] != "2000020001" || f.tag["017"] != "BNKB0000001" || f.tag["004"] != "" {
		t.Errorf("request %v %v", f.de, f.tag)
	}
	s.send(settled(f, "68", "BT"))
	if got := s.wait(byAccount); got.r.Outcome != "deemed" {
		t.Errorf("result %+v", got)
	}
	if st := b.Stats(); st.Success != 1 || st.Deemed != 1 || st.Mismatches != 0 || st.Open != 0 {
		t.Errorf("stats %+v", st)
	}
	if _, err := b.Send(context.Background(), Order{PayeeVPA: "user2@bankb", Amount: -1}); err == nil {
		t.Error("a negative amount was sent")
	}
}

// TestRepeatIsByteExact: a payment without an answer comes again as 0201, also on
// the next link, and an answer to any of them is the answer.
func TestRepeatIsByteExact(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.AnswerTimeout, o.RepeatsMax = 20*time.Millisecond, 1000
	b, _ := start(t, o)
	result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500})
	first := s.next("0200")
	again := s.next("0201")
	s.hangUp()
	eventually(t, "signed on again", func() bool { return b.Stats().SignOns == 2 })
	for len(s.frames) > 0 {
		again = <-s.frames
	}
	last := s.next("0201")
	for _, f := range []frameIn{again, last} {
		if !bytes.Equal(f.body[4:], first.body[4:]) || !bytes.HasPrefix(f.body, []byte("0201")) {
			t.Errorf("repeat %q of %q", f.body, first.body)
		}
	}
	s.send(approve(last))
	if got := s.wait(result); got.err != nil || got.r.Code != "00" {
		t.Errorf("result %+v", got)
	}
	if st := b.Stats(); st.Repeats < 2 || st.Sent != 1 || st.Mismatches != 0 {
		t.Errorf("stats %+v", st)
	}
}

func TestUnansweredStaysUnansweredUntilAnswered(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.AnswerTimeout, o.RepeatsMax = 5*time.Millisecond, 2
	b, stop := start(t, o)
	lost := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500})
	s.next("0200")
	s.next("0201")
	s.next("0201")
	if got := s.wait(lost); !errors.Is(got.err, ErrUnanswered) || got.r.Outcome != "unanswered" {
		t.Errorf("result %+v", got)
	}
	slow := send(b, Order{PayeeVPA: "user2@bankb", Amount: 501})
	f := s.next("0200")
	s.wait(slow)
	s.send(approve(f))
	eventually(t, "the late answer counts", func() bool { return b.Stats().Success == 1 })
	if st := b.Stats(); st.Unanswered != 1 || st.Open != 0 {
		t.Errorf("stats %+v", st)
	}
	stop()
	r := b.Report()
	if r.Sent != 2 || r.Answered != 1 || r.Unanswered != 1 || r.Payments[0].Outcome != "unanswered" || r.Payments[1].Outcome != "success" {
		t.Errorf("report %+v", r)
	}
}

func TestAnswersThatDiffer(t *testing.T) {
	s := newFakeSwitch(t)
	b, _ := start(t, s.options())
	pay := func(answers func(frameIn) []message) {
		result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500, Twice: true})
		f := s.next("0200")
		if again := s.next("0201"); !bytes.Equal(again.body[4:], f.body[4:]) {
			t.Errorf("repeat on purpose %q", again.body)
		}
		for _, a := range answers(f) {
			s.send(a)
		}
		s.wait(result)
		s.nothing()
	}
	pay(func(f frameIn) []message { return []message{approve(f), approve(f)} })
	if got := b.Stats().Mismatches; got != 0 {
		t.Fatalf("%d mismatches of equal answers", got)
	}
	pay(func(f frameIn) []message { return []message{approve(f), settled(f, "05", "U30")} })
	if got := b.Stats().Mismatches; got != 1 {
		t.Fatalf("%d mismatches after another answer", got)
	}
	pay(func(f frameIn) []message {
		wrong := approve(f)
		wrong.de[4] = "501"
		return []message{wrong}
	})
	if got := b.Stats().Mismatches; got != 2 {
		t.Fatalf("%d mismatches after an echo of another amount", got)
	}
	stranger := approve(frameIn{message: message{mti: "0200", de: map[int]string{11: "000001", 37: "NOBODYKNOWS0"}}})
	s.send(stranger)
	s.nothing()
	if st := b.Stats(); st.Unmatched != 1 || st.Success != 3 {
		t.Errorf("stats %+v", st)
	}
}

// TestUpdates: after a deemed answer the last word is noted beside it, and must
// then stay what it is.
func TestUpdates(t *testing.T) {
	s := newFakeSwitch(t)
	b, stop := start(t, s.options())
	result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500})
	f := s.next("0200")
	s.send(settled(f, "68", "BT"))
	s.wait(result)
	update := func(code, upi string) {
		t.Helper()
		m := moneyOf("0220", "401000", "UPDATE", "U1", 500)
		m.de[32], m.de[39], m.de[90] = "100001", code, "0200"+f.de[11]+f.de[7]+"00000100001"+"00000999999"
		m.tag["013"] = upi
		s.send(m)
		if a := s.next("0230"); a.de[39] != "00" || a.de[37] != m.de[37] {
			t.Errorf("receipt %+v", a.de)
		}
	}
	update("21", "U34")
	update("21", "U34")
	s.send(settled(f, "68", "BT"))
	s.nothing()
	if st := b.Stats(); st.Updates != 2 || st.Mismatches != 0 || st.Deemed != 1 {
		t.Errorf("stats %+v", st)
	}
	update("00", "00")
	stop()
	r := b.Report()
	if p := r.Payments[0]; p.Outcome != "deemed" || p.Final != "declined" || p.FinalCode != "21" || p.Model != "A" || r.Mismatches != 1 {
		t.Errorf("report %+v", r)
	}
}

// TestPostOnConfirmInFields: holding credits back knows no protocol; a no that
// comes first bars the credit, though it bears another reference.
func TestPostOnConfirmInFields(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.PostOnConfirm = true
	b, _ := start(t, o)
	credit := func(ref, stan, want string) {
		t.Helper()
		m := creditOf(ref, 10)
		m.de[11] = stan
		s.send(m)
		if f := s.next("0210"); f.de[39] != want {
			t.Errorf("%s: answer %s", ref, f.de[39])
		}
	}
	confirm := func(ref, code, stan string, net int64) {
		t.Helper()
		s.send(confirmOf(ref, code, stan))
		if f := s.next("0230"); f.de[39] != "00" || b.Book().Net() != net {
			t.Errorf("%s: receipt %s, net %d", ref, f.de[39], b.Book().Net())
		}
	}
	credit("C1", "000061", "00")
	s.send(statusOf("C1"))
	if f := s.next("0110"); f.de[39] != "09" || b.Book().Net() != 0 {
		t.Errorf("status %s, net %d", f.de[39], b.Book().Net())
	}
	confirm("K1", "00", "000061", 10)
	credit("C2", "000062", "00")
	confirm("K2", "68", "000062", 10)
	confirm("K3", "68", "000063", 10)
	credit("C3", "000063", "94")
	if c := b.Book().Tally().Credit; c != (Count{Posted: 1, Dropped: 1, ReversalFirst: 1}) || b.Book().Conflicts() != 0 {
		t.Errorf("tally %+v, %d conflicts", c, b.Book().Conflicts())
	}
}

func TestOpenPaymentsAreBounded(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.OpenMax = 1
	b, _ := start(t, o)
	first := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500})
	f := s.next("0200")
	if _, err := b.Send(context.Background(), Order{PayeeVPA: "user2@bankb", Amount: 1}); !errors.Is(err, ErrFull) {
		t.Errorf("Send: %v", err)
	}
	s.send(approve(f))
	s.wait(first)
}

// TestTrafficDrainAndReport lets a participant originate, answers all, ends it in
// the middle and holds the report against what the switch saw.
func TestTrafficDrainAndReport(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Rate, o.BadRate, o.RepeatRate, o.Drain = 2000, 0.1, 0.2, patience
	o.Peers = []Peer{{"bankb", "BNKB", "200002", 5}, {"bankc", "BNKC", "300003", 5}}
	b, stop := start(t, o)
	seen := map[string]int64{}
	var vpa, account, unknown int
	take := func(f frameIn) {
		if n := amountOf(f.de[4]); f.mti == "0200" {
			seen[f.de[37]] = n
		} else if seen[f.de[37]] != n {
			t.Errorf("a repeat of what was not sent: %s", f.de[37])
		}
		switch {
		case strings.HasPrefix(f.tag["004"], "nobody@"), f.tag["004"] == "user1@nosuchhandle", f.tag["017"] == "ZZZZ0000001", strings.HasSuffix(f.de[103], "NONE"):
			unknown++
		case f.tag["004"] != "":
			vpa++
		default:
			account++
		}
	}
	for len(seen) < 300 {
		f := <-s.frames
		take(f)
		s.send(settled(f, map[bool]string{true: "00", false: "51"}[amountOf(f.de[4])%2 == 0], "00"))
	}
	// The end comes while payments are open: they are answered in the drain.
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	for open := true; open; {
		select {
		case f := <-s.frames:
			take(f)
			s.send(settled(f, map[bool]string{true: "00", false: "51"}[amountOf(f.de[4])%2 == 0], "00"))
		case <-ended:
			open = false
		}
	}
	var text bytes.Buffer
	must(t, b.WriteReport(&text))
	var r Report
	must(t, json.Unmarshal(text.Bytes(), &r))
	if int(r.Sent) != len(seen) || r.Answered != r.Sent || r.Unanswered != 0 || r.Mismatches != 0 || r.Success+r.Declined != r.Sent || r.Success == 0 || r.Declined == 0 {
		t.Errorf("sent %d answered %d success %d declined %d mismatches %d, switch saw %d", r.Sent, r.Answered, r.Success, r.Declined, r.Mismatches, len(seen))
	}
	for _, p := range r.Payments {
		if seen[p.RRN] != p.Amount || p.TxnID != "TXN"+p.RRN || p.SentAt == 0 {
			t.Fatalf("payment %+v, switch saw %d", p, seen[p.RRN])
		}
	}
	if vpa == 0 || account == 0 || unknown == 0 || r.Repeats == 0 {
		t.Errorf("mix: %d by address, %d by account, %d to nobody, %d repeats", vpa, account, unknown, r.Repeats)
	}
	if r.Latency.P50 <= 0 || r.Latency.P50 > r.Latency.P99 || r.Latency.P99 > r.Latency.Max {
		t.Errorf("latency %+v", r.Latency)
	}
}

func TestStopOriginatingKeepsTheLink(t *testing.T) {
	s := newFakeSwitch(t)
	o := s.options()
	o.Rate, o.Peers = 500, []Peer{{"bankb", "BNKB", "200002", 5}}
	b, _ := start(t, o)
	s.next("0200")
	b.StopOriginating()
	b.StopOriginating()
	s.send(debitOf("D1", 10))
	// Own payments may still be on their way; the answer comes behind them.
	eventually(t, "the debit is answered", func() bool { return b.Stats().Answers == 1 })
	if !b.Stats().Ready {
		t.Error("the link is gone")
	}
}

func TestLatenciesAgainstSortedList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := &latencies{}
	var all []int64
	for range 20_000 {
		v := int64(math.Exp(rng.Float64() * 25))
		all = append(all, v)
		l.add(v)
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999} {
		exact, got := all[int(q*float64(len(all)))-1], l.percentile(q)
		if got < exact || float64(got) > 1.04*float64(exact)+1 {
			t.Errorf("percentile %v is %d, exactly %d", q, got, exact)
		}
	}
	if l.percentile(1) != all[len(all)-1] || l.max != all[len(all)-1] {
		t.Error("the maximum is not exact")
	}
	for _, v := range []int64{0, 1, 31, 32, 33, 63, 64, 1 << 40, math.MaxInt64} {
		if b := bucketOf(v); upperOf(b) < v || b > 0 && upperOf(b-1) >= v {
			t.Errorf("%d is in bucket %d up to %d", v, b, upperOf(b))
		}
	}
}

func TestScheduleOrderAndBound(t *testing.T) {
	s := newSchedule(wall, 3)
	var got []int
	note := func(n int) func() { return func() { got = append(got, n) } }
	s.after(time.Hour, note(3))
	s.after(time.Minute, note(2))
	s.after(time.Minute, note(9))
	s.after(time.Hour, note(1)) // full: at once
	if !slices.Equal(got, []int{1}) || s.waiting() != 3 {
		t.Fatalf("ran %v, %d wait", got, s.waiting())
	}
	s.clock = func() int64 { return wall() + int64(2*time.Hour) }
	s.runDue()
	if !slices.Equal(got, []int{1, 2, 9, 3}) || s.waiting() != 0 {
		t.Fatalf("ran %v, %d wait", got, s.waiting())
	}
}

// BenchmarkDebits is the rate at which one participant answers debits over TLS,
// the fake switch's share of the work included.
func BenchmarkDebits(b *testing.B) {
	s := newFakeSwitch(b)
	o := s.options()
	o.OpeningBalance = 1 << 50
	start(b, o)
	body, err := s.codec.encode(debitOf("R", 1))
	must(b, err)
	at := bytes.Index(body, []byte("00000000000R"))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for n := range b.N {
			for i, v := at+11, n; i >= at; i-- {
				body[i] = byte('0' + v%10)
				v /= 10
			}
			s.sendBytes(body)
		}
	}()
	for range b.N {
		<-s.frames
	}
}

// TestRepeatInEveryDialect: a repeat is the same message but for its type, however
// the dialect writes digits.
func TestRepeatInEveryDialect(t *testing.T) {
	for _, dialect := range []string{"iso87-npci", "iso87-ascii", "iso87-binary", "iso87-ebcdic"} {
		spec, err := os.ReadFile("../../codec/iso8583/specs/" + dialect + ".json")
		must(t, err)
		c, err := newCodec(spec, MAC{})
		must(t, err)
		want := debitOf("D1", 10)
		body, err := c.encode(want)
		must(t, err)
		got, bad := c.decode(c.asRepeat(body))
		original, _ := c.decode(body)
		if bad != nil || got.mti != "0201" || !maps.Equal(got.de, original.de) || !maps.Equal(got.tag, original.tag) {
			t.Errorf("%s: %s %v, %v", dialect, got.mti, got.de, bad)
		}
	}
}
