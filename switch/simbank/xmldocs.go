package simbank

import "encoding/xml"

// The messages of ISO 20022 that a participant reads and writes, cut down to
// what the wire contract uses, in the order of the schemas. Fields are named as
// the elements are. How their tags and kinds read is told at strictReader.

const (
	documentSpace = "urn:iso:std:iso:20022:tech:xsd:"
	headerSpace   = documentSpace + "head.001.001.02"
)

// Definitions, as AppHdr/MsgDefIdr names them.
const (
	defReject       = "admi.002.001.01"
	defEvent        = "admi.004.001.02"
	defReceipt      = "admi.007.001.01"
	defEventAck     = "admi.011.001.01"
	defVerification = "acmt.023.001.02"
	defVerified     = "acmt.024.001.02"
	defResolution   = "camt.029.001.09"
	defRecall       = "camt.056.001.08"
	defStatus       = "pacs.002.001.10"
	defDebit        = "pacs.003.001.08"
	defReversal     = "pacs.007.001.10"
	defCredit       = "pacs.008.001.08"
	defEnquiry      = "pacs.028.001.03"
	defOrder        = "pain.001.001.10"
	defOrderStatus  = "pain.002.001.11"
)

// documents makes an empty message of each definition.
var documents = map[string]func() any{
	defReject:       func() any { return new(rejectDoc) },
	defEvent:        func() any { return new(eventDoc) },
	defReceipt:      func() any { return new(receiptDoc) },
	defEventAck:     func() any { return new(eventAckDoc) },
	defVerification: func() any { return new(verificationDoc) },
	defVerified:     func() any { return new(verifiedDoc) },
	defResolution:   func() any { return new(resolutionDoc) },
	defRecall:       func() any { return new(recallDoc) },
	defStatus:       func() any { return new(statusDoc) },
	defDebit:        func() any { return new(debitDoc) },
	defReversal:     func() any { return new(reversalDoc) },
	defCredit:       func() any { return new(creditDoc) },
	defEnquiry:      func() any { return new(enquiryDoc) },
	defOrder:        func() any { return new(orderDoc) },
	defOrderStatus:  func() any { return new(orderStatusDoc) },
}

type header struct {
	XMLName    xml.Name `xml:"urn:iso:std:iso:20022:tech:xsd:head.001.001.02 AppHdr"`
	Fr         headerParty
	To         headerParty
	BizMsgIdr  string `is:"id"`
	MsgDefIdr  string `is:"id"`
	BizSvc     string
	CreDt      string `is:"time"`
	PssblDplct string `xml:",omitempty" is:"flag"`
}

type headerParty struct{ FIId agent }

type agent struct{ FinInstnId institutionID }

type institutionID struct {
	ClrSysMmbId *member
	Othr        *generic
}

type member struct {
	ClrSysId *codeOrText
	MmbId    string `is:"id"`
}

type generic struct {
	Id string `is:"account"`
}

type codeOrText struct {
	_     oneOf
	Cd    string `xml:",omitempty" is:"external"`
	Prtry string `xml:",omitempty" is:"id"`
}

// The parts of the messages about payments.

type groupHeader struct {
	MsgId    string `is:"id"`
	CreDtTm  string `is:"time"`
	InstgAgt *agent
	InstdAgt *agent
}

type paymentHeader struct {
	MsgId    string `is:"id"`
	CreDtTm  string `is:"time"`
	NbOfTxs  string `is:"one"`
	SttlmInf settlement
	InstgAgt *agent
	InstdAgt *agent
}

type settlement struct {
	SttlmMtd string `is:"code"`
	ClrSys   *codeOrText
}

type paymentID struct {
	InstrId    string `xml:",omitempty" is:"id"`
	EndToEndId string `is:"id"`
	TxId       string `xml:",omitempty" is:"id"`
	UETR       string `xml:",omitempty" is:"uetr"`
	ClrSysRef  string `xml:",omitempty" is:"id"`
}

type paymentType struct{ LclInstrm codeOrText }

