package main

import (
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/term"
)

// terminal opens a terminal: what is written to the keyboard is typed at it, and what
// it shows is read from there.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	t.Cleanup(func() { _ = keyboard.Close() })
	ioctl := func(request uintptr, value *int32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, keyboard.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	var number, unlock int32
	ioctl(syscall.TIOCSPTLCK, &unlock)
	ioctl(syscall.TIOCGPTN, &number)
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return keyboard, tty
}

// TestKeysTerminal: at a terminal a token and a component are asked for and not shown,
// check values are; Ctrl-C leaves the terminal as it was.
func TestKeysTerminal(t *testing.T) {
	t.Parallel()
	l := newKeysLab(t)
	keyboard, tty := terminal(t)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	begin := []string{"keys", "components", "begin", "banka/zmk", "--for", "zmk", "--algorithm", "TDES", "--officer", "asha"}
	at := func() *process {
		return startWith(t, func(c *exec.Cmd) { c.Stdin = tty }, l.place(begin)...)
	}
	typed := func(p *process, asked, text string) {
		t.Helper()
		p.says(patience, asked)
		until(t, patience, "the terminal shows, or does not, what is typed at: "+asked, func() bool {
			now, err := term.GetState(int(tty.Fd()))
			return err == nil && strings.Contains(asked, "not shown") != reflect.DeepEqual(now, before)
		})
		if _, err := keyboard.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	p := at()
	typed(p, "token of asha (not shown): ", l.read("asha.token"))
	typed(p, "component, 32 digits (not shown): ", componentA[:20])
	p.signal(os.Interrupt)
	p.wait(patience, exitFailed)
	if now, err := term.GetState(int(tty.Fd())); err != nil || !reflect.DeepEqual(now, before) {
		t.Errorf("after Ctrl-C the terminal is not as it was: %v", err)
	}
	l.last("asha components begin refused")

	keyboard, tty = terminal(t) // of what cannot be right nothing more is asked
	p = at()
	typed(p, "token of asha (not shown): ", l.read("asha.token"))
	typed(p, "component, 32 digits (not shown): ", componentA[:20]+"\n")
	p.wait(patience, exitFailed)
	if !strings.Contains(p.err.String(), "a component of this key has 32 digits") {
		t.Error(p.err.String())
	}

	keyboard, tty = terminal(t) // a signal from elsewhere leaves what was typed in the old one
	p = at()
	typed(p, "token of asha (not shown): ", l.read("asha.token"))
	typed(p, "component, 32 digits (not shown): ", componentA+"\n")
	typed(p, "its check value, as on its sheet (Enter: none): ", componentAKCV[:5]+"\n")
	typed(p, "a check value has 6 to 10 hexadecimal digits", componentAKCV+"\n")
	p.wait(patience, 0)
	shown := make([]byte, 4096)
	n, err := keyboard.Read(shown)
	if err != nil {
		t.Fatal(err)
	}
	l.said.Write(shown[:n])
	l.said.WriteString(p.out.String() + p.err.String())
	if !strings.Contains(string(shown[:n]), componentAKCV) {
		t.Errorf("the terminal shows %q", shown[:n])
	}
	l.noSecret()
}
