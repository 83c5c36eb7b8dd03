package config

import "time"

// participantsMax keeps the sum of all net debit caps inside an int64, see
// capUnitsMax.
const participantsMax = 4096

// rootShape is the configuration. All keys of all mappings are in it.
var rootShape = shape{kind: isTable, some: []string{"participants", "participants_dir"}, keys: []key{
	{name: "listen", is: anyText, example: "127.0.0.1:8583", restart: true, says: "host:port where participants connect, with mutual TLS"},
	{name: "admin", is: anyText, example: "127.0.0.1:9583", restart: true, says: "host:port of metrics, health, the admin API and the console; one that other machines can reach needs cert, key and users of admin_access"},
	{name: "admin_access", is: adminAccessShape, says: "who may use the admin port, and its certificate; without: everyone on this machine"},
	{name: "data_dir", is: anyText, example: "./data", restart: true, says: "folder of journal and state; relative paths start at the folder of the file"},
	{name: "seal_key", is: anyText, restart: true, says: "file with the keys that seal account numbers and names in data_dir; without: seal.key in data_dir, made at the first start"},
	{name: "checkpoint_key", is: anyText, restart: true, says: "file with the key that signs checkpoints of the journal; without: checkpoint.key in data_dir, made at the first start"},
	{name: "currency", is: wordOf(currencyCodes()...), def: currencyDefault, restart: true, says: "ISO 4217 code of all amounts"},
	{name: "institution", is: textOf(&institutionForm), example: `"999999"`, restart: true, says: "the switch's own identification in messages (DE33)"},
	{name: "tls", is: tlsShape, example: "{ca: certs/ca.pem, cert: certs/switch.pem, key: certs/switch-key.pem}", says: "PEM files of the switch's own certificate"},
	{name: "profile", is: wordOf("development", "production"), def: "development", restart: true, says: "production: nothing is taken that is for development and tests only, such as a security module in software"},
	{name: "hsm", is: hsmShape, says: "the security module, for codes, PINs and signatures of participants; without: none"},
	{name: "allow", is: listOf(anyText, prefixesMax), says: "addresses that may connect at all, as ADDRESS or ADDRESS/BITS; without: any. Others are closed before a byte is read"},
	{name: "limits", is: limitsShape, says: "what the switch holds at once; over a limit it answers \"busy\" or closes"},
	{name: "disk", is: diskShape, says: "what must stay free on the disk of data_dir"},
	{name: "journal", is: journalShape, says: "how the journal is written"},
	{name: "log", is: logShape, says: "how lines for operators are written"},
	{name: "tracing", is: tracingShape, says: "which payments are told of to a collector of OpenTelemetry; without: none"},
	{name: "canary", is: canaryShape, says: "payments between two built-in participants, by which /readyz knows that payments work; without: none"},
	{name: "health", is: healthShape, says: "from when on /readyz warns, and from when on it says no"},
	{name: "business_day_start", is: textOf(&timeOfDayForm), def: "00:00", restart: true, says: "when a business day begins, UTC; it has the name of the date in its middle"},
	{name: "retention", is: retentionShape, says: "how long what has happened is kept"},
	{name: "payment_limits", is: listOf(paymentLimitShape, paymentLimitsMax), says: "what a payer may pay, by category: the first that fits a payment counts; without: no limits"},
	{name: "brown_out", is: brownOutShape, says: "what is shed, and when, under load that is too much"},
	{name: "defaults", is: table(key{name: "timers", is: timersShape, says: "timers of all participants that have none of their own"}), says: "for all participants; each may have its own on top"},
	{name: "participants_dir", is: anyText, says: "folder whose *.yml files, in the order of their names, each hold one participant or a list of them, after those of participants"},
	{name: "participants", is: listOf(participantShape, participantsMax), example: "[{id: BANKA, ...}]", says: "who takes part, one mapping each; participants_dir may stand in its place"},
}}

