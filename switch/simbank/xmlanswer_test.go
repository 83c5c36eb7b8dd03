package simbank

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"switchd/switch/logtext"
)

// TestMessagesAnswers plays all that a participant can be asked in ISO 20022, in
// an order in which the answers depend on what was before.
func TestMessagesAnswers(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	o.Receipts = true
	b, stop := start(t, o)
	wrongPayer := func() (string, string, any) {
		def, id, d := s.debit("D4", 5)
		d.DrctDbtTxInf.DbtrAcct = accountOf("1000019999")
		return def, id, d
	}
	wrongPayee := func(kind string) (string, string, any) {
		def, id, d := s.credit("C2", kind, 500)
		wrong := accountOf("1000019999")
		d.CdtTrfTxInf.CdtrAcct = &wrong
		return def, id, d
	}
	steps := []struct {
		name string
		body []byte
		want string
	}{
		{"resolve", s.made(s.verification("user3@banka")), "acmt.024 true 1000010003 USER 3 BANKA BNKA0000001"},
		{"resolve in capitals", s.made(s.verification("USER3@BANKA")), "acmt.024 true 1000010003 USER 3 BANKA BNKA0000001"},
		{"resolve unknown user", s.made(s.verification("user11@banka")), "acmt.024 false BE23"},
		{"resolve another handle", s.made(s.verification("user3@bankb")), "acmt.024 false BE23"},
		{"debit", s.made(s.debit("D1", 12_345)), "pacs.002 ACSC 000001"},
		{"debit repeated", s.speech.again(s.made(s.debit("D1", 12_345))), "pacs.002 ACSC 000001"},
		{"debit with other amount", s.made(s.debit("D1", 12_346)), "pacs.002 RJCT AM05"},
		{"debit above the balance", s.made(s.debit("D2", 999_999_999_999)), "pacs.002 RJCT AM04"},
		{"debit of nothing", s.made(s.debit("D3", 0)), "pacs.002 RJCT AM12"},
		{"debit of an unknown account", s.made(wrongPayer()), "pacs.002 RJCT AC02"},
		{"credit", s.made(s.credit("C1", "CREDIT", 500)), "pacs.002 ACCC 000005"},
		{"credit repeated", s.speech.again(s.made(s.credit("C1", "CREDIT", 500))), "pacs.002 ACCC 000005"},
		{"credit to an unknown account", s.made(wrongPayee("CREDIT")), "pacs.002 RJCT AC03"},
		{"reversal", s.made(s.reversal("D1", 12_345)), "pacs.002 ACSC"},
		{"reversal repeated", s.speech.again(s.made(s.reversal("D1", 12_345))), "pacs.002 ACSC"},
		{"reversal of a declined debit", s.made(s.reversal("D2", 999_999_999_999)), "pacs.002 RJCT NOTD"},
		{"reversal before its original", s.made(s.reversal("D5", 700)), "pacs.002 RJCT AG09"},
		{"original after its reversal", s.made(s.debit("D5", 700)), "pacs.002 RJCT AM05"},
		{"advice of an unseen credit", s.made(s.credit("C3", "DEEMED", 900)), "pacs.002 ACCC 000008"},
		{"advice repeated", s.speech.again(s.made(s.credit("C3", "DEEMED", 900))), "pacs.002 ACCC 000008"},
		{"advice of a posted credit", s.made(s.credit("C1", "DEEMED", 500)), "pacs.002 ACCC 000005"},
		{"status of a posted credit", s.made(s.enquiry("C1")), "pacs.002 ACCC 000005"},
		{"status of a declined credit", s.made(s.enquiry("C2")), "pacs.002 RJCT AC03"},
		{"status of an unseen credit", s.made(s.enquiry("C4")), "pacs.002 RJCT AG09"},
		{"fence of a posted credit", s.made(s.recall("C1")), "camt.029 RJCR"},
		{"fence of a declined credit", s.made(s.recall("C2")), "camt.029 CNCL"},
		{"fence of an unseen credit", s.made(s.recall("C4")), "camt.029 CNCL"},
		{"fence repeated", s.speech.again(s.made(s.recall("C4"))), "camt.029 CNCL"},
		{"credit after its fence", s.made(s.credit("C4", "CREDIT", 50)), "pacs.002 RJCT AM05"},
		{"status of a fenced credit", s.made(s.enquiry("C4")), "pacs.002 RJCT AM05"},
		{"confirmation", s.made(s.aboutCredit("C1", "ACSC", "", "")), "admi.007 RCVD " + msgID("C1", "K")},
		{"advice of a declined credit", s.made(wrongPayee("DEEMED")), "pacs.002 ACCC 000006"},
	}
	for _, step := range steps {
		s.sendBytes(step.body)
		d := s.got()
		if got := summary(d); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
		checkEchoes(t, step.name, step.body, d)
	}
	s.echoed("000077")
	stop()
	if net := b.Book().Net(); net != 500+900+500 {
		t.Errorf("net %d", net)
	}
	if st := b.Stats(); st.Malformed != 0 || st.Unmatched != 0 || st.Conflicts != 1 || st.Statuses != 4 || st.Fences != 4 || st.Confirms != 1 {
		t.Errorf("stats %+v", st)
	}
}

