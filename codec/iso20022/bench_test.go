package iso20022

import (
	"encoding/xml"
	"errors"
	"math"
	"testing"
	"time"
)

// BenchmarkParse reads a pacs.008 of 1.3 KB in its envelope of 1.9 KB, checks it
// by schema and profile, and reads 23 fields.
func BenchmarkParse(b *testing.B) {
	p := mustProfile(b, "ips-base")
	for _, c := range []struct{ name, text string }{
		{"plain", envelope(creditTransfer)}, {"prefixes", withPrefixes(envelope(creditTransfer))},
	} {
		b.Run(c.name, func(b *testing.B) {
			read := oursReads(p, []byte(c.text))
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReadTransfer reads that pacs.008, schema and profile included, and in
// the same run with moov-io/iso20022, which gets the Document without what it does
// not know and is asked to Validate, and with encoding/xml, which fills a struct
// and checks nothing. ours-ns, moov-ns and xml-ns are the nanoseconds of each in
// its fastest of twenty runs, x-moov and x-xml how many times faster we are.
func BenchmarkReadTransfer(b *testing.B) {
	whole := []byte(envelope(creditTransfer))
	ours := oursReads(mustProfile(b, "ips-base"), whole)
	library := xmlReads(whole)
	own, moov, lib := math.Inf(1), math.Inf(1), math.Inf(1)
	for range 20 { // in turn, so that a time in which the machine is slow is that of all
		moov = min(moov, nanoseconds(b, func() error { return moovAccepts(plain008) }, 10))
		lib = min(lib, nanoseconds(b, library, 20))
		own = min(own, nanoseconds(b, ours, 300))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if err := ours(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(own, "ours-ns")
	b.ReportMetric(moov, "moov-ns")
	b.ReportMetric(lib, "xml-ns")
	b.ReportMetric(moov/own, "x-moov")
	b.ReportMetric(lib/own, "x-xml")
}

// nanoseconds is what a call takes.
func nanoseconds(b *testing.B, do func() error, rounds int) float64 {
	b.Helper()
	start := time.Now()
	for range rounds {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(start).Nanoseconds()) / float64(rounds)
}

var errAbsent = errors.New("a field is absent")

// oursReads reads a message and looks at its fields.
func oursReads(p *Profile, b []byte) func() error {
	var m Message
	return func() error {
		if err := m.Parse(p, b); err != nil {
			return err
		}
		for _, want := range read008 {
			if m.Text(want.field) == nil {
				return errAbsent
			}
		}
		return nil
	}
}

// xmlEnvelope is what a program without tables would read: the same elements,
// by encoding/xml.
type xmlEnvelope struct {
	From     string `xml:"AppHdr>Fr>FIId>FinInstnId>ClrSysMmbId>MmbId"`
	To       string `xml:"AppHdr>To>FIId>FinInstnId>ClrSysMmbId>MmbId"`
	MsgID    string `xml:"AppHdr>BizMsgIdr"`
	Name     string `xml:"AppHdr>MsgDefIdr"`
	Transfer struct {
		MsgID     string `xml:"GrpHdr>MsgId"`
		CreatedAt string `xml:"GrpHdr>CreDtTm"`
		Count     string `xml:"GrpHdr>NbOfTxs"`
		EndToEnd  string `xml:"CdtTrfTxInf>PmtId>EndToEndId"`
		TxID      string `xml:"CdtTrfTxInf>PmtId>TxId"`
		UETR      string `xml:"CdtTrfTxInf>PmtId>UETR"`
		Amount    struct {
			Currency string `xml:"Ccy,attr"`
			Value    string `xml:",chardata"`
		} `xml:"CdtTrfTxInf>IntrBkSttlmAmt"`
		Settles   string `xml:"CdtTrfTxInf>IntrBkSttlmDt"`
		Accepted  string `xml:"CdtTrfTxInf>AccptncDtTm"`
		Payer     string `xml:"CdtTrfTxInf>Dbtr>Nm"`
		PayerAcct string `xml:"CdtTrfTxInf>DbtrAcct>Id>Othr>Id"`
		PayerBank string `xml:"CdtTrfTxInf>DbtrAgt>FinInstnId>ClrSysMmbId>MmbId"`
		Payee     string `xml:"CdtTrfTxInf>Cdtr>Nm"`
		PayeeAcct string `xml:"CdtTrfTxInf>CdtrAcct>Id>Othr>Id"`
		PayeeBank string `xml:"CdtTrfTxInf>CdtrAgt>FinInstnId>ClrSysMmbId>MmbId"`
		Note      string `xml:"CdtTrfTxInf>RmtInf>Ustrd"`
	} `xml:"Document>FIToFICstmrCdtTrf"`
}

func xmlReads(b []byte) func() error {
	return func() error {
		var e xmlEnvelope
		err := xml.Unmarshal(b, &e)
		if e.Name == "" || e.Transfer.UETR == "" || e.Transfer.Amount.Currency == "" || e.Transfer.Note == "" {
			return errAbsent
		}
		return err
	}
}
