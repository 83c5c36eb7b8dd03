package payshieldsim

import (
	"switchd/hsm/payshield/wire"
)

// command is one command while it is read.
type command struct {
	*wire.Fields
	server  *Server
	trailer []byte
	code    wire.Code // of the first field that was wrong, if it has one of its own
}

// handlers of the commands. CI is DUKPT with single DES, and disabled.
var handlers map[string]func(*command) ([]byte, wire.Code)

func init() {
	handlers = map[string]func(*command) ([]byte, wire.Code){
		"A0": (*command).generate, "A6": (*command).importKey, "A8": (*command).exportKey, "BU": (*command).checkValue,
		"B2": (*command).echo, "NC": (*command).diagnose,
		"CA": (*command).translateTerminal, "CC": (*command).translateZone, "G0": (*command).translateDevice,
		"EA": (*command).verifyOffset, "EC": (*command).verifyPVV,
		"M6": (*command).makeMAC, "M8": (*command).verifyMAC,
	}
}

// trailerMax is the longest message trailer, trailerMark what is before it.
const (
	trailerMax  = 32
	trailerMark = 0x19
)

// Answer gives the answer to a frame, both without their lengths; nil for one that
// cannot be answered, since it has no header and command code. It is safe for concurrent
// use.
func (s *Server) Answer(frame []byte) []byte {
	c := &command{Fields: wire.Take(frame), server: s}
	header := c.Bytes(s.o.HeaderLen)
	name := c.Command()
	reply := wire.Take([]byte(wire.Reply(name)))
	code := reply.Command()
	if !c.Good() || !reply.Done() {
		return nil
	}
	answer := append(append(make([]byte, 0, 128), header...), code...)
	handle := handlers[name]
	if handle == nil {
		return append(answer, wire.Disabled...)
	}
	body, ending := handle(c)
	answer = append(append(answer, ending...), body...)
	if len(c.trailer) > 0 {
		answer = append(answer, c.trailer...)
	}
	return answer
}

// lmkNumber takes the optional number of an LMK. There is one, 00.
func (c *command) lmkNumber() {
	if c.Next('%') && string(c.Digits(2)) != "00" {
		c.fail(wire.BadLMK)
	}
}

// end takes what may follow all fields of a command, and gives the code of a command
// that is not as it should be.
func (c *command) end() wire.Code {
	if c.Left() > 0 && c.Next(trailerMark) {
		text := c.Text(c.Left())
		if len(text) > trailerMax {
			c.fail(wire.BadInput)
		} else {
			c.trailer = append([]byte{trailerMark}, text...)
		}
	}
	switch {
	case c.code != "":
		return c.code
	case !c.Done():
		return wire.BadInput
	}
	return wire.OK
}

// fail spoils the command with a code; that of its first failure counts.
func (c *command) fail(code wire.Code) {
	if c.code == "" && c.Good() {
		c.code = code
	}
	c.Spoil()
}

// want fails with a code if a field is not one of some characters.
func (c *command) want(of string, code wire.Code) byte {
	b := c.Bytes(1)
	for i := range len(of) {
		if len(b) == 1 && b[0] == of[i] {
			return b[0]
		}
	}
	c.fail(code)
	return 0
}

// diagnose is NC.
func (c *command) diagnose() ([]byte, wire.Code) {
	c.lmkNumber()
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	return append([]byte(c.server.o.LMK.Check()), Firmware...), wire.OK
}

// echo is B2.
func (c *command) echo() ([]byte, wire.Code) {
	text := c.Bytes(c.HexNumber(4))
	if code := c.end(); code != wire.OK {
		return nil, code
	}
	return text, wire.OK
}
