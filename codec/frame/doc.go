// Package frame cuts a byte stream into frames and puts frames on one, in the
// framings that jPOS and moov-io know and a few more from the field, and says
// which of them fits the first bytes of a stream.
//
// It promises that no input makes it read past the buffer, keep bytes, or wait
// for a body that it would refuse anyway: the length is judged as soon as the
// header is complete. What it accepts it can also send, and the reverse; no
// length is ever cut off by its field, and no sign, space or other character
// passes for a digit. Nothing allocates but errors and Diagnose.
//
// Callers are the event loops (session/gnetio) for reading, and whoever
// encodes a message for a link (switch/egress, switch/simbank) for writing.
// It never does I/O, never copies a body, and never looks into one except in
// Diagnose; the deadline for a half-received frame belongs to the caller, which
// has a clock.
//
// After an error the stream has no known frame boundary any more, so the
// caller closes the link and never searches for the next frame.
//
// Reading and writing:
//
//	for {
//		body, n, err := frame.BIN2.Next(buf, frame.Limits{})
//		if err != nil {
//			return err // close the link
//		}
//		if n == 0 {
//			break // wait for more bytes
//		}
//		handle(body)
//		buf = buf[n:]
//	}
//
//	start := len(out)
//	out = frame.BIN2.Begin(out)
//	out = append(out, message...)
//	out, err = frame.BIN2.End(out, start, frame.Limits{})
//
// # Headers and keep-alives
//
// Some framings carry a TPDU or a BASE I header that a reply has to give back
// with its addresses swapped, and some know frames that are only signs of life.
// A Reader shows both; for all other framings it shows what Next does:
//
//	fr, err := reader.Next(buf)
//	switch fr.Kind {
//	case frame.Message:
//		route = f.AppendReply(route[:0], fr.Header)
//		out, err = f.BeginHeader(out, route) // message, then End
//	case frame.KeepAlive:
//		out, _ = f.AppendKeepAlive(out)
//	}
//
// # What is no framing
//
// Four channels of jPOS are left out. GZIPChannel and the XML channels encode
// the message and do not only mark its end: the length of GZIPChannel is that
// of the unpacked image, so a frame's end is known only by inflating it, which
// needs memory and time that the peer chooses; XML messages of this switch go
// over BIN4. PADChannel finds the end of a message by parsing it, and X25Channel
// by a pause on the line: both hand the boundary to something that hostile input
// or the network controls.
package frame
