package screen

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Page is what one command shows. It is used by one goroutine; End says whether all of
// it could be written.
type Page struct {
	Paper
	out *bufio.Writer
}

// NewPage begins a page.
func NewPage(w io.Writer, p Paper) *Page { return &Page{p, bufio.NewWriter(w)} }

// Write writes what is laid out already.
func (p *Page) Write(text []byte) (int, error) { return p.out.Write(text) }

// Table writes a table.
func (p *Page) Table(t *Table) { p.Lines(t.Lines(p.Paper)) }

// Lines writes what fits already.
func (p *Page) Lines(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(p.out, line)
	}
}

// Line writes a line of marked texts with nothing between them, cut at the edge.
func (p *Page) Line(cells ...Cell) { fmt.Fprintln(p.out, p.Join(cells...)) }

// Join is the texts one after the other, no wider than the paper.
func (p Paper) Join(cells ...Cell) string {
	var b strings.Builder
	left := p.Width
	for _, cell := range cells {
		text := Clean(cell.Text)
		if p.Width > 0 {
			text = Cut(text, left)
			left -= Width(text)
		}
		b.WriteString(p.Paint(cell.Mark, text))
	}
	return b.String()
}

// Text writes a text that may be longer than a line, broken between words; what is
// after the first line begins so many columns further right.
func (p *Page) Text(indent int, cells ...Cell) {
	p.Lines(p.Wrap(indent, cells...))
}

// Wrap is texts as lines broken between words.
func (p Paper) Wrap(indent int, cells ...Cell) []string {
	var lines []string
	var b strings.Builder
	column := 0
	if p.Width > 0 {
		indent = min(indent, p.Width-1)
	}
	for _, cell := range cells {
		for i, word := range strings.Split(Clean(cell.Text), " ") {
			if i > 0 && (column > 0 || len(lines) == 0) {
				b.WriteByte(' ')
				column++
			}
			if p.Width > 0 && column+Width(word) > p.Width && column > indent {
				lines = append(lines, strings.TrimRight(b.String(), " "))
				b.Reset()
				b.WriteString(strings.Repeat(" ", indent))
				column = indent
			}
			if p.Width > 0 {
				word = Cut(word, max(p.Width-column, 1))
			}
			b.WriteString(p.Paint(cell.Mark, word))
			column += Width(word)
		}
	}
	return append(lines, b.String())
}

// Blank writes an empty line.
func (p *Page) Blank() { fmt.Fprintln(p.out) }

// End writes what is left.
func (p *Page) End() error { return p.out.Flush() }
