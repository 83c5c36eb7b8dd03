package mtls

// The record layer of RFC 8446, as far as the outside has to know it.
const (
	recordHeader    = 5       // type, version (2), length (2)
	recordHandshake = 22      // type of a record with handshake messages
	recordMax       = 1 << 14 // longest plaintext record
	clientHello     = 1       // first byte of the first handshake message
)

// helloReady looks at the first bytes of a link. It refuses what cannot become
// a ClientHello as early as the bytes show it.
func helloReady(b []byte) (bool, error) {
	if len(b) > 0 && b[0] != recordHandshake || len(b) > 1 && b[1] != 3 {
		return false, ErrNotTLS
	}
	if len(b) < recordHeader {
		return false, nil
	}
	n := int(b[3])<<8 | int(b[4])
	if n == 0 || n > recordMax || len(b) > recordHeader && b[recordHeader] != clientHello {
		return false, ErrNotTLS
	}
	return len(b) >= recordHeader+n, nil
}

// border follows the record headers of a stream, to know whether it stands
// between two records or inside one.
type border struct {
	head [recordHeader]byte
	have int // bytes of the header that have come
	left int // bytes of the body still to come
}

func (r *border) feed(b []byte) {
	for len(b) > 0 {
		if r.left > 0 {
			n := min(r.left, len(b))
			r.left -= n
			b = b[n:]
			continue
		}
		n := copy(r.head[r.have:], b)
		r.have += n
		b = b[n:]
		if r.have == recordHeader {
			r.left = int(r.head[3])<<8 | int(r.head[4])
			r.have = 0
		}
	}
}

func (r *border) inside() bool { return r.have > 0 || r.left > 0 }
