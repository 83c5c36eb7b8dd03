package ingress

import (
	"context"
	"log/slog"

	"switchd/session"
	"switchd/switch/translate"
)

// kindCount is how many kinds of messages there are.
const kindCount = translate.Silent + 1

// kindClasses are the kinds of messages as metrics and debug lines call them.
var kindClasses = [kindCount]string{
	translate.Malformed: "malformed", translate.NetworkRequest: "network", translate.NetworkAnswer: "network",
	translate.Request: "request", translate.Enquiry: "enquiry", translate.Answer: "answer",
	translate.Unmatched: "unmatched", translate.Unsupported: "other", translate.Silent: "other",
}

// linkState is where a link stands.
type linkState uint8

// The states of a link.
const (
	linkConnected linkState = iota // its participant has not signed on
	linkSignedOn
	linkSignedOff
	linkLeaving // it ends when nothing is unanswered on it
	linkStates
)

// How people and metrics call them.
var (
	linkStateNames  = [linkStates]string{"connected", "signed on", "signed off", "leaving"}
	linkStateLabels = [linkStates]string{"connected", "signed_on", "signed_off", "leaving"}
)

// stand shows where a link stands now.
func (s *link) stand(to linkState) {
	s.unstand()
	s.stands, s.counted = to, true
	s.standing.links[to].Inc()
	s.Stand(linkStateNames[to])
}

// unstand takes a link out of the count.
func (s *link) unstand() {
	if s.counted {
		s.standing.links[s.stands].Dec()
		s.counted = false
	}
}

// arrived counts a message and, of a participant that is watched, says it to the log:
// what it is, never what it holds.
func (in *Ingress) arrived(s *link, msg *translate.Inbound) {
	s.standing.arrived[msg.Kind].Inc()
	if id := s.Link.Participant(); in.o.Watched(id) {
		in.o.Log.Debug("message", "event", "message.in", "participant", id, "link", s.ID(), "class", kindClasses[msg.Kind], "code", msg.Code, "note", msg.Note)
	}
}

// acted says to the log what a link of a watched participant was asked to do.
func (in *Ingress) acted(s *link, action session.Action) {
	if action == session.None || !in.o.Log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	if id := s.Link.Participant(); in.o.Watched(id) {
		in.o.Log.Debug("link is asked", "event", "link.asked", "participant", id, "link", s.ID(), "for", action.String())
	}
}

// echoed measures the answer to an echo.
func (in *Ingress) echoed(s *link, now int64, msg *translate.Inbound) {
	if msg.Code == session.CodeEcho && s.echoAt != 0 {
		in.metrics.echo.Observe(float64(now-s.echoAt) / 1e9)
		s.echoAt = 0
	}
}
