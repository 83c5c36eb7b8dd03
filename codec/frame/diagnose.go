package frame

import (
	"bytes"
	"cmp"
	"slices"
)

// Fit says how well a framing explains the first bytes of a stream.
type Fit uint8

// The fits, from worst to best.
const (
	// FitNone: the framing refuses these bytes.
	FitNone Fit = iota
	// FitLength: the lengths lead from frame to frame, or could, but what
	// stands in the frames does not look like ISO 8583.
	FitLength
	// FitPart: nothing speaks against it, but no frame is complete yet.
	FitPart
	// FitForeign: this is another protocol; Finding.Name says which.
	FitForeign
	// FitWhole: at least one whole frame, and a message in each.
	FitWhole
)

var fitNames = [...]string{"no", "lengths only", "so far", "other protocol", "yes"}

// String is a word or two for a table.
func (f Fit) String() string {
	if int(f) >= len(fitNames) {
		return "invalid"
	}
	return fitNames[f]
}

// Finding is what Diagnose thinks of one framing.
type Finding struct {
	// Name is the framing's, or with FitForeign that of another protocol.
	Name string
	// Framing is meaningless with FitForeign.
	Framing Framing
	Fit     Fit
	// MTI is the first message's type ("0200"), Charset and Bitmap how it is
	// written; empty while no message can be seen.
	MTI     string
	Charset Charset
	Bitmap  Bitmap
	// Frames and KeepAlives are how many whole ones there are.
	Frames, KeepAlives int
	// Text is one sentence for an operator. It quotes the length field and the
	// MTI of the first frame, and nothing else of the stream.
	Text string

	score int
}

// What Diagnose looks at, whatever it is given.
const (
	diagnoseBytesMax  = 32 << 10
	diagnoseFramesMax = 16
)

// Diagnose says which framings fit the first bytes of a stream, complete or
// not, and which do not: one Finding for each framing, the best first, and one
// more in front where the bytes look like another protocol. Framings that are
// the same on the wire (NAC and NAC-NOSWAP; BIN4 and GICC up to 65,535 bytes; CS
// and VML without flags) stand next to each other.
//
// Only the MTI and the bitmap of each frame are judged. It looks at 32 KiB and
// 16 frames at most, never panics and keeps nothing. Lengths are judged by the
// default Limits.
func Diagnose(b []byte) []Finding {
	b = b[:min(len(b), diagnoseBytesMax)]
	findings := make([]Finding, 0, framingCount+1)
	for f := range framingCount {
		findings = append(findings, try(f, b))
	}
	if name := foreign(b); name != "" {
		findings = append(findings, Finding{
			Name: name, Framing: framingCount, Fit: FitForeign,
			Text: "these are the first bytes of " + name + ", not of a framing",
		})
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Fit, a.Fit), cmp.Compare(b.score, a.score))
	})
	return findings
}

// trial is one framing at work on the bytes.
type trial struct {
	row        *row
	b          []byte
	used       int
	frames     int
	messages   int // frames with a message in them
	keepAlives int
	mixed      bool // messages are written in more than one way
	early      int  // keep-alives before the first frame
	at         int  // where the first frame begins in b
	first      span // the first frame, as far as it is known, from at
	looked     look // at its body
	rest       span // the unfinished frame at the end
	restLooked look
	why        string // the reason to refuse what stands at used
}

// try cuts b as f would and judges the outcome.
func try(f Framing, b []byte) Finding {
	t := trial{row: &rows[f], b: b}
	t.run()
	fit := t.fit()
	finding := Finding{
		Name: rows[f].name, Framing: f, Fit: fit,
		Frames: t.frames, KeepAlives: t.keepAlives, score: t.score(), Text: t.sentence(fit),
	}
	if t.looked.points > 0 {
		finding.MTI, finding.Charset, finding.Bitmap = string(t.looked.mti[:]), t.looked.charset, t.looked.bitmap
	}
	return finding
}

// run cuts frames until the bytes end or the framing refuses them.
func (t *trial) run() {
	for lim := (Limits{}); t.frames+t.keepAlives < diagnoseFramesMax; {
		b := t.b[t.used:]
		s, why := t.row.find(b, &lim)
		if why != "" || s.n == 0 {
			t.stop(b, s, why)
			return
		}
		if s.keepAlive {
			t.keepAlives++
			if t.frames == 0 {
				t.early++
			}
		} else {
			t.frame(s, inspect(b[s.from:s.to], s.to-s.from))
		}
		t.used += s.n
	}
}

func (t *trial) frame(s span, seen look) {
	if t.frames == 0 {
		t.at, t.first, t.looked = t.used, s, seen
	}
	t.frames++
	if seen.points > 0 {
		t.messages++
	}
	t.mixed = t.mixed || t.looked.differs(&seen)
}

