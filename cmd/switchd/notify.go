package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// notifier tells a service manager how the switch does, in the protocol of systemd
// (sd_notify): datagrams of lines to the socket that NOTIFY_SOCKET names. Without one
// it tells nobody. Safe for concurrent use.
type notifier struct {
	conn     net.Conn // nil: nobody listens
	log      *slog.Logger
	watchdog time.Duration // a sign of life is due within it; 0: none is asked for
}

// newNotifier reads what the service manager has put into the environment.
func newNotifier(env func(string) string, log *slog.Logger) (*notifier, error) {
	n := &notifier{log: log}
	name := env("NOTIFY_SOCKET")
	if name == "" {
		return n, nil
	}
	if name[0] != '/' && name[0] != '@' { // @: a name that is no file
		return nil, fmt.Errorf("NOTIFY_SOCKET %q is neither a path nor an abstract name", name)
	}
	var err error
	if n.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"}); err != nil {
		return nil, fmt.Errorf("service manager: %w", err)
	}
	if pid := env("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return n, nil // meant for another process
	}
	if text := env("WATCHDOG_USEC"); text != "" {
		usec, err := strconv.ParseInt(text, 10, 64)
		if err != nil || usec <= 0 || usec > int64(time.Hour/time.Microsecond) {
			return nil, errors.Join(fmt.Errorf("WATCHDOG_USEC %q is not 1 to an hour", text), n.conn.Close())
		}
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n, nil
}

// tell sends lines as one message.
func (n *notifier) tell(lines ...string) {
	if n.conn == nil {
		return
	}
	if _, err := n.conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		n.log.Warn("the service manager was not told", "event", "service.untold", "what", lines[0], "error", err)
	}
}

// starting says how far the start is.
func (n *notifier) starting(status string) { n.tell("STATUS=" + status) }

// ready says that participants can connect, or that a reload is done.
func (n *notifier) ready(status string) { n.tell("READY=1", "STATUS="+status) }

// reloading says that the configuration is read again; ready ends it.
func (n *notifier) reloading() {
	n.tell("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", monotonicMicros()), "STATUS=reading the configuration")
}

// stopping says that the switch drains.
func (n *notifier) stopping(status string) { n.tell("STOPPING=1", "STATUS="+status) }

// alive says that the writer works; who does not say so in time is started anew.
func (n *notifier) alive() {
	if n.watchdog > 0 {
		n.tell("WATCHDOG=1")
	}
}

// beatEvery is how often the writer has to be looked at.
func (n *notifier) beatEvery() time.Duration {
	if n.watchdog > 0 {
		return min(beatEvery, n.watchdog/3)
	}
	return beatEvery
}
