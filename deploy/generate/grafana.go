package main

import (
	"encoding/json"
	"strings"
)

// dashboard is one page of Grafana. Its uid stays, so that links to it do.
type dashboard struct {
	uid, title string
	says       string // what it is for
	variables  []variable
	rows       []row
}

// variable is a choice above a dashboard; its values are those of a label.
type variable struct{ name, label, query string }

// row is a line of panels under a title.
type row struct {
	title  string
	panels []panel
}

// panel is one picture. Its width is in 24ths of the page.
type panel struct {
	title, says string
	kind        kind
	unit        string // as Grafana calls it: s, percentunit, ops, bytes, short
	width       int
	queries     []query
	steps       []step // colours from a value on
	max         float64
}

type kind string

// The kinds of panels.
const (
	lines kind = "timeseries"
	one   kind = "stat"
	table kind = "table"
)

// query is one expression; legend names its lines by their labels.
type query struct{ expr, legend string }

// step is a colour from a value on.
type step struct {
	from   float64
	colour string
}

// good and bad values.
var (
	zeroIsGood = []step{{0, "green"}, {1, "red"}}
	oneIsGood  = []step{{0, "red"}, {1, "green"}}
)

// here selects the series of the switch that is looked at.
const here = `job="$job",instance=~"$instance"`

// heights of panels, in units of Grafana's grid.
const (
	statHigh  = 4
	linesHigh = 8
)

// object is a JSON object; its keys come out in order.
type object = map[string]any

var source = object{"type": "prometheus", "uid": "${datasource}"}

// variablesOfAll are those that each dashboard has beside its own.
var variablesOfAll = []variable{
	{"job", "Switch", "label_values(switchd_build_info, job)"},
	{"instance", "Instance", `label_values(switchd_build_info{job="$job"}, instance)`},
}

// json is the dashboard as Grafana imports it.
func (d dashboard) json() []byte {
	list := []any{object{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}}
	for i, v := range append(variablesOfAll[:len(variablesOfAll):len(variablesOfAll)], d.variables...) {
		several := i > 0 // several instances or participants, and one switch
		list = append(list, object{
			"name": v.name, "label": v.label, "type": "query", "datasource": source, "refresh": 2, "sort": 1, "hide": 0,
			"query": object{"query": v.query, "refId": v.name}, "definition": v.query, "multi": several, "includeAll": several, "allValue": allValue(several),
		})
	}
	text, err := json.MarshalIndent(object{
		"uid": d.uid, "title": d.title, "description": d.says, "tags": []string{"switchd"}, "schemaVersion": 38, "version": 1,
		"editable": true, "refresh": "30s", "time": object{"from": "now-1h", "to": "now"}, "timezone": "",
		"templating": object{"list": list}, "panels": d.panels(),
		"links": []any{object{"title": "switchd", "type": "dashboards", "tags": []string{"switchd"}, "asDropdown": true, "keepTime": true, "includeVars": true}},
	}, "", "  ")
	if err != nil {
		panic(err) // of strings and numbers alone
	}
	return append(text, '\n')
}

func allValue(several bool) any {
	if several {
		return ".*"
	}
	return nil
}

// panels lays out the rows, each under its title.
func (d dashboard) panels() []any {
	var all []any
	id, y := 0, 0
	for _, r := range d.rows {
		id++
		all = append(all, object{"id": id, "type": "row", "title": r.title, "collapsed": false, "panels": []any{}, "gridPos": grid(0, y, 24, 1)})
		y++
		x, high := 0, 0
		for _, p := range r.panels {
			id++
			if x+p.width > 24 {
				x, y, high = 0, y+high, 0
			}
			all = append(all, p.object(id, grid(x, y, p.width, p.high())))
			x, high = x+p.width, max(high, p.high())
		}
		y += high
	}
	return all
}

func grid(x, y, w, h int) object { return object{"x": x, "y": y, "w": w, "h": h} }

