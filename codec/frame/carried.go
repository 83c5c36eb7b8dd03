package frame

// carried is the kind of header between length and body that a reply gives back.
type carried uint8

const (
	carriesNothing  carried = iota
	carriesTPDU             // 60 | destination 2 bytes | source 2 bytes
	carriesTPDUKept         // the same, given back as it came
	carriesBaseI            // length 1 byte | format | text format | total length 2 bytes | destination 3 bytes | source 3 bytes | ...
)

// Sizes in bytes.
const (
	tpduBytes = 5
	// A BASE I header says its own length. A rejected message comes with two of
	// them, the outer one longer by the reject data.
	baseIBytes    = 22
	baseIBytesMax = 64
	// baseIMore is the bit of the second byte that announces another header.
	baseIMore = 0x80
)

// The headers that a request gets when its sender has no addresses to tell.
const (
	plainTPDU  = "\x60\x00\x00\x00\x00"
	plainBaseI = "\x16\x01\x02" + "\x00\x00" + "\x00\x00\x00" + "\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

func (c carried) bytesMin() int {
	switch c {
	case carriesTPDU, carriesTPDUKept:
		return tpduBytes
	case carriesBaseI:
		return baseIBytes
	}
	return 0
}

func (c carried) bytesMax() int {
	if c == carriesBaseI {
		return 2 * baseIBytesMax
	}
	return c.bytesMin()
}

func (c carried) plain() string {
	switch c {
	case carriesTPDU, carriesTPDUKept:
		return plainTPDU
	case carriesBaseI:
		return plainBaseI
	}
	return ""
}

// measure gives the length of the header at the front of b; ok is false when it
// cannot be one, and n is 0 while b is too short to tell. Only what is needed to
// find the body is judged: addresses and flags belong to the profile.
func (c carried) measure(b []byte) (n int, ok bool) {
	if c != carriesBaseI {
		return c.bytesMin(), true
	}
	if n, ok = measureBaseI(b); n == 0 || !ok || b[1]&baseIMore == 0 {
		return n, ok
	}
	inner, ok := measureBaseI(b[n:])
	if inner == 0 || !ok {
		return 0, ok
	}
	return n + inner, true
}

func measureBaseI(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if n = int(b[0]); n < baseIBytes || n > baseIBytesMax {
		return 0, false
	}
	if len(b) < n {
		return 0, true
	}
	return n, true
}

// fits says whether h can be sent as the header: a whole one and nothing else.
func (c carried) fits(h []byte) bool {
	n, ok := c.measure(h)
	return ok && n == len(h)
}

// appendReply appends the header that answers h, which fits.
func (c carried) appendReply(dst, h []byte) []byte {
	start := len(dst)
	dst = append(dst, h...)
	switch c {
	case carriesTPDU:
		swap(dst[start+1:start+3], dst[start+3:start+5])
	case carriesBaseI:
		// Of the two headers of a rejected message the outer one is answered.
		dst = dst[:start+int(h[0])]
		dst[start+1] &^= baseIMore
		swap(dst[start+5:start+8], dst[start+8:start+11])
	}
	return dst
}

func swap(a, b []byte) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}
