package payment

// Outcome is the result of a payment or of one answer, independent of any wire
// format. The rim maps it to DE39, ISO 20022 reasons and UPI codes. A refused
// payment is an Outcome, never an error. Values are on disk: never renumber.
type Outcome uint8

// The outcomes. Payer and Payee name the side whose bank or account it is about.
const (
	NoOutcome Outcome = iota
	OK
	InsufficientFunds
	LimitAmount
	LimitCount
	NetDebitCap
	BadPIN
	PINTries
	AccountUnknownPayer
	AccountUnknownPayee
	AccountClosedPayer
	AccountClosedPayee
	AccountBlockedPayer
	AccountBlockedPayee
	TypeNotPermitted
	Fraud
	DoNotHonourPayer
	DoNotHonourPayee
	Duplicate
	Format
	AmountInvalid
	AddressUnknown
	CustomerDeclined
	RouteUnknown
	SameAccount
	PayerOffline
	PayeeOffline
	TimeoutResolve
	TimeoutDebit
	TimeoutCredit // told to the payer as "deemed"
	TooLate       // the payment's total deadline passed before any money moved
	Reversed
	OriginalNotFound
	NotDone
	FunctionUnsupported
	Busy
	ErrBank
	Unreadable  // an answer that could not be read; never told to anybody
	Closing     // the switch takes no new payments because it is about to stop
	Pending     // not decided yet; never a clear answer, whatever a profile says
	LimitScheme // the amount does not fit the scheme or the other side's format
	PINNotSet
	AccountDormantPayer
	AccountDormantPayee
	FraudPayee // Fraud is the payer's
	RiskSwitch
	AmountMismatch
	AddressRestricted
	Expired // a collect that was not approved in time
	NotMember
	BankThrottledPayer
	BankThrottledPayee
	BankThrottledPSP
	UnhealthyPayer
	UnhealthyPayee
	TimeoutAuth
	TimeoutRejected // the credit was not accepted in time and the switch has rejected it: nothing is posted
	CreditStands    // answer to a fence: the credit is posted and stays
	ReversalTimeoutDebit
	ReversalTimeoutCredit
	ReversalFailed
	LateResponse
	Cutoff
	CryptoMAC
	PINBlock
	Signature
	HSMDown
	MandateRevoked
	MandatePaused
	MandateExpired
	MandateHonoured
	MandateAmount
	MandateNotFound
	ErrBankPayee // ErrBank is the payer's bank, or any
	ErrSwitch
	outcomeCount
)

var outcomeNames = [outcomeCount]string{
	"NONE", "OK", "INSUFFICIENT_FUNDS", "LIMIT_AMOUNT", "LIMIT_COUNT", "NET_DEBIT_CAP", "BAD_PIN", "PIN_TRIES",
	"ACCT_UNKNOWN_PAYER", "ACCT_UNKNOWN_PAYEE", "ACCT_CLOSED_PAYER", "ACCT_CLOSED_PAYEE",
	"ACCT_BLOCKED_PAYER", "ACCT_BLOCKED_PAYEE", "TYPE_NOT_PERMITTED", "FRAUD", "DO_NOT_HONOUR_PAYER",
	"DO_NOT_HONOUR_PAYEE", "DUPLICATE", "FORMAT", "AMOUNT_INVALID", "ADDRESS_UNKNOWN", "CUSTOMER_DECLINED",
	"ROUTE_UNKNOWN", "SAME_ACCOUNT", "PAYER_OFFLINE", "PAYEE_OFFLINE", "TIMEOUT_RESOLVE", "TIMEOUT_DEBIT",
	"TIMEOUT_CREDIT", "TOO_LATE", "REVERSED", "ORIG_NOT_FOUND", "NOT_DONE", "FUNCTION_UNSUPPORTED", "BUSY",
	"ERR_BANK", "UNREADABLE", "CLOSING",
	"PENDING", "LIMIT_SCHEME", "PIN_NOT_SET", "ACCT_DORMANT_PAYER", "ACCT_DORMANT_PAYEE", "FRAUD_PAYEE", "RISK_SWITCH",
	"AMOUNT_MISMATCH", "ADDRESS_RESTRICTED", "EXPIRED", "NOT_MEMBER", "BANK_THROTTLED_PAYER", "BANK_THROTTLED_PAYEE",
	"BANK_THROTTLED_PSP", "BANK_UNHEALTHY_PAYER", "BANK_UNHEALTHY_PAYEE", "TIMEOUT_AUTH", "TIMEOUT_REJECTED",
	"CREDIT_STANDS", "REVERSAL_TIMEOUT_DEBIT", "REVERSAL_TIMEOUT_CREDIT", "REVERSAL_FAILED", "LATE_RESPONSE", "CUTOFF",
	"CRYPTO_MAC", "PIN_BLOCK", "SIGNATURE", "HSM_DOWN", "MANDATE_REVOKED", "MANDATE_PAUSED", "MANDATE_EXPIRED",
	"MANDATE_HONOURED", "MANDATE_AMOUNT", "MANDATE_NOT_FOUND", "ERR_BANK_PAYEE", "ERR_SWITCH",
}

// String is the name that documents, logs and metrics use.
func (o Outcome) String() string {
	if o >= outcomeCount {
		return "INVALID"
	}
	return outcomeNames[o]
}

// Outcomes lists all outcomes, for tables that must cover each.
func Outcomes() []Outcome {
	all := make([]Outcome, 0, outcomeCount-1)
	for o := OK; o < outcomeCount; o++ {
		all = append(all, o)
	}
	return all
}

// Code is a participant's own result code as it stood on the wire, padded with
// zero bytes: "51", "AC04".
type Code [4]byte

// CodeOf makes a Code of at most 4 characters of s.
func CodeOf(s string) Code {
	var c Code
	copy(c[:], s)
	return c
}

// String is the code without its padding.
func (c Code) String() string {
	n := 0
	for n < len(c) && c[n] != 0 {
		n++
	}
	return string(c[:n])
}
