package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manager is a service manager: it hears what it is told.
type manager struct {
	t    testing.TB
	conn *net.UnixConn
}

func newManager(t testing.TB, name string) *manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &manager{t, conn}
}

// hears returns the next message.
func (m *manager) hears() string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := m.conn.Read(b)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b[:n])
}

// hearsNext returns the next message that is no sign of life.
func (m *manager) hearsNext() string {
	m.t.Helper()
	for {
		if said := m.hears(); said != "WATCHDOG=1" {
			return said
		}
	}
}

// TestNotifier: the words of the protocol, to a path and to an abstract name.
func TestNotifier(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), fmt.Sprintf("@switchd-test-%d", os.Getpid())} {
		m := newManager(t, name)
		env := map[string]string{"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1500000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())}
		n, err := newNotifier(func(key string) string { return env[key] }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		n.ready("serving")
		n.stopping("draining")
		n.alive()
		for _, want := range []string{"READY=1\nSTATUS=serving", "STOPPING=1\nSTATUS=draining", "WATCHDOG=1"} {
			if got := m.hears(); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		before := monotonicMicros()
		n.reloading()
		var at int64
		lines := strings.Split(m.hears(), "\n")
		if _, err := fmt.Sscanf(lines[1], "MONOTONIC_USEC=%d", &at); err != nil || lines[0] != "RELOADING=1" || at < before || at == 0 {
			t.Errorf("%s: %q", name, lines)
		}
		if n.beatEvery() != 500*time.Millisecond {
			t.Errorf("a sign of life every %v", n.beatEvery())
		}
	}
}

// TestNotifierAlone: without a manager nothing is told; what is not its language is
// an error at the start.
func TestNotifierAlone(t *testing.T) {
	there := filepath.Join(t.TempDir(), "notify")
	newManager(t, there)
	for _, c := range []struct {
		env  map[string]string
		good bool
		dog  time.Duration
	}{
		{map[string]string{}, true, 0},
		{map[string]string{"WATCHDOG_USEC": "5"}, true, 0},
		{map[string]string{"NOTIFY_SOCKET": there}, true, 0},
		{map[string]string{"NOTIFY_SOCKET": there, "WATCHDOG_USEC": "3000000"}, true, 3 * time.Second},
		{map[string]string{"NOTIFY_SOCKET": there, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, true, 0},
		{map[string]string{"NOTIFY_SOCKET": there, "WATCHDOG_USEC": "soon"}, false, 0},
		{map[string]string{"NOTIFY_SOCKET": there, "WATCHDOG_USEC": "0"}, false, 0},
		{map[string]string{"NOTIFY_SOCKET": there + "x"}, false, 0},
		{map[string]string{"NOTIFY_SOCKET": "vsock:2:1"}, false, 0},
	} {
		n, err := newNotifier(func(key string) string { return c.env[key] }, slog.New(slog.DiscardHandler))
		if (err == nil) != c.good {
			t.Errorf("%v: %v", c.env, err)
		}
		if err == nil {
			n.alive()
			n.ready("told to nobody, perhaps")
			if n.watchdog != c.dog {
				t.Errorf("%v: a sign of life within %v", c.env, n.watchdog)
			}
		}
	}
}
