package gnetio

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"switchd/codec/frame"
)

// netMessage is an 0800 in ASCII with a bitmap of hex digits, so that every
// framing can carry it, as no byte of it ends a frame.
func netMessage(stan int) []byte {
	return fmt.Appendf(nil, "08008220000000000000"+"0400000000000000"+"0102030405%06d001", stan)
}

// wires are the framings that links speak: all of them. VML has another limit.
func wires() (all []Wire) {
	for _, name := range frame.Names() {
		f, err := frame.Parse(name)
		if err != nil {
			panic(err)
		}
		all = append(all, Wire{Framing: f})
	}
	return all
}

// peerHeader is what a participant puts in front of its messages, with addresses
// that differ, so that a swap is seen; nil for a framing without headers.
func peerHeader(f frame.Framing) []byte {
	tpdu := []byte{0x60, 0x12, 0x34, 0x56, 0x78}
	base := append([]byte{22, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6}, make([]byte, 11)...)
	for _, h := range [][]byte{tpdu, base} {
		if f.CheckHeader(h) == nil {
			return h
		}
	}
	return nil
}

// reading is a client that cuts what comes as its framing says.
type reading struct {
	t     testing.TB
	c     io.Reader
	wire  Wire
	buf   []byte
	alive int // keep-alives that came
}

// next gives the next frame, a message or a keep-alive.
func (r *reading) next() frame.Frame {
	r.t.Helper()
	for {
		fr, err := r.wire.Framing.Read(r.buf, r.wire.Limits)
		if err != nil {
			r.t.Fatalf("%v", err)
		}
		if fr.Kind != frame.Incomplete {
			r.buf = r.buf[fr.Bytes:]
			return fr
		}
		chunk := make([]byte, 64<<10)
		n, err := r.c.Read(chunk)
		if r.buf = append(r.buf, chunk[:n]...); err != nil && n == 0 {
			r.t.Fatalf("reading a frame: %v", err)
		}
	}
}

// message gives the next message and checks what it carries. Keep-alives in front
// of it are counted.
func (r *reading) message(body, header []byte) {
	r.t.Helper()
	fr := r.next()
	for ; fr.Kind == frame.KeepAlive; fr = r.next() {
		r.alive++
	}
	if !bytes.Equal(fr.Body, body) {
		r.t.Fatalf("message %q, want %q", fr.Body, body)
	}
	want := r.wire.Framing.AppendReply(nil, header)
	if len(want) > 5 { // a BASE I header holds the length of the message
		copy(want[3:5], fr.Header[3:5])
	}
	if !bytes.Equal(fr.Header, want) {
		r.t.Fatalf("header %x, want %x", fr.Header, want)
	}
}

// signOfLife is a keep-alive, if the framing has one, and whether it is answered.
func signOfLife(f frame.Framing) (b []byte, answered bool) {
	if b, known := f.AppendKeepAlive(nil); known {
		return b, true
	}
	if f == frame.VML { // session control, with a content of its own
		return []byte("\x00\x04\x00\x20ABCD"), false
	}
	return nil, false
}

// Every framing carries messages both ways: one in pieces of a byte, many in one
// write, keep-alives between them. The header of a message comes back with its
// addresses swapped, and so does that of one sent later.
func TestEveryFraming(t *testing.T) {
	h := &handler{}
	r := start(t, h, nil)
	for _, wire := range wires() {
		t.Run(wire.Framing.String(), func(t *testing.T) {
			h.speak(wire)
			c := r.dial("BANKA")
			in, header := &reading{t: t, c: c, wire: wire}, peerHeader(wire.Framing)
			alive, answered := signOfLife(wire.Framing)
			if (len(alive) > 0) != wire.Framing.HasKeepAlive() || (header != nil) != wire.Framing.HasHeader() {
				t.Fatalf("keep-alive %x, header %x", alive, header)
			}
			for _, b := range slices.Concat(alive, wire.put(netMessage(999), header)) {
				if _, err := c.Write([]byte{b}); err != nil {
					t.Fatal(err)
				}
			}
			in.message(netMessage(999), header)
			var burst []byte
			for i := range 50 {
				burst = slices.Concat(burst, alive, wire.put(netMessage(i), header))
			}
			counted, frames := h.alive.Load(), r.metric("switchd_frames_total", "in")
			if _, err := c.Write(burst); err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				in.message(netMessage(i), header)
			}
			l := h.link(t, c)
			if err := l.Queue(wire.put(netMessage(50), l.AppendHeader(nil))); err != nil {
				t.Fatal(err)
			}
			l.Wake()
			in.message(netMessage(50), header)
			if got, want := h.alive.Load()-counted, int64(50*min(len(alive), 1)); got != want {
				t.Errorf("%d keep-alives told, want %d", got, want)
			}
			if want := map[bool]int{true: 51}[answered]; in.alive != want {
				t.Errorf("%d keep-alives answered, want %d", in.alive, want)
			}
			r.eventually("switchd_frames_total", "in", frames+50)
		})
	}
}

