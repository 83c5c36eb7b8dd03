package iso20022

// Field is one of our names for a value: one name per meaning, whatever the
// message calls it. At which path it stands in which message is said by a
// profile. The names in profiles are those of String.
type Field uint8

// The fields. Values are text unless said otherwise; a field that is XML stands
// for all that its element holds, and can be read only.
const (
	NoField Field = iota

	// Business application header.
	BizFrom             // member number of the sender
	BizTo               // member number of the receiver
	BizMsgID            // id of the message, the same as MsgID
	BizDefinition       // definition of the document, as pacs.008.001.08
	BizService          // service that the message belongs to
	BizPracticeRegistry // registry of the market practice
	BizPractice         // market practice that the message follows
	BizCreatedAt
	BizPossibleDuplicate // true: may have been sent before
	BizSignature         // the signature, XML

	// The message and its batch.
	MsgID        // id of the message, unique per sender
	CreatedAt    // when the message was made
	Transactions // number of transactions
	SettlementMethod
	ClearingSystem         // code of the clearing system
	InitiatingParty        // name of who asks
	InstructingAgent       // member number of who sends, hop by hop
	InstructingAgentSystem // clearing system that gave the number
	InstructedAgent        // member number of who receives, hop by hop
	InstructedAgentSystem
	PaymentInfoID // id of a group of transactions
	PaymentMethod
	RequestedDate // when to execute, a date
	RequestedAt   // when to execute, a time
	ExpiryDate    // until when a request is good, a date
	ExpiryAt      // until when a request is good, a time
	CaseID        // id of the investigation
	CaseCreator   // member number of who opened the case
	CaseCreatorSystem

	// The transaction.
	InstructionID     // id from hop to hop
	EndToEndID        // id of the payer, unchanged
	TransactionID     // id of the first agent, unchanged
	UETR              // UUID of the payment
	ClearingReference // reference of the clearing system, our RRN
	ServicerReference // reference of the account's bank, our approval
	ServiceLevel
	LocalInstrument     // our kind of payment
	LocalInstrumentCode // the same from ISO's list
	CategoryPurpose
	CategoryPurposeProprietary
	SequenceType // of a direct debit or mandate
	Amount       // interbank or instructed amount
	AmountCurrency
	SettlementDate
	AcceptedAt // when the payment was accepted: clocks count from here
	SettledOn  // date on which it settled
	ChargeBearer
	Purpose
	PurposeProprietary
	Remittance    // text for the payee
	Supplementary // content of the first supplementary data, XML

	// Its parties.
	DebtorName
	DebtorID // member number of a debtor that is an agent
	DebtorIDSystem
	DebtorIBAN
	DebtorAccount     // account number that is no IBAN
	DebtorAccountType // code of the account type
	DebtorAccountTypeProprietary
	DebtorProxyType
	DebtorProxyCode   // the type from ISO's list
	DebtorProxy       // address, our VPA
	DebtorAgent       // member number
	DebtorAgentSystem // clearing system that gave the number, INFSC for an IFSC
	DebtorAgentBIC
	DebtorAgentOther // other id, NOTPROVIDED for an unknown agent
	CreditorName
	CreditorID // member number of a creditor that is an agent
	CreditorIDSystem
	CreditorIBAN
	CreditorAccount
	CreditorAccountType
	CreditorAccountTypeProprietary
	CreditorProxyType
	CreditorProxyCode
	CreditorProxy
	CreditorAgent
	CreditorAgentSystem
	CreditorAgentBIC
	CreditorAgentOther

	// What the message is about: an earlier message and its transaction.
	OriginalMsgID
	OriginalMsgName
	OriginalCreatedAt
	OriginalPaymentInfoID
	OriginalInstructionID
	OriginalEndToEndID
	OriginalTransactionID
	OriginalUETR
	OriginalClearingReference
	OriginalAmount
	OriginalAmountCurrency
	OriginalSettlementDate
	OriginalTransaction // elements of the earlier transaction, XML
	OriginalLocalInstrument

	// What became of it.
	StatusID          // id of this status, or of the enquiry that it answers
	Status            // of the transaction, as ACSC
	GroupStatus       // of the whole message
	ReasonCode        // why, from ISO's lists
	ReasonProprietary // why, our own
	ReasonText
	ReturnID
	ReversalID
	CancellationID
	CancellationStatus // as CNCL, RJCR, PDCR

	// Accounts and names to be verified.
	VerificationID
	Verified // true or false
	PartyName
	PartyAddress // the VPA that is asked for
	PartyIBAN
	PartyAccount
	PartyAgent
	PartyAgentSystem
	UpdatedName
	UpdatedIBAN
	UpdatedAccount
	UpdatedAgent
	UpdatedAgentSystem

	// Events, receipts and rejects.
	EventCode
	EventParameter // the first
	EventDescription
	EventTime
	OriginatorReference // number of the event that is acknowledged
	RelatedReference    // id of the message that is received or rejected
	RelatedName         // its definition
	RequestStatus
	RequestStatusText
	RejectReason
	RejectTime
	RejectLocation // path of the fault
	RejectDescription
	RejectData
	RetrievalName // definition of the messages asked for
	RetrievalSequence
	RetrievalDate
	RecipientBIC
	RecipientID
	RecipientIssuer // who gave the id

	// Reports on accounts.
	StatementID
	StatementCreatedAt
	StatementFrom
	StatementTo
	AccountIBAN
	Account
	AccountCurrency
	Balance // the first: of a statement the opening one
	BalanceCurrency
	BalanceType
	BalanceSide // CRDT or DBIT
	BalanceDate
	ClosingBalance
	ClosingBalanceCurrency
	ClosingBalanceType
	ClosingBalanceSide
	ClosingBalanceDate
	EntryAmount // of the first entry
	EntryCurrency
	EntrySide
	EntryStatus
	EntryTransactionCode

	// Mandates.
	MandateID
	MandateRequestID
	MandateTracking // true: the debtor's agent keeps the mandate
	MandateFrequency
	MandateFirstDate
	MandateFinalDate
	MandateAmount // of each collection
	MandateAmountCurrency
	MandateMaximum
	MandateMaximumCurrency
	MandateStatus
	OriginalMandateID
	SuspensionID
	Accepted // true or false

	// repeated marks in a tree the second occurrence of an element that a profile
	// wants once only. It has no value.
	repeated

	FieldCount // one past the last
)

