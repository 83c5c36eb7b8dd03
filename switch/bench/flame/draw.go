package flame

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Sizes in pixels.
const (
	width     = 1200
	margin    = 10
	rowHeight = 17
	fontSize  = 11
	charWidth = 6.7 // of the font, a little more than most have
	narrowest = 0.5 // frames below are left out
	headRows  = 44  // title and what is below it
	legendRow = 18
)

// canvas is a picture while it is drawn.
type canvas struct {
	w      *bufio.Writer
	g      *Graph
	bottom float64 // of the lowest row
	scale  float64 // pixels of a unit of the value
	out    int64   // value of the frames that were left out, each with all that it calls
}

// Draw writes the picture. title is what was measured, for people.
func (g *Graph) Draw(to io.Writer, title string) error {
	legend := (int(groupCount) + 2) / 3 * legendRow
	rows := g.root.rows(float64(width-2*margin) / float64(g.root.value))
	bottom := headRows + legend + rows*rowHeight
	c := &canvas{w: bufio.NewWriter(to), g: g, bottom: float64(bottom), scale: float64(width-2*margin) / float64(g.root.value)}
	height := bottom + rowHeight + margin
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="%d">`+"\n", width, height, width, height, fontSize)
	c.printf("<title>%s</title>\n", escaped(title))
	c.printf(`<rect width="%d" height="%d" fill="#fffdf8"/>`+"\n", width, height)
	c.printf(`<text x="%d" y="20" font-size="15" font-weight="bold">%s</text>`+"\n", margin, escaped(title))
	c.printf(`<text x="%d" y="36" fill="#555">%s</text>`+"\n", margin, escaped(g.about()))
	c.legend()
	x := float64(margin)
	for _, n := range g.root.calls {
		x += c.frame(n, x, 0)
	}
	note := "a frame stands on its caller and is as wide as its share; rest the pointer on it"
	if c.out > 0 {
		note += fmt.Sprintf("; frames below half a pixel are left out, %s in all", g.share(c.out))
	}
	c.printf(`<text x="%d" y="%d" fill="#555">%s</text>`+"\n</svg>\n", margin, bottom+rowHeight, escaped(note))
	return c.w.Flush()
}

// printf writes; an error stays in the writer until it is flushed.
func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(c.w, format, args...) }

// rows is how many frames stand above each other, of those that are drawn.
func (n *node) rows(scale float64) (most int) {
	for _, each := range n.calls {
		if float64(each.value)*scale >= narrowest {
			most = max(most, 1+each.rows(scale))
		}
	}
	return most
}

// about is what the profile is of.
func (g *Graph) about() string {
	text := fmt.Sprintf("%s: %s", g.kind, g.amount(g.root.value))
	if g.duration > 0 {
		text += " in " + g.duration.Round(10*time.Millisecond).String()
		if g.unit == "nanoseconds" {
			text += fmt.Sprintf(" (%.2f at a time)", float64(g.root.value)/float64(g.duration))
		}
	}
	return text
}

// legend names the groups with their shares: what was spent in their own functions, not in
// what they call.
func (c *canvas) legend() {
	const columns = 3
	for i, each := range groups {
		x, y := margin+i%columns*(width-2*margin)/columns, headRows+i/columns*legendRow
		c.printf(`<rect x="%d" y="%d" width="12" height="12" rx="2" fill="%s"/><text x="%d" y="%d">%6s  %s</text>`+"\n",
			x, y, each.colour, x+18, y+10, c.g.share(c.g.shares[i]), escaped(each.name))
	}
}

// frame draws a function with all that it calls, and says how wide it is.
func (c *canvas) frame(n *node, x float64, row int) float64 {
	wide := float64(n.value) * c.scale
	if wide < narrowest {
		c.out += n.value
		return wide
	}
	y := c.bottom - float64(row+1)*rowHeight
	c.printf(`<g><title>%s: %s, %s</title><rect x="%s" y="%s" width="%s" height="%d" fill="%s" rx="1"/>`,
		escaped(n.name), c.g.share(n.value), c.g.amount(n.value), pixels(x), pixels(y), pixels(max(wide-0.4, 0.4)), rowHeight-1, groups[groupOf(n.name)].colour)
	if text := fit(names(n.name), wide-6); text != "" {
		c.printf(`<text x="%s" y="%s">%s</text>`, pixels(x+3), pixels(y+12), escaped(text))
	}
	c.printf("</g>\n")
	at := x
	for _, each := range n.calls {
		at += c.frame(each, at, row+1)
	}
	return wide
}

// fit is the longest name that a width has room for, or the beginning of the shortest, or
// nothing when that would say nothing.
func fit(names []string, wide float64) string {
	room := int(wide / charWidth)
	for _, name := range names {
		if utf8.RuneCountInString(name) <= room {
			return name
		}
	}
	if room < 4 {
		return ""
	}
	return string([]rune(names[len(names)-1])[:room-1]) + "…"
}

// pixels is a number with no more digits than can be seen.
func pixels(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', 1, 64), "0"), ".")
}

// share is a part of the whole.
func (g *Graph) share(v int64) string {
	return strconv.FormatFloat(100*float64(v)/float64(g.root.value), 'f', 1, 64) + " %"
}

// amount is a value in its unit.
func (g *Graph) amount(v int64) string {
	switch g.unit {
	case "nanoseconds":
		if v < int64(time.Second) {
			return fmt.Sprintf("%.1f ms", float64(v)/1e6)
		}
		return fmt.Sprintf("%.2f s", float64(v)/1e9)
	case "bytes":
		return fmt.Sprintf("%.1f MiB", float64(v)/(1<<20))
	case "count":
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprintf("%d %s", v, g.unit)
}

// escaped is a text as XML has it.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
