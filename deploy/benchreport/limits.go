package main

import (
	"fmt"
	"sort"
	"strings"
)

// limits are the figures of `switchd bench raw`, whatever it measures.
func (all reports) limits(b *strings.Builder) {
	r := all["raw"]
	if r == nil {
		return
	}
	b.WriteString("\n### Limits of the same machine\n\n")
	for _, name := range []string{"plain", "high-30000"} {
		if run := all[name]; run != nil {
			fmt.Fprintf(b, "At %s a second a payment took %s times the CPU of the limits alone (%s us), and %s %% of the commits that the disk allows.\n",
				show(run.at("rate"), 0), show(run.at("limits", "cpu_times"), 2), show(run.at("limits", "cpu_us_per_payment"), 1), show(100*run.at("limits", "share_of_fsync"), 1))
		}
	}
	b.WriteString("\n`switchd bench raw`, just before:\n\n| what | figure |\n|---|---|\n")
	rows := map[string]string{}
	leaves("", map[string]any(r), rows)
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(b, "| `%s` | %s |\n", name, rows[name])
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
