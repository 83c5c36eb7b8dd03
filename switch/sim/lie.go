package sim

import "time"

// take is what a participant does with a message of the switch, honestly or not.
// What it does and when it answers is drawn here; book.go is the honest part.
func (b *bank) take(m *message) {
	w := b.w
	keep := *m
	keep.body = nil
	before, after := w.upTo(50*time.Millisecond), w.upTo(50*time.Millisecond)
	if w.chance(faultLate) {
		if w.rng.IntN(2) == 0 {
			before = w.upTo(100 * time.Second)
		} else {
			after = w.upTo(100 * time.Second)
		}
	}
	w.agenda.add(w.now+before, func() { b.do(&keep, after) })
}

// do acts on a message and answers it after a while.
func (b *bank) do(m *message, after int64) {
	w := b.w
	v := verdict{minor: m.minor}
	switch m.kind {
	case resolve:
		b.resolve(&v)
	case approve:
		after = b.approve(m, &v, after)
	default:
		v.result = b.act(m)
	}
	if w.chance(faultOtherAmount) {
		v.minor++
	}
	v.garbled = w.chance(faultGarbled)
	if w.chance(faultMute) || m.kind.told() && b.book.traits.xml && !b.book.traits.receipts {
		return
	}
	b.answer(m, v, w.now+after)
	if w.chance(faultTwice) {
		b.answer(m, v, w.now+w.upTo(20*time.Second))
	}
	if m.kind == resolve || m.kind == approve || m.kind.told() {
		return
	}
	if w.chance(faultContradict) {
		b.book.at(m.ref).broke[faultContradict] = true
		b.answer(m, verdict{result: opposite(v.result), minor: m.minor}, w.now+w.upTo(20*time.Second))
	}
	if w.chance(faultStranger) {
		b.stranger(m, v)
	}
}

// act has the book do what the message asks for, and bends the result.
func (b *bank) act(m *message) string {
	switch m.kind {
	case debit, credit:
		return b.posting(m)
	case reversal, fence, advice:
		if b.w.chance(faultRefuseRepair) {
			b.book.learn(m).broke[faultRefuseRepair] = true
			return "96"
		}
	case confirm, update, reply:
		return b.book.act(m, "")
	}
	return b.unsure(m, b.book.act(m, ""))
}

// posting takes a debit or a credit.
func (b *bank) posting(m *message) string {
	no := ""
	if b.w.chance(faultRefused) {
		no = [...]string{"05", "51", "61"}[b.w.rng.IntN(3)]
	}
	fresh := b.book.memory[m.ref] == nothing
	result := b.book.act(m, no)
	if fresh && b.book.memory[m.ref] == posted && b.w.chance(faultRefuseApply) {
		b.book.memory[m.ref] = denied
		b.book.at(m.ref).broke[faultRefuseApply] = true
		return "05"
	}
	return b.unsure(m, result)
}

// unsure is the result, or that the participant cannot tell. To a debit more
// answers mean that than to anything else.
func (b *bank) unsure(m *message, result string) string {
	if !b.w.chance(faultAmbiguous) {
		return result
	}
	codes := []string{"09", "68", "91", "96"}
	if m.kind != debit {
		codes = codes[:2]
	}
	return codes[b.w.rng.IntN(len(codes))]
}

// opposite is the answer that contradicts one.
func opposite(result string) string {
	if result == "00" {
		return "05"
	}
	return "00"
}

// stranger answers in the name of another leg of the same participant.
func (b *bank) stranger(m *message, v verdict) {
	if len(b.book.known) == 0 {
		return
	}
	l := b.book.at(b.book.known[b.w.rng.IntN(len(b.book.known))])
	if l.first.ref == m.ref {
		return
	}
	l.broke[faultStranger] = true
	b.answer(&l.first, verdict{result: v.result, minor: l.minor}, b.w.now)
}

// resolve names the account behind an address.
func (b *bank) resolve(v *verdict) {
	switch {
	case b.w.chance(faultRefused):
		v.result = "14"
	default:
		v.result, v.account = "00", accountOf(int(b.number))
		if b.w.rng.IntN(4) == 0 {
			v.ifsc = ifscOf(int(b.number))
		}
	}
	v.minor = -1
}

func (b *bank) answer(m *message, v verdict, at int64) {
	b.w.agenda.add(at, func() {
		b.out(framed(b.framing, nil, func(dst []byte) ([]byte, error) { return b.speak.answer(dst, m, &v) }))
	})
}
