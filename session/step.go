package session

// Traffic notes that any frame arrived: the peer is alive, whatever the frame
// is, so a waiting echo counts as answered.
func (a *Automaton) Traffic(now int64) {
	a.heard = now
	a.waiting = false
	a.misses = 0
}

// Request takes a 0800 with the given DE70 and returns what to answer. A
// repeated sign-on or sign-off is approved again and changes nothing.
func (a *Automaton) Request(now int64, code int) Answer {
	if a.state == Closed {
		return Answer{Code: notOperational}
	}
	switch code {
	case CodeEcho:
		return Answer{Code: approved}
	case CodeSignOn:
		if a.state == Draining {
			return Answer{Code: notOperational}
		}
		return Answer{Code: approved, Change: a.signOn()}
	case CodeSignOff:
		return Answer{Code: approved, Change: a.signOff()}
	}
	return Answer{Code: notSupported}
}

// Response takes a 0810 with the given DE70; approved says that DE39 was 00.
// An answer to something we did not ask changes nothing.
func (a *Automaton) Response(now int64, code int, approved bool) Change {
	switch code {
	case CodeSignOn:
		if !a.asked {
			return None
		}
		a.asked = false
		if approved && (a.state == Connected || a.state == Left) {
			return a.signOn()
		}
	case CodeSignOff:
		// Also a refused sign-off ends the drain: we leave either way.
		if a.state == Draining {
			return a.signOff()
		}
	}
	return None
}

// SignOn starts a sign-on of our own, or repeats one that was not answered;
// the caller sends 0800/001 when told so.
func (a *Automaton) SignOn(now int64) Action {
	if a.state != Connected && a.state != Left {
		return None
	}
	a.asked = true
	return SignOn
}

// Drain starts to leave: no new requests from here, and a signed-on peer is
// told so. A link on which nobody is signed on has nothing to drain.
func (a *Automaton) Drain(now int64) Action {
	switch a.state {
	case Active:
		a.state = Draining
		a.sent = now
		return SignOff
	case Connected, Left:
		a.state = Closed
		return Close
	}
	return None
}

// Tick looks at the time and says what is due. It may be called at any rate;
// an action is returned once, except Close, which stays.
func (a *Automaton) Tick(now int64) Action {
	switch {
	case a.state == Closed:
		return Close
	case a.state == Draining:
		if now-a.sent < int64(a.opt.EchoTimeout) {
			return None
		}
		a.state = Closed
		return Close
	case a.waiting:
		if now-a.sent < int64(a.opt.EchoTimeout) {
			return None
		}
		a.misses++
		if a.misses >= a.opt.MissesMax {
			a.state = Closed
			return Close
		}
	case now-a.heard < int64(a.opt.Idle):
		return None
	}
	a.waiting = true
	a.sent = now
	return Echo
}

// signOn makes the link active and reports the change, if it is one.
func (a *Automaton) signOn() Change {
	if a.state == Active {
		return None
	}
	a.state = Active
	return SignedOn
}

// signOff takes the sign-off of either side: an active link is kept, for the
// peer may sign on again; a draining one is over.
func (a *Automaton) signOff() Change {
	switch a.state {
	case Active:
		a.state = Left
	case Draining:
		a.state = Closed
	default:
		return None
	}
	return SignedOff
}
