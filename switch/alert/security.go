package alert

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

var securityRules = []Rule{
	certificate("SwitchdCertificateMonth", Info, 7, 30, "ends within a month"),
	certificate("SwitchdCertificateWeek", Ticket, 1, 7, "ends within a week"),
	certificate("SwitchdCertificateDay", Page, -1, 1, "ends within a day, or has ended: its links are refused then"),
	Rule{
		Name: "SwitchdCertificateFileRefused", Severity: Ticket, For: time.Minute, Group: "security",
		Summary: "A certificate file on disk is not good: what was before it is still in force",
		Todo:    "Read the log line `certificate files not taken`: it names the file and why.",
		Runbook: "certificate",
	}.when(condition{`switchd_cert_files_refused`, ">", 0, func(in *Input) float64 { return float64(in.FilesBad) }, "%.0f files"}),
	Rule{
		Name: "SwitchdAdminFilesRefused", Severity: Ticket, For: time.Minute, Group: "security",
		Summary: "The users or the certificate of the admin port are not as their files say, because those are not good: what was before them is still in force",
		Todo:    "Read the log line `files of the admin port not taken`: it names the file and why; whoever was struck off the file can still log in.",
		Runbook: "admin-files",
	}.when(whether(`switchd_admin_files_bad`, func(in *Input) bool { return in.AdminBad })),
	Rule{
		Name: "SwitchdModuleDown", Severity: Page, For: 30 * time.Second, Group: "security",
		Summary: "The security module does not answer: messages cannot be proven, PINs not translated, payments are declined",
		Todo:    "Look at the module itself and at the network to it, then at the log lines `connection to the HSM`.",
		Runbook: "module-down",
	}.when(condition{series: `switchd_hsm_up`, is: "==", of: func(in *Input) float64 {
		if in.Module != nil && !in.Module.Up {
			return 0
		}
		return 1
	}}),
	{
		Name: "SwitchdModuleHangs", Severity: Page, For: 30 * time.Second, Group: "security",
		Expr: `switchd_hsm_waiting > 0
and on (job, instance) sum by (job, instance) (rate(switchd_hsm_request_duration_seconds_count[2m])) == 0`,
		Summary: "Requests wait for the security module and none is answered",
		Todo:    "Look at the module itself; its connections are made anew once it answers.",
		Runbook: "module-down",
		Holds: func(in *Input) []Held {
			if in.Module == nil {
				return nil
			}
			return when(in.Module.Silent > 30*time.Second, fmt.Sprintf("%d wait", in.Module.Waiting))
		},
	},
	Rule{
		Name: "SwitchdModuleErrors", Severity: Ticket, Group: "security",
		Summary: "Calls to the security module fail or are given up",
		Todo:    "See whether it is one connection or all, and whether the module is asked more than it can do.",
		Runbook: "module-down",
	}.when(rose(added("5m", `switchd_hsm_calls_total{outcome=~"down|timeout|error"}`, `switchd_hsm_requests_total{outcome=~"full|given_up"}`), moduleErrors,
		func(l *Lately) int { return l.ModuleErrors })),
	Rule{
		Name: "SwitchdModuleRefusesKey", Severity: Page, Group: "security",
		Summary: "The security module has not, or refuses, a key that messages need: payments to that participant are declined",
		Todo:    "Read the log line `the security module refuses a key`: it names the key.",
		Runbook: "module-down",
	}.when(rose(added("5m", `switchd_messages_unprotected_total{reason="key"}`), 0, func(l *Lately) int { return l.ModuleRefused })),
	{
		Name: "SwitchdModuleConnectionsLost", Severity: Ticket, For: 10 * time.Minute, Group: "security",
		Expr:    `switchd_hsm_payshield_connections < max_over_time(switchd_hsm_payshield_connections[1d])`,
		Summary: "There are fewer connections to the security modules than there were: one of several may be gone",
		Todo:    "See in the log lines `no connection to the HSM` which address it is.",
		Runbook: "module-down",
		Unknown: "what there was a day ago is not remembered; that the last one is gone is another row",
	},
	Rule{
		Name: "SwitchdLinksRefused", Severity: Ticket, For: 5 * time.Minute, Group: "security",
		Summary: "More than one connection a second is turned away: a flood, a changed address, or a certificate that has ended",
		Todo:    "Read the log lines `handshake refused` and `connection refused`: they name the reason and who it is.",
		Runbook: "links-refused",
	}.when(rose(added("5m", `switchd_links_closed_total{reason=~"address|handshake_rate|half_open"}`, `switchd_handshakes_total{result!~"ok|closed"}`), linksRefused,
		func(l *Lately) int { return l.LinksRefused })),
	Rule{
		Name: "SwitchdLoginsRefused", Severity: Ticket, Group: "security",
		Summary: "Many logins to the admin port were refused: somebody tries tokens, or a tool has an old one",
		Todo:    "Read the log lines of refused logins: they name the address.",
		Runbook: "logins-refused",
	}.when(rose(added("5m", `switchd_admin_logins_refused_total{why!~"missing|role"}`), loginsRefused, func(l *Lately) int { return l.LoginsRefused })),
}

// linksRefused is how many connections may be turned away in five minutes: one a second.
const linksRefused = 300

// loginsRefused is how many logins may be refused in five minutes: a person may mistype.
const loginsRefused = 10

// moduleErrors is how many calls to the security module may fail in five minutes.
const moduleErrors = 10

// expiries are the certificates that end: those of the participants' port and of
// signatures, that of the admin port, and those on the way to a payShield.
const expiries = `(switchd_cert_expiry_timestamp_seconds
or label_replace(switchd_admin_cert_expiry_timestamp_seconds, "certificate", "admin", "", "")
or label_replace(switchd_hsm_payshield_cert_expiry_timestamp_seconds > 0, "certificate", "hsm/$1", "whose", "(.*)"))`

// certificate is the row for what ends within so many days, and not within fewer: that
// is the next row's. Fewer than 0: however long ago it has ended.
func certificate(name string, severity Severity, fewer, days int, says string) Rule {
	expr := fmt.Sprintf(expiries+" - time() <= %d * 86400", days)
	if fewer >= 0 {
		expr += fmt.Sprintf(" > %d * 86400", fewer)
	}
	return Rule{
		Name: name, Severity: severity, Group: "security", By: "certificate", Expr: expr,
		Summary: "A certificate, an authority or a revocation list " + says,
		Todo:    "Issue or ask for a new one, and put it in the place of the old: links stay up.",
		Runbook: "certificate",
		Holds: func(in *Input) []Held {
			var all []Held
			for _, c := range in.Certificates {
				if left := c.Expires.Sub(in.Now); left <= time.Duration(days)*day && (fewer < 0 || left > time.Duration(fewer)*day) {
					all = append(all, Held{What: c.Whose, Detail: c.Expires.UTC().Format(time.RFC3339)})
				}
			}
			return all
		},
	}
}
