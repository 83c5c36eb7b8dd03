package iso8583

// endRow looks at a row, which ends before the byte at and the element de. Only
// when it fails are its fields looked at one by one: one of them is bad, or a fill
// character was the reason and all are good.
func (m *Message) endRow(row *charSet, from, de, at int) {
	if row == nil || row.hold(m.buf[from:at]) {
		return
	}
	for i := 2; i < de; i++ {
		if f := &m.spec.fields[i]; m.Has(i) && f.row == row && int(m.spans[i].at) >= from {
			m.badValue(i, int(m.spans[i].at)-int(f.width))
		}
	}
}

// badValue looks closely at the value of an element that stands at a place of
// the message and of which a first look was not content. One that is bad is taken
// out of sight.
func (m *Message) badValue(de, at int) {
	f := &m.spec.fields[de]
	p, _ := f.locate(m.buf, at)
	m.room()
	k := checker{scratch: m.scratch[:0]} // nothing is decoded yet
	why := k.value(f, m.buf, p)
	if why == faultNone {
		return
	}
	if !k.blamed {
		m.fail(de, at, m.spec.reason(de, why))
	} else if m.fault == nil {
		m.fault = &FieldError{DE: de, Path: k.path, Offset: k.at}
		m.fault.Reason, m.fault.Expected = k.words(f, &m.spec.details[de], why)
	}
	bit := uint64(1) << (63 - (de-1)&63)
	m.present[(de-1)>>6] &^= bit
	m.inPlace[(de-1)>>6] &^= bit
}

// stop ends the reading at an element whose end is not known. Where the spec
// keeps elements that it lacks, the first of them ends the reading and is no
// fault.
func (m *Message) stop(de, at int, why fault) error {
	m.hideFrom(de)
	if why == faultUnknown && m.spec.keep && m.spec.fields[de].kind == kindAbsent && !m.spec.presenceBit(de) {
		m.tailDE, m.tailAt = de, at
		if m.fault == nil {
			m.whole = true
			return nil
		}
	}
	return m.fail(de, at, m.spec.reason(de, why))
}

// fail notes a fault, of which the first one counts, and gives that.
//
//go:noinline
func (m *Message) fail(de, at int, reason string) error {
	if m.fault == nil {
		m.fault = &FieldError{DE: de, Offset: at, Reason: reason, Expected: m.spec.expected(de, reason)}
	}
	return m.fault
}

// hideFrom takes an element and those after it out of sight.
func (m *Message) hideFrom(de int) {
	if de > 64 {
		m.present[1] &= before(de - 64)
	} else {
		m.present[0] &= before(de)
		m.present[1] = 0
	}
	m.inPlace[0] &= m.present[0]
	m.inPlace[1] &= m.present[1]
}

// before gives the bits of a bitmap ahead of bit n (1 to 64).
func before(n int) uint64 { return ^(^uint64(0) >> (n - 1)) }
