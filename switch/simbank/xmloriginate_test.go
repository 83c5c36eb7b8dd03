package simbank

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const timeUnit = 10 * time.Millisecond

func refOf(kind string, n int) string { return fmt.Sprintf("%s%d", kind, n) }

// told answers an own payment of the participant.
func (s *xmlSwitch) told(d docIn, leg, status, why string) {
	s.t.Helper()
	switch m := d.doc.(type) {
	case *creditDoc:
		of := originalGroup{m.GrpHdr.MsgId, defCredit, m.GrpHdr.CreDtTm}
		s.put(s.word(msgID("P", leg), of, m.CdtTrfTxInf.PmtId, status, why, ""))
	case *orderDoc:
		p := m.PmtInf.CdtTrfTxInf.PmtId
		doc := orderStatusDoc{
			GrpHdr:            orderStatusHeader{MsgId: msgID("P", leg), CreDtTm: s.speech.now()},
			OrgnlGrpInfAndSts: orderStatusGroup{OrgnlMsgId: m.GrpHdr.MsgId, OrgnlMsgNmId: defOrder, OrgnlCreDtTm: m.GrpHdr.CreDtTm},
			OrgnlPmtInfAndSts: orderStatusBatch{OrgnlPmtInfId: m.PmtInf.PmtInfId, TxInfAndSts: orderedStatus{
				OrgnlInstrId: p.InstrId, OrgnlEndToEndId: p.EndToEndId, OrgnlUETR: p.UETR, TxSts: status,
			}},
		}
		if why != "" {
			doc.OrgnlPmtInfAndSts.TxInfAndSts.StsRsnInf = &reason{Rsn: &codeOrText{Cd: why}}
		}
		s.put(defOrderStatus, msgID("P", leg), doc)
	default:
		s.t.Fatalf("%T is no own payment", d.doc)
	}
}

