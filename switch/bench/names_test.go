package bench

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestReportNames: scripts rely on the names. A new one is put in here; one that is here
// stays. Unknown figures are null.
func TestReportNames(t *testing.T) {
	for of, c := range map[string]struct {
		v    any
		want string
	}{
		"a report": {Report{Reasons: []string{}}, `accounts achieved alloc_bytes_per_payment allocs_per_payment books_balanced commit_events_mean commit_mean_ms commit_p99_ms
			commits_per_payment cores cpu_cores cpu_us_per_payment data_fs declined declined_expected declines dialects duration_s elsewhere_cpu_cores fsync_max_ms fsync_mode
			fsync_p50_ms fsync_p99_ms fsyncs fsyncs_lost fsyncs_per_payment gc_cpu_share gc_cycles gc_pause_max_ms gc_pause_p99_ms generator_cpu_us_per_payment
			generator_late_max_ms generator_late_p99_ms generator_rss_mib go heavy_share journal_bytes_per_payment links max_ms mix open p50_ms p9999_ms p999_ms p99_ms participants
			payments platform positions_sum probe_max_ms probe_p50_ms probe_p99_ms rate reasons rss_mib seed silent silent_carried stall_count stall_max_ms_own stalls success success_ratio tls
			unanswered valid vpa_share warmup_s`},
		"its parts": {Report{Surge: &SurgeReport{}, Kill: &KillReport{}, Watching: &WatchCost{}}, `kill surge watching`},
		"a surge": {SurgeReport{}, `after_s back_to_normal_s for_s generator_late_p99_ms kept kept_ratio normal_p99_ms not_normal payments rate refused refused_by_code sent_per_s success
			success_max_ms success_p99_ms unanswered`},
		"a kill":  {KillReport{}, `answered_later at_s books_balanced in_flight not_sent out_s ready_s serving_s`},
		"a watch": {WatchCost{}, `consoles messages ratio scrapes spans unwatched_cpu_us_per_payment watched_cpu_us_per_payment within_budget`},
		"a stall": {Stall{}, `at_s blame ms own_ms`},
		"a code":  {CodeCount{}, `code count`},
	} {
		data, err := json.Marshal(c.v)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(c.want)
		if of == "its parts" {
			for _, name := range want {
				if keys[name] == nil {
					t.Errorf("%s has no %s", of, name)
				}
			}
			continue
		}
		if got := slices.Sorted(maps.Keys(keys)); !slices.Equal(got, want) {
			t.Errorf("%s has\n%q, want\n%q", of, got, want)
		}
		if of == "a report" && (keys["rss_mib"] != nil || !slices.Equal(keys["reasons"].([]any), []any{})) {
			t.Errorf("%s", data)
		}
	}
}
