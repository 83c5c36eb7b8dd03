package gnetio

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/panjf2000/gnet/v2"
)

// Results of an attempt to dial: the label values of switchd_dials_total.
const (
	dialUp          = "up"
	dialUnreachable = "unreachable" // no TCP connection
	dialHandshake   = "handshake"   // see switchd_handshakes_total
	dialSettings    = "settings"    // our own certificate could not be used
)

var dialResults = []string{dialUp, dialUnreachable, dialHandshake, dialSettings}

// errSettings says that a link could not even be tried.
var errSettings = errors.New("TLS settings")

// errNotTaken says that the event loop did not take a connection.
var errNotTaken = errors.New("event loop did not take the connection")

// dialing is a connection on its way from connect to OnOpen.
type dialing struct {
	link  *Link
	taken atomic.Bool // OnOpen has it
}

// connect makes a connection and gives it to an event loop. It blocks, on a
// goroutine of the dialer's. Without an error the loop has the link, and tells its
// end to the dialer.
func (s *Server) connect(slot *slot, address string) error {
	conf, err := s.opt.DialTLS(slot.participant)
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	dial := net.Dialer{Timeout: s.opt.DialTimeout}
	c, err := dial.DialContext(s.base, "tcp", address)
	if err != nil {
		return err
	}
	d := &dialing{link: &Link{server: s, slot: slot, settings: conf, participant: slot.participant, group: slot.group}}
	result, err := s.engine.Register(gnet.NewContext(gnet.NewNetConnContext(s.base, c), d))
	if err != nil {
		return errors.Join(err, c.Close())
	}
	select {
	case r := <-result:
		if r.Err == nil && !d.taken.Load() {
			r.Err = errNotTaken
		}
		return r.Err
	case <-s.gone: // with all loops: nobody answers any more
		return errNotTaken
	}
}

// Dialed says that the switch has dialled the link: then it is for the switch to
// sign on.
func (l *Link) Dialed() bool { return l.slot != nil }

// Group is the group of the Target that was dialled, 0 for links that were
// accepted. Links of a lower group are preferred to send on.
func (l *Link) Group() int { return l.group }
