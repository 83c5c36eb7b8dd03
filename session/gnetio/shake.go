package gnetio

import (
	"switchd/certs"
	"switchd/session/mtls"
)

// shake takes ciphertext of a link whose handshake is not done. On the loop.
func (l *Link) shake(b []byte) {
	if len(b) > 0 {
		if err := l.tls.Feed(b); err != nil {
			l.refuse(shakeResult(err))
			return
		}
	}
	l.startWorker()
	if l.phase != phaseShaking {
		return
	}
	l.send(l.tls.Take())
	done, err := l.shaken()
	if !done || l.phase != phaseShaking {
		return
	}
	if err == nil && !l.tls.Established() {
		err = mtls.ErrClosed // cannot be: the worker settles before it reports
	}
	if err == nil {
		err = l.identify()
	}
	if err != nil {
		l.refuse(shakeResult(err))
		return
	}
	if why := l.settle(); why != "" {
		l.refuse(why)
		return
	}
	l.goUp()
}

// identify takes the peer's name from its certificate. On a link that we have
// dialled it has to be the one that was called, whatever the TLS settings take.
func (l *Link) identify() error {
	id, err := certs.Identity(l.tls.State().PeerCertificates[0])
	if err == nil && l.slot != nil && id != l.participant {
		err = certs.ErrOther
	}
	if err == nil {
		l.participant = id
	}
	return err
}

// startWorker starts the handshake once its first message is whole and a place
// is free; until then, and at every tick, it looks again.
func (l *Link) startWorker() {
	if l.working {
		return
	}
	ready, err := l.tls.Hello()
	if err != nil {
		l.refuse(shakeResult(err))
		return
	}
	s, p := l.server, l.pool
	if !ready || !take(&p.working, &p.workingMax) {
		return
	}
	l.working = true
	tls := l.tls
	s.workers.Go(func() {
		err := tls.Handshake(s.base)
		p.working.Add(-1)
		l.mu.Lock()
		l.shook = true
		l.shookErr = err
		gone := l.gone
		l.mu.Unlock()
		if gone {
			l.countRefusal(shakeResult(err)) // the loop has left it to us
		}
		l.Wake()
	})
}

// shaken says whether the worker is done, and how it went.
func (l *Link) shaken() (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shook, l.shookErr
}

// goUp gives the link to the Handler.
func (l *Link) goUp() {
	l.enter(phaseUp)
	l.established = true
	l.deadline = 0
	l.server.metrics.handshakes[shakeOK].Inc()
	l.server.metrics.shaken.Observe(float64(l.server.opt.Clock()-l.begun) / 1e9)
	l.server.opt.Log.Info("link up", "event", "link.up", "participant", l.participant, "link", l.id, "remote", l.remote)
	l.Use(Wire{})
	l.enrol()
	l.server.handler.LinkUp(l)
}

// refuse ends a link that is not up, with the alert of crypto/tls if it has one.
func (l *Link) refuse(result string) {
	l.countRefusal(result)
	l.end(ending{endHandshake, result})
}

// countRefusal counts and logs, once, a handshake that came to nothing. Safe
// for concurrent use.
func (l *Link) countRefusal(result string) {
	l.mu.Lock()
	again := l.counted
	l.counted = true
	l.mu.Unlock()
	if again {
		return
	}
	s := l.server
	s.metrics.handshakes[result].Inc()
	what, who := "dialed", l.dialedName()
	if who == "" {
		what, who = "participant", l.participant // once its certificate says so, and is good
	}
	if times, due := s.causes.tell("handshake "+result+" "+who, s.opt.Clock()); due {
		log := s.opt.Log
		if who != "" {
			log = log.With(what, who)
		}
		log.Warn("handshake refused", "event", "link.handshake.refused", "reason", result, "link", l.id, "remote", l.remote, "times", times)
	}
}

// lost is called when the connection ends during the handshake. The peer may
// have left because of our alert, which the worker sends before it returns: so
// a worker still at work is the one who knows why.
func (l *Link) lost() {
	l.tls.Abort()
	done, err := l.shaken()
	switch {
	case done:
		l.countRefusal(shakeResult(err))
	case !l.working:
		l.countRefusal(shakeClosed)
	}
}

// late is the result of a handshake that took too long.
func (l *Link) late() string {
	if ready, _ := l.tls.Hello(); ready && !l.working {
		return shakeBusy
	}
	return shakeTimeout
}

// newSession makes the TLS side of a link; the worker's news wake the loop.
func (l *Link) newSession() *mtls.Conn {
	o := mtls.Options{Notify: l.Wake, Remote: l.conn.RemoteAddr(), Turns: l.pool.turns}
	if l.slot != nil {
		return mtls.Client(l.settings, o)
	}
	return mtls.Server(l.server.opt.TLS, o)
}

// dialedName is whom we have called; empty on a link that was accepted. What a
// stranger calls itself is not for the log.
func (l *Link) dialedName() string {
	if l.slot == nil {
		return ""
	}
	return l.slot.participant
}
