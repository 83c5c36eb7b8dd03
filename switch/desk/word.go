package desk

import (
	"strings"

	"switchd/switch/payment"
)

// stateWords say where a payment stands, as a clause.
var stateWords = map[payment.State]string{
	payment.Received: "the request is taken", payment.AwaitAuth: "the payer is asked to approve", payment.Resolving: "the payee's account is asked for",
	payment.Resolved: "both accounts are known", payment.DebitSent: "the debit is asked for", payment.Debited: "the payer is debited",
	payment.CreditSent: "the credit is asked for", payment.Success: "the payment has succeeded", payment.Declined: "the payment is declined",
	payment.DebitRevSent: "the debit is being taken back", payment.FailedReversed: "the payment has failed, and its debit was taken back",
	payment.CreditUnknown: "nobody knows whether the payee was credited", payment.Deemed: "the payment counts as done, and the payee's bank has not confirmed it",
	payment.ReversalStuck: "the debit could not be taken back, and a person must decide", payment.CollectExpired: "the payer has not approved in time",
}

// causeWords say why a payment has moved on, as a clause.
var causeWords = map[payment.Cause]string{
	payment.NewRequest: "it was not seen before", payment.PayeeByAddress: "the payee is named by an address", payment.PayeeByAccount: "the payee is named by an account",
	payment.Refused: "the switch refuses it", payment.Go: "nothing stands against it", payment.Approved: "the answer was yes", payment.Refusal: "the answer was no",
	payment.Ambiguous: "the answer proves nothing", payment.Timeout: "no answer came in time", payment.NotSent: "the message could not be sent",
	payment.Restarted: "the switch has started again and cannot know what left it", payment.PayerAsked: "it is a collect",
	payment.Rejected: "the payee's bank has not accepted in time, and may not post it", payment.Fenced: "the payee's bank will not post the credit",
	payment.FenceFailed: "the payee's bank does not say whether the credit stands", payment.Bound: "the payer was told that it is done, and the payee's bank is bound to it",
	payment.NeverDebited: "the payer was never debited",
}

// outcomeSaid are the outcomes whose names are not what people say.
var outcomeSaid = map[string]string{
	"NONE": "nothing yet", "OK": "approved", "ERR_BANK": "an error at the bank", "ERR_BANK_PAYEE": "an error at the payee's bank", "ERR_SWITCH": "an error of the switch",
	"BAD_PIN": "wrong PIN", "PIN_TRIES": "too many wrong PINs", "PIN_NOT_SET": "no PIN is set", "PIN_BLOCK": "the PIN cannot be read", "ORIG_NOT_FOUND": "the original is not known",
	"ACCT_UNKNOWN_PAYER": "the payer's account is not known", "ACCT_UNKNOWN_PAYEE": "the payee's account is not known", "ACCT_CLOSED_PAYER": "the payer's account is closed",
	"ACCT_CLOSED_PAYEE": "the payee's account is closed", "ACCT_BLOCKED_PAYER": "the payer's account is blocked", "ACCT_BLOCKED_PAYEE": "the payee's account is blocked",
	"ACCT_DORMANT_PAYER": "the payer's account is dormant", "ACCT_DORMANT_PAYEE": "the payee's account is dormant",
	"DO_NOT_HONOUR_PAYER": "refused by the payer's bank", "DO_NOT_HONOUR_PAYEE": "refused by the payee's bank", "ROUTE_UNKNOWN": "no way to that bank is known",
	"FORMAT": "wrong format", "NOT_DONE": "not done", "FUNCTION_UNSUPPORTED": "the bank cannot do this", "LIMIT_AMOUNT": "over the limit of the amount", "LIMIT_COUNT": "over the limit of payments",
	"LIMIT_SCHEME": "over the limit of the scheme", "FRAUD_PAYEE": "fraud at the payee", "RISK_SWITCH": "refused for its risk by the switch",
	"TIMEOUT_RESOLVE": "no answer to the question who the payee is", "TIMEOUT_DEBIT": "no answer to the debit", "TIMEOUT_CREDIT": "no answer to the credit",
	"TIMEOUT_AUTH": "the payer has not approved in time", "TIMEOUT_REJECTED": "not accepted in time, and rejected", "REVERSAL_TIMEOUT_DEBIT": "no answer to the debit's reversal",
	"REVERSAL_TIMEOUT_CREDIT": "no answer to the credit's reversal", "CRYPTO_MAC": "wrong message authentication code", "HSM_DOWN": "the security module does not answer",
	"BANK_THROTTLED_PAYER": "too much for the payer's bank", "BANK_THROTTLED_PAYEE": "too much for the payee's bank", "BANK_THROTTLED_PSP": "too much for the payee's provider",
	"BANK_UNHEALTHY_PAYER": "the payer's bank is not well", "BANK_UNHEALTHY_PAYEE": "the payee's bank is not well", "NOT_MEMBER": "no member of the scheme",
	"CLOSING": "the switch is about to stop", "PENDING": "not decided yet", "CUTOFF": "after the end of the business day", "SIGNATURE": "wrong signature",
}

// outcomeWords says an outcome by its name as people do.
func outcomeWords(name string) string {
	if said := outcomeSaid[name]; said != "" {
		return said
	}
	return words(name)
}

// words turns a name like INSUFFICIENT_FUNDS into words.
func words(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", " ")) }
