package egress

import (
	"bytes"

	"switchd/codec/frame"
	"switchd/switch/payment"
)

// parcel is what one group of events has for one link: whole frames, one for each
// message, or the messages alone for a link that protects them before it frames them.
// It belongs to the writer goroutine.
type parcel struct {
	outlet   *outlet
	header   []byte // that the frames carry, where the framing has one
	frames   []byte
	messages []message
}

// message is what is known of one frame of a parcel.
type message struct {
	passage
	end    int            // of its frame
	at     int64          // when it was counted on its link
	token  []byte         // for the PIN block that it is to carry; empty: none
	until  int64          // not to leave any more from then on; 0: always
	report bool           // if it does not leave, the machine is told
	leg    payment.Answer // names the leg
	about  about          // for metrics and log
}

// parcelKeep is the largest buffer that an empty parcel keeps.
const parcelKeep = 256 << 10

// parcelOf is the parcel of a link in this group.
func (e *Egress) parcelOf(l *lane, o *outlet) *parcel {
	if o.staged != nil {
		return o.staged
	}
	var p *parcel
	if n := len(e.spare); n > 0 {
		p, e.spare = e.spare[n-1], e.spare[:n-1]
	} else {
		p = new(parcel)
	}
	p.outlet = o
	if p.header = p.header[:0]; o.voice.framing.HasHeader() {
		p.header = o.link.AppendHeader(p.header)
	}
	o.staged = p
	l.parcels = append(l.parcels, p)
	return p
}

// empty gives a parcel back for any link to use.
func (e *Egress) empty(p *parcel) {
	p.outlet = nil
	p.frames, p.messages = p.frames[:0], p.messages[:0]
	if cap(p.frames) <= parcelKeep {
		e.spare = append(e.spare, p)
	}
}

// append composes the message of ef behind those of the parcel.
func (p *parcel) append(ef *payment.Effect) ([]byte, error) {
	v, start := p.outlet.voice, len(p.frames)
	if p.outlet.guard != nil {
		return v.interpreter.Compose(p.frames, ef)
	}
	b, err := v.framing.BeginHeader(p.frames, p.header)
	if err == nil {
		b, err = v.interpreter.Compose(b, ef)
	}
	if err == nil {
		b, err = v.framing.End(b, start, v.limits)
	}
	return b, err
}

// deliver gives a parcel to its link; false when the link takes none of it. room is
// for a header.
func (p *parcel) deliver(room *[]byte) bool {
	if !p.address(room) || p.outlet.link.Queue(p.frames) != nil {
		return false
	}
	p.outlet.link.Wake()
	return true
}

// address gives the frames of a parcel the header of their link. It seldom has to do
// anything: links have the same header all day.
func (p *parcel) address(room *[]byte) bool {
	v := p.outlet.voice
	if !v.framing.HasHeader() {
		return true
	}
	other := p.outlet.link.AppendHeader((*room)[:0])
	*room = other
	if bytes.Equal(other, p.header) {
		return true
	}
	out, ends := make([]byte, 0, len(p.frames)), make([]int, 0, len(p.messages))
	from := 0
	for i := range p.messages {
		var ok bool
		if out, ok = v.reframe(out, p.frames[from:p.messages[i].end], other); !ok {
			return false
		}
		from, ends = p.messages[i].end, append(ends, len(out))
	}
	for i, end := range ends {
		p.messages[i].end = end
	}
	p.frames, p.header = out, append(p.header[:0], other...)
	return true
}

// reframe appends a frame with another header.
func (v *voice) reframe(dst, one, header []byte) ([]byte, bool) {
	if !v.framing.HasHeader() {
		return append(dst, one...), true
	}
	start := len(dst)
	fr, err := v.framing.Read(one, v.limits)
	if err == nil && fr.Kind != frame.Incomplete {
		dst, err = v.framing.BeginHeader(dst, header)
	}
	if err == nil {
		dst, err = v.framing.End(append(dst, fr.Body...), start, v.limits)
	}
	if err != nil {
		return dst[:start], false
	}
	return dst, true
}

// move finds other links for the messages of a parcel that its own has not taken.
// What finds none has provably not left.
func (e *Egress) move(l *lane, p *parcel) {
	now := e.o.Clock()
	from := 0
	for i := range p.messages {
		m := &p.messages[i]
		one := p.frames[from:m.end]
		from = m.end
		l.mu.Lock()
		p.outlet.failed = l.release
		l.drop(&m.passage, p.outlet)
		o, full := l.take(&m.passage, now)
		l.mu.Unlock()
		if o == nil {
			e.unsent(m, full)
			continue
		}
		to := e.parcelOf(l, o)
		ok := o.voice == p.outlet.voice && (o.guard != nil) == (p.outlet.guard != nil) // else it is written in another way
		switch {
		case ok && o.guard != nil:
			to.frames = append(to.frames, one...)
		case ok:
			to.frames, ok = o.voice.reframe(to.frames, one, to.header)
		}
		if !ok {
			l.mu.Lock()
			l.drop(&m.passage, o)
			l.mu.Unlock()
			e.unsent(m, false)
			continue
		}
		moved := *m
		moved.end, moved.at = len(to.frames), now
		to.messages = append(to.messages, moved)
	}
}
