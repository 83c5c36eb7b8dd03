package frame

import "bytes"

// Control characters, the same in ASCII and EBCDIC.
const (
	stx = 0x02
	etx = 0x03
)

// cutETX finds a body that ends at the first ETX. Looking at a half-received
// body again and again costs at most bodyMax bytes each time.
func cutETX(b []byte, bodyMax int) (s span, why string) {
	end := bytes.IndexByte(b[:min(len(b), bodyMax+1)], etx)
	if end < 0 {
		if len(b) > bodyMax {
			return span{to: bodyMax + 1}, ReasonLong
		}
		return span{to: len(b)}, ""
	}
	return span{to: end, n: end + 1}, ""
}

// cutSTX finds a body between STX and ETX, and checks the LRC behind them.
func cutSTX(b []byte, bodyMax int) (s span, why string) {
	if len(b) == 0 {
		return span{}, ""
	}
	if b[0] != stx {
		return span{}, ReasonHeader
	}
	s, why = cutETX(b[1:], bodyMax)
	s.from, s.to = 1, s.to+1
	if why != "" || s.n == 0 {
		return s, why
	}
	s.n += 2
	if len(b) < s.n {
		s.n = 0
		return s, ""
	}
	if lrc(b[1:s.to]) != b[s.n-1] {
		return s, ReasonChecksum
	}
	return s, ""
}

// lrc is the exclusive or of a body and the ETX behind it; the STX is not in it.
func lrc(body []byte) byte {
	sum := byte(etx)
	for _, c := range body {
		sum ^= c
	}
	return sum
}

func writeSTX(h []byte, _ int) { h[0] = stx }
