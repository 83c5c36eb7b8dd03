package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"switchd/switch/alert"
	"switchd/switch/view"
)

// unlike are the alerts of which the process knows more than series say, and why.
var unlike = map[string]string{
	"SwitchdCanaryFailing":        "the process asks its canary itself",
	"SwitchdNothingCommitted":     "the heartbeat watches the writer",
	"SwitchdSuccessBurnFast":      "switch/desk keeps the marks of budgets, and has tests of its own for them",
	"SwitchdLatencyBurnFast":      "as that",
	"SwitchdAvailabilityBurnFast": "as that",
}

// promCase is a case that promtool tries in deploy/generate: there Prometheus says of it
// what is expected, so that the process has to say the same.
type promCase struct {
	name   string
	series []promSeries
	at     time.Duration
	alert  string
	fires  bool
}

// promSeries is a series with a value a minute.
type promSeries struct {
	metric string
	labels map[string]string
	values []float64
}

// alike: of the same series the process and Prometheus have the same alerts fire.
func alike(t *testing.T, d *demo) {
	rules := map[string]alert.Rule{}
	for _, r := range alert.Rules() {
		if r.Expr != "" && r.Holds != nil && unlike[r.Name] == "" {
			rules[r.Name] = r
		}
	}
	fallback := d.node.conf.fallback.Load()
	defer d.node.conf.fallback.Store(fallback)
	tried := map[string]bool{}
	for _, file := range []string{"switchd.tests.yml", "switchd.slow.tests.yml"} {
		for _, c := range promCases(t, "../../deploy/prometheus/"+file) {
			if rules[c.alert].Name == "" {
				continue
			}
			tried[c.alert] = true
			if got := c.firesHere(d.node); got != c.fires {
				t.Errorf("%q: it fires in the process: %v, in Prometheus: %v", c.name, got, c.fires)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if !tried[name] {
			t.Errorf("%s is in no case", name)
		}
	}
}

// firesHere has the process look at the series of the case until its time.
func (c *promCase) firesHere(n *node) bool {
	begun := clock()
	a := n.newAlerting(begun)
	step := 15 * time.Second
	if c.at > time.Hour {
		step = time.Minute
	}
	var alerts view.Alerts
	for after := time.Duration(0); after <= c.at; after += step {
		a.figures.from = c.gathered(begun, after)
		s := c.situated(begun, after)
		n.conf.fallback.Store(c.sum(after, "switchd_config_last_good", "", "") > 0)
		alerts = a.look(begun+int64(after), &s.overview, s.all, nil)
	}
	return slices.ContainsFunc(alerts.Firing, func(v view.Alert) bool { return v.Name == c.alert })
}

// value is what a scrape has read last; false: nothing.
func (s *promSeries) value(after time.Duration) (float64, bool) {
	if at := int(after / time.Minute); at < len(s.values) {
		return s.values[at], true
	}
	return 0, false
}

// gathered are the series as metrics of the process, whose time began at begun.
func (c *promCase) gathered(begun int64, after time.Duration) prometheus.Gatherer {
	var families []*dto.MetricFamily
	if c.has("switchd_hsm_waiting") { // a module that is there, and up
		families = append(families, &dto.MetricFamily{Name: new("switchd_hsm_up"), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(1.0)}}}})
	}
	for i := range c.series {
		s := &c.series[i]
		v, there := s.value(after)
		if !there {
			continue
		}
		if strings.HasSuffix(s.metric, "_timestamp_seconds") && v != 0 {
			v += float64(begun) / 1e9
		}
		m := &dto.Metric{Gauge: &dto.Gauge{Value: new(v)}}
		for name, value := range s.labels {
			m.Label = append(m.Label, &dto.LabelPair{Name: new(name), Value: new(value)})
		}
		families = append(families, &dto.MetricFamily{Name: new(strings.TrimSuffix(s.metric, "_count")), Metric: []*dto.Metric{m}})
	}
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
}

// sum adds the series of a metric that have a label's value, or all.
func (c *promCase) sum(after time.Duration, metric, label, value string) (sum float64) {
	for i := range c.series {
		s := &c.series[i]
		if v, there := s.value(after); there && s.metric == metric && (label == "" || s.labels[label] == value) {
			sum += v
		}
	}
	return sum
}

// has says that there is such a series.
func (c *promCase) has(metric string) bool {
	return slices.ContainsFunc(c.series, func(s promSeries) bool { return s.metric == metric })
}