// checkEchoes holds an answer against what it answers: the ids that the switch
// finds its leg by.
func checkEchoes(t *testing.T, name string, asked []byte, d docIn) {
	t.Helper()
	head, doc, bad := readEnvelope(asked)
	if bad != nil {
		t.Fatalf("%s: the test wrote what cannot be read: %v", name, bad)
	}
	var got, want string
	switch a := d.doc.(type) {
	case *statusDoc:
		x := &a.TxInfAndSts
		got = strings.Join([]string{x.StsId, x.OrgnlGrpInf.OrgnlMsgId, x.OrgnlInstrId, x.OrgnlEndToEndId, x.OrgnlTxId, x.OrgnlUETR}, " ")
		switch q := doc.(type) {
		case *debitDoc:
			p := q.DrctDbtTxInf.PmtId
			want = strings.Join([]string{"", head.BizMsgIdr, p.InstrId, p.EndToEndId, p.TxId, p.UETR}, " ")
		case *creditDoc:
			p := q.CdtTrfTxInf.PmtId
			want = strings.Join([]string{"", head.BizMsgIdr, p.InstrId, p.EndToEndId, p.TxId, p.UETR}, " ")
		case *reversalDoc:
			p := q.TxInf
			want = strings.Join([]string{"", head.BizMsgIdr, p.OrgnlInstrId, p.OrgnlEndToEndId, p.OrgnlTxId, p.OrgnlUETR}, " ")
		case *enquiryDoc:
			p := q.TxInf
			want = strings.Join([]string{head.BizMsgIdr, p.OrgnlGrpInf.OrgnlMsgId, p.OrgnlInstrId, p.OrgnlEndToEndId, p.OrgnlTxId, p.OrgnlUETR}, " ")
		}
	case *verifiedDoc:
		got, want = a.Rpt.OrgnlId, head.BizMsgIdr
	case *resolutionDoc:
		got, want = a.CxlDtls.TxInfAndSts.CxlStsId, head.BizMsgIdr
	}
	if got != want {
		t.Errorf("%s: ids %q, want %q", name, got, want)
	}
}

