package translate

import "switchd/switch/payment"

// Result is one line of the table of result codes (domain reference 3.2): how an
// outcome is told.
type Result struct {
	Code string // DE39
	UPI  string // DE120 tag 013
	Text string // DE44, at most 19 characters: a space and a bank's code may follow
}

// ResultOf is how a participant is told an outcome.
func ResultOf(o payment.Outcome) *Result { return &outcomes[o] }

// outcomes maps an outcome to what a participant is told. Every outcome that can
// be told has a row; a test checks that.
var outcomes = [...]Result{
	payment.OK:                  {"00", "00", ""},
	payment.InsufficientFunds:   {"51", "Z9", "INSUFFICIENT FUNDS"},
	payment.LimitAmount:         {"61", "Z8", "AMOUNT LIMIT"},
	payment.LimitCount:          {"65", "Z7", "FREQUENCY LIMIT"},
	payment.NetDebitCap:         {"61", "U03", "NDC"},
	payment.BadPIN:              {"55", "ZM", "WRONG PIN"},
	payment.PINTries:            {"75", "Z6", "PIN TRIES"},
	payment.AccountUnknownPayer: {"77", "XH", "PAYER ACCT UNKNOWN"},
	payment.AccountUnknownPayee: {"76", "XI", "PAYEE ACCT UNKNOWN"},
	payment.AccountClosedPayer:  {"78", "XH", "PAYER ACCT CLOSED"},
	payment.AccountClosedPayee:  {"78", "XI", "PAYEE ACCT CLOSED"},
	payment.AccountBlockedPayer: {"62", "YE", "PAYER ACCT BLOCKED"},
	payment.AccountBlockedPayee: {"62", "YF", "PAYEE ACCT BLOCKED"},
	payment.TypeNotPermitted:    {"57", "B3", "NOT PERMITTED"},
	payment.Fraud:               {"59", "K1", "SUSPECTED FRAUD"},
	payment.DoNotHonourPayer:    {"05", "YC", "PAYER DO NOT HONOUR"},
	payment.DoNotHonourPayee:    {"05", "YD", "PAYEE DO NOT HONOUR"},
	payment.Duplicate:           {"94", "U01", "DUPLICATE REFERENCE"},
	payment.Format:              {"30", "U05", "FORMAT"},
	payment.AmountInvalid:       {"13", "XD", "AMOUNT OR CURRENCY"},
	payment.AddressUnknown:      {"14", "ZH", "ADDRESS UNKNOWN"},
	payment.CustomerDeclined:    {"17", "ZA", "CUSTOMER DECLINED"},
	payment.RouteUnknown:        {"92", "U17", "CANNOT ROUTE"},
	payment.SameAccount:         {"57", "U96", "SAME ACCOUNT"},
	payment.PayerOffline:        {"91", "U28", "PAYER BANK OFFLINE"},
	payment.PayeeOffline:        {"91", "U78", "PAYEE BANK OFFLINE"},
	payment.TimeoutResolve:      {"68", "U09", "PAYEE PSP TIMEOUT"},
	payment.TimeoutDebit:        {"68", "U67", "DEBIT TIMEOUT"},
	payment.TimeoutCredit:       {"68", "BT", "DEEMED"},
	payment.TooLate:             {"68", "U70", "TOO LATE"},
	payment.Reversed:            {"21", "U34", "REVERSED"},
	payment.OriginalNotFound:    {"25", "U48", "ORIGINAL NOT FOUND"},
	payment.NotDone:             {"21", "ND", "NOT DONE"},
	payment.FunctionUnsupported: {"40", "XJ", "NOT SUPPORTED"},
	payment.Busy:                {"96", "U08", "BUSY"},
	payment.ErrBank:             {"96", "XB", "BANK ERROR"},
	payment.Closing:             {"91", "U08", "SWITCH IS CLOSING"},
	payment.Pending:             {"09", "01", "PENDING"},
	payment.LimitScheme:         {"61", "U02", "SCHEME LIMIT"},
	payment.PINNotSet:           {"86", "AM", "PIN NOT SET"},
	payment.AccountDormantPayer: {"62", "ZX", "PAYER ACCT DORMANT"},
	payment.AccountDormantPayee: {"62", "ZY", "PAYEE ACCT DORMANT"},
	payment.FraudPayee:          {"59", "ZI", "SUSPECTED FRAUD"},
	payment.RiskSwitch:          {"59", "U16", "RISK LIMIT"},
	payment.AmountMismatch:      {"13", "U12", "AMOUNT MISMATCH"},
	payment.AddressRestricted:   {"14", "ZG", "ADDRESS RESTRICTED"},
	payment.Expired:             {"54", "U69", "COLLECT EXPIRED"},
	payment.NotMember:           {"31", "UA", "NOT A MEMBER"},
	payment.BankThrottledPayer:  {"91", "U86", "PAYER BANK SLOW"},
	payment.BankThrottledPayee:  {"91", "U89", "PAYEE BANK SLOW"},
	payment.BankThrottledPSP:    {"91", "U80", "PSP SLOW"},
	payment.UnhealthyPayer:      {"91", "U81", "PAYER BANK UNWELL"},
	payment.UnhealthyPayee:      {"91", "U84", "PAYEE BANK UNWELL"},
	payment.TimeoutAuth:         {"68", "U20", "APPROVAL TIMEOUT"},
	// The next two have no row in the domain reference. A rejected time-out is told
	// like a completed reversal: nothing was moved, or it is moved back.
	payment.TimeoutRejected:       {"21", "U34", "CREDIT TIMEOUT"},
	payment.CreditStands:          {"CS", "CS", "CREDIT STANDS"},
	payment.ReversalTimeoutDebit:  {"68", "RR", "REVERSAL TIMEOUT"},
	payment.ReversalTimeoutCredit: {"68", "RB", "REVERSAL TIMEOUT"},
	payment.ReversalFailed:        {"96", "U33", "REVERSAL FAILED"},
	payment.LateResponse:          {"68", "U70", "LATE RESPONSE"},
	payment.Cutoff:                {"90", "XT", "CUT-OFF"},
	payment.CryptoMAC:             {"63", "U15", "MAC"},
	payment.PINBlock:              {"88", "U14", "PIN BLOCK"},
	payment.Signature:             {"88", "U55", "SIGNATURE"},
	payment.HSMDown:               {"96", "HS1", "HSM DOWN"},
	payment.MandateRevoked:        {"57", "VA", "MANDATE REVOKED"},
	payment.MandatePaused:         {"57", "VT", "MANDATE PAUSED"},
	payment.MandateExpired:        {"57", "VU", "MANDATE EXPIRED"},
	payment.MandateHonoured:       {"57", "VE", "MANDATE HONOURED"},
	payment.MandateAmount:         {"57", "QH", "MANDATE AMOUNT"},
	payment.MandateNotFound:       {"57", "VF", "MANDATE NOT FOUND"},
	payment.ErrBankPayee:          {"96", "XC", "PAYEE BANK ERROR"},
	payment.ErrSwitch:             {"96", "U08", "SWITCH ERROR"},
}

