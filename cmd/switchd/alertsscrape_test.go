package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lintWrong is what promtool says and is not so: days are business days, which are
// counted.
var lintWrong = []string{
	`switchd_retention_days_total use base unit "seconds" instead of "days"`,
}

// linted: promtool finds nothing else to say about a live scrape.
func linted(t *testing.T, d *demo) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool: install the package prometheus")
	}
	answer, err := http.Get("http://" + d.node.admin.Addr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	out, err := check.CombinedOutput() // 3: it has found something
	if code := check.ProcessState.ExitCode(); code != 0 && code != 3 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(lintWrong, line) {
			t.Errorf("promtool check metrics: %s", line)
		}
	}
}

const scrapeConfig = `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: switchd
    static_configs: [{targets: [%q]}]
`

// scraped: a real Prometheus reads the switch, takes its rules and answers a query.
func scraped(t *testing.T, d *demo) {
	tool, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("no prometheus: install the package")
	}
	rules, err := filepath.Abs("../../deploy/prometheus/switchd.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), fixedAddress(t)
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, scrapeConfig, rules, d.node.admin.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	p := exec.Command(tool, "--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", address,
		"--storage.tsdb.retention.time=1h", "--log.level=warn")
	p.Stdout, p.Stderr = &said, &said
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		_ = p.Wait() // it is killed below
		close(over)
	}()
	defer func() {
		_ = p.Process.Kill() // it may have ended by itself
		<-over
		if t.Failed() {
			t.Logf("prometheus: %s", said.String())
		}
	}()
	in := prometheusAt{t, address, http.Client{Timeout: 5 * time.Second}}
	until(t, patience, "Prometheus has read the switch", func() bool {
		select {
		case <-over:
			t.Fatalf("prometheus has ended: %s", said.String())
		default:
		}
		return in.query(`up{job="switchd"}`) == "1"
	})
	until(t, patience, "a query has data", func() bool { return in.query(`switchd_payment_states_total{state="SUCCESS"} >= bool 50`) == "1" })
	in.rulesWell()
}

// prometheusAt asks a Prometheus.
type prometheusAt struct {
	t       *testing.T
	address string
	http    http.Client
}

// get reads an answer of its API; false: it has none yet.
func (p prometheusAt) get(page string, into any) bool {
	answer, err := p.http.Get("http://" + p.address + page)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) == nil
}

// query is the value of the one series of an expression.
func (p prometheusAt) query(expr string) string {
	var got struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if !p.get("/api/v1/query?query="+url.QueryEscape(expr), &got) || len(got.Data.Result) != 1 {
		return ""
	}
	value, _ := got.Data.Result[0].Value[1].(string) // anything else is no value
	return value
}

// rulesWell waits until all rules were evaluated, and none with an error.
func (p prometheusAt) rulesWell() {
	type rule struct{ Name, Health, LastError string }
	var got struct {
		Data struct{ Groups []struct{ Rules []rule } }
	}
	until(p.t, patience, "all rules were evaluated", func() bool {
		got.Data.Groups = nil
		if !p.get("/api/v1/rules", &got) || len(got.Data.Groups) == 0 {
			return false
		}
		for _, g := range got.Data.Groups {
			for _, r := range g.Rules {
				if r.Health == "err" {
					p.t.Fatalf("%s: %s", r.Name, r.LastError)
				}
				if r.Health == "unknown" && !strings.Contains(r.Name, "ratio_") { // those of long windows wait two minutes
					return false
				}
			}
		}
		return true
	})
}
