// Package session is the life of one link as a pure automaton: sign-on, echo,
// key change, cut-over, sign-off, drain; and when a link that we dial is dialled
// again.
//
// It promises that every answer and every action follows from the state and
// the input alone; a test prints the whole table as
// testdata/session/automaton.txt. The time is handed in as UTC nanoseconds and
// may stand still or step back without harm. It is called by the ingress, on
// the link's own loop: Traffic for every frame, Request and Response for 0800
// and 0810, Tick now and then; Redial by session/gnetio. It never reads a clock,
// starts a goroutine, touches bytes or sends anything: it returns what the caller
// has to send.
//
//	p := session.NewParticipant(session.Options{}) // shared by its links
//	a := p.Open(now)
//	a.Traffic(now)
//	answer := a.Request(now, session.CodeSignOn) // answer.Code goes out as DE39
//	if a.Ready() { ... }                         // new payments are welcome
//	switch a.Tick(now) {
//	case session.Echo:  // send 0800 with DE70 301
//	case session.Close: // close the link
//	}
package session