func (p panel) high() int {
	if p.kind == one {
		return statHigh
	}
	return linesHigh
}

func (p panel) object(id int, at object) object {
	targets := make([]any, 0, len(p.queries))
	for i, q := range p.queries {
		target := object{"refId": string(rune('A' + i)), "datasource": source, "expr": q.expr, "legendFormat": q.legend}
		if p.kind == table {
			target["instant"], target["format"] = true, "table"
		}
		targets = append(targets, target)
	}
	defaults := object{"unit": p.unit, "min": 0}
	if p.max > 0 {
		defaults["max"] = p.max
	}
	if len(p.steps) > 0 {
		defaults["color"] = object{"mode": "thresholds"}
		defaults["thresholds"] = object{"mode": "absolute", "steps": p.thresholds()}
	}
	if p.kind == lines {
		defaults["color"] = object{"mode": "palette-classic"}
		defaults["custom"] = object{"drawStyle": "line", "lineWidth": 1, "fillOpacity": 5, "showPoints": "never", "spanNulls": false}
	}
	return object{
		"id": id, "type": string(p.kind), "title": p.title, "description": p.says, "datasource": source, "gridPos": at, "targets": targets,
		"fieldConfig": object{"defaults": defaults, "overrides": []any{}}, "options": p.options(),
	}
}

func (p panel) thresholds() []any {
	var all []any
	for i, s := range p.steps {
		if i == 0 {
			all = append(all, object{"color": s.colour, "value": nil}) // the first one has no lower end
			continue
		}
		all = append(all, object{"color": s.colour, "value": s.from})
	}
	return all
}

func (p panel) options() object {
	if p.kind == one {
		return object{"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}, "colorMode": "value", "graphMode": "area", "textMode": "auto"}
	}
	if p.kind == table {
		return object{"showHeader": true}
	}
	return object{"legend": object{"displayMode": "table", "placement": "bottom", "calcs": []string{"lastNotNull", "max"}}, "tooltip": object{"mode": "multi", "sort": "desc"}}
}

// queries are the expressions of the dashboard as Prometheus gets them.
func (d dashboard) queries() []string {
	filled := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", `"$job"`, `"switchd"`, `"$instance"`, `".*"`, `"$participant"`, `".*"`)
	var all []string
	for _, r := range d.rows {
		for _, p := range r.panels {
			for _, q := range p.queries {
				all = append(all, filled.Replace(q.expr))
			}
		}
	}
	return all
}

// stat is a panel of one number.
func stat(title, unit, expr, says string, steps ...step) panel {
	return panel{title: title, says: says, kind: one, unit: unit, width: 4, queries: []query{{expr, ""}}, steps: steps}
}

// chart is a panel of lines over half the page.
func chart(title, unit, says string, queries ...query) panel {
	return panel{title: title, says: says, kind: lines, unit: unit, width: 12, queries: queries}
}

// rate is the sum of a counter's rates by a label.
func rate(counter, labels, by string) query {
	return query{"sum by (" + by + ") (rate(" + selected(counter, labels) + "[$__rate_interval]))", "{{" + by + "}}"}
}

// quantiles are three quantiles of a histogram by a label; empty: of all.
func quantiles(histogram, labels, by string) []query {
	var all []query
	of, legend := "le", ""
	if by != "" {
		of, legend = "le, "+by, "{{"+by+"}} "
	}
	for _, q := range []struct{ name, value string }{{"p50", "0.5"}, {"p99", "0.99"}, {"p99.9", "0.999"}} {
		all = append(all, query{"histogram_quantile(" + q.value + ", sum by (" + of + ") (rate(" + selected(histogram+"_bucket", labels) + "[$__rate_interval])))", legend + q.name})
	}
	return all
}

// selected is the series of a metric of the switch that is looked at.
func selected(metric, labels string) string {
	if labels != "" {
		labels = "," + labels
	}
	return metric + "{" + here + labels + "}"
}
