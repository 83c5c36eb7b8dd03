// Package egress turns released effects into bytes on links.
//
// It promises that a message is handed to a link only after the event behind it
// is durable, that the messages to one participant of one group share one
// hand-over, and that a message which found no link is reported back as provably
// not sent. Its caller is switch/engine (Encode, Release: the writer goroutine);
// switch/ingress attaches and detaches links as they sign on and off.
//
// An effect is encoded at once, while the payment behind it is as the effect
// means it, into the lane of its participant; Release hands each lane to one of
// the participant's links. Encoding here rather than on the link's loop costs the
// writer some 400 ns a message and saves a copy of every payment.
//
//	sink := egress.New(egress.Options{...})
//	sink.Attach(participant, link)
package egress