// situated is what the desk sees of a switch that shows these series.
func (c *promCase) situated(begun int64, after time.Duration) situated {
	read := func(metric string) float64 { return c.sum(after, metric, "", "") }
	o := view.Overview{
		StartedAt:    time.Unix(0, begun).Add(time.Duration(read("process_start_time_seconds")) * time.Second).UTC().Format(time.RFC3339),
		Ready:        !c.has("switchd_ready") || read("switchd_ready") > 0,
		Checks:       []view.Check{{Name: "writer", OK: true}},
		PositionsSum: int64(read("switchd_positions_net_minor")), DeadLetters: int(read("switchd_dead_letters")),
		OldestInDoubt: read("switchd_payments_in_doubt_oldest_seconds"), LoadStep: int(read("switchd_load_step")),
		Latest: view.Sample{CommitP99: 1000 * c.commitP99(after)},
	}
	s := situated{overview: o}
	for _, id := range c.participants() {
		p := view.Participant{ID: id, State: "up", LinksUp: 1, Drained: c.sum(after, "switchd_drained", "participant", id) == 1}
		p.Position.Used = c.sum(after, "switchd_position_used_ratio", "participant", id)
		if c.has("switchd_participant_links") {
			p.LinksUp = c.linksUp(after, id)
		}
		if c.sum(after, "switchd_breaker_state", "participant", id) == 1 {
			p.Breakers = []view.Breaker{{Class: "debit", State: "open"}}
		}
		s.all = append(s.all, p)
	}
	return s
}

// linksUp is how many links of a participant are signed on.
func (c *promCase) linksUp(after time.Duration, id string) (up int) {
	for i := range c.series {
		s := &c.series[i]
		if v, there := s.value(after); there && s.metric == "switchd_participant_links" && s.labels["participant"] == id && s.labels["state"] == "signed_on" {
			up += int(v)
		}
	}
	return up
}

// participants are those of which there is a series.
func (c *promCase) participants() (all []string) {
	for i := range c.series {
		if id := c.series[i].labels["participant"]; id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// commitP99 is between the bounds of the one bucket that the case fills.
func (c *promCase) commitP99(after time.Duration) float64 {
	low, high := 0.0, 0.0
	for i := range c.series {
		s := &c.series[i]
		bound, err := strconv.ParseFloat(s.labels["le"], 64)
		if v, there := s.value(after); s.metric != "switchd_commit_duration_seconds_bucket" || err != nil || bound > 1e9 || !there {
			continue
		} else if v == 0 {
			low = max(low, bound)
		} else {
			high = bound
		}
	}
	if high == 0 {
		return 0
	}
	return low + 0.99*(high-low)
}

// promCases reads a file of cases as deploy/generate writes it.
func promCases(t *testing.T, file string) (all []promCase) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimLeft(strings.TrimSpace(line), "- "), ": ")
		unquoted, err := strconv.Unquote(value)
		if err != nil {
			unquoted = strings.Trim(value, "'")
		}
		if key == "name" {
			all = append(all, promCase{name: unquoted})
		}
		if len(all) == 0 {
			continue
		}
		c := &all[len(all)-1]
		switch {
		case key == "series":
			c.series = append(c.series, promSeriesOf(unquoted))
		case key == "values":
			c.series[len(c.series)-1].values = promValues(t, unquoted)
		case key == "eval_time":
			if c.at, err = time.ParseDuration(value); err != nil {
				t.Fatal(err)
			}
		case key == "alertname" && c.alert == "":
			c.alert = value
		case strings.HasPrefix(key, "exp_labels"):
			c.fires = true
		}
	}
	if len(all) < 10 {
		t.Fatalf("%s has %d cases", file, len(all))
	}
	return all
}

var promLabel = regexp.MustCompile(`(\w+)="([^"]*)"`)

func promSeriesOf(text string) promSeries {
	name, labels, _ := strings.Cut(text, "{")
	s := promSeries{metric: name, labels: map[string]string{}}
	for _, l := range promLabel.FindAllStringSubmatch(labels, -1) {
		s.labels[l[1]] = l[2]
	}
	return s
}

// promRun is a value, or a row of them: 3, 1x10, 0+5x300.
var promRun = regexp.MustCompile(`^(-?[0-9.]+)(?:([+-][0-9.]+))?(?:x([0-9]+))?$`)

func promValues(t *testing.T, text string) (all []float64) {
	t.Helper()
	for _, run := range strings.Fields(text) {
		parts := promRun.FindStringSubmatch(run)
		if parts == nil {
			t.Fatalf("the values %q are not understood", run)
		}
		number := func(text string) float64 {
			n, _ := strconv.ParseFloat(text, 64) // empty: 0
			return n
		}
		first, step := number(parts[1]), number(parts[2])
		for i := range int(number(parts[3])) + 1 {
			all = append(all, first+step*float64(i))
		}
	}
	return all
}
