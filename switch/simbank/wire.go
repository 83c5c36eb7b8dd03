package simbank

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Bounds of a frame's body. They are this side's own: a participant that trusts
// a length from the wire is one more thing a bad peer can break.
const (
	frameBytesMin = 12
	frameBytesMax = 8192
)

// appendFrame appends body as a BIN2 frame: two bytes of length, big-endian, of
// the body alone.
func appendFrame(dst, body []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(body)))
	return append(dst, body...)
}

// readFrame reads one BIN2 frame into buf and returns its body, valid until buf
// is used again.
func readFrame(r *bufio.Reader, buf *[frameBytesMax]byte) ([]byte, error) {
	var header [2]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(header[:]))
	if n < frameBytesMin || n > frameBytesMax {
		return nil, fmt.Errorf("frame of %d bytes is out of bounds", n)
	}
	_, err := io.ReadFull(r, buf[:n])
	if err == io.EOF {
		// ReadFull takes an end before the first byte for a clean one.
		err = io.ErrUnexpectedEOF
	}
	return buf[:n], err
}