// Side is whose bank an answer is about.
type Side uint8

// The sides.
const (
	PayerSide Side = iota
	PayeeSide
)

// ReadCode is the canonical meaning of a participant's DE39. A code without a
// meaning of its own is a bank error: a clear no, unless the profile's ambiguous
// set says otherwise.
func ReadCode(code []byte, of Side) payment.Outcome {
	if len(code) != 2 {
		return payment.Unreadable
	}
	if pair, ok := codes[[2]byte{code[0], code[1]}]; ok {
		return pair[of]
	}
	return payment.ErrBank
}

// codes maps DE39 to the outcome at the payer's and at the payee's side.
var codes = map[[2]byte][2]payment.Outcome{
	{'0', '0'}: {payment.OK, payment.OK},
	{'0', '5'}: {payment.DoNotHonourPayer, payment.DoNotHonourPayee},
	{'0', '9'}: {payment.Pending, payment.Pending},
	{'1', '3'}: {payment.AmountInvalid, payment.AmountInvalid},
	{'1', '4'}: {payment.AccountUnknownPayer, payment.AddressUnknown},
	{'1', '7'}: {payment.CustomerDeclined, payment.CustomerDeclined},
	{'2', '1'}: {payment.NotDone, payment.NotDone},
	{'2', '5'}: {payment.OriginalNotFound, payment.OriginalNotFound},
	{'3', '0'}: {payment.Format, payment.Format},
	{'4', '0'}: {payment.FunctionUnsupported, payment.FunctionUnsupported},
	{'5', '1'}: {payment.InsufficientFunds, payment.InsufficientFunds},
	{'5', '5'}: {payment.BadPIN, payment.BadPIN},
	{'5', '7'}: {payment.TypeNotPermitted, payment.TypeNotPermitted},
	{'5', '9'}: {payment.Fraud, payment.Fraud},
	{'6', '1'}: {payment.LimitAmount, payment.LimitAmount},
	{'6', '2'}: {payment.AccountBlockedPayer, payment.AccountBlockedPayee},
	{'6', '5'}: {payment.LimitCount, payment.LimitCount},
	{'7', '5'}: {payment.PINTries, payment.PINTries},
	{'7', '6'}: {payment.AccountUnknownPayee, payment.AccountUnknownPayee},
	{'7', '7'}: {payment.AccountUnknownPayer, payment.AccountUnknownPayer},
	{'7', '8'}: {payment.AccountClosedPayer, payment.AccountClosedPayee},
	{'9', '1'}: {payment.PayerOffline, payment.PayeeOffline},
	{'9', '2'}: {payment.RouteUnknown, payment.RouteUnknown},
	{'9', '4'}: {payment.Duplicate, payment.Duplicate},
	{'8', '6'}: {payment.PINNotSet, payment.PINNotSet},
	{'5', '4'}: {payment.Expired, payment.Expired},
	{'3', '1'}: {payment.NotMember, payment.NotMember},
	{'9', '0'}: {payment.Cutoff, payment.Cutoff},
	{'6', '3'}: {payment.CryptoMAC, payment.CryptoMAC},
	{'8', '8'}: {payment.PINBlock, payment.PINBlock},
	{'C', 'S'}: {payment.CreditStands, payment.CreditStands},
}
