package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join("deploy", name), text, 0o644); err != nil {
			fmt.Fprintf(os.Stderr, "generate: %v\n", err)
			os.Exit(1)
		}
	}
}

// files are all that is generated, by their names under deploy.
func files() map[string][]byte {
	all := map[string][]byte{
		"prometheus/switchd.rules.yml":      []byte(rulesText(alertGroups())),
		"prometheus/switchd.tests.yml":      []byte(suite{"switchd.rules.yml", "1m", alertGroups(), false}.text(cases())),
		"prometheus/switchd.slow.tests.yml": []byte(suite{"switchd.rules.yml", "30m", alertGroups(), true}.text(cases())),
	}
	for _, d := range dashboards() {
		all["grafana/"+d.uid+".json"] = d.json()
	}
	return all
}
