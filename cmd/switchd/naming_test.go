package main

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
)

// labelsOfMetrics are all labels that a metric of the switch may have, each with the
// most values that it takes with three participants. A label that could grow with
// payments, accounts, addresses or links has no row here, and never gets one.
var labelsOfMetrics = map[string]int{
	"certificate": 20, "class": 10, "code": 100, "commit": 1, "direction": 2, "fault": 3, "for": 3, "go": 1, "hash": 1, "kind": 30, "notice": 20,
	"op": 20, "outcome": 12, "page": 60, "participant": 3, "reason": 40, "result": 20, "state": 20, "status": 20, "store": 2, "type": 10, "version": 1,
	"what": 10, "whose": 5, "why": 10,
}

// lintedNames are metrics that the linter takes for something else, and why it is wrong.
var lintedNames = map[string]string{
	"switchd_retention_days_total": "business days are things to count and no unit of time",
}

// unitOfMetrics are the base units that a name ends with, and words for counts of
// things and shares of a whole, which have none.
var unitOfMetrics = regexp.MustCompile(`_(seconds|bytes|minor|ratio|info|total)$`)

// TestMetricNames: every metric that a running switch shows has a name, a text and
// labels as the house has them.
func TestMetricNames(t *testing.T) {
	t.Parallel()
	families := metricsOfDemo(t)
	for _, p := range lintMetrics(t, families) {
		if lintedNames[p.Metric] != "" {
			continue
		}
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, f := range families {
		name, kind := f.GetName(), f.GetType()
		switch {
		case !strings.HasPrefix(name, "switchd_"):
			t.Errorf("%s has not the prefix switchd_", name)
		case kind == dto.MetricType_COUNTER != strings.HasSuffix(name, "_total"):
			t.Errorf("%s is a %v: counters, and nothing else, end with _total", name, kind)
		case kind == dto.MetricType_SUMMARY:
			t.Errorf("%s is a summary, which cannot be added up", name)
		case strings.Contains(name, "duration") && !unitOfMetrics.MatchString(name):
			t.Errorf("%s has no unit", name)
		case !strings.HasSuffix(f.GetHelp(), ".") || len(f.GetHelp()) < 15:
			t.Errorf("%s: its help %q is no sentence", name, f.GetHelp())
		}
		checkMetricLabels(t, f)
	}
	if len(families) < 80 {
		t.Errorf("%d metrics only: what is looked at here is not a whole switch", len(families))
	}
}

// checkMetricLabels: labels are of the list, and their values few.
func checkMetricLabels(t *testing.T, f *dto.MetricFamily) {
	values := map[string]map[string]bool{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			if values[l.GetName()] == nil {
				values[l.GetName()] = map[string]bool{}
			}
			values[l.GetName()][l.GetValue()] = true
		}
	}
	for label, all := range values {
		if most := labelsOfMetrics[label]; len(all) > most {
			t.Errorf("%s has %d values of the label %s, want at most %d", f.GetName(), len(all), label, most)
		}
	}
}

// lintMetrics are the complaints of the official linter.
func lintMetrics(t *testing.T, families []*dto.MetricFamily) []promlint.Problem {
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// metricsOfDemo are the metrics of a switch that serves and has a security module,
// those of Go and of the process left out.
func metricsOfDemo(t *testing.T) []*dto.MetricFamily {
	cfg, err := demoConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNode(cfg, slog.New(slog.DiscardHandler), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	serves, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- n.run(ctx, func() { close(serves) }) }()
	defer func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	select {
	case <-serves:
	case <-time.After(patience):
		t.Fatal("the switch does not start")
	}
	all, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f *dto.MetricFamily) bool {
		return strings.HasPrefix(f.GetName(), "go_") || strings.HasPrefix(f.GetName(), "process_") || strings.HasPrefix(f.GetName(), "promhttp_")
	})
}
