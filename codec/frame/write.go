package frame

import "bytes"

// Begin reserves the header of a frame at the end of dst. The caller remembers
// len(dst) from before the call as the frame's start, appends the body, and
// calls End. A framing that carries a header gets a plain one, with all
// addresses zero; BeginHeader takes another.
func (f Framing) Begin(dst []byte) []byte {
	if f >= framingCount {
		return dst
	}
	r := &rows[f]
	dst = append(dst, zeros[:r.lead]...)
	if r.carried == carriesNothing {
		return dst
	}
	return append(dst, r.carried.plain()...)
}

// zeros is as long as the longest lead.
const zeros = "\x00\x00\x00\x00\x00\x00"

// BeginHeader is Begin with the TPDU or BASE I header that the frame has to
// carry, exactly as it goes on the wire; nil means the plain one. For a reply it
// comes from AppendReply, for a request from the participant's profile. The
// error is an *Error, and dst is then returned as it was.
func (f Framing) BeginHeader(dst, header []byte) ([]byte, error) {
	if f >= framingCount {
		return dst, &Error{Framing: f, Reason: ReasonFraming}
	}
	if len(header) == 0 {
		return f.Begin(dst), nil
	}
	if err := f.CheckHeader(header); err != nil {
		return dst, err
	}
	dst = append(dst, zeros[:rows[f].lead]...)
	return append(dst, header...), nil
}

// CheckHeader says whether header is one that the framing can carry, for a
// profile that gives one: 5 bytes of TPDU, or a BASE I header that says its own
// length. What its addresses mean is not judged. The error is an *Error.
func (f Framing) CheckHeader(header []byte) error {
	if !f.HasHeader() || !rows[f].carried.fits(header) {
		return &Error{Framing: f, Reason: ReasonCarried}
	}
	return nil
}

// AppendReply appends to dst the header of the reply to a frame that carried
// header: destination and source change places, where the framing does that.
// Header and dst must not overlap. A framing without headers, or a header that
// is none, appends nothing, so that BeginHeader falls back to the plain one.
func (f Framing) AppendReply(dst, header []byte) []byte {
	if !f.HasHeader() || !rows[f].carried.fits(header) {
		return dst
	}
	return rows[f].carried.appendReply(dst, header)
}

// AppendKeepAlive appends the frame that answers a keep-alive, or offers one; ok
// is false for a framing that cannot say it. VML is one of those: its session
// control frames come from the network only and are swallowed.
func (f Framing) AppendKeepAlive(dst []byte) (_ []byte, ok bool) {
	if f >= framingCount || !rows[f].keepAlive {
		return dst, false
	}
	r := &rows[f]
	start := len(dst)
	dst = append(dst, zeros[:r.lead]...)
	r.write(dst[start:], 0)
	return dst, true
}

// End fills the header of the frame that Begin opened at start, and appends the
// trailer if the framing has one. A body outside the limits is not sent: the
// error says why, and the slice returned ends at start, so that frames queued
// before stay whole.
func (f Framing) End(dst []byte, start int, lim Limits) ([]byte, error) {
	if f >= framingCount {
		return dst, &Error{Framing: f, Reason: ReasonFraming}
	}
	r := &rows[f]
	if start < 0 || start+r.lead > len(dst) {
		return dst, &Error{Framing: f, Reason: ReasonHeader}
	}
	body, carried := dst[start+r.lead:], 0
	if r.carried != carriesNothing {
		var ok bool
		carried, ok = r.carried.measure(body)
		if !ok || carried > len(body) || carried < r.carried.bytesMin() {
			return dst[:start], &Error{Framing: f, Reason: ReasonCarried}
		}
		body = body[carried:]
	}
	if why := r.refuse(body, carried, &lim); why != "" {
		return dst[:start], &Error{Framing: f, Reason: why, Bytes: len(body)}
	}
	if r.write != nil {
		r.write(dst[start:start+r.lead], carried+len(body)+r.counts)
	}
	if r.carried == carriesBaseI {
		writeBinary(dst[start+r.lead+3:start+r.lead+5], carried+len(body))
	}
	if r.trailer == 0 {
		return dst, nil
	}
	return r.appendTrailer(dst, body), nil
}

// refuse gives the reason not to send a body, or "". The framing's own bound
// counts too, so that no length is ever cut off by its field.
func (r *row) refuse(body []byte, carried int, lim *Limits) string {
	low, high := lim.bounds()
	switch n := len(body); {
	case n < low:
		return ReasonShort
	case n > high || n > r.fieldMax-r.counts-carried:
		return ReasonLong
	case r.cut != nil && bytes.IndexByte(body, etx) >= 0:
		return ReasonDelimiter
	}
	return ""
}

func (r *row) appendTrailer(dst, body []byte) []byte {
	if r.trailer == 1 {
		return append(dst, etx)
	}
	return append(dst, etx, lrc(body))
}
