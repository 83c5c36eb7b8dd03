package main

import (
	"io"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"
)

// TestTopTerminal: at a terminal top draws, draws again for another size, and leaves the
// terminal as it was, by q as by Ctrl-C.
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
		drawn := func() int { return strings.Count(seen.String(), "BANKB") }
		until(t, patience, "a page", func() bool { return drawn() > 0 })
		was := len(seen.String())
		resize(t, tty, 80)
		p.signal(syscall.SIGWINCH)
		until(t, patience, "a page of another size", func() bool { return len(seen.String()) > was })
		if _, err := keyboard.WriteString(end); err != nil {
			t.Fatal(err)
		}
		p.wait(patience, 0)
		if now, err := term.GetState(int(tty.Fd())); err != nil || !reflect.DeepEqual(now, before) {
			t.Errorf("after %q the terminal is not as it was: %v", end, err)
		}
	}
}
