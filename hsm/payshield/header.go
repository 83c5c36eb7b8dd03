package payshield

import "strings"

// The message header of a command is what the module sends back with its answer. Ours
// is a number in 32 digits, with zeros before it.
const (
	headerDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	headerMin    = 2 // 1024 numbers: as many as one connection may have open
	numberDigits = 6 // more are always zero
)

// numbers is how many different headers there are of a length.
func numbers(headerLen int) uint32 { return 1 << (5 * min(headerLen, numberDigits)) }

// putHeader writes a number over a header.
func putHeader(header []byte, number uint32) {
	for i := len(header) - 1; i >= 0; i-- {
		header[i] = headerDigits[number%32]
		number /= 32
	}
}

// headerNumber reads a header; false for one that is none of ours.
func headerNumber(header []byte) (uint32, bool) {
	var number uint32
	for i, c := range header {
		v := strings.IndexByte(headerDigits, c)
		if v < 0 || v > 0 && len(header)-i > numberDigits {
			return 0, false
		}
		number = number*32 + uint32(v)
	}
	return number, true
}