var tlsShape = table(
	key{name: "ca", is: anyText, example: "certs/ca.pem", restart: true, says: "certificates that sign those of the participants"},
	key{name: "cert", is: anyText, example: "certs/switch.pem", restart: true, says: "the switch's own certificate"},
	key{name: "key", is: anyText, example: "certs/switch-key.pem", restart: true, says: "its private key, which not everyone may read"},
	key{name: "crl", is: listOf(anyText, revocationsMax), restart: true, says: "lists of revoked certificates, PEM or DER; their content is read again when it changes"},
	key{name: "crl_grace", is: lasting(time.Minute, 30*day), def: "24h", restart: true, says: "how long a list that is out of date still vouches for the certificates that are not on it"},
)

var limitsShape = table(
	key{name: "links", is: number(1, 65_536), def: "1024", restart: true, says: "connections of participants"},
	key{name: "handshakes", is: number(1, 65_536), def: "256", restart: true, says: "TLS handshakes at work"},
	key{name: "half_open", is: number(1, 65_536), def: "512", restart: true, says: "connections whose handshake is not done, of strangers and of known addresses each"},
	key{name: "handshakes_per_address", is: number(1, 100_000), def: "50", restart: true, says: "handshakes a second that one address (of IPv6: one /64) may begin"},
	key{name: "handshake_burst", is: number(1, 100_000), def: "200", restart: true, says: "and at once"},
	key{name: "addresses", is: number(1, 1_000_000), def: "8192", restart: true, says: "addresses that are remembered for that; the others share one rate"},
	key{name: "dials", is: number(1, 1024), def: "32", restart: true, says: "connections being made to participants"},
	key{name: "outbox", is: sized(mib, gib), def: "4MiB", restart: true, says: "bytes that may wait on one link; one over it is closed"},
	key{name: "queue", is: number(16, 65_536), def: "32768", restart: true, says: "events that wait for the sequencer"},
	key{name: "open_payments", is: number(16, 50_000_000), def: "1000000", says: "payments that are not finished"},
)

var diskShape = table(
	key{name: "reserve", is: sized(96*mib, tib), def: "1GiB", restart: true, says: "with less room new payments are declined, and open ones go on"},
	key{name: "warning", is: sized(96*mib, 4*tib), restart: true, says: "room below which the log warns; without: twice the reserve"},
	key{name: "ballast", is: sized(0, tib), def: "256MiB", restart: true, says: "size of a file that is given up when even open payments need room; 0: none"},
)

var logShape = table(
	key{name: "format", is: wordOf("text", "json"), def: "text", restart: true, says: "key=value, or a JSON object a line"},
	key{name: "level", is: wordOf("debug", "info", "warn", "error"), def: "info", says: "the least lines that are written; serve --quiet writes warnings and errors only"},
)

var journalShape = table(
	key{name: "wal_failover_dir", is: anyText, restart: true, says: "folder on another disk, of this switch alone, in which the journal's log goes on while the disk of data_dir is slow; without: payments wait for that disk"},
	key{name: "wal_failover_after", is: lasting(10*time.Millisecond, 10*time.Second), def: "100ms", restart: true, says: "a write or fsync of the journal that takes longer is slow"},
)

var tracingShape = table(
	key{name: "endpoint", is: anyText, example: "http://127.0.0.1:4318/v1/traces", restart: true, says: "where traces go, by OTLP over HTTP"},
	key{name: "sample", is: textOf(&shareForm), def: "1%", restart: true, says: "payments that are told of whatever became of them"},
	key{name: "slow", is: lasting(time.Millisecond, time.Hour), def: "2s", restart: true, says: "a payment that has taken longer is told of as well"},
	key{name: "failures", is: number(0, 1000), def: "10", restart: true, says: "payments a second that are told of because they failed, were reversed or deemed, or were slow"},
)

var canaryShape = table(
	key{name: "every", is: lasting(time.Second, 10*time.Minute), def: "10s", restart: true, says: "from one payment to the next"},
	key{name: "timeout", is: lasting(100*time.Millisecond, time.Minute), def: "5s", restart: true, says: "until one has failed; with no success for three payments and this the switch is not ready"},
)

var healthShape = table(
	key{name: "commit_age", is: lasting(2*time.Second, 10*time.Minute), def: "10s", says: "events that have waited so long without any commit: not ready"},
	key{name: "clock_warning", is: lasting(100*time.Millisecond, time.Hour), def: "2s", says: "the system's clock was set by more since the start: a warning"},
	key{name: "clock_step", is: lasting(time.Second, day), def: "2m", says: "by more than this: not ready; above clock_warning"},
	key{name: "certificates", is: days(1, yearDays), def: "7d", says: "a certificate that ends within so many days: a warning, and bad to doctor"},
)