// stop notes what stands behind the last whole frame.
func (t *trial) stop(b []byte, s span, why string) {
	t.why, t.rest = why, s
	if why == "" && s.from < len(b) && (s.from > 0 || t.row.cut != nil) {
		length := s.to - s.from
		if t.row.cut != nil {
			length = t.row.fieldMax // it is not announced
		}
		t.restLooked = inspect(b[s.from:min(s.to, len(b))], length)
	}
	if t.frames == 0 {
		t.at, t.first, t.looked = t.used, s, t.restLooked
	}
	t.mixed = t.mixed || t.looked.differs(&t.restLooked)
}

// over is how many bytes are left behind the last whole frame.
func (t *trial) over() int { return len(t.b) - t.used }

func (t *trial) fit() Fit {
	switch {
	case t.why != "", t.row.cut != nil && t.frames == 0 && t.looked.foreign:
		return FitNone
	case t.messages < t.frames || t.restLooked.foreign:
		return FitLength
	case t.frames > 0:
		return FitWhole
	}
	return FitPart
}

// score orders framings of one Fit. A stream that ends where a frame ends is
// the best sign that the lengths were understood; next comes what a framing
// predicts and other framings would not (evidence), then the message.
func (t *trial) score() int {
	n := 4*min(t.messages, 4) + t.looked.points - 8*t.early
	switch {
	case t.frames > 0 && t.over() == 0:
		n += 16
	case t.frames > 0 && t.restLooked.points > 0:
		n += 12 // what is not complete begins like a message as well
	}
	if t.mixed {
		n -= 16 // text that happens to look like another message
	}
	if t.frames > 0 || t.first.from > 0 {
		n += t.evidence()
	}
	return n
}

// evidence counts bytes of the first frame that are as this framing has them
// and hardly ever are so by chance.
func (t *trial) evidence() int {
	r, b := t.row, t.b[t.at:]
	n := 0
	switch {
	case r.carried == carriesBaseI && t.first.from >= r.lead+baseIBytes && len(b) >= r.lead+baseIBytes:
		// The header repeats the length. Without that it is most likely text: a
		// message that begins with "0" is taken for a header of 48 bytes.
		if n = -12; int(b[r.lead+3])<<8|int(b[r.lead+4]) == t.first.to-r.lead {
			n = 16
		}
	case (r.carried == carriesTPDU || r.carried == carriesTPDUKept) && len(b) > r.lead && b[r.lead] == plainTPDU[0]:
		n = 8
	}
	// An ETX where the length leads to, or a right LRC. The first ETX that comes
	// along, as in B24, says nothing.
	if r.lead > 0 && t.frames > 0 {
		n += 8 * r.trailer
	}
	return n
}

// foreignSigns are first bytes of protocols that end up on the wrong port.
var foreignSigns = []struct{ prefix, name string }{
	{"\x16\x03\x00", "TLS"}, {"\x16\x03\x01", "TLS"}, {"\x16\x03\x02", "TLS"}, {"\x16\x03\x03", "TLS"},
	{"\x15\x03\x00\x00\x02", "TLS (an alert)"}, {"\x15\x03\x01\x00\x02", "TLS (an alert)"},
	{"\x15\x03\x02\x00\x02", "TLS (an alert)"}, {"\x15\x03\x03\x00\x02", "TLS (an alert)"},
	{"GET ", "HTTP"}, {"POST ", "HTTP"}, {"HEAD ", "HTTP"}, {"PUT ", "HTTP"}, {"DELETE ", "HTTP"}, {"PATCH ", "HTTP"},
	{"OPTIONS ", "HTTP"}, {"CONNECT ", "HTTP"}, {"TRACE ", "HTTP"}, {"HTTP/", "HTTP"},
	{"PRI * HTTP/2", "HTTP/2"}, {"SSH-", "SSH"}, {"\xef\xbb\xbf<", "XML"},
	{"PROXY ", "the PROXY protocol"}, {"\r\n\r\n\x00\r\nQUIT\n", "the PROXY protocol"},
	{"\x1f\x8b\x08", "gzip"}, {"\xff\xfb", "telnet"}, {"\xff\xfd", "telnet"},
}

func foreign(b []byte) string {
	// A tag of any name. As a length it would be out of bounds in every framing.
	if len(b) > 1 && b[0] == '<' && (b[1] == '?' || b[1] == '!' || b[1]|0x20 >= 'a' && b[1]|0x20 <= 'z') {
		return "XML"
	}
	for _, sign := range foreignSigns {
		if bytes.HasPrefix(b, []byte(sign.prefix)) {
			return sign.name
		}
	}
	return ""
}