type money struct {
	Ccy   string `xml:"Ccy,attr" is:"currency"`
	Value string `xml:",chardata" is:"decimal"`
}

type party struct {
	Nm string `xml:",omitempty"`
}

type account struct {
	Id   accountID
	Prxy *proxy
}

type accountID struct {
	_    oneOf
	IBAN string `xml:",omitempty" is:"account"`
	Othr *generic
}

type proxy struct {
	Tp *codeOrText
	Id string `is:"proxy"`
}

type remittance struct{ Ustrd []string }

type originalGroup struct {
	OrgnlMsgId   string `is:"id"`
	OrgnlMsgNmId string `is:"id"`
	OrgnlCreDtTm string `xml:",omitempty" is:"time"`
}

type reason struct {
	Rsn      *codeOrText
	AddtlInf []string
}

type dateOrTime struct {
	_    oneOf
	Dt   string `xml:",omitempty" is:"date"`
	DtTm string `xml:",omitempty" is:"time"`
}

// pacs.008

type creditDoc struct {
	XMLName     xml.Name `xml:"FIToFICstmrCdtTrf"`
	GrpHdr      paymentHeader
	CdtTrfTxInf creditTransfer
}

type creditTransfer struct {
	PmtId          paymentID
	PmtTpInf       *paymentType
	IntrBkSttlmAmt money
	IntrBkSttlmDt  string `xml:",omitempty" is:"date"`
	AccptncDtTm    string `xml:",omitempty" is:"time"`
	ChrgBr         string `is:"code"`
	InstgAgt       *agent
	InstdAgt       *agent
	Dbtr           party
	DbtrAcct       *account
	DbtrAgt        agent
	CdtrAgt        agent
	Cdtr           party
	CdtrAcct       *account
	Purp           *codeOrText
	RmtInf         *remittance
}

// pacs.003

type debitDoc struct {
	XMLName      xml.Name `xml:"FIToFICstmrDrctDbt"`
	GrpHdr       paymentHeader
	DrctDbtTxInf directDebit
}

type directDebit struct {
	PmtId          paymentID
	PmtTpInf       *paymentType
	IntrBkSttlmAmt money
	IntrBkSttlmDt  string `xml:",omitempty" is:"date"`
	ChrgBr         string `is:"code"`
	ReqdColltnDt   string `xml:",omitempty" is:"date"`
	Cdtr           party
	CdtrAcct       *account
	CdtrAgt        agent
	InstgAgt       *agent
	InstdAgt       *agent
	Dbtr           party
	DbtrAcct       account
	DbtrAgt        agent
	Purp           *codeOrText
	RmtInf         *remittance
}

// pacs.007

type reversalDoc struct {
	XMLName     xml.Name `xml:"FIToFIPmtRvsl"`
	GrpHdr      paymentHeader
	OrgnlGrpInf *originalGroup
	TxInf       reversalTransfer
}

type reversalTransfer struct {
	RvslId              string `is:"id"`
	OrgnlGrpInf         *originalGroup
	OrgnlInstrId        string `is:"id"`
	OrgnlEndToEndId     string `is:"id"`
	OrgnlTxId           string `is:"id"`
	OrgnlUETR           string `is:"uetr"`
	OrgnlClrSysRef      string `xml:",omitempty" is:"id"`
	OrgnlIntrBkSttlmAmt *money
	RvsdIntrBkSttlmAmt  money
	IntrBkSttlmDt       string `xml:",omitempty" is:"date"`
	ChrgBr              string `xml:",omitempty" is:"code"`
	InstgAgt            *agent
	InstdAgt            *agent
	RvslRsnInf          reason
}

// pacs.002

type statusDoc struct {
	XMLName     xml.Name `xml:"FIToFIPmtStsRpt"`
	GrpHdr      groupHeader
	TxInfAndSts transactionStatus
}