// String gives the field's name, as it is written here and in profiles.
func (f Field) String() string {
	if f >= FieldCount {
		return "unknown field"
	}
	return fieldNames[f]
}

// FieldByName finds a field by its name; NoField: there is none.
func FieldByName(name string) Field {
	for f := NoField + 1; f < repeated; f++ {
		if fieldNames[f] == name {
			return f
		}
	}
	return NoField
}

// fieldNames is checked by a test to be the names of the constants.
var fieldNames = [FieldCount]string{
	NoField:                        "no field",
	repeated:                       "repeated",
	BizFrom:                        "BizFrom",
	BizTo:                          "BizTo",
	BizMsgID:                       "BizMsgID",
	BizDefinition:                  "BizDefinition",
	BizService:                     "BizService",
	BizPracticeRegistry:            "BizPracticeRegistry",
	BizPractice:                    "BizPractice",
	BizCreatedAt:                   "BizCreatedAt",
	BizPossibleDuplicate:           "BizPossibleDuplicate",
	BizSignature:                   "BizSignature",
	MsgID:                          "MsgID",
	CreatedAt:                      "CreatedAt",
	Transactions:                   "Transactions",
	SettlementMethod:               "SettlementMethod",
	ClearingSystem:                 "ClearingSystem",
	InitiatingParty:                "InitiatingParty",
	InstructingAgent:               "InstructingAgent",
	InstructingAgentSystem:         "InstructingAgentSystem",
	InstructedAgent:                "InstructedAgent",
	InstructedAgentSystem:          "InstructedAgentSystem",
	PaymentInfoID:                  "PaymentInfoID",
	PaymentMethod:                  "PaymentMethod",
	RequestedDate:                  "RequestedDate",
	RequestedAt:                    "RequestedAt",
	ExpiryDate:                     "ExpiryDate",
	ExpiryAt:                       "ExpiryAt",
	CaseID:                         "CaseID",
	CaseCreator:                    "CaseCreator",
	CaseCreatorSystem:              "CaseCreatorSystem",
	InstructionID:                  "InstructionID",
	EndToEndID:                     "EndToEndID",
	TransactionID:                  "TransactionID",
	UETR:                           "UETR",
	ClearingReference:              "ClearingReference",
	ServicerReference:              "ServicerReference",
	ServiceLevel:                   "ServiceLevel",
	LocalInstrument:                "LocalInstrument",
	LocalInstrumentCode:            "LocalInstrumentCode",
	CategoryPurpose:                "CategoryPurpose",
	CategoryPurposeProprietary:     "CategoryPurposeProprietary",
	SequenceType:                   "SequenceType",
	Amount:                         "Amount",
	AmountCurrency:                 "AmountCurrency",
	SettlementDate:                 "SettlementDate",
	AcceptedAt:                     "AcceptedAt",
	SettledOn:                      "SettledOn",
	ChargeBearer:                   "ChargeBearer",
	Purpose:                        "Purpose",
	PurposeProprietary:             "PurposeProprietary",
	Remittance:                     "Remittance",
	Supplementary:                  "Supplementary",
	DebtorName:                     "DebtorName",
	DebtorID:                       "DebtorID",
	DebtorIDSystem:                 "DebtorIDSystem",
	DebtorIBAN:                     "DebtorIBAN",
	DebtorAccount:                  "DebtorAccount",
	DebtorAccountType:              "DebtorAccountType",
	DebtorAccountTypeProprietary:   "DebtorAccountTypeProprietary",
	DebtorProxyType:                "DebtorProxyType",
	DebtorProxyCode:                "DebtorProxyCode",
	DebtorProxy:                    "DebtorProxy",
	DebtorAgent:                    "DebtorAgent",
	DebtorAgentSystem:              "DebtorAgentSystem",
	DebtorAgentBIC:                 "DebtorAgentBIC",
	DebtorAgentOther:               "DebtorAgentOther",
	CreditorName:                   "CreditorName",
	CreditorID:                     "CreditorID",
	CreditorIDSystem:               "CreditorIDSystem",
	CreditorIBAN:                   "CreditorIBAN",
	CreditorAccount:                "CreditorAccount",
	CreditorAccountType:            "CreditorAccountType",
	CreditorAccountTypeProprietary: "CreditorAccountTypeProprietary",
	CreditorProxyType:              "CreditorProxyType",
	CreditorProxyCode:              "CreditorProxyCode",
	CreditorProxy:                  "CreditorProxy",
	CreditorAgent:                  "CreditorAgent",
	CreditorAgentSystem:            "CreditorAgentSystem",
	CreditorAgentBIC:               "CreditorAgentBIC",
	CreditorAgentOther:             "CreditorAgentOther",
	OriginalMsgID:                  "OriginalMsgID",
	OriginalMsgName:                "OriginalMsgName",
	OriginalCreatedAt:              "OriginalCreatedAt",
	OriginalPaymentInfoID:          "OriginalPaymentInfoID",
	OriginalInstructionID:          "OriginalInstructionID",
	OriginalEndToEndID:             "OriginalEndToEndID",
	OriginalTransactionID:          "OriginalTransactionID",
	OriginalUETR:                   "OriginalUETR",
	OriginalClearingReference:      "OriginalClearingReference",
	OriginalAmount:                 "OriginalAmount",
	OriginalAmountCurrency:         "OriginalAmountCurrency",
	OriginalSettlementDate:         "OriginalSettlementDate",
	OriginalTransaction:            "OriginalTransaction",
	OriginalLocalInstrument:        "OriginalLocalInstrument",
	StatusID:                       "StatusID",
	Status:                         "Status",
	GroupStatus:                    "GroupStatus",
	ReasonCode:                     "ReasonCode",
	ReasonProprietary:              "ReasonProprietary",
	ReasonText:                     "ReasonText",
	ReturnID:                       "ReturnID",
	ReversalID:                     "ReversalID",
	CancellationID:                 "CancellationID",
	CancellationStatus:             "CancellationStatus",
	VerificationID:                 "VerificationID",
	Verified:                       "Verified",
	PartyName:                      "PartyName",
	PartyAddress:                   "PartyAddress",
	PartyIBAN:                      "PartyIBAN",
	PartyAccount:                   "PartyAccount",
	PartyAgent:                     "PartyAgent",
	PartyAgentSystem:               "PartyAgentSystem",
	UpdatedName:                    "UpdatedName",
	UpdatedIBAN:                    "UpdatedIBAN",
	UpdatedAccount:                 "UpdatedAccount",
	UpdatedAgent:                   "UpdatedAgent",
	UpdatedAgentSystem:             "UpdatedAgentSystem",
	EventCode:                      "EventCode",
	EventParameter:                 "EventParameter",
	EventDescription:               "EventDescription",
	EventTime:                      "EventTime",
	OriginatorReference:            "OriginatorReference",
	RelatedReference:               "RelatedReference",
	RelatedName:                    "RelatedName",
	RequestStatus:                  "RequestStatus",
	RequestStatusText:              "RequestStatusText",
	RejectReason:                   "RejectReason",
	RejectTime:                     "RejectTime",
	RejectLocation:                 "RejectLocation",
	RejectDescription:              "RejectDescription",
	RejectData:                     "RejectData",
	RetrievalName:                  "RetrievalName",
	RetrievalSequence:              "RetrievalSequence",
	RetrievalDate:                  "RetrievalDate",
	RecipientBIC:                   "RecipientBIC",
	RecipientID:                    "RecipientID",
	RecipientIssuer:                "RecipientIssuer",
	StatementID:                    "StatementID",
	StatementCreatedAt:             "StatementCreatedAt",
	StatementFrom:                  "StatementFrom",
	StatementTo:                    "StatementTo",
	AccountIBAN:                    "AccountIBAN",
	Account:                        "Account",
	AccountCurrency:                "AccountCurrency",
	Balance:                        "Balance",
	BalanceCurrency:                "BalanceCurrency",
	BalanceType:                    "BalanceType",
	BalanceSide:                    "BalanceSide",
	BalanceDate:                    "BalanceDate",
	ClosingBalance:                 "ClosingBalance",
	ClosingBalanceCurrency:         "ClosingBalanceCurrency",
	ClosingBalanceType:             "ClosingBalanceType",
	ClosingBalanceSide:             "ClosingBalanceSide",
	ClosingBalanceDate:             "ClosingBalanceDate",
	EntryAmount:                    "EntryAmount",
	EntryCurrency:                  "EntryCurrency",
	EntrySide:                      "EntrySide",
	EntryStatus:                    "EntryStatus",
	EntryTransactionCode:           "EntryTransactionCode",
	MandateID:                      "MandateID",
	MandateRequestID:               "MandateRequestID",
	MandateTracking:                "MandateTracking",
	MandateFrequency:               "MandateFrequency",
	MandateFirstDate:               "MandateFirstDate",
	MandateFinalDate:               "MandateFinalDate",
	MandateAmount:                  "MandateAmount",
	MandateAmountCurrency:          "MandateAmountCurrency",
	MandateMaximum:                 "MandateMaximum",
	MandateMaximumCurrency:         "MandateMaximumCurrency",
	MandateStatus:                  "MandateStatus",
	OriginalMandateID:              "OriginalMandateID",
	SuspensionID:                   "SuspensionID",
	Accepted:                       "Accepted",
}
