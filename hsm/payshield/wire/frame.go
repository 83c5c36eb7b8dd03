package wire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"switchd/hsm"
)

// LengthSize is how many bytes before a frame say how long it is.
const LengthSize = 2

// FrameMax is the longest frame that a module takes or gives, in bytes: its largest
// buffer.
const FrameMax = 32 << 10

// CommandLen is the length of a command code and of a response code.
const CommandLen = 2

// Read reads one frame, without its length, into buf, which it makes larger where it
// must. A frame that is longer than limit, or empty, is hsm.ErrBlock: what follows it
// cannot be read either.
func Read(in *bufio.Reader, buf []byte, limit int) ([]byte, error) {
	var size [LengthSize]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return buf[:0], err
	}
	n := int(binary.BigEndian.Uint16(size[:]))
	if n == 0 || n > limit {
		return buf[:0], fmt.Errorf("%w: a frame of %d bytes, where 1 to %d are taken", hsm.ErrBlock, n, limit)
	}
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	if _, err := io.ReadFull(in, buf[:n]); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return buf[:0], err
	}
	return buf[:n], nil
}

// PutLength writes the length of a frame over its first two bytes, which belong to no
// field. It is false for a frame that is too long for them.
func PutLength(frame []byte) bool {
	n := len(frame) - LengthSize
	if n < 1 || n > 0xFFFF {
		return false
	}
	binary.BigEndian.PutUint16(frame, uint16(n))
	return true
}

// Reply is the response code of a command: its second character is the next one.
func Reply(command string) string {
	if len(command) != CommandLen {
		return ""
	}
	return command[:1] + string(rune(command[1]+1))
}
