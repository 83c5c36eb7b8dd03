package payshield

import (
	"bytes"
	"net"
	"testing"

	"switchd/hsm/payshield/wire"
)

// zeros tells whether nothing is left of a command.
func zeros(b []byte) bool { return len(b) > 0 && bytes.Count(b, []byte{0}) == len(b) }

// TestCommandsAreWiped: nothing is left in memory of a command that was not sent.
func TestCommandsAreWiped(t *testing.T) {
	m := &Module{o: Options{HeaderLen: 4, OpenMax: 8, Conns: 1, FrameMax: wire.FrameMax}.withDefaults(), why: errStopped}
	m.metrics = newMetrics(m.o.Registry, m)
	command := append(m.command("EC"), "a PIN block and what it is compared with"...)
	if got := m.exchange(t.Context(), command); got.err == nil || !zeros(command) {
		t.Errorf("without a connection: %v, %q", got.err, command)
	}
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	l := newLink(m, ours) // nobody writes
	r := &request{command: "EC", frame: append(m.command("EC"), "a PIN block"...), answer: make(chan result, 1)}
	if err := l.submit(r); err != nil {
		t.Fatal(err)
	}
	l.end(errStopped)
	if got := <-r.answer; got.err == nil || !zeros(r.frame) {
		t.Errorf("in a queue that has ended: %v, %q", got.err, r.frame)
	}
}
