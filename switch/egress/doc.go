// Package egress turns released effects into bytes on links.
//
// It promises that a message is handed to a link only after the event behind it
// is durable, that the messages of one group to one link share one hand-over, and
// that a message which found no link is reported back as provably not sent. Among
// the links of a participant it takes the least busy one of the best group;
// messages about one account keep to one link, in order, while one of them is
// unanswered and the link lives. A link has at most Lane.Window new requests
// unanswered: what is over that does not leave. Answers and repairs are never held
// back. Its caller is switch/engine (Encode, Release: the writer goroutine);
// switch/ingress attaches and detaches links as they sign on and off, and tells
// what was answered.
//
// An effect is encoded at once, while the payment behind it is as the effect
// means it, into the parcel of its link; Release hands each parcel over, or moves
// it to other links when its own has broken since. Encoding here rather than on
// the link's loop saves a copy of every payment.
//
// Lanes change while messages leave (SetLanes); a link keeps the dialect that it has
// begun with.
//
//	sink := egress.New(egress.Options{...})
//	sink.Attach(participant, link)
package egress
