package main

import "fmt"

// expires is a certificate that ends so many days after the start of the test.
func expires(days float64) []string {
	return []string{fmt.Sprintf(`switchd_cert_expiry_timestamp_seconds{certificate="BANKA"} %.0fx100`, days*86400)}
}

var aboutCertificate = []string{`certificate="BANKA"`}

var securityCases = []testCase{
	{"SwitchdCertificateMonth", situation{"in 29 days", "1m", expires(29), aboutCertificate}, situation{"in 31 days", "1m", expires(31), nil}},
	{"SwitchdCertificateWeek", situation{"in 6 days", "1m", expires(6), aboutCertificate}, situation{"in 8 days", "1m", expires(8), nil}},
	{"SwitchdCertificateDay", situation{"yesterday", "1m", expires(-1), aboutCertificate}, situation{"in 2 days", "1m", expires(2), nil}},
	{
		"SwitchdCertificateFileRefused",
		situation{"one is bad", "5m", []string{`switchd_cert_files_refused 0 1x10`}, nil},
		situation{"it was half written", "5m", []string{`switchd_cert_files_refused 0 1 0x10`}, nil},
	},
	{
		"SwitchdCertificateWeek",
		situation{"that of the admin port", "1m", []string{fmt.Sprintf("switchd_admin_cert_expiry_timestamp_seconds %dx100", 6*86400)}, []string{`certificate="admin"`}},
		situation{"that of the admin port, in 8 days", "1m", []string{fmt.Sprintf("switchd_admin_cert_expiry_timestamp_seconds %dx100", 8*86400)}, nil},
	},
	{
		"SwitchdCertificateDay",
		situation{"that of a payShield", "1m", []string{fmt.Sprintf(`switchd_hsm_payshield_cert_expiry_timestamp_seconds{whose="module"} %dx100`, 86400)}, []string{`certificate="hsm/module"`, `whose="module"`}},
		situation{"none was shown yet", "1m", []string{`switchd_hsm_payshield_cert_expiry_timestamp_seconds{whose="module"} 0x100`}, nil},
	},
	{
		"SwitchdAdminFilesRefused",
		situation{"for minutes", "5m", []string{`switchd_admin_files_bad 0 1x10`}, nil},
		situation{"the file was half written", "5m", []string{`switchd_admin_files_bad 0 1 0x10`}, nil},
	},
	{
		"SwitchdModuleDown",
		situation{"no answer", "3m", []string{`switchd_hsm_up 1 0x10`}, nil},
		situation{"one answer was missed", "3m", []string{`switchd_hsm_up 1 0 1x10`}, nil},
	},
	{
		"SwitchdModuleHangs",
		situation{"forty wait and none is answered", "10m", []string{`switchd_hsm_waiting 0 40x20`, `switchd_hsm_request_duration_seconds_count 0 500x20`}, nil},
		situation{"forty wait and many are answered", "10m", []string{`switchd_hsm_waiting 0 40x20`, perMinute(`switchd_hsm_request_duration_seconds_count`, 500)}, nil},
	},
	{
		"SwitchdModuleErrors",
		situation{"ten a minute", "10m", []string{perMinute(`switchd_hsm_calls_total{op="mac",outcome="timeout"}`, 10), `switchd_hsm_requests_total{op="mac",outcome="full"} 0x20`}, nil},
		situation{"wrong codes are no errors of the module", "10m", []string{perMinute(`switchd_hsm_calls_total{op="mac",outcome="verify"}`, 10), `switchd_hsm_calls_total{op="mac",outcome="timeout"} 0x20`, `switchd_hsm_requests_total{op="mac",outcome="full"} 0x20`}, nil},
	},
	{
		"SwitchdModuleRefusesKey",
		situation{"one message", "3m", []string{`switchd_messages_unprotected_total{reason="key"} 0 0 1x10`}, nil},
		situation{"a PIN that had gone", "3m", []string{`switchd_messages_unprotected_total{reason="pin"} 0 0 1x10`, `switchd_messages_unprotected_total{reason="key"} 0x10`}, nil},
	},
	{
		"SwitchdModuleConnectionsLost",
		situation{"four of eight", "30m", []string{`switchd_hsm_payshield_connections 8x5 4x60`}, nil},
		situation{"they came back", "30m", []string{`switchd_hsm_payshield_connections 8x5 4x5 8x60`}, nil},
	},
	{
		"SwitchdLinksRefused",
		situation{"two a second", "15m", []string{perMinute(`switchd_links_closed_total{reason="handshake_rate"}`, 60), perMinute(`switchd_handshakes_total{result="unknown_ca"}`, 60)}, nil},
		situation{"one a minute", "15m", []string{perMinute(`switchd_links_closed_total{reason="address"}`, 1), perMinute(`switchd_handshakes_total{result="unknown_ca"}`, 0)}, nil},
	},
	{
		"SwitchdLoginsRefused",
		situation{"ten a minute", "10m", []string{perMinute(`switchd_admin_logins_refused_total{why="token"}`, 10)}, nil},
		situation{"visitors without any", "10m", []string{perMinute(`switchd_admin_logins_refused_total{why="missing"}`, 10)}, nil},
	},
}