// Lengths that lie are refused at the header, or waited for, and nothing of what
// they announce reaches the Handler.
func TestLengthLies(t *testing.T) {
	for _, c := range []struct{ framing, bytes, reason string }{
		{"BIN2", "\x00\x0b", frame.ReasonShort},
		{"BIN2", "\x20\x01", frame.ReasonLong},
		{"BIN2-INCL", "\x00\x01", frame.ReasonUnder},
		{"BIN2-INCL", "\x20\x03", frame.ReasonLong},
		{"BIN3", "\x00\x20\x01", frame.ReasonLong},
		{"BIN4", "\xff\xff\xff\xff", frame.ReasonLong},
		{"ASCII4", "+100", frame.ReasonDigits},
		{"ASCII4", "8193", frame.ReasonLong},
		{"BCD2", "\x00\x0a", frame.ReasonDigits},
		{"HEX4", "00 F", frame.ReasonDigits},
		{"HEX4", "2001", frame.ReasonLong},
		{"NAC", "\x00\x04", frame.ReasonUnder},
		{"NAC", "\xff\xff", frame.ReasonLong},
		{"VAP", "\x00\x30\x00\x01", frame.ReasonHeader},
		{"VAP", "\x00\x30\x00\x00\x15", frame.ReasonCarried},
		{"B24-TCP", "\x00\x0d0123456789ab\x04", frame.ReasonTrailer},
		{"B24", strings.Repeat("x", 4096), frame.ReasonLong},
		{"STX-ETX", "\x020123456789ab\x03\x00", frame.ReasonChecksum},
	} {
		h := &handler{}
		r := start(t, h, nil)
		f, err := frame.Parse(c.framing)
		if err != nil {
			t.Fatal(err)
		}
		h.speak(Wire{Framing: f})
		conn := r.dial("BANKA")
		if _, err := conn.Write([]byte(c.bytes)); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(conn); err != nil || len(rest) != 0 {
			t.Errorf("%s %q: %q %v, want a clean end", c.framing, c.bytes, rest, err)
		}
		r.eventually("switchd_frame_errors_total", c.reason, 1)
		if h.frames.Load() != 0 {
			t.Errorf("%s %q: %d frames", c.framing, c.bytes, h.frames.Load())
		}
		r.stop()
	}
}

// A frame of half a megabyte takes memory as it arrives, and gives it back.
func TestLargeFrames(t *testing.T) {
	const most = 512 << 10
	h := &handler{wire: Wire{Framing: frame.BIN4, Limits: frame.Limits{BodyMax: most}}}
	r := start(t, h, nil)
	liar, honest := r.dial("BANKA"), r.dial("BANKB")
	h.link(t, honest) // before that a peer may send 64 KiB, whatever it is
	r.clock.stop()    // half a frame must not meet its deadline on a slow machine
	if _, err := liar.Write([]byte("\x00\x08\x00\x00<Message")); err != nil {
		t.Fatal(err)
	}
	held := func(c *tls.Conn, what string, ok func(l *Link) bool) {
		t.Helper()
		l := h.link(t, c)
		eventually(t, what, func() bool { return onLoop(l, func() bool { return ok(l) }) })
	}
	held(liar, "a small buffer", func(l *Link) bool { return len(l.rest) == 12 && cap(l.rest) <= 64 })
	large := h.wire.put(bytes.Repeat([]byte("large"), most/5), nil)
	in := &reading{t: t, c: honest, wire: h.wire}
	for round := range 3 {
		sent, size := 0, len(large)/(1+round*round*20) // whole, in 21 parts, in 81
		for sent < len(large) {
			n := min(size, len(large)-sent)
			if _, err := honest.Write(large[sent : sent+n]); err != nil {
				t.Fatal(err)
			}
			if sent += n; sent == 3*size {
				held(honest, "memory for what has come", func(l *Link) bool { return len(l.rest) == sent && cap(l.rest) <= 2*sent+2*recordMax })
			}
		}
		in.message(large[4:], nil)
	}
	held(honest, "no buffer", func(l *Link) bool { return l.rest == nil })
	if _, err := honest.Write([]byte("\x00\x08\x00\x01")); err != nil {
		t.Fatal(err)
	}
	r.eventually("switchd_frame_errors_total", frame.ReasonLong, 1)
	// What is sent has the same limit.
	if err := h.link(t, liar).Queue(append([]byte("\x00\x08\x00\x01"), make([]byte, most+1)...)); err != ErrNotFrames {
		t.Errorf("a frame over the limit: %v", err)
	}
}

