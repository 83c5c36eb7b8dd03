package iso20022

import (
	"bytes"
	"encoding/xml"
	"math"
	"testing"
	"time"
)

// The structs that encoding/xml writes the same pacs.002 from, as a program would
// have them that knows this one message.
type (
	xmlAgent struct {
		Member string `xml:"FinInstnId>ClrSysMmbId>MmbId"`
	}
	xmlHeader struct {
		XMLName    xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:head.001.001.02 AppHdr"`
		From       string   `xml:"Fr>FIId>FinInstnId>ClrSysMmbId>MmbId"`
		To         string   `xml:"To>FIId>FinInstnId>ClrSysMmbId>MmbId"`
		MsgID      string   `xml:"BizMsgIdr"`
		Definition string   `xml:"MsgDefIdr"`
		Service    string   `xml:"BizSvc"`
		CreatedAt  string   `xml:"CreDt"`
	}
	xmlReport struct {
		XMLName   xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10 Document"`
		MsgID     string   `xml:"FIToFIPmtStsRpt>GrpHdr>MsgId"`
		CreatedAt string   `xml:"FIToFIPmtStsRpt>GrpHdr>CreDtTm"`
		Tx        xmlTx    `xml:"FIToFIPmtStsRpt>TxInfAndSts"`
	}
	xmlTx struct {
		MsgID      string   `xml:"OrgnlGrpInf>OrgnlMsgId"`
		MsgName    string   `xml:"OrgnlGrpInf>OrgnlMsgNmId"`
		InstrID    string   `xml:"OrgnlInstrId"`
		EndToEndID string   `xml:"OrgnlEndToEndId"`
		TxID       string   `xml:"OrgnlTxId"`
		UETR       string   `xml:"OrgnlUETR"`
		Status     string   `xml:"TxSts"`
		AcceptedAt string   `xml:"AccptncDtTm"`
		SettledOn  string   `xml:"FctvIntrBkSttlmDt>Dt"`
		Approval   string   `xml:"AcctSvcrRef"`
		From       xmlAgent `xml:"InstgAgt"`
		To         xmlAgent `xml:"InstdAgt"`
	}
	xmlMessage struct {
		XMLName  xml.Name `xml:"Message"`
		Header   xmlHeader
		Document xmlReport
	}
)

func marshalReport(buf *bytes.Buffer) error {
	at := time.Unix(0, report.now).UTC()
	stamp := at.Format("2006-01-02T15:04:05.000Z")
	id := string(report.msgID)
	buf.Reset()
	return xml.NewEncoder(buf).Encode(&xmlMessage{
		Header: xmlHeader{From: "999999", To: "100001", MsgID: id, Definition: "pacs.002.001.10", Service: "switchd.ips", CreatedAt: stamp},
		Document: xmlReport{MsgID: id, CreatedAt: stamp, Tx: xmlTx{
			MsgID: string(report.original), MsgName: "pacs.008.001.08", InstrID: string(report.original), EndToEndID: string(report.end),
			TxID: string(report.tx), UETR: string(report.uetr), Status: "ACSC", AcceptedAt: stamp, SettledOn: at.Format("2006-01-02"),
			Approval: string(report.approval), From: xmlAgent{"999999"}, To: xmlAgent{"100001"},
		}},
	})
}

// TestMarshalledReportIsTheSame: both ways of the benchmark say the same.
func TestMarshalledReportIsTheSame(t *testing.T) {
	p := mustProfile(t, "ips-base")
	var w Writer
	ours, err := writeReport(&w, p, p.Sent("pacs.002"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var theirs bytes.Buffer
	if err := marshalReport(&theirs); err != nil {
		t.Fatal(err)
	}
	if got, want := theirs.String(), string(bytes.Replace(ours, []byte(` xmlns=""`), nil, 1)); got != want {
		t.Errorf("encoding/xml\n%s\nours\n%s", got, want)
	}
}

// BenchmarkWriteReport writes a pacs.002 of 16 values with its envelope, with this
// package and with encoding/xml in the same run. ours-ns and xml-ns are the
// nanoseconds of each in its fastest of twenty runs, x-xml is how many times
// faster.
func BenchmarkWriteReport(b *testing.B) {
	p := mustProfile(b, "ips-base")
	d := p.Sent("pacs.002")
	dst := make([]byte, 0, 4096)
	var w Writer
	var buf bytes.Buffer
	n := 0
	ours := func() error {
		out, err := writeReport(&w, p, d, dst)
		n = len(out)
		return err
	}
	theirs := quickest(b, 50, func() error { return marshalReport(&buf) })
	own := quickest(b, 1000, ours)
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if err := ours(); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(n))
	b.ReportMetric(own, "ours-ns")
	b.ReportMetric(theirs, "xml-ns")
	b.ReportMetric(theirs/own, "x-xml")
}

// BenchmarkRelay changes two fields of a received pacs.008.
func BenchmarkRelay(b *testing.B) {
	p := mustProfile(b, "ips-base")
	m := mustParse(b, p, []byte(received))
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendRelay(dst, p, m, Change{BizFrom, report.original}, Change{InstructionID, report.msgID}); err != nil {
			b.Fatal(err)
		}
	}
}

// quickest gives the nanoseconds of a call in the fastest of twenty runs: other
// load of the machine can only make a run slower.
func quickest(b *testing.B, rounds int, do func() error) float64 {
	b.Helper()
	best := time.Duration(math.MaxInt64)
	for range 20 {
		start := time.Now()
		for range rounds {
			if err := do(); err != nil {
				b.Fatal(err)
			}
		}
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / float64(rounds)
}
