// Command generate writes what Prometheus and Grafana are given: deploy/prometheus from
// the table of package alert, with a firing and a silent case for every alert, and
// deploy/grafana from the dashboards of this folder.
//
// It promises that the files in the tree are what the tables say (a test compares them)
// and reads nothing but those tables: no switch, no Prometheus. Its tests have promtool
// try every rule. People run it in the module's root after a change of either:
//
//	go run ./deploy/generate
package main
