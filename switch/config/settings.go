package config

import "strings"

// Settings lists what a configuration says, a line each: "limits.links = 1024", and for
// a participant "BANKA: tls_min = 1.3". It is made of the values, never of the text of
// the file: a comment there may have anything in it.
func Settings(c *Config) (lines []string) {
	lines = rowLines(lines, "", rootRows, c)
	for i := range c.Participants {
		lines = rowLines(lines, c.Participants[i].ID+": ", participantRows, &c.Participants[i])
	}
	return lines
}

func rowLines[T any](lines []string, prefix string, rows []row[T], of *T) []string {
	for _, r := range rows {
		text := ""
		if r.list != nil {
			text = strings.Join(r.list(of), ", ")
		} else {
			text = r.text(of)
		}
		lines = append(lines, prefix+r.key+" = "+orNone(text))
	}
	return lines
}
