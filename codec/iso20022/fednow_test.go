package iso20022

import (
	"errors"
	"testing"
)

// writeFedNow writes a credit transfer with the elements of the public samples of
// the Federal Reserve, and values of our own.
func writeFedNow(w *Writer, p *Profile) ([]byte, error) {
	w.Begin(p, p.Sent("pacs.008"), nil)
	for f, v := range map[Field]string{
		BizFrom: "011104238", BizTo: "021150706",
		BizPracticeRegistry: "registry", BizPractice: "practice",
		MsgID: "20260102011104238A1", InstructionID: "I1", EndToEndID: "E1", UETR: "8a562c67-ca16-48ba-b074-65581be6f011",
		LocalInstrument: "FDNA", CategoryPurposeProprietary: "CONS",
		InstructingAgent: "011104238", InstructedAgent: "021040078", DebtorAgent: "011104238", CreditorAgent: "021040078",
		DebtorName: "A", DebtorAccount: "1", CreditorName: "B", CreditorAccount: "2",
	} {
		w.SetString(f, v)
	}
	w.SetTime(CreatedAt, report.now)
	w.SetDate(SettlementDate, report.now/1_000_000_000/secondsPerDay)
	w.SetAmount(Amount, 5174, "USD")
	return w.Finish()
}

// TestFedNow: the profile fills what has one value, demands what the samples all
// have, and lacks what FedNow does not use.
func TestFedNow(t *testing.T) {
	p := mustProfile(t, "fednow")
	var w Writer
	b, err := writeFedNow(&w, p)
	if err != nil {
		t.Fatal(err)
	}
	m := mustParse(t, p, b)
	for f, want := range map[Field]string{
		ClearingSystem: "FDN", SettlementMethod: "CLRG", Transactions: "1", ChargeBearer: "SLEV", Amount: "51.74", AmountCurrency: "USD",
		InstructingAgentSystem: "USABA", InstructedAgentSystem: "USABA", DebtorAgentSystem: "USABA", CreditorAgentSystem: "USABA",
		BizMsgID: "20260102011104238A1", BizDefinition: "pacs.008.001.08", BizCreatedAt: "2026-01-02T03:04:05.678Z",
	} {
		if got := string(m.Text(f)); got != want {
			t.Errorf("%s is %q, want %q", f, got, want)
		}
	}
	tx := pacs008Path + "CdtTrfTxInf/"
	checkEdits(t, p, string(b), []edit{
		{"<Cd>FDN</Cd>", "<Cd>FDM</Cd>", ReasonValue, pacs008Path + "GrpHdr/SttlmInf/ClrSys/Cd"},
		{"<CtgyPurp><Prtry>CONS</Prtry></CtgyPurp>", "", ReasonProfileMissing, tx + "PmtTpInf/CtgyPurp/Prtry"},
		{"<Prtry>FDNA</Prtry>", "<Prtry>PUSH</Prtry>", ReasonValue, tx + "PmtTpInf/LclInstrm/Prtry"},
		{"Ccy=\"USD\"", "Ccy=\"EUR\"", ReasonValue, tx + "IntrBkSttlmAmt/@Ccy"},
		{"<ClrSysId><Cd>USABA</Cd></ClrSysId>", "", ReasonProfileMissing, tx + "InstgAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd"},
		{"<Othr><Id>1</Id></Othr>", "<IBAN>DE89370400440532013000</IBAN>", ReasonProfileMissing, tx + "DbtrAcct/Id/Othr/Id"},
	})
	d := p.Sent("pacs.008")
	for _, f := range []Field{BizPossibleDuplicate, BizService, BizSignature, DebtorIBAN, CreditorProxy} {
		if p.Carries(d, f) {
			t.Errorf("%s has a place", f)
		}
	}
	w.SetBool(BizPossibleDuplicate, true) // never set there
	var fault *Error
	if _, err := w.Finish(); !errors.As(err, &fault) || fault.Reason != ReasonUnexpected {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"pacs.003", "pacs.007", "pain.001", "acmt.023"} {
		if p.Sent(name) != nil {
			t.Errorf("%s is in the profile", name)
		}
	}
}
