package session

// Hook takes what network management means beyond the link: working keys and
// business days. Without one the switch has neither: offers of keys are answered
// "not supported", a cut-over is approved and told to nobody else.
//
// Its methods are called on the loops of the participant's links, at times on
// several at once, and must not block.
type Hook interface {
	// KeyOffered takes the 0800/161 of a participant, a view for the time of the
	// call, and returns the DE39 of its answer: "00" when the key is in place.
	KeyOffered(participant string, now int64, message []byte) (code string)
	// KeyChanged says that the new key counts from now, and the one before until
	// the given time as well.
	KeyChanged(participant string, now, until int64)
	// KeyRetired says that the key before does not count any more.
	KeyRetired(participant string, now int64)
	// DayCut says that the participant's next business day has begun. It comes
	// once for each, but again after a restart of the switch between two tellings.
	DayCut(participant string, now int64)
}
