package console

import (
	"bytes"
	"html/template"
	"sync"
)

// keptRows are the rows of the matrix as they were drawn last: of many participants few
// have other numbers than a second ago, and to draw one is what costs. It holds as many
// rows as the matrix has.
type keptRows struct {
	mu   sync.Mutex // guards the rest
	rows map[string]keptRow
}

// keptRow is a row, and what it was drawn from.
type keptRow struct {
	of    matrixRow
	drawn template.HTML
}

// draw draws the rows of m that are not as they were.
func (k *keptRows) draw(fragments *template.Template, m *matrix) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	rows := make(map[string]keptRow, len(m.Rows))
	var out bytes.Buffer
	for i := range m.Rows {
		row := &m.Rows[i]
		kept, is := k.rows[row.ID]
		if !is || kept.of != *row {
			out.Reset()
			if err := fragments.ExecuteTemplate(&out, "matrix-row", row); err != nil {
				return err
			}
			kept = keptRow{*row, template.HTML(out.String())} // by the template, which has escaped it
		}
		rows[row.ID] = kept
		row.Drawn = kept.drawn
	}
	k.rows = rows
	return nil
}
