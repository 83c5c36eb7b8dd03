package simbank

import "encoding/xml"

// Messages that are not about one payment: addresses, recalls, and the link.

// acmt.023 and acmt.024

type verificationDoc struct {
	XMLName xml.Name `xml:"IdVrfctnReq"`
	Assgnmt assignment
	Vrfctn  verification
}

type assignment struct {
	MsgId   string `is:"id"`
	CreDtTm string `is:"time"`
	Assgnr  partyOrAgent
	Assgne  partyOrAgent
}

type partyOrAgent struct {
	_   oneOf
	Pty *party
	Agt *agent
}

type verification struct {
	Id           string `is:"id"`
	PtyAndAcctId identification
}

type identification struct {
	Pty  *contactParty
	Acct *accountID
	Agt  *agent
}

type contactParty struct {
	Nm       string `xml:",omitempty"`
	CtctDtls *contact
}

type contact struct {
	EmailAdr string `is:"proxy"`
}

type verifiedDoc struct {
	XMLName      xml.Name `xml:"IdVrfctnRpt"`
	Assgnmt      assignment
	OrgnlAssgnmt *originalAssignment
	Rpt          verificationReport
}

type originalAssignment struct {
	MsgId   string `is:"id"`
	CreDtTm string `is:"time"`
}

type verificationReport struct {
	OrgnlId           string `is:"id"`
	Vrfctn            string `is:"flag"`
	Rsn               *codeOrText
	UpdtdPtyAndAcctId *identification
}

// camt.056 and camt.029

type recallDoc struct {
	XMLName xml.Name `xml:"FIToFIPmtCxlReq"`
	Assgnmt caseAssignment
	Undrlyg underlying
}

type caseAssignment struct {
	Id      string `is:"id"`
	Assgnr  partyOrAgent
	Assgne  partyOrAgent
	CreDtTm string `is:"time"`
}

type underlying struct{ TxInf recalledTransfer }

type recalledTransfer struct {
	CxlId               string `is:"id"`
	OrgnlGrpInf         originalGroup
	OrgnlInstrId        string `is:"id"`
	OrgnlEndToEndId     string `xml:",omitempty" is:"id"`
	OrgnlTxId           string `xml:",omitempty" is:"id"`
	OrgnlUETR           string `is:"uetr"`
	OrgnlClrSysRef      string `xml:",omitempty" is:"id"`
	OrgnlIntrBkSttlmAmt *money
	OrgnlIntrBkSttlmDt  string `xml:",omitempty" is:"date"`
	CxlRsnInf           reason
}

type resolutionDoc struct {
	XMLName xml.Name `xml:"RsltnOfInvstgtn"`
	Assgnmt caseAssignment
	Sts     resolutionStatus
	CxlDtls *cancellation
}

type resolutionStatus struct {
	Conf string `is:"code"`
}

type cancellation struct{ TxInfAndSts cancelledTransfer }

type cancelledTransfer struct {
	CxlStsId        string `is:"id"`
	OrgnlGrpInf     *originalGroup
	OrgnlInstrId    string `xml:",omitempty" is:"id"`
	OrgnlEndToEndId string `xml:",omitempty" is:"id"`
	OrgnlTxId       string `xml:",omitempty" is:"id"`
	OrgnlUETR       string `xml:",omitempty" is:"uetr"`
}

// admi.002, 004, 007 and 011

type rejectDoc struct {
	XMLName xml.Name `xml:"admi.002.001.01"`
	RltdRef reference
	Rsn     rejection
}

type reference struct {
	Ref   string `is:"id"`
	MsgNm string `xml:",omitempty" is:"id"`
}

type rejection struct {
	RjctgPtyRsn string
	RjctnDtTm   string `xml:",omitempty" is:"time"`
	ErrLctn     string `xml:",omitempty" is:"long"`
	RsnDesc     string `xml:",omitempty" is:"long"`
}

type eventDoc struct {
	XMLName xml.Name `xml:"SysEvtNtfctn"`
	EvtInf  eventInfo
}

type eventInfo struct {
	EvtCd    string   `is:"code"`
	EvtParam []string `is:"id"`
	EvtDesc  string   `xml:",omitempty" is:"long"`
	EvtTm    string   `xml:",omitempty" is:"time"`
}

type eventAckDoc struct {
	XMLName  xml.Name `xml:"SysEvtAck"`
	MsgId    string   `is:"id"`
	OrgtrRef string   `is:"id"`
	AckDtls  eventInfo
}

type receiptDoc struct {
	XMLName xml.Name `xml:"RctAck"`
	MsgId   receiptID
	Rpt     receiptReport
}

type receiptID struct {
	MsgId   string `is:"id"`
	CreDtTm string `xml:",omitempty" is:"time"`
}

type receiptReport struct {
	RltdRef reference
	ReqHdlg handling
}

type handling struct {
	StsCd string `is:"code"`
	Desc  string `xml:",omitempty"`
}