var retentionShape = table(
	key{name: "journal", is: days(1, 100*yearDays), def: "90d", restart: true, says: "age at which a business day leaves the journal for the archive"},
	key{name: "state", is: days(2, 100*yearDays), def: "90d", restart: true, says: "age at which a finished payment is forgotten"},
	key{name: "archive_dir", is: anyText, restart: true, says: "folder of the archive; without: nothing leaves the journal"},
	key{name: "archive", is: days(1, 100*yearDays), def: "10y", restart: true, says: "age at which an archived day is deleted"},
)

// timersShape has the defaults of domain.md 1.6 and 7.2. The bounds leave room for
// tests and demonstrations (milliseconds) and refuse what can only be a slip (a
// debit timer of 15 hours).
var timersShape = table(
	key{name: "resolve", is: lasting(10*time.Millisecond, 5*time.Minute), def: "10s", says: "answer to an address look-up"},
	key{name: "debit", is: lasting(10*time.Millisecond, 5*time.Minute), def: "15s", says: "answer to a debit"},
	key{name: "credit", is: lasting(10*time.Millisecond, 5*time.Minute), def: "15s", says: "answer to a credit"},
	key{name: "total", is: lasting(20*time.Millisecond, 15*time.Minute), def: "45s", says: "no money starts to move after this"},
	key{name: "reversal", is: lasting(10*time.Millisecond, 5*time.Minute), def: "10s", says: "answer to a reversal"},
	key{name: "backoff_min", is: lasting(10*time.Millisecond, time.Hour), def: "10s", says: "first wait before a reversal is repeated, doubling"},
	key{name: "backoff_max", is: lasting(10*time.Millisecond, day), def: "15m", says: "up to this wait"},
	key{name: "give_up", is: lasting(100*time.Millisecond, 30*day), def: "48h", says: "until this age"},
	key{name: "credit_unknown", is: lasting(10*time.Millisecond, day), def: "600s", says: "an unconfirmed credit counts as done after this"},
	key{name: "idle", is: lasting(100*time.Millisecond, time.Hour), def: "30s", says: "silence on a link before an echo is sent"},
	key{name: "echo", is: lasting(10*time.Millisecond, 5*time.Minute), def: "5s", says: "answer to an echo"},
)

// paymentLimitsMax bounds the categories: each payment looks through them.
const paymentLimitsMax = 100

var paymentLimitShape = table(
	key{name: "name", is: textOf(&limitNameForm), example: "p2p", says: "names the counters of its payers: a new name begins at zero"},
	key{name: "types", is: listOf(wordOf("push", "collect", "refund"), 3), says: "payments of these types; without: of any"},
	key{name: "payee", is: wordOf("merchant", "person"), says: "payments to merchants, or to persons; without: to any"},
	key{name: "purposes", is: listOf(textOf(&purposeForm), 100), says: "payments with one of these purposes (DE120 008, Purp); without: with any or none"},
	key{name: "per_payment", is: amounts, says: "amount of one payment; without: no limit"},
	key{name: "per_day", is: amounts, says: "amount of all payments of a payer on one day (UTC); without: no limit"},
	key{name: "count_per_day", is: number(1, 1_000_000), says: "payments of a payer on one day (UTC); without: no limit"},
)

var brownOutShape = table(
	key{name: "small_amount", is: amounts, says: "largest payment that is still taken at step 3; without: any amount"},
	key{name: "steps", is: listOf(table(
		key{name: "queue", is: number(1, 101), example: "50", says: "percent of the room for requests that is full; 101: never"},
		key{name: "commit", is: lasting(time.Millisecond, time.Hour), example: "500ms", says: "mean of what the disk alone takes for a commit, or how long the writer waits for a commit or for the state store now, whichever is longer"},
	), loadSteps).atLeast(loadSteps), restart: true, says: "four steps, growing; each begins when the queue is so full or the disk takes so long: 1 no enquiries, 2 no collects, 3 no payments above small_amount, 4 no new payments. " +
		"Without: 500ms, 1s, 2s and 4s, and however full the queue is"},
)
