package main

import "switchd/codec/iso20022"

// messageWords say what the messages of ISO 20022 are for.
var messageWords = map[string]string{
	"acmt.023": "identification request: whose account is it?",
	"acmt.024": "identification report: the answer to acmt.023",
	"admi.002": "message reject: a message could not be read",
	"admi.004": "system event: sign-on, sign-off, echo",
	"admi.006": "resend request",
	"admi.007": "receipt acknowledgement",
	"admi.011": "acknowledgement: the answer to admi.004",
	"camt.003": "get account",
	"camt.004": "return account: the answer to camt.003",
	"camt.025": "receipt of an instruction",
	"camt.029": "resolution: the answer to camt.056",
	"camt.050": "liquidity credit transfer",
	"camt.052": "account report within a day",
	"camt.053": "account statement",
	"camt.054": "debit and credit notification",
	"camt.056": "cancellation request: take a payment back",
	"camt.087": "request to modify a payment",
	"head.001": "business application header",
	"pacs.002": "payment status report: the answer",
	"pacs.003": "customer direct debit: debit the payer",
	"pacs.004": "payment return after settlement",
	"pacs.007": "payment reversal: undo a direct debit",
	"pacs.008": "customer credit transfer: credit the payee",
	"pacs.009": "credit transfer of a bank",
	"pacs.010": "direct debit of a bank",
	"pacs.028": "payment status request: what became of it?",
	"pain.001": "customer credit transfer initiation",
	"pain.002": "status report: the answer to pain.001",
	"pain.009": "mandate initiation request",
	"pain.010": "mandate amendment request",
	"pain.011": "mandate cancellation request",
	"pain.012": "mandate acceptance report",
	"pain.013": "request to pay",
	"pain.014": "request to pay, status report",
	"pain.017": "mandate copy request",
	"pain.018": "mandate suspension request",
}

// definitionWords say what a message is for.
func definitionWords(d *iso20022.Definition) string { return messageWords[family(d.Name)] }
