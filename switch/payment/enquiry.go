package payment

import "switchd/switch/route"

// asksMax bounds the askers that a payment remembers: its sender, its two banks
// and its two PSPs.
const asksMax = 5

// ask is what one participant has asked about one payment.
type ask struct {
	by   route.Participant
	told Outcome
	code Code
	at   [3]int64 // of its latest answers that were made anew, newest first
}

func (a *ask) append(b []byte) []byte {
	b = append(putU16(b, uint16(a.by)), byte(a.told))
	b = append(b, a.code[:]...)
	for _, at := range a.at {
		b = putU64(b, uint64(at))
	}
	return b
}

func (r *reader) ask(a *ask) {
	a.by, a.told = route.Participant(r.u16()), Outcome(r.below(uint8(outcomeCount)))
	copy(a.code[:], r.take(len(a.code)))
	for i := range a.at {
		a.at[i] = int64(r.u64())
	}
}
