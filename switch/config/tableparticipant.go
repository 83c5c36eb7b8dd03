package config

import (
	"regexp"
	"time"
)

// Bounds of what a participant may have of one thing.
const (
	handlesMax     = 1000
	rangesMax      = 1000
	prefixesMax    = 4096 // addresses; each connection looks through them
	pinsMax        = 8
	revocationsMax = 16
	targetsMax     = 16 // ways to a participant that the switch dials
	waysMax        = 16 // addresses of one of them
)

// participantShape is one bank or payment service provider.
var participantShape = shape{kind: isTable, some: addressKeys, keys: []key{
	{name: "id", is: textOf(&idForm), example: "BANKA", says: "its name, also in its certificate (urn:switch:participant:ID)"},
	{name: "institution", is: textOf(&institutionForm), example: `"100001"`, restart: true, says: "its identification in messages (DE32)"},
	{name: "roles", is: listOf(wordOf("psp", "bank"), 2), says: "psp: it serves addresses and may have other banks' accounts debited; bank: it holds accounts. Without: both"},
	{name: "handles", is: listOf(textOf(&handleForm), handlesMax), says: "parts behind the @ of the addresses that it serves"},
	{name: "ifsc_prefixes", is: listOf(textOf(&prefixForm), handlesMax), says: "first four letters of the codes of its branches"},
	{name: "bic", is: textOf(&bicForm), says: "its business identifier code (ISO 9362): 8 letters and digits for all its branches, 11 for one"},
	{name: "bin_ranges", is: listOf(textOf(&binForm), rangesMax), says: "first digits of the card numbers that it has issued; they lead to it when a payment names a credit account (DE3 position 5-6 is 30) and no bank"},
	{name: "account_ranges", is: listOf(textOf(&accountForm), rangesMax), says: "first digits of the accounts that it holds; they lead to it when a payment names no bank"},
	{name: "currency", is: wordOf(currencyCodes()...), says: "the currency that its file was written for, which must be the switch's own"},
	{name: "dialect", is: nameOf(func(n Names) []string { return n.Dialects }), example: "iso87-npci", says: "wire format"},
	{name: "framing", is: nameOf(func(n Names) []string { return n.Framings }), example: "BIN2", says: "how messages are cut out of the stream"},
	{name: "keepalive", is: wordOf("answer", "swallow"), says: "what a keep-alive of the framing gets; without: an answer"},
	{name: "header", is: textOf(&headerForm), says: "TPDU or BASE I header, in hexadecimal digits, of what is sent before the participant has sent one"},
	{name: "profile", is: nameOf(func(n Names) []string { return n.Profiles }), says: "what messages of ISO 20022 must have; without: the dialect's own"},
	{name: "versions", is: listOf(nameOf(func(n Names) []string { return n.Versions }), 1000), says: "versions of messages of ISO 20022 that it takes, the first of each is sent; without: the profile's"},
	{name: "amount_in_major_units", is: truth, def: "false", says: "DE4 counts whole rupees, not paise: payments with decimals are not sent to it"},
	{name: "account_padding", is: paddingShape, says: "its own accounts in DE102 and DE103 are filled up to a width"},
	{name: "posting", is: wordOf("immediate", "on_confirm"), says: "whether it posts a credit with its yes, or when it is told that the payment is done; without: immediate"},
	{name: "abilities", is: listOf(wordOf("repeat_safe", "receipts", "updates", "checks", "binding"), 5), says: "what it can do beyond the messages of every payment: take a repeated debit as the same one, acknowledge answers, take updates, answer status enquiries, keep to a \"not done\""},
	{name: "net_debit_cap", is: amounts, example: `"1000000.00"`, says: "how much it may owe the others, in major units"},
	{name: "ambiguous", is: listOf(textOf(&answerForm), 100), says: `codes of a debit answer that prove nothing; without: "09", "68", "91", "96"`},
	{name: "duplicate_key", is: listOf(number(2, 128), 16), says: "data elements that make two of its requests one; without: 7, 11, 32, 37"},
	{name: "match_key", is: listOf(number(2, 128), 16), says: "data elements that its answers echo; without: 7, 11, 37"},
	{name: "timers", is: timersShape, says: "its own waits, over those of defaults"},
	{name: "links", is: linksShape, says: "its connections"},
	{name: "allow", is: listOf(anyText, prefixesMax), says: "addresses that its certificate is good for; without: any"},
	{name: "pins", is: listOf(textOf(&pinForm), pinsMax), says: "SHA-256 of public keys that its certificate may have; without: any that the CA has signed"},
	{name: "tls_min", is: wordOf("1.3", "1.2"), def: "1.3", says: "oldest version of TLS that it may use"},
	{name: "mac", is: macShape, says: "its messages of ISO 8583 have a code in DE64 or DE128, both ways, but for network management"},
	{name: "pin", is: pinShape, says: "the zone of the PIN blocks in its DE52"},
	{name: "key_exchange", is: textOf(&keyNameForm), says: "name of the key that protects key blocks with new keys for mac and pin (0800 with DE70 161); without: none are taken"},
	{name: "signature", is: signatureShape, says: "its messages of ISO 20022 are signed, both ways"},
	{name: "rate", is: ratesShape, says: "new messages that are taken from it, by class; each may be off"},
	{name: "requests_open", is: number(1, 1_000_000), says: "its requests without a final answer; more are declined as busy; without: no limit of its own"},
	{name: "in_flight", is: flowShape, says: "messages of one class that may wait for its answers: the limit follows its answer times between min and max, off keeps none"},
	{name: "breaker", is: breakerShape, says: "when messages of one class are no longer sent to it, and again; off for never"},
}}

