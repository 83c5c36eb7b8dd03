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
	b.WriteString("\n### Limits of the same machine\n\n`switchd bench raw`, just before:\n\n| what | figure |\n|---|---|\n")
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
