package mtls

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTurns: no more handshakes compute at a time than there are turns, and one that
// waits for its peer has none.
func TestTurns(t *testing.T) {
	const turnsMax, pairs = 2, 16
	dir := pki(t)
	turns := make(chan struct{}, turnsMax)
	conf, client := serverConf(t, dir), clientConf(t, dir, "BANKA")
	var now, most atomic.Int64
	verify := conf.VerifyConnection
	conf.VerifyConnection = func(cs tls.ConnectionState) error { // on the worker, between two reads
		n := now.Add(1)
		defer now.Add(-1)
		for range 100 { // the others may come
			if have := most.Load(); n > have {
				most.CompareAndSwap(have, n)
			}
			runtime.Gosched()
		}
		return verify(cs)
	}
	var workers sync.WaitGroup
	var silent []*Conn
	for range 2 * turnsMax { // they hear nothing, and wait
		c := Server(conf, Options{Turns: turns})
		silent = append(silent, c)
		workers.Go(func() {
			if err := c.Handshake(context.Background()); !errors.Is(err, ErrClosed) {
				t.Errorf("without a peer: %v", err)
			}
		})
	}
	var pairing sync.WaitGroup
	for range pairs {
		pairing.Go(func() { meet(t, conf, client, turns) })
	}
	pairing.Wait()
	for _, c := range silent {
		c.Abort()
	}
	workers.Wait()
	if n := most.Load(); n < 1 || n > turnsMax {
		t.Errorf("%d handshakes computed at a time, of %d", n, turnsMax)
	}
	if len(turns) != 0 {
		t.Errorf("%d turns are still taken", len(turns))
	}
}
