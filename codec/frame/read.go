package frame

// Kind says what stands at the front of a stream.
type Kind uint8

// The kinds of what Read finds.
const (
	// Incomplete: more bytes are needed.
	Incomplete Kind = iota
	// Message: a whole frame with a body.
	Message
	// KeepAlive: a whole frame that says no more than that the peer lives. Its
	// reader answers it (AppendKeepAlive) or swallows it, as the profile says.
	KeepAlive
)

// Frame is what Read finds. Header and Body are views into the buffer.
type Frame struct {
	Kind Kind
	// Header is the TPDU or BASE I header, for AppendReply; nil when the framing
	// has none.
	Header []byte
	// Body is the message. A keep-alive has none, but for a VML session control
	// frame, whose content stands here.
	Body []byte
	// Bytes is the length of the whole frame; 0 while it is incomplete.
	Bytes int
}

// span is a Frame as positions. While n is 0, from and to are as much as is
// known of the body: where it begins, and where it is announced to end.
type span struct {
	from, to, n int
	keepAlive   bool
}

// Next finds the first frame of b. The body is a view into b, and n is how many
// bytes the frame takes with its header; n is 0 when b holds no whole frame
// yet. Equal streams give equal frames however they are cut into buffers.
//
// A keep-alive, in a framing that has one, is an empty body with n > 0; no
// message has an empty body. Next drops a TPDU or BASE I header, Read gives it.
//
// The error is an *Error and final: the stream cannot be used any more.
func (f Framing) Next(b []byte, lim Limits) (body []byte, n int, err error) {
	// The commonest framing, whole and in bounds, does without the table: 7 ns
	// instead of 16. Everything else about it is decided below.
	if f == BIN2 && len(b) >= 2 {
		low, high := lim.bounds()
		length := int(b[0])<<8 | int(b[1])
		if end := 2 + length; length >= low && length <= high && end <= len(b) {
			return b[2:end:end], end, nil
		}
	}
	if f >= framingCount {
		return nil, 0, &Error{Framing: f, Reason: ReasonFraming}
	}
	s, why := rows[f].find(b, &lim)
	if why != "" {
		return nil, 0, &Error{Framing: f, Reason: why, Bytes: s.to - s.from}
	}
	if s.n == 0 || s.keepAlive {
		return nil, s.n, nil
	}
	return b[s.from:s.to:s.to], s.n, nil
}

// Read is Next with everything that a link has to know: whether it was a
// message or a keep-alive, and the header that a reply has to carry.
func (f Framing) Read(b []byte, lim Limits) (Frame, error) {
	if f >= framingCount {
		return Frame{}, &Error{Framing: f, Reason: ReasonFraming}
	}
	r := &rows[f]
	s, why := r.find(b, &lim)
	if why != "" {
		return Frame{}, &Error{Framing: f, Reason: why, Bytes: s.to - s.from}
	}
	if s.n == 0 {
		return Frame{}, nil
	}
	fr := Frame{Kind: Message, Bytes: s.n, Body: b[s.from:s.to:s.to]}
	if s.keepAlive {
		fr.Kind = KeepAlive
	}
	if s.from > r.lead {
		fr.Header = b[r.lead:s.from:s.from]
	}
	return fr, nil
}

// find is what Next and Read share. With a reason, from and to are such that
// their difference is the refused length.
func (r *row) find(b []byte, lim *Limits) (s span, why string) {
	low, high := lim.bounds()
	if r.cut != nil {
		return r.delimited(b, low, high)
	}
	if len(b) < r.lead {
		return span{}, ""
	}
	field, why := r.read(b[:r.lead])
	if why != "" {
		return span{}, why
	}
	if field == 0 && r.keepAlive {
		return span{from: r.lead, to: r.lead, n: r.lead, keepAlive: true}, ""
	}
	s = span{from: r.lead, to: r.lead + field - r.counts}
	if r.control != nil && r.control(b) {
		s.keepAlive, low = true, 0
	}
	if r.carried != carriesNothing {
		if s.from, why = r.carry(b, s.to, high); s.from == 0 {
			return span{from: r.lead + r.carried.bytesMin(), to: s.to}, why
		}
	}
	// The bounds come before the wait: a peer that announces 60 KiB is refused
	// now, not after it has made us buffer them.
	if length := s.to - s.from; length < low || length > high || field > r.fieldMax {
		return s, outside(length, low)
	}
	return r.complete(b, s)
}

// delimited is find for a framing without a length.
func (r *row) delimited(b []byte, low, high int) (s span, why string) {
	s, why = r.cut(b, min(high, r.fieldMax))
	if why == "" && s.n > 0 && s.to-s.from < low {
		why = ReasonShort
	}
	return s, why
}

// outside is the reason to refuse a length that is out of bounds.
func outside(length, low int) string {
	switch {
	case length < 0:
		return ReasonUnder
	case length < low:
		return ReasonShort
	}
	return ReasonLong
}

// complete sets n when the whole frame is there and ends as it should.
func (r *row) complete(b []byte, s span) (span, string) {
	end := s.to + r.trailer
	if end > len(b) {
		return s, ""
	}
	if r.trailer > 0 && b[s.to] != etx {
		return s, ReasonTrailer
	}
	s.n = end
	return s, ""
}

// carry finds where the body begins behind a carried header, or 0 while that
// cannot be told. The header has to end before to, the end of the frame.
func (r *row) carry(b []byte, to, high int) (from int, why string) {
	switch {
	case to-r.lead < r.carried.bytesMin():
		return 0, ReasonUnder
	case to-r.lead > r.carried.bytesMax()+high:
		return 0, ReasonLong
	}
	n, ok := r.carried.measure(b[r.lead:min(len(b), to)])
	switch {
	case !ok:
		return 0, ReasonCarried
	case n == 0 && len(b) >= to:
		return 0, ReasonUnder // the header says that it is longer than the frame
	case n == 0:
		return 0, ""
	}
	return r.lead + n, ""
}

// Reader cuts one stream and bounds the keep-alives on it. It keeps no bytes;
// one goroutine at a time uses it.
type Reader struct {
	Framing Framing
	Limits  Limits
	inARow  int
}

// Next finds the first frame of b, like Framing.Read. More than
// Limits.KeepAlivesMax keep-alives without a message between them end the
// stream: a link that only says that it lives does not take part, and answering
// it for ever would be work for nothing.
func (r *Reader) Next(b []byte) (Frame, error) {
	fr, err := r.Framing.Read(b, r.Limits)
	switch fr.Kind {
	case Message:
		r.inARow = 0
	case KeepAlive:
		if r.inARow++; r.inARow > r.Limits.keepAlivesMax() {
			return Frame{}, &Error{Framing: r.Framing, Reason: ReasonKeepAlives}
		}
	}
	return fr, err
}
