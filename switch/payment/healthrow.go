package payment

// putHealth writes the breakers that are not new and the limits that have been
// learned, each after its class, with a count in front.
func putHealth(b []byte, p *participant) []byte {
	at := len(b)
	b = append(b, 0)
	for c := range p.breakers {
		k := &p.breakers[c]
		if *k == (breaker{}) {
			continue
		}
		b[at]++
		b = append(b, byte(c), byte(k.state), k.inRow, k.count, k.tries, k.answers)
		b = putU64(putU64(b, k.results), uint64(k.since))
	}
	at = len(b)
	b = append(b, 0)
	for c := range p.flows {
		f := &p.flows[c]
		if f.limit == 0 && f.usual == 0 {
			continue
		}
		b[at]++
		b = putU64(putU64(append(b, byte(c)), uint64(f.limit)), uint64(f.usual))
	}
	return b
}

func (r *reader) health(p *participant) {
	for n := r.below(uint8(classCount) + 1); n > 0 && !r.bad; n-- {
		k := &p.breakers[r.below(uint8(classCount))]
		k.state = BreakerState(r.below(uint8(breakerStates)))
		k.inRow, k.count, k.tries, k.answers = r.u8(), r.u8(), r.u8(), r.u8()
		k.results, k.since = r.u64(), int64(r.u64())
	}
	for n := r.below(uint8(flowCount) + 1); n > 0 && !r.bad; n-- {
		f := &p.flows[r.below(uint8(flowCount))]
		f.limit, f.usual = int64(r.u64()), int64(r.u64())
	}
}
