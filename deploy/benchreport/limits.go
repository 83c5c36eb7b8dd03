package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// limits are the figures of `switchd bench raw`, whatever it measures.
func (all reports) limits(b *strings.Builder) {
	memory, disk := all["raw"], all["disk-raw"]
	if memory == nil && disk == nil {
		return
	}
	b.WriteString("\n### Limits of the same machine\n\n")
	for _, of := range []struct{ name, where, allows string }{
		{"plain", "In memory", "the journal alone would take in memory"}, {"high-30000", "In memory", "the journal alone would take in memory"},
		{"disk-plain", "On the disk", "the disk allows the journal alone"}, {"disk-30000", "On the disk", "the disk allows the journal alone"},
	} {
		if run := all[of.name]; run != nil {
			fmt.Fprintf(b, "- %s, at %s a second, a payment took %s times the CPU of the limits alone (%s us); the rate was %s %% of what %s.\n", of.where,
				show(run.at("rate"), 0), show(run.at("limits", "cpu_times"), 2), show(run.at("limits", "cpu_us_per_payment"), 1), show(100*run.at("limits", "share_of_fsync"), 1), of.allows)
		}
	}
	b.WriteString("\n`switchd bench raw`, just before:\n\n| what | in memory | on the disk |\n|---|---|---|\n")
	columns := [...]map[string]string{{}, {}}
	names := map[string]bool{}
	for n, r := range [...]report{memory, disk} {
		leaves("", map[string]any(r), columns[n])
		for name := range columns[n] {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, cmp.Or(columns[0][name], unmeasured), cmp.Or(columns[1][name], unmeasured))
	}
}

// leaves collects the numbers of a report under their paths.
func leaves(path string, v any, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			leaves(strings.TrimPrefix(path+"."+name, "."), below, into)
		}
	case []any:
		for n, below := range v {
			leaves(fmt.Sprintf("%s.%d", path, n), below, into)
		}
	case float64:
		into[path] = show(v, 2)
	}
}
