package simbank

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
)

// linksMax bounds the links that a participant holds or accepts.
const linksMax = 64

// links are those that are signed on, or were: answers still go out on a link that
// the switch has signed off.
type links struct {
	mu   sync.Mutex // guards all below
	up   []*link
	next int
}

// add takes a link into use; false when it is already.
func (s *links) add(l *link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.up, l) {
		return false
	}
	s.up = append(s.up, l)
	return true
}

// remove takes a link out of use, if it is in.
func (s *links) remove(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.up, l); i >= 0 {
		s.up = slices.Delete(s.up, i, i+1)
	}
}

// all are the links in use, each time beginning with another one.
func (s *links) all() []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.up) == 0 {
		return nil
	}
	s.next = (s.next + 1) % len(s.up)
	return append(slices.Clone(s.up[s.next:]), s.up[:s.next]...)
}

// up makes a link one of those that payments and answers go out on.
func (b *Bank) up(l *link) {
	if b.leaving.Load() {
		return
	}
	l.enter(signedOn)
	if !b.links.add(l) {
		return
	}
	l.lived.Store(true)
	b.stats.signOns.Add(1)
	b.opts.Log.Info("signed on", "participant", b.opts.ID)
	b.first.Do(func() { close(b.ready) })
}

// signedOn reports whether own payments may be sent.
func (b *Bank) signedOn() bool {
	return slices.ContainsFunc(b.links.all(), func(l *link) bool { return l.phase.Load() == signedOn })
}

// transmit sends on any link in use, whichever the request came on: a switch has to
// find what is answered by the answer alone. false when there is no link.
func (b *Bank) transmit(body []byte) bool { return b.transmitAs(body, agreed) }

// transmitAs is transmit of a message that may, on purpose, prove nothing.
func (b *Bank) transmitAs(body []byte, how proof) bool {
	if how != agreed {
		b.stats.forged.Add(1)
	}
	for _, l := range b.links.all() {
		if l.queue(body, how) {
			return true
		}
	}
	return false
}

// accept serves the links that the switch opens, until ctx ends.
func (b *Bank) accept(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { _ = b.opts.Listener.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	places := make(chan struct{}, linksMax)
	for {
		conn, err := b.opts.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			b.opts.Log.Warn("link not accepted", "participant", b.opts.ID)
			pause(ctx, b.opts.BackoffMin)
			continue
		}
		select {
		case places <- struct{}{}:
		default:
			_ = conn.Close() // too many
			continue
		}
		open.Go(func() {
			defer func() { <-places }()
			b.serveLink(ctx, conn)
		})
	}
}

// serveLink shakes hands with a switch that has connected, and serves the link to
// its end.
func (b *Bank) serveLink(ctx context.Context, conn net.Conn) {
	secure := tls.Server(conn, b.opts.TLS)
	shaking, cancel := context.WithTimeout(ctx, b.opts.DialTimeout)
	defer cancel()
	if err := secure.HandshakeContext(shaking); err != nil || b.leaving.Load() {
		if err != nil {
			b.opts.Log.Warn("link refused", "participant", b.opts.ID, "reason", err)
		}
		_ = conn.Close()
		return
	}
	l := newLink(b, secure)
	reason := l.run(ctx, false)
	b.links.remove(l)
	b.opts.Log.Info("link closed", "participant", b.opts.ID, "reason", reason)
}
