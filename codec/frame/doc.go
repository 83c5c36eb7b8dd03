// Package frame cuts a byte stream into frames and puts frames on one.
//
// It promises that no input makes it read past the buffer, keep bytes, or wait
// for a body that it would refuse anyway: the length is judged as soon as the
// header is complete. What it accepts it can also send, and the reverse.
//
// Callers are the event loops (session/gnetio) for reading, and whoever
// encodes a message for a link (switch/egress, switch/simbank) for writing.
// It never does I/O, never copies a body, and never looks into one; the
// deadline for a half-received frame belongs to the caller, which has a clock.
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
package frame