// A keep-alive ends the wait for nothing, is progress, and is answered unless the
// profile says otherwise; a flood of them ends the link, a slow row does not.
func TestKeepAlives(t *testing.T) {
	h := &handler{wire: Wire{Framing: frame.ASCII4}}
	r := start(t, h, nil)
	c := r.dial("BANKA")
	l := h.link(t, c)
	r.clock.stop() // "in time" below is a second before the deadline
	in := &reading{t: t, c: c, wire: h.wire}
	for range 3 { // as many as two floods, in time
		for range frame.KeepAlivesMaxDefault - 1 {
			_, _ = c.Write([]byte("0000"))
			if fr := in.next(); fr.Kind != frame.KeepAlive {
				t.Fatalf("answered with %v", fr.Kind)
			}
		}
		r.clock.ahead.Add(int64(keepAliveWindow))
	}
	if h.frames.Load() != 0 || h.bursts.Load() != 0 || r.metric("switchd_frames_total", "in") != 0 {
		t.Error("a keep-alive passes for a message")
	}
	// Half a frame, then its end and a keep-alive with half of the next: in time.
	whole := h.wire.put(netMessage(1), nil)
	_, _ = c.Write(whole[:9])
	begun := func() bool { return onLoop(l, func() bool { return len(l.rest) > 0 }) }
	eventually(t, "frame begun", begun)
	r.clock.ahead.Add(int64(9 * time.Second))
	_, _ = c.Write(append(append(whole[9:], "0000"...), whole[:9]...))
	in.message(netMessage(1), nil)
	eventually(t, "frame begun", begun)
	r.clock.ahead.Add(int64(9 * time.Second))
	_, _ = c.Write(whole[9:])
	in.message(netMessage(1), nil)
	_, _ = c.Write(bytes.Repeat([]byte("0000"), frame.KeepAlivesMaxDefault+1))
	r.eventually("switchd_frame_errors_total", frame.ReasonKeepAlives, 1)

	h.speak(Wire{Framing: frame.ASCII4, Swallow: true})
	quiet := r.dial("BANKB")
	if _, err := quiet.Write(append([]byte("0000"), whole...)); err != nil {
		t.Fatal(err)
	}
	in = &reading{t: t, c: quiet, wire: h.wire}
	if in.message(netMessage(1), nil); in.alive != 0 {
		t.Error("swallowed keep-alives are answered")
	}
	if n := r.metric("switchd_link_diagnoses_total", diagnosisNone); n != 0 {
		t.Errorf("%v diagnoses of keep-alives", n)
	}
}

