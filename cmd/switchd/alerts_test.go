package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"switchd/hsm/payshield"
)

// conditional are metrics of what the switch of this test has not.
var conditional = []string{"switchd_admin_cert_expiry_timestamp_seconds", "switchd_traces_total", "switchd_traces_waiting"} // TLS on the admin port, tracing

// TestMetrics holds everything that speaks of metrics against a switch with traffic:
// documents, rules, dashboards, the linter of Prometheus, and Prometheus itself.
func TestMetrics(t *testing.T) {
	t.Parallel()
	d := busy(t)
	seen := metricsOf(t, d.node.registry)
	t.Run("documented", func(t *testing.T) { documented(t, seen) })
	t.Run("known", func(t *testing.T) { namesKnown(t, seen) })
	t.Run("bounded", func(t *testing.T) { labelsBounded(t, seen) })
	t.Run("linted", func(t *testing.T) { linted(t, d) })
	t.Run("scraped", func(t *testing.T) { scraped(t, d) })
	t.Run("known to the process", func(t *testing.T) { firing(t, d, seen) })
	t.Run("alike", func(t *testing.T) { alike(t, d) })
}

// busy is a demo after its first payments.
func busy(t *testing.T) *demo {
	t.Helper()
	dir := t.TempDir()
	cfg, err := demoConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Canary.Every, cfg.Canary.Timeout = time.Second, time.Minute
	d := &demo{flags: demoFlags{rate: 60, seed: 1}}
	if d.node, err = newNode(cfg, slog.New(slog.DiscardHandler), false); err != nil {
		t.Fatal(err)
	}
	// Nothing is dialled before it runs: it only shows what it counts.
	if _, err = payshield.New(payshield.Options{Addresses: []string{"127.0.0.1:1"}, Table: filepath.Join(dir, "table.json"), Clock: clock, Log: slog.New(slog.DiscardHandler), Registry: d.node.registry}); err != nil {
		t.Fatal(err)
	}
	work, stop := context.WithCancel(context.Background())
	started := make(chan struct{})
	var all errgroup.Group
	all.Go(func() error { return d.node.run(work, func() { close(started) }) })
	banks, stopBanks := context.WithCancel(work)
	t.Cleanup(func() {
		d.settle(work, func(context.Context) {})
		stopBanks() // first: they would look for the switch
		waitFor(work, func() bool { return d.node.linksUp() == 0 })
		stop()
		if err := all.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-started
	if err := d.startBanks(banks, &all, filepath.Join(dir, "certs"), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	until(t, patience, "fifty payments have ended well", func() bool {
		return value(t, d.node.registry, "switchd_payment_states_total", "SUCCESS") >= 50
	})
	return d
}

// value is the sample of a metric that has a label of that value.
func value(t *testing.T, r *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetValue() == label {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return 0
}

// seenMetric is what a registry says of a metric.
type seenMetric struct {
	help, kind string
	labels     []string            // also those without any value yet
	values     map[string][]string // by label, those that there are
}

var (
	descText  = regexp.MustCompile(`^Desc\{fqName: ("[^"]*"), help: ("(?:[^"\\]|\\.)*"), unit: "[^"]*", constLabels: \{([^}]*)\}, variableLabels: \{([^}]*)\}\}$`)
	constName = regexp.MustCompile(`(\w+)="`)
)

// metricsOf asks a registry for all that it has, also what has no series yet.
func metricsOf(t *testing.T, r *prometheus.Registry) map[string]*seenMetric {
	t.Helper()
	all := make(map[string]*seenMetric)
	descs := make(chan *prometheus.Desc)
	go func() {
		r.Describe(descs)
		close(descs)
	}()
	for desc := range descs {
		parts := descText.FindStringSubmatch(desc.String())
		if parts == nil {
			t.Errorf("not understood: %s", desc)
			continue
		}
		name, _ := strconv.Unquote(parts[1]) // a quoted text by its pattern
		help, _ := strconv.Unquote(parts[2])
		m := &seenMetric{help: help, kind: kindBy(name), values: map[string][]string{}}
		for _, c := range constName.FindAllStringSubmatch(parts[3], -1) {
			m.labels = append(m.labels, c[1])
		}
		if parts[4] != "" {
			m.labels = append(m.labels, strings.Split(parts[4], ",")...)
		}
		slices.Sort(m.labels)
		all[name] = m
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		m := all[f.GetName()]
		if m == nil {
			t.Errorf("%s is collected and not described", f.GetName())
			continue
		}
		m.kind = strings.ToLower(f.GetType().String())
		for _, s := range f.GetMetric() {
			for _, l := range s.GetLabel() {
				if !slices.Contains(m.values[l.GetName()], l.GetValue()) {
					m.values[l.GetName()] = append(m.values[l.GetName()], l.GetValue())
				}
			}
		}
	}
	return all
}

// kindBy is the type of a metric without series, by its name.
func kindBy(name string) string {
	switch {
	case strings.HasSuffix(name, "_total"):
		return "counter"
	case strings.HasSuffix(name, "_duration_seconds"):
		return "histogram"
	}
	return "gauge"
}

// spoken are a metric's name, and what is asked of its labels: name, operator and value.
var (
	spoken  = regexp.MustCompile(`(?:^|[^a-z:_0-9])((?:switchd|process|go)_[a-z0-9_]+)(?:\{([^{}]*)\})?`)
	matcher = regexp.MustCompile(`(\w+)(=~|!=|!~|=)\\?"((?:[^"\\]|\\[^"])*)\\?"`)
	grouped = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
)

// namesKnown: every metric, label and value in rules, dashboards and documents exists.
func namesKnown(t *testing.T, seen map[string]*seenMetric) {
	labels := map[string]bool{"job": true, "instance": true, "le": true, "quantile": true, "store": true}
	for _, m := range seen {
		for _, l := range m.labels {
			labels[l] = true
		}
	}
	for _, file := range speaking(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range spoken.FindAllStringSubmatch(string(text), -1) {
			if why := unfit(seen, a[1], a[2]); why != "" {
				t.Errorf("%s: %s: %s", filepath.Base(file), a[0], why)
			}
		}
		if filepath.Ext(file) == ".md" {
			continue
		}
		for _, g := range grouped.FindAllStringSubmatch(string(text), -1) {
			for l := range strings.SplitSeq(g[1], ",") {
				if l = strings.TrimSpace(l); !labels[l] {
					t.Errorf("%s: %s: no metric has the label %s", filepath.Base(file), g[0], l)
				}
			}
		}
	}
}

// speaking are the files that speak of metrics.
func speaking(t *testing.T) []string {
	t.Helper()
	all := []string{"../../README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/runbooks/*.md", "../../deploy/prometheus/*.yml", "../../deploy/grafana/*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

// unfit says what is wrong with a metric and its selector; empty: nothing.
func unfit(seen map[string]*seenMetric, name, selector string) string {
	m := seen[name]
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, cut := strings.CutSuffix(name, suffix); m == nil && cut && seen[base] != nil && seen[base].kind == "histogram" {
			m = seen[base]
		}
	}
	if m == nil {
		if excused(name) || strings.HasSuffix(name, "_") { // switchd_hsm_* is a family
			return ""
		}
		return "there is no such metric"
	}
	for _, p := range matcher.FindAllStringSubmatch(selector, -1) {
		label, wanted := p[1], p[3]
		switch {
		case slices.Contains([]string{"job", "instance", "le", "quantile"}, label) || strings.HasPrefix(wanted, "$"):
		case !slices.Contains(m.labels, label):
			return "it has no label " + label
		case label == "participant" || label == "certificate" || label == "version" || label == "commit" || label == "hash" || strings.ContainsAny(wanted, "[.*"):
		default:
			values := mayBe(name, label, m)
			for v := range strings.SplitSeq(strings.ReplaceAll(wanted, `\`, ""), "|") { // a table of Markdown escapes the bar
				if len(values) > 0 && !slices.Contains(values, v) {
					return label + " is never " + v
				}
			}
		}
	}
	return ""
}

func excused(name string) bool {
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		if base := strings.TrimSuffix(name, suffix); slices.Contains(conditional, base) {
			return true
		}
	}
	return false
}

// setLabels are labels whose values are a fixed set, with the most that it may have. A
// participant is one of the configuration.
var setLabels = map[string]int{
	"participant": len(demoParticipants) + 1, "certificate": 4*len(demoParticipants) + 8, "whose": 2,
	"class": 12, "code": 40, "commit": 1, "direction": 2, "fault": 3, "for": 3, "go": 1, "hash": 1, "kind": 16, "notice": 16, "op": 16, "outcome": 10,
	"page": 64, "quantile": 8, "reason": 24, "result": 24, "state": 24, "status": 24, "store": 4, "type": 8, "version": 1, "what": 8, "why": 12,
}

// identifying is a value that may stand for one payment, account or message.
var identifying = regexp.MustCompile(`[0-9]{6}|[0-9a-f]{8}-[0-9a-f]{4}|@`)

// labelsBounded: no metric has a label that may grow with traffic.
func labelsBounded(t *testing.T, seen map[string]*seenMetric) {
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		m := seen[name]
		for _, l := range m.labels {
			most, fixed := setLabels[l]
			if !fixed {
				t.Errorf("%s: the label %s is not of a fixed set, or not known as one", name, l)
			}
			if n := len(m.values[l]); n > most {
				t.Errorf("%s: %s has %d values, more than %d: %q", name, l, n, most, m.values[l])
			}
			for _, v := range m.values[l] {
				if l != "commit" && l != "hash" && identifying.MatchString(v) {
					t.Errorf("%s: %s=%q may stand for one payment, account or message", name, l, v)
				}
			}
		}
	}
}