// addressKeys are what a participant can be reached by; it has one of them at least.
var addressKeys = []string{"handles", "ifsc_prefixes", "bic", "bin_ranges", "account_ranges"}

var paddingShape = table(
	key{name: "width", is: number(2, 28), example: "16", says: "characters"},
	key{name: "with", is: wordOf("zeros", "spaces"), def: "zeros", says: "zeros on the left, or spaces on the right"},
)

var linksShape = table(
	key{name: "listen", is: number(1, 65_536), says: "connections at a time that it may open; without: as many as limits.links"},
	key{name: "dial", is: listOf(table(
		key{name: "addresses", is: listOf(anyText, waysMax).atLeast(1), example: `["192.0.2.10:8583"]`, says: "host:port of the participant; each link takes the next that answers"},
		key{name: "group", is: number(0, 15), def: "0", says: "links of the lowest group that is there are used"},
		key{name: "links", is: number(1, 64), def: "1", says: "connections to keep up"},
	), targetsMax), says: "connections that the switch makes"},
	key{name: "window", is: number(1, 65_536), def: "16384", says: "new requests that may be unanswered on one link"},
	key{name: "outbox", is: sized(mib, gib), says: "bytes that may wait on one link; without: limits.outbox"},
)

var ratesShape = table(
	key{name: "requests", is: rateShape, def: "off", says: "payments, refunds, collects and their repeats"},
	key{name: "enquiries", is: rateShape, says: "questions what became of a payment; without: 100 a second, 200 at once"},
	key{name: "others", is: rateShape, says: "other messages that ask something, such as look-ups of addresses; without: 100 a second, 200 at once"},
)

var rateShape = shape{kind: isTable, off: true, keys: []key{
	{name: "per_second", is: number(1, 1_000_000), example: "1000", says: "messages a second, over all its links"},
	{name: "burst", is: number(1, 1_000_000), says: "and at once; without: as many as in a second"},
}}

var flowShape = shape{kind: isTable, off: true, keys: []key{
	{name: "min", is: number(1, 65_536), def: "8192", says: "never fewer"},
	{name: "max", is: number(1, 65_536), def: "65536", says: "never more"},
}}

var breakerShape = shape{kind: isTable, off: true, keys: []key{
	{name: "in_row", is: number(1, 255), def: "5", says: "failures in a row that open it"},
	{name: "window", is: number(1, 64), def: "20", says: "results that are looked at"},
	{name: "percent", is: number(1, 100), def: "50", says: "of failures in a full window that open it"},
	{name: "open_for", is: lasting(10*time.Millisecond, day), def: "30s", says: "until a few may try"},
	{name: "closes", is: number(1, 255), def: "3", says: "how many may try, and answers that close it"},
}}

var (
	institutionForm = pattern{regexp.MustCompile(`^[0-9]{1,11}$`), `1 to 11 digits, for example "100001"`}
	idForm          = pattern{regexp.MustCompile(`^[A-Z0-9]{2,11}$`), "2 to 11 capital letters and digits, for example BANKA"}
	handleForm      = pattern{regexp.MustCompile(`^[a-z][a-z0-9]{1,63}$`), "2 to 64 small letters and digits, a letter first, for example banka"}
	prefixForm      = pattern{regexp.MustCompile(`^[A-Z]{4}$`), "4 capital letters, for example BNKA"}
	bicForm         = pattern{regexp.MustCompile(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`), "8 or 11 capital letters and digits, the 5th and 6th the country, for example BNKAINBB"}
	binForm         = pattern{regexp.MustCompile(`^[0-9]{6,11}(-[0-9]{6,11})?$`), `6 to 11 digits, or two such numbers, for example "400000" or "400000-400099"`}
	accountForm     = pattern{regexp.MustCompile(`^[0-9]{1,19}(-[0-9]{1,19})?$`), `up to 19 digits, or two such numbers, for example "0010" or "0010-0019"`}
	headerForm      = pattern{regexp.MustCompile(`^([0-9A-Fa-f]{2}){5,64}$`), `5 to 64 bytes in hexadecimal digits, for example "6000010002"`}
	answerForm      = pattern{regexp.MustCompile(`^([0-9A-Z]{2}|[0-9A-Z]{4})$`), `2 (ISO 8583) or 4 (ISO 20022) digits or capital letters, for example "91" or AB05`}
	pinForm         = pattern{regexp.MustCompile(`^sha256/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$`), `sha256/ and 44 characters of Base64: of the certificate's public key (SPKI)`}
	keyNameForm     = pattern{regexp.MustCompile(`^[a-z0-9./-]{1,64}$`), "1 to 64 small letters, digits, '.', '-' and '/', for example banka/zak"}
	lmkForm         = pattern{regexp.MustCompile(`^[0-9]{2}$`), `two digits in quotes, for example "01"`}
	tokenForm       = pattern{regexp.MustCompile(`^[ -~]{1,32}$`), "1 to 32 letters, digits and signs"}
	limitNameForm   = pattern{regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`), "up to 32 small letters, digits, _ and -, a letter first, for example p2p"}
	purposeForm     = pattern{regexp.MustCompile(`^[!-~]{1,35}$`), "1 to 35 letters, digits and signs, for example INSU"}
)
