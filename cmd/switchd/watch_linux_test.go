package main

import (
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/term"
)

// TestWatchEnds: --watch shows it again and again, ends by Ctrl-C with 0, and leaves the
// terminal as it was.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	f := newFakeSwitch(t)
	for _, line := range []string{"status --watch=200ms", "link ls --watch=200ms"} {
		keyboard, tty := terminal(t)
		resize(t, tty, 80)
		before, err := term.GetState(int(tty.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		var seen output
		go func() { _, _ = io.Copy(&seen, keyboard) }() // ends with the terminal
		p := startWith(t, func(c *exec.Cmd) { c.Stdin, c.Stdout = tty, tty }, append(strings.Fields(line), "--admin", f.address())...)
		pages := func() int { return strings.Count(seen.String(), "\x1b[H\x1b[2J") }
		until(t, patience, "some pages", func() bool { return pages() >= 3 })
		p.signal(os.Interrupt)
		p.wait(patience, 0)
		if now, err := term.GetState(int(tty.Fd())); err != nil || !reflect.DeepEqual(now, before) {
			t.Errorf("%s: the terminal is not as it was: %v", line, err)
		}
		const end = "\x04END\x04"
		if _, err := io.WriteString(tty, end); err != nil {
			t.Fatal(err)
		}
		until(t, patience, "the end", func() bool { return strings.HasSuffix(seen.String(), end) })
		text := strings.TrimSuffix(seen.String(), end)
		if on := strings.LastIndex(text, "\x1b[") + 2; strings.Contains(text, "\x1b[?") || !strings.HasPrefix(text[on:], "0m") && !strings.HasPrefix(text[on:], "2J") || !strings.HasSuffix(text, "\n") || p.err.String() != "" {
			t.Errorf("%s: it leaves %q and says %q", line, tail(text), p.err.String())
		}
	}
}