// The first bytes of a link that does not speak as configured say how it speaks:
// every framing is told, or at least among those named, on a link of another.
func TestDiagnosis(t *testing.T) {
	for _, wire := range wires() {
		if wire.Framing == frame.BIN2 || wire.Framing == frame.HEX4 || wire.Framing == frame.ASCII4 {
			continue
		}
		t.Run(wire.Framing.String(), func(t *testing.T) {
			h, told := &handler{wire: Wire{Framing: frame.HEX4, Dialect: "text"}}, make(chan Diagnosis, 2)
			h.onFrame = func(l *Link, _ []byte) error { l.Diagnose(); return nil }
			r := start(t, h, func(o *Options) {
				o.DialectOf = func(c frame.Charset, b frame.Bitmap) string { return c.String() + "-" + b.String() }
				o.Diagnosed = func(_ *Link, found Diagnosis) { told <- found }
			})
			c := r.dial("BANKA")
			if _, err := c.Write(wire.put(netMessage(123456), peerHeader(wire.Framing))); err != nil {
				t.Fatal(err)
			}
			l := h.link(t, c)
			eventually(t, "input", func() bool { return onLoop(l, func() bool { return l.spoken || l.diagnosed || l.partialSince != 0 }) })
			r.clock.ahead.Add(int64(11 * time.Second)) // some lengths are misread as long ones
			r.eventually("switchd_link_diagnoses_total", diagnosisOther, 1)
			log := r.log.String()
			want := "link does not speak as configured\" event=link.diagnosed participant=BANKA link=1 framing=HEX4 dialect=text fits="
			if !strings.Contains(log, want) || !strings.Contains(log, "fits_dialect=ASCII-hex") || strings.Contains(log, "123456") {
				t.Errorf("log: %s", log)
			}
			_, fits, _ := strings.Cut(log, want)
			if fits, _, _ = strings.Cut(fits, " "); !slices.Contains(strings.Split(fits, ","), wire.Framing.String()) {
				t.Errorf("fits %s, want %v among them", fits, wire.Framing)
			}
			found := <-told
			if found.Result != diagnosisOther || found.Framing != "HEX4" || found.Dialect != "text" || found.Speaks != "ASCII-hex" ||
				strings.Join(found.Fits, ",") != fits || found.Charset != "ASCII" || found.Bitmap != "hex" {
				t.Errorf("told: %+v", found)
			}
		})
	}
}

// Whatever comes is diagnosed once, and never quoted.
func TestDiagnosisOfOtherThings(t *testing.T) {
	for _, c := range []struct{ bytes, result, log string }{
		{"GET /SECRET HTTP/1.1\r\n\r\n", diagnosisProtocol, "protocol=HTTP"},
		{"\xff\xffSECRETSECRETSECRET", diagnosisNone, "link cannot be diagnosed"},
		{"\x00\x37" + string(netMessage(1)), diagnosisSame, ""},
	} {
		h, told := &handler{}, make(chan Diagnosis, 2)
		h.onFrame = func(l *Link, _ []byte) error { l.Diagnose(); l.Diagnose(); return nil }
		r := start(t, h, func(o *Options) { o.Diagnosed = func(_ *Link, found Diagnosis) { told <- found } })
		conn := r.dial("BANKA")
		if _, err := conn.Write([]byte(c.bytes)); err != nil {
			t.Fatal(err)
		}
		r.eventually("switchd_link_diagnoses_total", c.result, 1)
		if log := r.log.String(); !strings.Contains(log, c.log) || strings.Contains(log, "SECRET") {
			t.Errorf("log: %s", log)
		}
		if found := <-told; found.Result != c.result || found.Framing != "BIN2" || (found.Speaks == "HTTP") != (c.result == diagnosisProtocol) || len(told) > 0 {
			t.Errorf("told: %+v and %d more", found, len(told))
		}
		r.stop()
	}
}

// Cutting and sending allocate nothing, whatever the framing: counted on a link
// without a connection under it, since crypto/tls allocates for each record.
func TestFramesAllocateNothing(t *testing.T) {
	h := &handler{onFrame: func(*Link, []byte) error { return nil }}
	r := start(t, h, nil)
	for _, f := range []frame.Framing{frame.BIN2, frame.NAC, frame.ASCII4, frame.BIN4, frame.VAP} {
		l := &Link{server: r.Server, outboxMax: 1 << 20}
		l.Use(Wire{Framing: f})
		burst := bytes.Repeat(l.wire.put(netMessage(1), peerHeader(f)), 8)
		burst, _ = f.AppendKeepAlive(burst)
		var header []byte
		n := testing.AllocsPerRun(100, func() {
			if used, frames, why := l.cut(burst); used != len(burst) || frames != 8 || why.label != "" {
				t.Fatalf("%v: %d bytes, %d frames, %v", f, used, frames, why)
			}
			header = l.AppendHeader(header[:0])
			if err := l.enqueue(burst); err != nil {
				t.Fatal(err)
			}
			l.outbox.b = l.outbox.b[:0]
		})
		if n != 0 {
			t.Errorf("%v: %v allocations for eight messages", f, n)
		}
	}
}
