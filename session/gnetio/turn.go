package gnetio

import (
	"syscall"

	"github.com/panjf2000/gnet/v2"
)

// turn is all that happens when gnet calls for a link: input, a wake-up, or
// both. On the loop.
func (l *Link) turn(b []byte) {
	l.server.metrics.bytesIn.Add(float64(len(b)))
	if l.phase == phaseShaking {
		// Cleared first: what the worker reports from here on wakes us again.
		l.woken.Store(false)
		l.shake(b)
		b = nil
	}
	if l.phase != phaseUp {
		return // closing: input is read only to be thrown away
	}
	// Set while we work, so that no Wake costs a system call: the outbox is
	// drained below anyway. Cleared before that, so that a frame which comes
	// behind the drain wakes us again.
	l.woken.Store(true)
	why := l.receive(b)
	l.doze()
	l.flush(why)
}

// doze ends the work of the Handler in a turn. Who has rung behind the Handler's back
// is heard in the next one.
func (l *Link) doze() {
	l.woken.Store(false)
	if l.rung.Load() {
		l.Wake()
	}
}

// tick looks after the link's deadlines. On the loop.
func (l *Link) tick(now int64) {
	o := &l.server.opt
	switch l.phase {
	case phaseShaking:
		if now >= l.deadline {
			l.refuse(l.late())
		} else if !l.working {
			l.startWorker() // it waits for a place
		}
	case phaseUp:
		if since := l.partialSince; since != 0 && now-since >= int64(o.FrameDeadline) {
			if !l.spoken {
				l.diagnose(l.rest) // a length that was misread makes us wait for ever
			}
			l.flush(ending{endDeadline, "frame not completed in time"})
			return
		}
		l.dismiss(now)
		l.woken.Store(true)
		l.server.handler.Tick(l, now)
		l.doze()
		if since := l.unwanted; since != 0 && now-since >= int64(unwantedMax) {
			l.flush(ending{endHandler, "not wanted any more"})
		} else if l.busy() {
			l.flush(ending{})
		}
	case phaseClosing:
		if now >= l.deadline {
			l.deadline = 0
		}
	}
}

// busy says whether there is anything to send or to end; for an idle link a
// tick ends here. It also notes what the kernel has taken meanwhile, for gnet
// writes its own buffer without telling.
func (l *Link) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unsent > 0 {
		l.unsent = l.conn.OutboundBuffered()
	}
	return l.outbox != nil || l.ask.label != ""
}

// flush sends the outbox as one burst, then ends the link if there is a reason.
func (l *Link) flush(why ending) {
	l.mu.Lock()
	out, ask, most := l.outbox, l.ask, l.outboxMax
	l.outbox = nil
	l.mu.Unlock()
	if why.label == "" {
		why = ask
	}
	if out != nil {
		if why.label != endOutbox {
			l.tls.Lend(l.loop.cipher)
			// It fails only after an alert, which ends the link anyway.
			_, _ = l.tls.Write(out.b)
		}
		l.server.giveBox(out)
	}
	l.send(l.tls.Take())
	if l.phase != phaseUp {
		return
	}
	unsent := l.conn.OutboundBuffered()
	if why.label == "" && unsent > most {
		why = ending{endOutbox, ErrOutbox.Error()}
	}
	if why.label != "" {
		l.end(why)
		return
	}
	l.mu.Lock()
	l.unsent = unsent
	l.mu.Unlock()
}

// send writes ciphertext to the socket; gnet keeps what the kernel does not
// take. A failed write closes the link at once, through OnClose, so the phase
// has to be looked at again.
func (l *Link) send(cipher []byte) {
	if len(cipher) > 0 {
		n, _ := l.conn.Write(cipher)
		l.server.metrics.bytesOut.Add(float64(n))
	}
	l.loop.keep(cipher)
}

// end closes the link from our side: the Handler loses it now, the peer is
// told, and gets a moment to read it.
func (l *Link) end(why ending) {
	if l.phase == phaseClosing || l.phase == phaseGone {
		return
	}
	was, tls := l.phase, l.tls
	l.retire(why)
	l.enter(phaseClosing)
	l.deadline = 0
	l.tls, l.rest = nil, nil
	if was == phaseUp || tls.Established() {
		tls.CloseNotify()
	} else {
		tls.Abort()
	}
	l.send(tls.Take())
	if l.phase != phaseClosing || why.label == endPeer || why.label == endOutbox || l.conn.OutboundBuffered() > 0 {
		return // nobody is there to read
	}
	if syscall.Shutdown(l.conn.Fd(), syscall.SHUT_WR) == nil {
		l.deadline = l.server.opt.Clock() + int64(lingerTime)
	}
}

// retire takes the link from its users: Queue fails from here, and the Handler
// is told if it had it.
func (l *Link) retire(why ending) {
	l.mu.Lock()
	l.closed = true
	out := l.outbox
	l.outbox = nil
	l.mu.Unlock()
	if out != nil {
		l.server.giveBox(out)
	}
	l.server.metrics.closed[why.label].Inc()
	if l.phase == phaseUp {
		l.strike()
		l.server.opt.Log.Info("link down", "event", "link.down", "reason", why.text, "participant", l.participant, "link", l.id)
		l.server.handler.LinkDown(l, why.text)
	}
}

// verdict is what gnet has to do after a turn or a tick.
func (l *Link) verdict() gnet.Action {
	if l.phase == phaseClosing && l.deadline == 0 {
		return gnet.Close
	}
	return gnet.None
}