var platformCases = []testCase{
	{"SwitchdTargetDown", situation{"for minutes", "3m", []string{`up 1 0x10`}, nil}, situation{"one scrape failed", "3m", []string{`up 1 0 1x10`}, nil}},
	{"SwitchdTargetMissing", situation{"another job alone", "10m", []string{`other 1x10`}, nil}, situation{"it is there, and down", "10m", []string{`up 0x10`}, nil}},
	{
		"SwitchdRestarts",
		situation{"four starts", "10m", []string{`process_start_time_seconds 0 60 120 180x20`}, nil},
		situation{"one start", "10m", []string{`process_start_time_seconds 0 60x20`}, nil},
	},
	{
		"SwitchdClock",
		situation{"off by a fifth of a second", "10m", []string{`switchd_clock_offset_seconds 0 -0.2x20`, `switchd_clock_synchronized 1x20`}, nil},
		situation{"off by a hundredth", "10m", []string{`switchd_clock_offset_seconds 0 -0.01x20`, `switchd_clock_synchronized 1x20`}, nil},
	},
	{
		"SwitchdClock",
		situation{"an hour behind the journal", "10m", []string{`switchd_clock_behind_seconds 3600x20`, `switchd_clock_synchronized 1x20`}, nil},
		situation{"it was set forward", "10m", []string{`switchd_clock_behind_seconds 3600x3 0x20`, `switchd_clock_synchronized 1x20`}, nil},
	},
	{"SwitchdConfigFallback", situation{"at the start", "1m", []string{`switchd_config_last_good 1x5`}, nil}, situation{"until a reload", "3m", []string{`switchd_config_last_good 1 1 0x5`}, nil}},
	{
		"SwitchdReloadRefused",
		situation{"one, an hour ago", "1h", []string{`switchd_config_reload_refused 0 0 1x70`}, nil},
		situation{"the next one was taken", "30m", []string{`switchd_config_reload_refused 0 0 1 1 0x30`, `switchd_config_reloads_total{result="refused"} 0 0 1x30`}, nil},
	},
	{
		"SwitchdVersionsDiffer",
		situation{"two switches of two versions", "2h", []string{`switchd_build_info{instance="one",version="1.0.0",commit="a"} 1x200`, `switchd_build_info{instance="two",version="1.1.0",commit="b"} 1x200`}, nil},
		situation{"two switches of one version", "2h", []string{`switchd_build_info{instance="one",version="1.0.0",commit="a"} 1x200`, `switchd_build_info{instance="two",version="1.0.0",commit="a"} 1x200`}, nil},
	},
	{
		"SwitchdConfigsDiffer",
		situation{"two switches of two", "2h", []string{`switchd_config_hash_info{instance="one",hash="a"} 1x200`, `switchd_config_hash_info{instance="two",hash="b"} 1x200`}, nil},
		situation{"two switches of one", "2h", []string{`switchd_config_hash_info{instance="one",hash="a"} 1x200`, `switchd_config_hash_info{instance="two",hash="a"} 1x200`}, nil},
	},
}
