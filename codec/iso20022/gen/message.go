package main

// messages are those that the switch or its neighbours use, in all versions of
// which a schema is at hand.
var messages = []string{
	"head.001.001.02",

	// Interbank payments.
	"pacs.002.001.10", "pacs.002.001.11",
	"pacs.003.001.08",
	"pacs.004.001.10",
	"pacs.007.001.10",
	"pacs.008.001.08", "pacs.008.001.09",
	"pacs.009.001.08", "pacs.009.001.09",
	"pacs.010.001.04",
	"pacs.028.001.03", "pacs.028.001.04",

	// Recalls, liquidity, reports.
	"camt.003.001.07", "camt.004.001.08",
	"camt.025.001.05",
	"camt.029.001.09", "camt.029.001.10",
	"camt.050.001.05",
	"camt.052.001.08", "camt.053.001.08", "camt.054.001.08",
	"camt.056.001.08", "camt.056.001.09",
	"camt.087.001.07",

	// Customers: initiation, request to pay, mandates.
	"pain.001.001.10", "pain.002.001.11",
	"pain.009.001.05", "pain.010.001.05", "pain.011.001.05", "pain.012.001.05",
	"pain.013.001.07", "pain.013.001.08",
	"pain.014.001.07", "pain.014.001.08",
	"pain.017.001.01", "pain.018.001.01",

	// Accounts and administration.
	"acmt.023.001.02", "acmt.024.001.02",
	"admi.002.001.01", "admi.004.001.02", "admi.006.001.01", "admi.007.001.01", "admi.011.001.01",
}
