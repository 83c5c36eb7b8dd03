package sim

// book is a participant's own account of what it posted, and its memory of what
// it was told. The memory can be lost, the book cannot.
type book struct {
	net    int64
	legs   map[reference]*leg
	traits traits
	known  []reference // all legs, in the order in which they were first heard of
	memory map[reference]memory
}

// leg is the truth about one debit or credit.
type leg struct {
	kind    kind // debit or credit
	minor   int64
	account string
	posted  int // how often: once, if all is well
	undone  int // how often it was taken back
	broke   [faultCount]bool
	first   message // for answers in its name
}

// stands is how often the posting is in the book.
func (l *leg) stands() int { return l.posted - l.undone }

// memory is what a participant remembers of a leg.
type memory uint8

const (
	nothing memory = iota
	posted         // answered 00
	held           // answered 00, to be posted on confirmation
	deemed         // posted because the switch has declared it done
	refused        // answered no
	denied         // answered no and posted all the same
	undone         // posted and reversed
	blocked        // reversed before it came
	lost           // it was there, and the memory of it is gone
)

func newBook(t traits) book {
	return book{traits: t, legs: map[reference]*leg{}, memory: map[reference]memory{}}
}

// forget loses the memory. Each leg that was known is noted, because from here on
// the participant's answers about it are not true.
func (b *book) forget() {
	for ref := range b.memory {
		b.memory[ref] = lost
	}
}

// recall is what the participant remembers; what is lost is to it as if it had
// never been.
func (b *book) recall(ref reference) memory {
	m := b.memory[ref]
	if m == lost {
		b.at(ref).broke[faultAmnesia] = true
		return nothing
	}
	return m
}

// at is the truth about a leg.
func (b *book) at(ref reference) *leg {
	l := b.legs[ref]
	if l == nil {
		l = &leg{}
		b.legs[ref] = l
	}
	return l
}

// learn notes what a leg is, from a message that names it.
func (b *book) learn(m *message) *leg {
	l := b.at(m.ref)
	if l.kind == unknown {
		b.known = append(b.known, m.ref)
		l.minor, l.first = m.minor, *m
		l.kind, l.account = credit, m.payee
		if m.kind == debit || m.kind == reversal {
			l.kind, l.account = debit, m.payer
		}
		l.first.body = nil
	}
	if l.minor == notStated { // a fence may come before its credit, and names no amount
		l.minor = m.minor
	}
	return l
}

func (b *book) post(l *leg) {
	l.posted++
	b.net += l.signed()
}

func (b *book) undo(l *leg) {
	l.undone++
	b.net -= l.signed()
}

// signed is what one posting does to the book.
func (l *leg) signed() int64 {
	switch {
	case l.minor == notStated:
		return 0
	case l.kind == debit:
		return -l.minor
	}
	return l.minor
}

// act does what a message asks for, honestly, and returns the result to answer.
func (b *book) act(m *message, no string) string {
	switch m.kind {
	case debit, credit:
		return b.leg(m, no)
	case reversal, fence:
		return b.reverse(m)
	case advice:
		return b.advised(m)
	case status:
		return b.state(m)
	case confirm:
		return b.confirmed(m)
	}
	return "00" // updates and the like are taken note of
}

// leg posts a debit or credit that is new, or refuses it with no. A known one gets
// its first answer again.
func (b *book) leg(m *message, no string) string {
	l := b.learn(m)
	switch b.recall(m.ref) {
	case posted, undone, held, deemed:
		return "00"
	case refused, denied:
		return "05"
	case blocked:
		return "94"
	}
	if no != "" {
		b.memory[m.ref] = refused
		return no
	}
	if m.kind == credit && b.traits.onConfirm {
		b.memory[m.ref] = held
		return "00"
	}
	b.memory[m.ref] = posted
	b.post(l)
	return "00"
}

// confirmed takes the final word on a credit: post it, or never.
func (b *book) confirmed(m *message) string {
	l := b.learn(m)
	was := b.recall(m.ref)
	switch {
	case !b.traits.onConfirm:
	case m.result != "00":
		if was != posted {
			b.memory[m.ref] = blocked
		}
	case was != posted:
		b.memory[m.ref] = posted
		b.post(l)
	}
	return "00"
}

// reverse takes a posting back, or blocks one that has not come. A credit may be
// beyond that.
func (b *book) reverse(m *message) string {
	l := b.learn(m)
	was := b.recall(m.ref)
	if m.kind == fence && (was == deemed || was == posted && !b.traits.undoes) {
		return "CS"
	}
	switch was {
	case posted:
		b.memory[m.ref] = undone
		b.undo(l)
		return "00"
	case undone:
		return "00"
	case refused, denied:
		return "21"
	}
	b.memory[m.ref] = blocked
	return "25"
}

// advised posts a credit that is deemed done, if it is not there.
func (b *book) advised(m *message) string {
	l := b.learn(m)
	was := b.recall(m.ref)
	if was != posted && was != deemed && was != denied {
		b.post(l)
	}
	if was != denied {
		b.memory[m.ref] = deemed
	}
	return "00"
}

// state says what became of a credit.
func (b *book) state(m *message) string {
	switch b.recall(m.ref) {
	case posted, deemed:
		return "00"
	case refused, denied, undone, blocked:
		return "21"
	}
	return "25"
}
