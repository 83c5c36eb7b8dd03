package simbank

import (
	"bytes"
	"io"

	"switchd/codec/frame"
)

// input cuts what comes on a connection into frames. Its bounds are this side's
// own: a participant that trusts a length from the wire is one more thing a bad
// peer can break.
type input struct {
	from io.Reader
	cut  frame.Reader
	buf  []byte // in[used:have] is not cut yet
	used int
	have int
}

func newInput(from io.Reader, f frame.Framing) *input {
	return &input{from: from, cut: frame.Reader{Framing: f}, buf: make([]byte, max(64<<10, f.BytesMax(frame.Limits{})))}
}

// next reads one frame: a message or a keep-alive. What it returns is valid until
// the next call. An end inside a frame is io.ErrUnexpectedEOF.
func (in *input) next() (frame.Frame, error) {
	for {
		fr, err := in.cut.Next(in.buf[in.used:in.have])
		if err != nil || fr.Kind != frame.Incomplete {
			in.used += fr.Bytes
			return fr, err
		}
		in.have = copy(in.buf, in.buf[in.used:in.have])
		in.used = 0
		n, err := in.from.Read(in.buf[in.have:])
		in.have += n
		switch {
		case n > 0 || err == nil:
		case err == io.EOF && in.have > 0:
			return frame.Frame{}, io.ErrUnexpectedEOF
		default:
			return frame.Frame{}, err
		}
	}
}

// appendFrame appends body as a frame with the participant's header. A body that
// the framing cannot carry is left out: ok is false.
func (o *Options) appendFrame(dst, body []byte) (_ []byte, ok bool) {
	start := len(dst)
	out, err := o.Framing.BeginHeader(dst, o.Header)
	if err == nil {
		out, err = o.Framing.End(append(out, body...), start, frame.Limits{})
	}
	if err != nil {
		return dst, false
	}
	return out, true
}

// addressed says whether a header of the switch is the answer to ours: the same
// with source and destination swapped, whatever length a BASE I header tells.
func (o *Options) addressed(header []byte) bool {
	if len(o.Header) == 0 {
		return true
	}
	want := o.Framing.AppendReply(nil, o.Header)
	const lengthAt, lengthEnd = 3, 5
	if len(want) > lengthEnd && len(want) == len(header) {
		copy(want[lengthAt:lengthEnd], header[lengthAt:lengthEnd])
	}
	return bytes.Equal(want, header)
}