// TestMessagesRefused: what is not exactly as the contract has it is refused with
// its place, books nothing, and shows nothing of its content.
func TestMessagesRefused(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	log := &logtext.Text{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	b, stop := start(t, o)
	good := string(s.made(s.debit("D1", 12_345)))
	in := func(old, with string) []byte {
		if strings.Count(good, old) == 0 {
			t.Fatalf("%q is not in the message", old)
		}
		return []byte(strings.Replace(good, old, with, 1))
	}
	const tx = "FIToFICstmrDrctDbt/DrctDbtTxInf"
	cases := map[string]struct {
		body []byte
		want string
	}{
		"unknown element":    {in("<ChrgBr>", "<Secret>1000010001</Secret><ChrgBr>"), "FF01 " + tx + " unknown element"},
		"wrong namespace":    {in("pacs.003.001.08\"", "pacs.003.001.09\""), "FF01 Document unknown element"},
		"prefix unbound":     {in("<ChrgBr>SLEV</ChrgBr>", "<x:ChrgBr>SLEV</x:ChrgBr>"), "FF01 " + tx + " unknown element"},
		"unknown definition": {in("<MsgDefIdr>pacs.003.001.08", "<MsgDefIdr>pacs.003.001.99"), "FF01 AppHdr/MsgDefIdr unknown"},
		"not for us":         {in("<ChrgBr>", "<ChrgBr>")[:0], ""},
		"order":              {in("<EndToEndId>ED1</EndToEndId><TxId>TXD1</TxId>", "<TxId>TXD1</TxId><EndToEndId>ED1</EndToEndId>"), "CH21 " + tx + "/PmtId/EndToEndId missing"},
		"twice":              {in("<TxId>TXD1</TxId>", "<TxId>TXD1</TxId><TxId>TXD1</TxId>"), "FF01 " + tx + "/PmtId/TxId order"},
		"missing":            {in("<ChrgBr>SLEV</ChrgBr>", ""), "CH21 " + tx + "/ChrgBr missing"},
		"missing at the end": {in("<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>INFSC</Cd></ClrSysId><MmbId>BNKA0000001</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>", ""), "CH21 " + tx + "/DbtrAgt missing"},
		"without UETR":       {in("<UETR>"+uetrOf("D1")+"</UETR>", ""), "CH21 PmtId/UETR missing"},
		"currency":           {in(`Ccy="INR"`, `Ccy="USD"`), "FF01 IntrBkSttlmAmt amount"},
		"no currency":        {in(` Ccy="INR"`, ``), "CH21 " + tx + "/IntrBkSttlmAmt@Ccy missing"},
		"attribute":          {in(`Ccy="INR"`, `Ccy="INR" Secret="1000010001"`), "FF01 " + tx + "/IntrBkSttlmAmt unknown attribute"},
		"decimals":           {in("123.45", "123.451"), "FF01 IntrBkSttlmAmt amount"},
		"sign":               {in("123.45", "+123.45"), "FF01 " + tx + "/IntrBkSttlmAmt format"},
		"choice":             {in("<Othr><Id>1000010001</Id></Othr>", "<IBAN>IN1</IBAN><Othr><Id>1000010001</Id></Othr>"), "FF01 " + tx + "/DbtrAcct/Id choice"},
		"type":               {in("<Prtry>DEBIT", "<Prtry>CREDIT"), "FF01 PmtTpInf/LclInstrm/Prtry type"},
		"time without zone":  {in("Z</CreDtTm>", "</CreDtTm>"), "FF01 FIToFICstmrDrctDbt/GrpHdr/CreDtTm format"},
		"comment":            {in("<ChrgBr>", "<!-- 1000010001 --><ChrgBr>"), "FF01 " + tx + " not well-formed"},
		"text between":       {in("<ChrgBr>", "1000010001<ChrgBr>"), "FF01 " + tx + " not well-formed"},
		"to another":         {in("<To><FIId><FinInstnId><ClrSysMmbId><MmbId>100001<", "<To><FIId><FinInstnId><ClrSysMmbId><MmbId>100002<"), "FF01 AppHdr/To not us"},
		"from another":       {in("<MmbId>999999<", "<MmbId>999998<"), "FF01 AppHdr/Fr not the switch"},
		"service":            {in(service, "another"), "FF01 AppHdr/BizSvc unknown"},
		"header's id":        {in("<BizMsgIdr>SWD", "<BizMsgIdr>SWX"), "FF01 AppHdr/BizMsgIdr not that of the message"},
		"trailing bytes":     {[]byte(good + "<Message/>"), "FF01 Message trailing bytes"},
		"cut short":          {[]byte(good[:len(good)-30]), ""},
		"no message at all":  {[]byte("1000010001 is not a message"), "FF01 Message not well-formed"},
	}
	delete(cases, "not for us")
	for name, c := range cases {
		s.sendBytes(c.body)
		got := summary(s.got())
		if c.want != "" && got != "admi.002 "+c.want || !strings.HasPrefix(got, "admi.002 ") || strings.Contains(got, "1000010001") {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	s.put(defReject, s.speech.nextID(), rejectDoc{RltdRef: reference{Ref: "1000010001"}, Rsn: rejection{RjctgPtyRsn: "FF01", ErrLctn: "at 1000010001"}})
	s.echoed("000001")
	stop()
	if st := b.Stats(); st.Malformed != int64(len(cases))+1 || b.Book().Tally() != (Tally{}) || len(s.docs) != 0 {
		t.Errorf("%d cases, %d answers more, stats %+v", len(cases), len(s.docs), st)
	}
	if text := log.String(); strings.Contains(text, "1000010001") || !strings.Contains(text, "message unreadable") {
		t.Errorf("log: %s", text)
	}
}

func TestPostOnConfirm(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	o.PostOnConfirm, o.Receipts, o.ConfirmTimeout = true, true, patience
	b, _ := start(t, o)
	expect := func(what string, body []byte, want string, net int64) {
		t.Helper()
		s.sendBytes(body)
		if got := summary(s.got()); got != want || b.Book().Net() != net {
			t.Errorf("%s: %s with net %d, want %s and %d", what, got, b.Book().Net(), want, net)
		}
	}
	receipt := func(ref string) string { return "admi.007 RCVD " + msgID(ref, "K") }
	expect("credit", s.made(s.credit("C1", "CREDIT", 500)), "pacs.002 ACTC 000001", 0)
	expect("status", s.made(s.enquiry("C1")), "pacs.002 ACTC 000001", 0)
	expect("yes", s.made(s.aboutCredit("C1", "ACSC", "", "")), receipt("C1"), 500)
	expect("yes again", s.speech.again(s.made(s.aboutCredit("C1", "ACSC", "", ""))), receipt("C1"), 500)
	expect("credit repeated", s.speech.again(s.made(s.credit("C1", "CREDIT", 500))), "pacs.002 ACTC 000001", 500)
	expect("credit", s.made(s.credit("C2", "CREDIT", 70)), "pacs.002 ACTC 000002", 500)
	expect("no", s.made(s.aboutCredit("C2", "RJCT", "AB05", "")), receipt("C2"), 500)
	expect("status", s.made(s.enquiry("C2")), "pacs.002 RJCT AB05 000002", 500)
	expect("no before the credit", s.made(s.aboutCredit("C3", "RJCT", "AB05", "")), receipt("C3"), 500)
	expect("late credit", s.made(s.credit("C3", "CREDIT", 9)), "pacs.002 RJCT AM05", 500)
	expect("credit", s.made(s.credit("C4", "CREDIT", 6)), "pacs.002 ACTC 000004", 500)
	expect("fence", s.made(s.recall("C4")), "camt.029 CNCL", 500)
	expect("unknown account", func() []byte {
		def, id, d := s.credit("C5", "CREDIT", 5)
		wrong := accountOf("1000019999")
		d.CdtTrfTxInf.CdtrAcct = &wrong
		return s.made(def, id, d)
	}(), "pacs.002 RJCT AC03", 500)
	if c := b.Book().Tally().Credit; c != (Count{Posted: 1, Declined: 1, ReversalFirst: 1, Dropped: 2}) || b.Book().Conflicts() != 0 {
		t.Errorf("tally %+v, %d conflicts", c, b.Book().Conflicts())
	}
	expect("yes to what was dropped", s.made(s.aboutCredit("C2", "ACSC", "", "")), receipt("C2"), 500)
	if b.Book().Conflicts() != 1 {
		t.Error("a confirmation of a dropped credit is no conflict")
	}
}

// TestAsksWhenNotConfirmed: without a last word the switch is asked, again and
// again, until it has one.
func TestAsksWhenNotConfirmed(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	o.PostOnConfirm, o.ConfirmTimeout, o.RepeatsMax = true, 5*timeUnit, 1000
	b, _ := start(t, o)
	for ref, c := range map[string]struct {
		status, why string
		net         int64
	}{"C1": {"ACSC", "", 100}, "C2": {"RJCT", "AB05", 100}} {
		s.put(s.credit(ref, "CREDIT", 100))
		if got := summary(s.got()); !strings.HasPrefix(got, "pacs.002 ACTC") {
			t.Fatal(got)
		}
		for _, word := range []string{"none", "PDNG", "AG09", "final"} {
			d := s.got()
			if got := summary(d); got != "pacs.028 "+msgID(ref, "C") {
				t.Fatalf("%s: %s", word, got)
			}
			asked := d.head.BizMsgIdr
			switch word {
			case "PDNG":
				s.put(s.aboutCredit(ref, "PDNG", "", asked))
			case "AG09":
				s.put(s.aboutCredit(ref, "RJCT", "AG09", asked))
			case "final":
				s.put(s.aboutCredit(ref, c.status, c.why, asked))
			}
		}
		eventually(t, "the credit is settled", func() bool {
			_, held := b.Book().Net(), b.Book().Tally().Credit.Held
			return held == 0
		})
		for len(s.docs) > 0 { // asked while the last answer was on its way
			<-s.docs
		}
	}
	if c := b.Book().Tally().Credit; b.Book().Net() != 100 || c.Posted != 1 || c.Dropped != 1 || b.Stats().Malformed != 0 || b.Stats().Enquiries < 8 {
		t.Errorf("net %d, tally %+v, stats %+v", b.Book().Net(), c, b.Stats())
	}
}

// TestMessagesFaults: the knobs of misbehaviour know no protocol.
func TestMessagesFaults(t *testing.T) {
	s := newXMLSwitch(t)
	o := s.options()
	o.Faults = Faults{Decline: 0.3, Ambiguous: 0.3, Duplicate: 0.2, Late: 0.2, LateBy: 2 * timeUnit}
	b, _ := start(t, o)
	const n = 200
	codes := map[string]int{}
	for i := range n {
		s.put(s.debit(refOf("D", i), 10))
		s.put(s.credit(refOf("C", i), "CREDIT", 10))
	}
	bodies := map[string][]byte{}
	copies := 0
	for copies+2*n > 0 && len(bodies) < 2*n {
		d := s.got()
		word := &d.doc.(*statusDoc).TxInfAndSts
		if first, seen := bodies[word.OrgnlInstrId]; seen {
			copies++
			if !bytes.Equal(first, d.body) {
				t.Errorf("the second answer %s differs from the first %s", d.body, first)
			}
			continue
		}
		bodies[word.OrgnlInstrId] = d.body
		codes[word.OrgnlInstrId[len(word.OrgnlInstrId)-3:][:1]+strings.TrimPrefix(summary(d), "pacs.002")[:5]]++
	}
	for _, kind := range []string{"D ACSC", "D RJCT", "D PDNG", "D ACWP", "C ACCC", "C RJCT"} {
		if codes[kind] == 0 {
			t.Errorf("no %s: %v", kind, codes)
		}
	}
	tally := b.Book().Tally()
	if tally.Credit.Posted != codes["C ACCC"] || tally.Debit.Posted <= codes["D ACSC"] || copies == 0 {
		t.Errorf("tally %+v of %v, %d copies", tally, codes, copies)
	}
}
