package iso20022_test

import (
	"fmt"
	"strings"

	"switchd/codec/iso20022"
)

// enquiry is a status enquiry as a bank may write it.
const enquiry = `<Message xmlns="">
<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">
 <Fr><FIId><FinInstnId><ClrSysMmbId><MmbId>100001</MmbId></ClrSysMmbId></FinInstnId></FIId></Fr>
 <To><FIId><FinInstnId><ClrSysMmbId><MmbId>999999</MmbId></ClrSysMmbId></FinInstnId></FIId></To>
 <BizMsgIdr>Q-1</BizMsgIdr><MsgDefIdr>pacs.028.001.03</MsgDefIdr><BizSvc>switchd.ips</BizSvc><CreDt>2026-01-02T08:34:05+05:30</CreDt>
</AppHdr>
<q:Document xmlns:q="urn:iso:std:iso:20022:tech:xsd:pacs.028.001.03"><q:FIToFIPmtStsReq>
 <q:GrpHdr><q:MsgId>Q-1</q:MsgId><q:CreDtTm>2026-01-02T08:34:05+05:30</q:CreDtTm></q:GrpHdr>
 <q:TxInf>
  <q:OrgnlGrpInf><q:OrgnlMsgId>A-1</q:OrgnlMsgId><q:OrgnlMsgNmId>pacs.008.001.08</q:OrgnlMsgNmId></q:OrgnlGrpInf>
  <q:OrgnlEndToEndId>NOTPROVIDED</q:OrgnlEndToEndId><q:OrgnlTxId>T1</q:OrgnlTxId><q:OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f011</q:OrgnlUETR>
 </q:TxInf></q:FIToFIPmtStsReq></q:Document>
</Message>`

func mustProfile(name string) *iso20022.Profile {
	p, err := iso20022.Builtin(name)
	if err != nil {
		panic(err)
	}
	return p
}

// Read an enquiry and answer it.
func Example() {
	profile := mustProfile("ips-base")
	var m iso20022.Message
	if err := m.Parse(profile, []byte(enquiry)); err != nil {
		fmt.Println(err)
		return
	}
	created, _ := iso20022.ParseDateTime(m.Text(iso20022.CreatedAt))
	fmt.Printf("%s about %s\n", m.Definition().Name, m.Text(iso20022.OriginalTransactionID))

	var w iso20022.Writer
	w.Begin(profile, profile.Sent("pacs.002"), nil)
	w.SetString(iso20022.BizFrom, "999999")
	w.Set(iso20022.BizTo, m.Text(iso20022.BizFrom))
	w.SetString(iso20022.MsgID, "SWD-1")
	w.SetTime(iso20022.CreatedAt, created+1_500_000_000)
	w.Set(iso20022.StatusID, m.Text(iso20022.MsgID))
	for f := iso20022.OriginalMsgID; f <= iso20022.OriginalUETR; f++ {
		if profile.Carries(profile.Sent("pacs.002"), f) {
			w.Set(f, m.Text(f))
		}
	}
	w.SetString(iso20022.Status, "PDNG")
	b, err := w.Finish()
	document := string(b[strings.Index(string(b), "<Document"):])
	fmt.Println(strings.ReplaceAll(document, "><O", ">\n<O"), err)
	// Output:
	// pacs.028.001.03 about T1
	// <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt><GrpHdr><MsgId>SWD-1</MsgId><CreDtTm>2026-01-02T03:04:06.500Z</CreDtTm></GrpHdr><TxInfAndSts><StsId>Q-1</StsId>
	// <OrgnlGrpInf>
	// <OrgnlMsgId>A-1</OrgnlMsgId>
	// <OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>
	// <OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>
	// <OrgnlTxId>T1</OrgnlTxId>
	// <OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f011</OrgnlUETR><TxSts>PDNG</TxSts></TxInfAndSts></FIToFIPmtStsRpt></Document></Message> <nil>
}

// A bad message says where it is bad, and gives the codes for the answer.
func ExampleError() {
	bad := strings.Replace(enquiry, "T1<", "<", 1)
	var m iso20022.Message
	err := m.Parse(mustProfile("ips-base"), []byte(bad))
	fmt.Println(err)
	if fault, ok := err.(*iso20022.Error); ok {
		fmt.Println(fault.Reason.Code(), fault.Reason.External())
	}
	// Output:
	// iso20022: wrong length at line 11 column 66 in Document/FIToFIPmtStsReq/TxInf/OrgnlTxId, want text of 1 to 35
	// LENGTH FF01
}

// Pass a message on to the next agent: what is not named stays byte for byte.
func ExampleAppendRelay() {
	profile := mustProfile("ips-base")
	var m iso20022.Message
	if err := m.Parse(profile, []byte(enquiry)); err != nil {
		fmt.Println(err)
		return
	}
	b, err := iso20022.AppendRelay(nil, profile, &m,
		iso20022.Change{Field: iso20022.BizFrom, Value: []byte("999999")},
		iso20022.Change{Field: iso20022.BizTo, Value: []byte("200002")})
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(enquiry, line) {
			fmt.Print(line)
		}
	}
	fmt.Println(err)
	// Output:
	//  <Fr><FIId><FinInstnId><ClrSysMmbId><MmbId>999999</MmbId></ClrSysMmbId></FinInstnId></FIId></Fr>
	//  <To><FIId><FinInstnId><ClrSysMmbId><MmbId>200002</MmbId></ClrSysMmbId></FinInstnId></FIId></To>
	// <nil>
}

// A profile of one's own: all faults are found at once.
func ExampleLoadProfile() {
	_, err := iso20022.LoadProfile("bank.json", []byte(`{"name": "bank",
		"header": {"definition": "head.001.001.02", "fields": [
			{"field": "BizFrom", "path": "Fr/FIId/FinInstnId/ClrSysMmbId/MmbId", "need": "M"},
			{"field": "BizTo", "path": "To/FIId/FinInstnId/ClrSysMmbId/MmbId", "need": "M"},
			{"field": "BizMsgID", "path": "BizMsgIdr", "need": "M", "chars": "id"},
			{"field": "BizDefinition", "path": "MsgDefIdr", "need": "M"},
			{"field": "BizCreatedAt", "path": "CreDt", "need": "M"}]},
		"messages": [{"versions": ["admi.004.001.02"], "fields": [
			{"field": "EventCode", "path": "EvtInf/EvtCode", "need": "M"},
			{"field": "EventTimes", "path": "EvtInf/EvtTm", "need": "O"}]}]}`))
	for _, fault := range iso20022.ProfileErrors(err) {
		fmt.Println(fault)
	}
	// Output:
	// bank.json: admi.004.001.02: EvtInf/EvtCode: EvtInf holds no EvtCode, but EvtCd, EvtParam, EvtDesc, EvtTm
	// bank.json: admi.004.001.02: EvtInf/EvtTm: no field is called "EventTimes"
	// bank.json: admi.004.001.02: no field
}

// A participant that speaks newer versions.
func ExampleProfile_With() {
	narrow, err := mustProfile("ips-base").With("pacs.008.001.09", "pacs.002.001.11")
	fmt.Println(narrow.Sent("pacs.008").Name, narrow.Accepts(iso20022.Find("pacs.008.001.08")), narrow.Sent("camt.056").Name, err)
	// Output:
	// pacs.008.001.09 false camt.056.001.08 <nil>
}