type transactionStatus struct {
	StsId             string `xml:",omitempty" is:"id"`
	OrgnlGrpInf       originalGroup
	OrgnlInstrId      string `xml:",omitempty" is:"id"`
	OrgnlEndToEndId   string `is:"id"`
	OrgnlTxId         string `is:"id"`
	OrgnlUETR         string `is:"uetr"`
	TxSts             string `is:"code"`
	StsRsnInf         *reason
	AccptncDtTm       string `xml:",omitempty" is:"time"`
	FctvIntrBkSttlmDt *dateOrTime
	AcctSvcrRef       string `xml:",omitempty" is:"id"`
	ClrSysRef         string `xml:",omitempty" is:"id"`
	InstgAgt          *agent
	InstdAgt          *agent
}

// pacs.028

type enquiryDoc struct {
	XMLName xml.Name `xml:"FIToFIPmtStsReq"`
	GrpHdr  groupHeader
	TxInf   enquiredTransfer
}

type enquiredTransfer struct {
	StsReqId        string `xml:",omitempty" is:"id"`
	OrgnlGrpInf     originalGroup
	OrgnlInstrId    string `xml:",omitempty" is:"id"`
	OrgnlEndToEndId string `is:"id"`
	OrgnlTxId       string `is:"id"`
	OrgnlUETR       string `is:"uetr"`
	AccptncDtTm     string `xml:",omitempty" is:"time"`
	ClrSysRef       string `xml:",omitempty" is:"id"`
	InstgAgt        *agent
	InstdAgt        *agent
}

// pain.001

type orderDoc struct {
	XMLName xml.Name `xml:"CstmrCdtTrfInitn"`
	GrpHdr  orderHeader
	PmtInf  orderBatch
}

type orderHeader struct {
	MsgId    string `is:"id"`
	CreDtTm  string `is:"time"`
	NbOfTxs  string `is:"one"`
	InitgPty party
}

type orderBatch struct {
	PmtInfId    string `is:"id"`
	PmtMtd      string `is:"code"`
	ReqdExctnDt dateOrTime
	Dbtr        party
	DbtrAcct    account
	DbtrAgt     agent
	ChrgBr      string `xml:",omitempty" is:"code"`
	CdtTrfTxInf orderedTransfer
}

type orderedTransfer struct {
	PmtId    orderID
	Amt      orderAmount
	CdtrAgt  *agent
	Cdtr     *party
	CdtrAcct *account
	Purp     *codeOrText
	RmtInf   *remittance
}

type orderID struct {
	InstrId    string `xml:",omitempty" is:"id"`
	EndToEndId string `is:"id"`
	UETR       string `xml:",omitempty" is:"uetr"`
}

type orderAmount struct{ InstdAmt money }

// pain.002

type orderStatusDoc struct {
	XMLName           xml.Name `xml:"CstmrPmtStsRpt"`
	GrpHdr            orderStatusHeader
	OrgnlGrpInfAndSts orderStatusGroup
	OrgnlPmtInfAndSts orderStatusBatch
}

type orderStatusHeader struct {
	MsgId    string `is:"id"`
	CreDtTm  string `is:"time"`
	InitgPty *party
	DbtrAgt  *agent
}

type orderStatusGroup struct {
	OrgnlMsgId   string `is:"id"`
	OrgnlMsgNmId string `is:"id"`
	OrgnlCreDtTm string `xml:",omitempty" is:"time"`
	GrpSts       string `xml:",omitempty" is:"code"`
	StsRsnInf    *reason
}

type orderStatusBatch struct {
	OrgnlPmtInfId string `is:"id"`
	PmtInfSts     string `xml:",omitempty" is:"code"`
	StsRsnInf     *reason
	TxInfAndSts   orderedStatus
}

type orderedStatus struct {
	StsId           string `xml:",omitempty" is:"id"`
	OrgnlInstrId    string `xml:",omitempty" is:"id"`
	OrgnlEndToEndId string `xml:",omitempty" is:"id"`
	OrgnlUETR       string `xml:",omitempty" is:"uetr"`
	TxSts           string `is:"code"`
	StsRsnInf       *reason
	AccptncDtTm     string `xml:",omitempty" is:"time"`
	AcctSvcrRef     string `xml:",omitempty" is:"id"`
	ClrSysRef       string `xml:",omitempty" is:"id"`
}
