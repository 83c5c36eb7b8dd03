package translate

import "switchd/switch/payment"

// Reason is how an outcome is told in ISO 20022 (domain reference 3.2): the
// status of the transaction and, unless that is a yes, why.
type Reason struct {
	Status      string // TxSts
	Code        string // StsRsnInf/Rsn/Cd, ExternalStatusReason1Code
	Proprietary string // StsRsnInf/Rsn/Prtry, where ISO has no code
}

// ReasonOf is how a participant is told an outcome.
func ReasonOf(o payment.Outcome) Reason { return reasons[o] }

// rejects is a clear no with a code of ISO's list.
func rejects(code string) Reason { return Reason{Status: "RJCT", Code: code} }

// rejectsOwn is a clear no for which ISO's list has no code.
func rejectsOwn(code string) Reason { return Reason{Status: "RJCT", Proprietary: code} }

// reasons maps an outcome to what a participant is told. Every outcome that can
// be told has a row; a test checks that.
var reasons = [...]Reason{
	payment.OK:                    {Status: "ACSC"},
	payment.Pending:               {Status: "PDNG"},
	payment.TimeoutCredit:         {Status: "PDNG", Code: "AB05"}, // "deemed": the decision follows
	payment.InsufficientFunds:     rejects("AM04"),
	payment.LimitAmount:           rejects("AM14"),
	payment.LimitCount:            rejects("SL13"),
	payment.LimitScheme:           rejects("AM13"),
	payment.NetDebitCap:           rejects("AM23"),
	payment.BadPIN:                rejectsOwn("PIN"),
	payment.PINTries:              rejectsOwn("PINT"),
	payment.PINNotSet:             rejectsOwn("PINN"),
	payment.AccountUnknownPayer:   rejects("AC02"),
	payment.AccountUnknownPayee:   rejects("AC03"),
	payment.AccountClosedPayer:    rejects("AC05"),
	payment.AccountClosedPayee:    rejects("AC07"),
	payment.AccountBlockedPayer:   rejects("AC06"),
	payment.AccountBlockedPayee:   rejects("AC06"),
	payment.AccountDormantPayer:   rejects("AG07"),
	payment.AccountDormantPayee:   rejects("AC06"),
	payment.TypeNotPermitted:      rejects("AG01"),
	payment.Fraud:                 rejects("FRAD"),
	payment.FraudPayee:            rejects("FRAD"),
	payment.RiskSwitch:            rejects("FRAD"),
	payment.DoNotHonourPayer:      rejects("MS03"),
	payment.DoNotHonourPayee:      rejects("MS03"),
	payment.Duplicate:             rejects("AM05"),
	payment.Format:                rejects("FF01"),
	payment.AmountInvalid:         rejects("AM12"),
	payment.AmountMismatch:        rejects("AM09"),
	payment.AddressUnknown:        rejects("BE23"),
	payment.AddressRestricted:     rejects("BE23"),
	payment.CustomerDeclined:      rejects("CUST"),
	payment.Expired:               rejects("IEDT"),
	payment.RouteUnknown:          rejects("RC04"),
	payment.NotMember:             rejects("CNOR"),
	payment.SameAccount:           rejects("AG01"),
	payment.PayerOffline:          rejects("AB07"),
	payment.PayeeOffline:          rejects("AB08"),
	payment.BankThrottledPayer:    rejects("AB10"),
	payment.BankThrottledPayee:    rejects("AB09"),
	payment.BankThrottledPSP:      rejects("AB09"),
	payment.UnhealthyPayer:        rejects("AB10"),
	payment.UnhealthyPayee:        rejects("AB09"),
	payment.TimeoutResolve:        rejects("AB06"),
	payment.TimeoutAuth:           rejects("AB06"),
	payment.TimeoutDebit:          rejects("AB11"),
	payment.TimeoutRejected:       rejects("AB05"),
	payment.TooLate:               rejects("TM01"),
	payment.LateResponse:          rejects("TM01"),
	payment.Cutoff:                rejects("TM01"),
	payment.Reversed:              rejects("AB05"),
	payment.OriginalNotFound:      rejects("AG09"),
	payment.NotDone:               rejectsOwn("NOTD"),
	payment.CreditStands:          rejectsOwn("DONE"),
	payment.ReversalTimeoutDebit:  rejects("AB11"),
	payment.ReversalTimeoutCredit: rejects("AB05"),
	payment.ReversalFailed:        rejects("AB02"),
	payment.FunctionUnsupported:   rejects("AG03"),
	payment.CryptoMAC:             rejectsOwn("MAC"),
	payment.PINBlock:              rejectsOwn("PINB"),
	payment.Signature:             rejectsOwn("SIGN"),
	payment.HSMDown:               rejects("AB10"),
	payment.MandateRevoked:        rejects("MD01"),
	payment.MandatePaused:         rejects("MD05"),
	payment.MandateExpired:        rejects("MD05"),
	payment.MandateHonoured:       rejects("MD05"),
	payment.MandateAmount:         rejects("SL14"),
	payment.MandateNotFound:       rejects("MD01"),
	payment.Busy:                  rejects("AB02"),
	payment.ErrBank:               rejects("AB10"),
	payment.ErrBankPayee:          rejects("AB09"),
	payment.ErrSwitch:             rejects("AB02"),
	payment.Closing:               rejects("AB02"),
}

