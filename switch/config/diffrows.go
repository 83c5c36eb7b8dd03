package config

import (
	"fmt"
	"strconv"
	"strings"
)

// rootRows are what differs between two configurations, participants aside.
var rootRows = []row[Config]{
	{key: "listen", text: func(c *Config) string { return c.Listen }},
	{key: "admin", text: func(c *Config) string { return c.Admin }},
	{key: "admin_access.users", text: func(c *Config) string { return c.AdminAccess.Users }},
	{key: "admin_access.cert", text: func(c *Config) string { return c.AdminAccess.Cert }},
	{key: "admin_access.key", text: func(c *Config) string { return c.AdminAccess.Key }},
	{key: "admin_access.client_ca", text: func(c *Config) string { return c.AdminAccess.ClientCA }},
	{key: "admin_access.two_person", text: func(c *Config) string { return strconv.FormatBool(c.AdminAccess.TwoPerson) }},
	{key: "data_dir", text: func(c *Config) string { return c.DataDir }},
	{key: "seal_key", text: func(c *Config) string { return c.SealKey }},
	{key: "checkpoint_key", text: func(c *Config) string { return c.CheckpointKey }},
	{key: "currency", text: func(c *Config) string { return c.Currency }},
	{key: "institution", text: func(c *Config) string { return c.Institution }},
	{key: "tls.ca", text: func(c *Config) string { return c.TLS.CA }},
	{key: "tls.cert", text: func(c *Config) string { return c.TLS.Cert }},
	{key: "tls.key", text: func(c *Config) string { return c.TLS.Key }},
	{key: "tls.crl", list: func(c *Config) []string { return c.TLS.CRL }},
	{key: "tls.crl_grace", text: func(c *Config) string { return brief(c.TLS.CRLGrace) }},
	{key: "profile", text: func(c *Config) string { return c.Profile }},
	{key: "hsm.driver", text: func(c *Config) string { return c.HSM.Driver }},
	{key: "hsm.keys", text: func(c *Config) string { return c.HSM.Keys }},
	{key: "hsm.unlock", text: func(c *Config) string { return c.HSM.Unlock }},
	{key: "hsm.addresses", list: func(c *Config) []string { return c.HSM.Addresses }},
	{key: "hsm.tls.ca", text: func(c *Config) string { return c.HSM.PayShield.TLS.CA }},
	{key: "hsm.tls.cert", text: func(c *Config) string { return c.HSM.PayShield.TLS.Cert }},
	{key: "hsm.tls.key", text: func(c *Config) string { return c.HSM.PayShield.TLS.Key }},
	{key: "hsm.tls.server_name", text: func(c *Config) string { return c.HSM.PayShield.TLS.ServerName }},
	{key: "hsm.tls.min", text: func(c *Config) string { return c.HSM.PayShield.TLS.Min }},
	{key: "hsm.tls.pins", list: func(c *Config) []string { return c.HSM.PayShield.TLS.Pins }},
	{key: "hsm.tunnel", text: func(c *Config) string { return strconv.FormatBool(c.HSM.PayShield.Tunnel) }},
	{key: "hsm.lmk", text: func(c *Config) string { return c.HSM.PayShield.LMK }},
	{key: "hsm.header_len", text: func(c *Config) string { return strconv.Itoa(c.HSM.PayShield.HeaderLen) }},
	{key: "hsm.variant_lmk", text: func(c *Config) string { return strconv.FormatBool(c.HSM.PayShield.VariantLMK) }},
	{key: "hsm.library", text: func(c *Config) string { return c.HSM.Library }},
	{key: "hsm.token", text: func(c *Config) string { return c.HSM.Token }},
	{key: "hsm.workers", text: func(c *Config) string { return strconv.Itoa(c.HSM.Workers) }},
	{key: "hsm.queue", text: func(c *Config) string { return strconv.Itoa(c.HSM.Queue) }},
	{key: "hsm.timeout", text: func(c *Config) string { return brief(c.HSM.Timeout) }},
	{key: "hsm.seal", text: func(c *Config) string { return c.HSM.Seal }},
	{key: "hsm.account_rule", text: func(c *Config) string { return c.HSM.AccountRule }},
	{key: "allow", list: func(c *Config) []string { return written(c.Allow) }},
	{key: "limits.links", text: func(c *Config) string { return strconv.Itoa(c.Limits.Links) }},
	{key: "limits.handshakes", text: func(c *Config) string { return strconv.Itoa(c.Limits.Handshakes) }},
	{key: "limits.half_open", text: func(c *Config) string { return strconv.Itoa(c.Limits.HalfOpen) }},
	{key: "limits.handshakes_per_address", text: func(c *Config) string { return strconv.Itoa(c.Limits.HandshakesPerAddress) }},
	{key: "limits.handshake_burst", text: func(c *Config) string { return strconv.Itoa(c.Limits.HandshakeBurst) }},
	{key: "limits.addresses", text: func(c *Config) string { return strconv.Itoa(c.Limits.Addresses) }},
	{key: "limits.dials", text: func(c *Config) string { return strconv.Itoa(c.Limits.Dials) }},
	{key: "limits.outbox", text: func(c *Config) string { return inBytes(c.Limits.Outbox) }},
	{key: "limits.queue", text: func(c *Config) string { return strconv.Itoa(c.Limits.Queue) }},
	{key: "limits.open_payments", text: func(c *Config) string { return strconv.Itoa(c.Limits.OpenPayments) }},
	{key: "disk.reserve", text: func(c *Config) string { return inBytes(c.Disk.Reserve) }},
	{key: "disk.warning", text: func(c *Config) string { return inBytes(c.Disk.Warning) }},
	{key: "disk.ballast", text: func(c *Config) string { return inBytes(c.Disk.Ballast) }},
	{key: "journal.wal_failover_dir", text: func(c *Config) string { return c.Journal.WALFailoverDir }},
	{key: "journal.wal_failover_after", text: func(c *Config) string { return brief(c.Journal.WALFailoverAfter) }},
	{key: "log.format", text: func(c *Config) string { return c.Log.Format }},
	{key: "log.level", text: func(c *Config) string { return c.Log.Level }},
	{key: "tracing.endpoint", text: func(c *Config) string { return c.Tracing.Endpoint }},
	{key: "tracing.sample", text: func(c *Config) string { return inPercent(c.Tracing.Sample) }},
	{key: "tracing.slow", text: func(c *Config) string { return brief(c.Tracing.Slow) }},
	{key: "tracing.failures", text: func(c *Config) string { return strconv.Itoa(c.Tracing.Failures) }},
	{key: "canary.every", text: func(c *Config) string { return brief(c.Canary.Every) }},
	{key: "canary.timeout", text: func(c *Config) string { return brief(c.Canary.Timeout) }},
	{key: "health.commit_age", text: func(c *Config) string { return brief(c.Health.CommitAge) }},
	{key: "health.clock_warning", text: func(c *Config) string { return brief(c.Health.ClockWarning) }},
	{key: "health.clock_step", text: func(c *Config) string { return brief(c.Health.ClockStep) }},
	{key: "health.certificates", text: func(c *Config) string { return inDays(c.Health.Certificates) }},
	{key: "business_day_start", text: func(c *Config) string { return brief(c.BusinessDayStart) }},
	{key: "retention.journal", text: func(c *Config) string { return inDays(c.Retention.Journal) }},
	{key: "retention.state", text: func(c *Config) string { return inDays(c.Retention.State) }},
	{key: "retention.archive_dir", text: func(c *Config) string { return c.Retention.ArchiveDir }},
	{key: "retention.archive", text: func(c *Config) string { return inDays(c.Retention.Archive) }},
	{key: "payment_limits", list: paymentLimitTexts},
	{key: "brown_out.small_amount", text: func(c *Config) string { return amountOrAny(c.BrownOut.SmallAmount, c.Currency) }},
	{key: "brown_out.steps", text: func(c *Config) string { return strings.Join(written(c.BrownOut.Steps[:]), ", ") }},
}

