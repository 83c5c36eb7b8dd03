package screen

import (
	"slices"
	"strings"
)

// Paper is what is written on.
type Paper struct {
	// Width is how many columns a line has; 0: as many as it likes, because nobody
	// looks at it but a program.
	Width  int
	Colour bool
}

// Column is one column of a table.
type Column struct {
	head  string
	right bool
	min   int  // columns that it may shrink to; 0: not at all
	wraps bool // what does not fit goes on below, and is not cut
	drop  int  // when the paper is narrow, the highest goes first; 0: it stays
}

// Left is a column of words.
func Left(head string) Column { return Column{head: head} }

// Right is a column of numbers.
func Right(head string) Column { return Column{head: head, right: true} }

// Shrinks lets a column be cut to so many characters when the paper is narrow.
func (c Column) Shrinks(min int) Column {
	c.min = min
	return c
}

// Wraps lets a column be shrunk to so many characters when the paper is narrow; its texts
// go on in further lines, broken between words.
func (c Column) Wraps(min int) Column {
	c.min, c.wraps = min, true
	return c
}

// Drops lets a column be left out when the paper is narrow, the one with the highest
// number first.
func (c Column) Drops(order int) Column {
	c.drop = order
	return c
}

// Cell is a text in a table.
type Cell struct {
	Text string
	Mark Mark
}

// Plain is a cell that does not stand out.
func Plain(text string) Cell { return Cell{Text: text} }

// Marked is a cell that stands out.
func Marked(m Mark, text string) Cell { return Cell{Text: text, Mark: m} }

// Table is rows under columns. It is used by one goroutine.
type Table struct {
	columns []Column
	rows    [][]Cell
}

// NewTable begins a table.
func NewTable(columns ...Column) *Table { return &Table{columns: columns} }

// Row adds a row; cells that are missing are empty.
func (t *Table) Row(cells ...Cell) {
	row := make([]Cell, len(t.columns))
	copy(row, cells)
	for i := range row {
		row[i].Text = Clean(row[i].Text)
	}
	t.rows = append(t.rows, row)
}

// Len is how many rows there are.
func (t *Table) Len() int { return len(t.rows) }

// gap is between two columns.
const gap = "  "

// Lines are the head and the rows as they fit on the paper.
func (t *Table) Lines(p Paper) []string {
	width := t.fit(p)
	head := make([]Cell, len(t.columns))
	for i, c := range t.columns {
		head[i] = Cell{c.head, Dim}
	}
	lines := []string{t.line(p, head, width)}
	for _, row := range t.rows {
		for _, part := range t.parts(row, width) {
			lines = append(lines, t.line(p, part, width))
		}
	}
	return lines
}

// parts are the lines that a row needs, the first with all its columns.
func (t *Table) parts(row []Cell, width []int) [][]Cell {
	parts := [][]Cell{slices.Clone(row)}
	for i, cell := range row {
		if !t.columns[i].wraps || width[i] == 0 || Width(cell.Text) <= width[i] {
			continue
		}
		for n, text := range (Paper{Width: width[i]}).Wrap(0, Plain(cell.Text)) {
			if n == len(parts) {
				parts = append(parts, make([]Cell, len(row)))
			}
			parts[n][i] = Marked(cell.Mark, strings.TrimRight(text, " "))
		}
	}
	return parts
}

// line lays out one row. A column of width 0 is left out.
func (t *Table) line(p Paper, row []Cell, width []int) string {
	var b strings.Builder
	spaces := 0
	for i, cell := range row {
		if width[i] == 0 {
			continue
		}
		text := Cut(cell.Text, width[i])
		fill := width[i] - Width(text)
		if t.columns[i].right {
			spaces += fill
		}
		if text != "" { // no space at the end of a line
			b.WriteString(strings.Repeat(" ", spaces))
			b.WriteString(p.Paint(cell.Mark, text))
			spaces = 0
		} else if t.columns[i].right {
			spaces -= fill
			fill = width[i]
		}
		if !t.columns[i].right || text == "" {
			spaces += fill
		}
		spaces += len(gap)
	}
	return b.String()
}

// fit finds the widths: natural ones if they fit, else without the columns that may
// go, then with those that may shrink shrunk, the widest first, and at last with the
// last column cut.
func (t *Table) fit(p Paper) []int {
	width := make([]int, len(t.columns))
	for i, c := range t.columns {
		width[i] = Width(c.head)
		for _, row := range t.rows {
			width[i] = max(width[i], Width(row[i].Text))
		}
	}
	if p.Width == 0 {
		return width
	}
	for over(width, p) > t.slack(width) {
		if !t.leaveOut(width) {
			break
		}
	}
	for over(width, p) > 0 {
		if !t.shrink(width) {
			break
		}
	}
	for i := len(width) - 1; i >= 0 && over(width, p) > 0; i-- {
		width[i] = max(0, width[i]-over(width, p))
	}
	return width
}

// over is by how much a line is too long.
func over(width []int, p Paper) int {
	sum := -len(gap)
	for _, w := range width {
		if w > 0 {
			sum += w + len(gap)
		}
	}
	return sum - p.Width
}

// slack is what shrinking can give.
func (t *Table) slack(width []int) (sum int) {
	for i, c := range t.columns {
		if c.min > 0 && width[i] > c.min {
			sum += width[i] - c.min
		}
	}
	return sum
}

// leaveOut leaves the column out that is missed least.
func (t *Table) leaveOut(width []int) bool {
	least := -1
	for i, c := range t.columns {
		if width[i] > 0 && c.drop > 0 && (least < 0 || c.drop > t.columns[least].drop) {
			least = i
		}
	}
	if least < 0 {
		return false
	}
	width[least] = 0
	return true
}

// shrink takes one character of the widest column that may shrink.
func (t *Table) shrink(width []int) bool {
	widest := -1
	for i, c := range t.columns {
		if c.min > 0 && width[i] > c.min && (widest < 0 || width[i] > width[widest]) {
			widest = i
		}
	}
	if widest < 0 {
		return false
	}
	width[widest]--
	return true
}