// ReadReason is the canonical meaning of a participant's reason, a code of ISO's
// list or one of ours. A code without a meaning of its own is a bank error: a
// clear no.
func ReadReason(code []byte, of Side) payment.Outcome {
	if pair, ok := reasonCodes[string(code)]; ok {
		return pair[of]
	}
	return [...]payment.Outcome{payment.ErrBank, payment.ErrBankPayee}[of]
}

// same is a reason that says the same of either side.
func same(o payment.Outcome) [2]payment.Outcome { return [2]payment.Outcome{o, o} }

// reasonCodes maps a reason to the outcome at the payer's and at the payee's side.
var reasonCodes = map[string][2]payment.Outcome{
	"AC01": {payment.AccountUnknownPayer, payment.AccountUnknownPayee},
	"AC02": same(payment.AccountUnknownPayer),
	"AC03": same(payment.AccountUnknownPayee),
	"AC04": {payment.AccountClosedPayer, payment.AccountClosedPayee},
	"AC05": same(payment.AccountClosedPayer),
	"AC06": {payment.AccountBlockedPayer, payment.AccountBlockedPayee},
	"AC07": same(payment.AccountClosedPayee),
	"AG01": same(payment.TypeNotPermitted),
	"AG03": same(payment.FunctionUnsupported),
	"AG07": {payment.AccountDormantPayer, payment.AccountDormantPayee},
	"AG09": same(payment.OriginalNotFound),
	"AM01": same(payment.AmountInvalid),
	"AM02": same(payment.LimitAmount),
	"AM04": same(payment.InsufficientFunds),
	"AM05": same(payment.Duplicate),
	"AM09": same(payment.AmountMismatch),
	"AM11": same(payment.AmountInvalid),
	"AM12": same(payment.AmountInvalid),
	"AM13": same(payment.LimitScheme),
	"AM14": same(payment.LimitAmount),
	"AM21": same(payment.LimitAmount),
	"BE23": same(payment.AddressUnknown),
	"CH20": same(payment.AmountInvalid),
	"CH21": same(payment.Format),
	"CUST": same(payment.CustomerDeclined),
	"DU01": same(payment.Duplicate),
	"DU02": same(payment.Duplicate),
	"DU03": same(payment.Duplicate),
	"DU04": same(payment.Duplicate),
	"DU05": same(payment.Duplicate),
	"DUPL": same(payment.Duplicate),
	"FF01": same(payment.Format),
	"FRAD": {payment.Fraud, payment.FraudPayee},
	"IEDT": same(payment.Expired),
	"MD01": same(payment.MandateNotFound),
	"MS02": {payment.DoNotHonourPayer, payment.DoNotHonourPayee},
	"MS03": {payment.DoNotHonourPayer, payment.DoNotHonourPayee},
	"RC04": same(payment.RouteUnknown),
	"SL13": same(payment.LimitCount),
	"TM01": same(payment.TooLate),

	// Ours, as proprietary reasons.
	"NOTD": same(payment.NotDone),
	"DONE": same(payment.CreditStands),
	"PIN":  same(payment.BadPIN),
	"PINT": same(payment.PINTries),
	"PINN": same(payment.PINNotSet),

	// A bank that cannot be reached, or has run out of time, has said no all the
	// same: an explicit answer binds it (domain reference 7.3).
	"AB05": {payment.PayerOffline, payment.PayeeOffline},
	"AB06": {payment.PayerOffline, payment.PayeeOffline},
	"AB07": {payment.PayerOffline, payment.PayeeOffline},
	"AB08": {payment.PayerOffline, payment.PayeeOffline},
	"AB09": {payment.ErrBank, payment.ErrBankPayee},
	"AB10": {payment.ErrBank, payment.ErrBankPayee},
	"AB11": {payment.PayerOffline, payment.PayeeOffline},
}