// participantRows are what differs between two versions of one participant.
var participantRows = append([]row[Participant]{
	{key: "institution", text: func(p *Participant) string { return p.Institution }},
	{key: "roles", list: roleTexts},
	{key: "handles", list: func(p *Participant) []string { return p.Handles }},
	{key: "ifsc_prefixes", list: func(p *Participant) []string { return p.IFSCPrefixes }},
	{key: "bic", text: func(p *Participant) string { return p.BIC }},
	{key: "bin_ranges", list: func(p *Participant) []string { return written(p.BINRanges) }},
	{key: "account_ranges", list: func(p *Participant) []string { return written(p.AccountRanges) }},
	{key: "currency", text: func(p *Participant) string { return p.Currency }},
	{key: "dialect", text: func(p *Participant) string { return p.Dialect }},
	{key: "framing", text: func(p *Participant) string { return p.Framing }},
	{key: "keepalive", text: func(p *Participant) string { return p.KeepAlive }},
	{key: "header", text: func(p *Participant) string { return p.Header }},
	{key: "profile", text: func(p *Participant) string { return p.Profile }},
	{key: "versions", list: func(p *Participant) []string { return orDefault(p.Versions) }},
	{key: "amount_in_major_units", text: func(p *Participant) string { return strconv.FormatBool(p.AmountInMajorUnits) }},
	{key: "account_padding", text: func(p *Participant) string { return p.AccountPadding.String() }},
	{key: "posting", text: func(p *Participant) string { return p.Posting }},
	{key: "abilities", list: func(p *Participant) []string { return orDefault(p.Abilities) }},
	{key: "net_debit_cap", text: func(p *Participant) string { return amountText(p.NetDebitCap, p.Currency) }},
	{key: "ambiguous", list: func(p *Participant) []string { return p.Ambiguous }},
	{key: "duplicate_key", list: func(p *Participant) []string { return written(p.DuplicateKey) }},
	{key: "match_key", list: func(p *Participant) []string { return written(p.MatchKey) }},
	{key: "links.listen", text: func(p *Participant) string { return numberOrNone(int64(p.Links.Listen)) }},
	{key: "links.dial", list: func(p *Participant) []string { return written(p.Links.Dial) }},
	{key: "links.window", text: func(p *Participant) string { return strconv.Itoa(p.Links.Window) }},
	{key: "links.outbox", text: func(p *Participant) string { return sizeOrNone(p.Links.Outbox) }},
	{key: "allow", list: func(p *Participant) []string { return written(p.Allow) }},
	{key: "pins", list: func(p *Participant) []string { return p.Pins }},
	{key: "tls_min", text: func(p *Participant) string { return p.TLSMin }},
	{key: "mac.key", text: func(p *Participant) string { return p.MAC.Key }},
	{key: "mac.algorithm", text: func(p *Participant) string { return p.MAC.Algorithm }},
	{key: "mac.size", text: func(p *Participant) string { return strconv.Itoa(p.MAC.Size) }},
	{key: "pin.key", text: func(p *Participant) string { return p.PIN.Key }},
	{key: "pin.format", text: func(p *Participant) string { return p.PIN.Format }},
	{key: "key_exchange", text: func(p *Participant) string { return p.KeyExchange }},
	{key: "signature.kind", text: func(p *Participant) string { return p.Signature.Kind }},
	{key: "signature.algorithm", text: func(p *Participant) string { return p.Signature.Algorithm }},
	{key: "signature.key", text: func(p *Participant) string { return p.Signature.Key }},
	{key: "signature.certificate", text: func(p *Participant) string { return p.Signature.Certificate }},
	{key: "signature.certificates", list: func(p *Participant) []string { return p.Signature.Certificates }},
	{key: "rate.requests", text: func(p *Participant) string { return p.Rates.Requests.String() }},
	{key: "rate.enquiries", text: func(p *Participant) string { return p.Rates.Enquiries.String() }},
	{key: "rate.others", text: func(p *Participant) string { return p.Rates.Others.String() }},
	{key: "requests_open", text: func(p *Participant) string { return numberOrNone(int64(p.RequestsOpen)) }},
	{key: "in_flight", text: func(p *Participant) string { return p.InFlight.String() }},
	{key: "breaker", text: func(p *Participant) string { return p.Breaker.String() }},
}, timerRows()...)

