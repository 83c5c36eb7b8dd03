package main

import (
	"io"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/term"
)

// TestTopTerminal: at a terminal top draws, draws again for another size, each time no line
// wider than it and all that it has to say, and leaves the terminal as it was, by q as by
// Ctrl-C.
func TestTopTerminal(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, end := range []string{"q", "\x03"} {
		keyboard, tty := terminal(t)
		resize(t, tty, 120)
		before, err := term.GetState(int(tty.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		var seen output
		go func() { _, _ = io.Copy(&seen, keyboard) }() // ends with the terminal
		p := startWith(t, func(c *exec.Cmd) { c.Stdin, c.Stdout = tty, tty }, "top", "--admin", f.address())
		drawn(t, &seen, 0, 120, "0/2 debit open 90.3%", "commit p99 2.1ms load step 0 alerts 1 page (open mode: no login)")
		was := len(seen.String())
		resize(t, tty, 80)
		p.signal(syscall.SIGWINCH)
		drawn(t, &seen, was, 80, "BANKB down 13 42.0%", "in doubt 3, 7,500.00 INR, oldest 1m32s")
		if _, err := keyboard.WriteString(end); err != nil {
			t.Fatal(err)
		}
		p.wait(patience, 0)
		if now, err := term.GetState(int(tty.Fd())); err != nil || !reflect.DeepEqual(now, before) {
			t.Errorf("after %q the terminal is not as it was: %v", end, err)
		}
	}
}

// drawn waits until a page is whole, of what was written from a place on: all that it has
// to say can be seen, on so many lines as there are, none of them wider than the terminal.
// What top draws too wide is cut by its library, so that some of it cannot be seen.
func drawn(t *testing.T, seen *output, from, columns int, wants ...string) {
	t.Helper()
	var page []string
	wants = append(wants, "It is BANKB: down since 2026-11-23 09:57:30 UTC, no link is signed on", "p99 140ms", "dead letters 1", "alerts 1 page", "(open mode: no login)", "q quit")
	defer func() {
		if t.Failed() {
			t.Logf("on %d columns, where %q have to be seen:\n%s", columns, wants, strings.Join(page, "\n"))
		}
	}()
	until(t, patience, "a whole page", func() bool {
		page = picture(seen.String()[from:])
		text := strings.Join(strings.Fields(strings.Join(page, "\n")), " ")
		return len(page) == 30 &&
			!slices.ContainsFunc(wants, func(want string) bool { return !strings.Contains(text, want) }) &&
			!slices.ContainsFunc(page, func(line string) bool { return utf8.RuneCountInString(line) > columns })
	})
}

// canvas is a terminal of any width: what is written on it goes on where others wrap.
type canvas struct {
	lines    [][]rune
	row, col int
}

// picture is what a terminal shows after some text, without spaces at the ends of lines.
func picture(text string) (lines []string) {
	var c canvas
	for len(text) > 0 {
		if strings.HasPrefix(text, "\x1b") {
			text = text[c.control(text):]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		c.put(r)
		text = text[n:]
	}
	for _, line := range c.lines {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return lines
}

func (c *canvas) put(r rune) {
	switch r {
	case '\r':
		c.col = 0
	case '\n':
		c.row++
	case '\b':
		c.col = max(0, c.col-1)
	default:
		if r >= ' ' {
			c.set(r)
		}
	}
}

func (c *canvas) set(r rune) {
	for len(c.lines) <= c.row {
		c.lines = append(c.lines, nil)
	}
	for len(c.lines[c.row]) <= c.col {
		c.lines[c.row] = append(c.lines[c.row], ' ')
	}
	c.lines[c.row][c.col] = r
	c.col++
}

// control does what a sequence says, and is how long it is.
func (c *canvas) control(text string) int {
	if len(text) < 2 || text[1] != '[' {
		return min(2, len(text))
	}
	end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return len(text) // the rest has not come yet
	}
	first, second, _ := strings.Cut(text[2:2+end], ";")
	n, m := number(first), number(second)
	switch text[2+end] {
	case 'A':
		c.row = max(0, c.row-n)
	case 'B':
		c.row += n
	case 'C':
		c.col += n
	case 'D':
		c.col = max(0, c.col-n)
	case 'G', '`':
		c.col = n - 1
	case 'd':
		c.row = n - 1
	case 'H', 'f':
		c.row, c.col = n-1, m-1
	case 'J':
		if first == "2" {
			c.lines = nil
		}
		c.lines = c.lines[:min(c.row+1, len(c.lines))]
		fallthrough
	case 'K':
		if c.row < len(c.lines) {
			c.lines[c.row] = c.lines[c.row][:min(c.col, len(c.lines[c.row]))]
		}
	case 'X':
		for at := c.col; c.row < len(c.lines) && at < min(c.col+n, len(c.lines[c.row])); at++ {
			c.lines[c.row][at] = ' '
		}
	case 'b': // the last character again
		last := c.lines[c.row][c.col-1]
		for range n {
			c.set(last)
		}
	}
	return 2 + end + 1
}

// number is a parameter of a sequence; 1 if it is left out.
func number(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return 1
}
