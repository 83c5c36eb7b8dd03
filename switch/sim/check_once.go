package sim

import "switchd/switch/translate"

// once: each participant has applied each reference at most once and taken it back
// at most once, unless it has lost its memory; and it was told the right amount.
func (j *judge) once() {
	for _, b := range j.w.banks {
		for _, ref := range b.book.known {
			l := b.book.legs[ref]
			id, _, _ := translate.ParseReference(ref[:])
			if (l.stands() > 1 || l.stands() < 0) && !l.lied() {
				j.violation("once", id, "%s has posted %d times and taken back %d times", b.name(), l.posted, l.undone)
			}
			if f := j.facts[id]; f != nil && f.amount != 0 && l.minor != notStated && l.minor != f.amount {
				j.violation("once", id, "%s was told %d, the request says %d", b.name(), l.minor, f.amount)
			}
		}
	}
}