// timerRows are those of the timers, by the table of their keys.
func timerRows() []row[Participant] {
	rows := make([]row[Participant], 0, len(timersShape.keys))
	for _, k := range timersShape.keys {
		field := timerFields[k.name]
		rows = append(rows, row[Participant]{key: "timers." + k.name, text: func(p *Participant) string { return brief(*field(&p.Timers)) }})
	}
	return rows
}

// written are the entries of a list as texts.
func written[T any](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// orDefault are the entries of a list that means something else when it is left out
// than when it is empty.
func orDefault(list []string) []string {
	if list == nil {
		return []string{"those of the dialect"}
	}
	return list
}

func roleTexts(p *Participant) (roles []string) {
	if p.PSP {
		roles = append(roles, "psp")
	}
	if p.Bank {
		roles = append(roles, "bank")
	}
	return roles
}

// paymentLimitTexts are the limits with all that they ask for.
func paymentLimitTexts(c *Config) []string {
	var out []string
	for _, l := range c.PaymentLimits {
		out = append(out, fmt.Sprintf("%s {types %v, payee %s, purposes %v, per_payment %s, per_day %s, count_per_day %s}",
			l.Name, l.Types, orNone(l.Payee), l.Purposes, amountOrAny(l.PerPayment, c.Currency), amountOrAny(l.PerDay, c.Currency), numberOrNone(int64(l.CountPerDay))))
	}
	return out
}

// String is the step in words.
func (s LoadStep) String() string {
	if s.Queue == queueNever {
		return brief(s.Commit)
	}
	return fmt.Sprintf("%d %% or %s", s.Queue, brief(s.Commit))
}

// String is the padding in words.
func (p Padding) String() string {
	switch {
	case p.Width == 0 && !p.Spaces:
		return ""
	case p.Spaces:
		return fmt.Sprintf("%d with spaces", p.Width)
	}
	return fmt.Sprintf("%d with zeros", p.Width)
}

// String is the way in words.
func (d Dial) String() string {
	return fmt.Sprintf("%d to %s in group %d", d.Links, strings.Join(d.Addresses, " or "), d.Group)
}

// String is the rate in words.
func (r Rate) String() string {
	if r.Off {
		return "off"
	}
	return fmt.Sprintf("%d a second, %d at once", r.PerSecond, r.Burst)
}

// String is the limit in words.
func (f InFlight) String() string {
	if f.Off {
		return "off"
	}
	return fmt.Sprintf("%d to %d", f.Min, f.Max)
}

// String is the breaker in words.
func (b Breaker) String() string {
	if b.Off {
		return "off"
	}
	return fmt.Sprintf("%d in a row or %d %% of %d, open for %s, closed by %d", b.InRow, b.Percent, b.Window, brief(b.OpenFor), b.Closes)
}

// amountText prints minor units of a currency as they would be written.
func amountText(units int64, currency string) string {
	money, _ := CurrencyOf(currency)
	digits := strconv.FormatInt(units, 10)
	if money.Exponent == 0 {
		return digits
	}
	digits = strings.Repeat("0", max(money.Exponent+1-len(digits), 0)) + digits
	point := len(digits) - money.Exponent
	return digits[:point] + "." + digits[point:]
}

func amountOrAny(units int64, currency string) string {
	if units == 0 {
		return "none"
	}
	return amountText(units, currency)
}

func numberOrNone(n int64) string {
	if n == 0 {
		return "none"
	}
	return strconv.FormatInt(n, 10)
}

func sizeOrNone(n int64) string {
	if n == 0 {
		return "none"
	}
	return inBytes(n)
}

func inDays(n int) string { return strconv.Itoa(n) + "d" }