// TestPushRequests reads own payments by address and by account.
func TestPushRequests(t *testing.T) {
	s := newXMLSwitch(t)
	b, _ := start(t, s.options())
	send(b, Order{PayerAccount: "1000010003", PayeeVPA: "user2@bankb", Amount: 12_345, Note: `"tea" & cake's`, Model: ModelB})
	d := s.got()
	x := &d.doc.(*creditDoc).CdtTrfTxInf
	if x.PmtTpInf.LclInstrm.Prtry != "PUSH" || x.IntrBkSttlmAmt != (money{"INR", "123.45"}) || x.CdtrAcct.Prxy.Id != "user2@bankb" ||
		x.CdtrAcct.Id.Othr.Id != notProvided || x.CdtrAgt.FinInstnId.Othr.Id != notProvided || x.DbtrAcct.number() != "1000010003" ||
		x.DbtrAcct.Prxy.Id != "user3@banka" || x.RmtInf.Ustrd[0] != `"tea" & cake's` || len(x.PmtId.TxId) != 35 || d.head.PssblDplct != "" {
		t.Errorf("request %s", d.body)
	}
	if bytes.Contains(d.body, []byte("&#")) || !bytes.Contains(d.body, []byte("&quot;tea&quot; &amp; cake&apos;s")) {
		t.Errorf("the scheme knows no character references: %s", d.body)
	}
	s.told(d, "Q", "ACSC", "")
	send(b, Order{PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001", Amount: 100, Model: ModelB})
	d = s.got()
	if x := &d.doc.(*creditDoc).CdtTrfTxInf; x.CdtrAgt.member() != "BNKB0000001" || x.CdtrAcct.number() != "2000020001" || x.CdtrAcct.Prxy != nil {
		t.Errorf("request %s", d.body)
	}
	s.told(d, "Q", "ACSC", "")
}

func TestModelB(t *testing.T) {
	s := newXMLSwitch(t)
	b, stop := start(t, s.options())
	balance := func() int64 { n, _ := b.Book().Balance(AccountOf("1000010003")); return n }
	result := send(b, Order{PayerAccount: "1000010003", PayeeVPA: "user2@bankb", Amount: 12_345, Model: ModelB})
	d := s.got()
	if balance() != 1_000_000-12_345 {
		t.Errorf("balance %d: the payer is debited first", balance())
	}
	s.told(d, "Q", "ACSC", "")
	if got := s.wait(result); got.err != nil || got.r.Outcome != "success" || got.r.TxnID != d.doc.(*creditDoc).CdtTrfTxInf.PmtId.TxId || got.r.MsgID != d.head.BizMsgIdr {
		t.Errorf("result %+v", got)
	}
	refused := send(b, Order{PayerAccount: "1000010003", PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001", Amount: 100, Model: ModelB})
	s.told(s.got(), "Q", "RJCT", "AC03")
	if got := s.wait(refused); got.r.Outcome != "declined" || got.r.Code != "AC03" {
		t.Errorf("result %+v", got)
	}
	eventually(t, "the payer has his money back", func() bool { return balance() == 1_000_000-12_345 })
	if _, err := b.Send(context.Background(), Order{PayeeVPA: "user2@bankb", Amount: 1_000_001, Model: ModelB}); !errors.Is(err, ErrNoFunds) {
		t.Errorf("Send: %v", err)
	}
	stop()
	r := b.Report()
	if len(r.Entries) != 2 || r.Entries[0].Model != "B" || r.Entries[0].State != Posted || r.Entries[1].State != Reversed || r.Net != -12_345 ||
		len(r.Payments) != 2 || r.Payments[0].TxID != r.Entries[0].TxnID || r.Payments[0].UETR == "" || r.Payments[0].Model != "B" ||
		r.Payments[0].AnswerID != msgID("P", "Q") {
		t.Errorf("report %+v", r)
	}
}

// TestDeemedAndUpdated: a deemed payment keeps its debit until the last word,
// which the participant also asks for.
func TestDeemedAndUpdated(t *testing.T) {
	for _, c := range []struct {
		model, status, why string
		final              string
		net                int64
	}{{ModelB, "ACSC", "", "success", -500}, {ModelB, "RJCT", "AC03", "declined", 0}, {ModelA, "RJCT", "AC03", "declined", 0}} {
		t.Run(c.model+c.status, func(t *testing.T) {
			s := newXMLSwitch(t)
			o := s.options()
			o.AnswerTimeout, o.Receipts = 5*timeUnit, true
			b, stop := start(t, o)
			result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 500, Model: c.model})
			d := s.got()
			s.told(d, "Q", "PDNG", "AB05")
			if got := s.wait(result); got.r.Outcome != "deemed" || got.r.Code != "AB05" {
				t.Errorf("result %+v", got)
			}
			want := map[string]bool{"admi.007 RCVD " + msgID("P", "Q"): true, "pacs.028 " + d.head.BizMsgIdr: true}
			for len(want) > 0 {
				got := s.got()
				if sum := summary(got); !want[sum] {
					if got.head.PssblDplct == "" {
						t.Fatalf("got %s, want %v", sum, want)
					}
				} else {
					delete(want, sum)
				}
			}
			s.told(d, "U", c.status, c.why)
			s.told(d, "U", c.status, c.why)
			s.told(d, "Q", "PDNG", "AB05") // its repeat was answered, too
			eventually(t, "the last word is known", func() bool { return b.Stats().Updates == 4 })
			stop()
			r := b.Report()
			if p := r.Payments[0]; p.Outcome != "deemed" || p.Final != c.final || r.Net != c.net || r.Mismatches+r.Malformed+r.Conflicts != 0 {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestOrderStatusMustAgree: an answer that echoes other ids, or says another thing
// than before, is counted.
func TestOrderStatusMustAgree(t *testing.T) {
	s := newXMLSwitch(t)
	b, _ := start(t, s.options())
	result := send(b, Order{PayeeAccount: "2000020001", PayeeIFSC: "BNKB0000001", Amount: 100, Model: ModelA})
	d := s.got()
	s.told(d, "Q", "ACSC", "")
	if got := s.wait(result); got.r.Outcome != "success" || got.r.Model != ModelA || b.Book().Net() != 0 {
		t.Errorf("result %+v", got)
	}
	s.told(d, "Q", "RJCT", "AC03")
	s.echoed("1")
	if got := b.Stats().Mismatches; got != 1 {
		t.Errorf("%d mismatches", got)
	}
	other := send(b, Order{PayeeVPA: "user2@bankb", Amount: 100, Model: ModelB})
	d = s.got()
	m := d.doc.(*creditDoc)
	m.CdtTrfTxInf.PmtId.UETR = uetrOf("another")
	s.told(d, "Q", "ACSC", "")
	s.wait(other)
	s.echoed("2")
	if got := b.Stats().Mismatches; got != 2 {
		t.Errorf("%d mismatches", got)
	}
}

// TestRejectedOrder: a message that the switch could not read is a payment that
// was never made.
func TestRejectedOrder(t *testing.T) {
	s := newXMLSwitch(t)
	b, _ := start(t, s.options())
	result := send(b, Order{PayeeVPA: "user2@bankb", Amount: 100, Model: ModelB})
	d := s.got()
	s.put(defReject, s.speech.nextID(), rejectDoc{RltdRef: reference{Ref: d.head.BizMsgIdr}, Rsn: rejection{RjctgPtyRsn: "FF01"}})
	if got := s.wait(result); got.r.Outcome != "declined" || got.r.Code != "FF01" {
		t.Errorf("result %+v", got)
	}
	eventually(t, "the payer has his money back", func() bool { return b.Book().Net() == 0 })
	if b.Stats().Malformed != 1 {
		t.Errorf("stats %+v", b.Stats())
	}
}

// TestMessagesTraffic alternates the models, repeats what is not answered byte for
// byte but for the flag, and comes out even.
func TestMessagesTraffic(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	o.Rate, o.BadRate, o.RepeatRate, o.Drain, o.AnswerTimeout = 500, 0.1, 0.2, patience, 10*timeUnit
	o.RepeatsMax = 1000
	o.Peers = []Peer{{"bankb", "BNKB", "200002", 5}}
	b, stop := start(t, o)
	first := map[string][]byte{}
	models, came, flagged := map[string]int{}, map[string]int{}, map[string]int{}
	take := func(d docIn) {
		id, plain := d.head.BizMsgIdr, bytes.Replace(d.body, []byte("<PssblDplct>true</PssblDplct>"), nil, 1)
		// A repeat may overtake what it repeats; one of each at least says so.
		came[id]++
		flagged[id] += len(d.body) - len(plain)
		before, seen := first[id]
		if !seen {
			first[id] = plain
			models[fmt.Sprintf("%T", d.doc)]++
			if len(first)%7 == 0 {
				return // its repeat will be answered
			}
		} else {
			if !bytes.Equal(plain, before) {
				t.Errorf("a repeat differs: %s", d.body)
			}
		}
		last := id[len(id)-1]
		s.told(d, "Q", map[bool]string{true: "ACSC", false: "RJCT"}[last%3 != 0], map[bool]string{true: "", false: "AC03"}[last%3 != 0])
	}
	for len(first) < 200 {
		take(s.got())
	}
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	for open := true; open; {
		select {
		case d := <-s.docs:
			take(d)
		case <-ended:
			open = false
		}
	}
	r := b.Report()
	if int(r.Sent) != len(first) || r.Unanswered != 0 || r.Mismatches+r.Malformed+r.Conflicts != 0 || r.Success == 0 || r.Declined == 0 {
		t.Errorf("sent %d of %d, %d unanswered, %d success, %d declined, %d mismatches, %d malformed", r.Sent, len(first), r.Unanswered, r.Success, r.Declined, r.Mismatches, r.Malformed)
	}
	repeated := 0
	for id, n := range came {
		if n > 1 {
			repeated++
		}
		if n > 1 && flagged[id] == 0 {
			t.Errorf("%s came %d times and never says so", id, n)
		}
	}
	if models["*simbank.creditDoc"] == 0 || models["*simbank.orderDoc"] == 0 || repeated == 0 {
		t.Errorf("models %v, %d repeated", models, repeated)
	}
	var net int64
	for _, p := range r.Payments {
		if p.Model == ModelB && p.Outcome == "success" {
			net -= p.Amount
		}
		if first[p.MsgID] == nil || !strings.Contains(string(first[p.MsgID]), p.UETR) {
			t.Errorf("payment %+v was not sent", p)
		}
	}
	if r.Net != net {
		t.Errorf("net %d, want %d", r.Net, net)
	}
}
