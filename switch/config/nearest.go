package config

import (
	"fmt"
	"strings"
)

// suggestion ends a message about an unknown name: with the nearest known one,
// which it returns too, or with all of them when none is near.
func suggestion(name string, known []string) (near, advice string) {
	edit := min(1+len(name)/3, 3)
	for _, k := range known {
		if e := edits(strings.ToLower(name), strings.ToLower(k)); e <= edit && (near == "" || e < edit) {
			near, edit = k, e
		}
	}
	if near != "" {
		return near, fmt.Sprintf(": did you mean %q?", near)
	}
	return "", fmt.Sprintf(": known are %s", strings.Join(known, ", "))
}

// Suggestion ends a message about an unknown name as the messages about a configuration
// end: with the nearest known one, or with all of them.
func Suggestion(name string, known []string) string {
	_, advice := suggestion(name, known)
	return advice
}

// edits counts the letters to insert, remove, change or swap with a neighbour to
// turn a into b (optimal string alignment). Long names are cut: past this length
// nobody made a typing mistake.
func edits(a, b string) int {
	const lettersMax = 64
	a, b = a[:min(len(a), lettersMax)], b[:min(len(b), lettersMax)]
	var rows [3][lettersMax + 1]int // before previous, previous, current
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			change := rows[1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1] = rows[1], rows[2]
	}
	return rows[1][len(b)]
}
