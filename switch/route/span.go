package route

import (
	"cmp"
	"fmt"
	"slices"
)

// Range is all numbers whose first digits are from Low to High, both included and
// of one length, at most rangeDigitsMax digits. Digits are compared from the left.
type Range struct {
	Low  string `json:"low"`
	High string `json:"high"`
}

// rangeDigitsMax is how many digits fit into a number of 64 bits.
const rangeDigitsMax = 19

// span is a Range at work: its first and last number, filled up to rangeDigitsMax
// digits.
type span struct {
	low, high uint64
	digits    int // that a number must have at least
	owner     Participant
}

// spans are the ranges of all participants, ascending, without overlaps.
type spans []span

func (s *spans) add(noun string, ranges []Range, p Participant) error {
	for _, r := range ranges {
		low, n := leading([]byte(r.Low), 0)
		high, m := leading([]byte(r.High), 9)
		if n == 0 || n != len(r.Low) || m != n || m != len(r.High) || low > high {
			return fmt.Errorf("route: %q to %q is no range of %s numbers", r.Low, r.High, noun)
		}
		*s = append(*s, span{low, high, n, p})
	}
	return nil
}

func (s spans) sort(noun string) error {
	slices.SortFunc(s, func(a, b span) int { return cmp.Compare(a.low, b.low) })
	for i := 1; i < len(s); i++ {
		if s[i].low <= s[i-1].high {
			return fmt.Errorf("route: %s ranges of participants %d and %d have numbers in common", noun, s[i-1].owner, s[i].owner)
		}
	}
	return nil
}

// find returns whose range a number is in. Only its leading digits count.
func (s spans) find(number []byte) (Participant, bool) {
	n, digits := leading(number, 0)
	low, high := 0, len(s) // the first span that begins above n is between them
	for low < high {
		if mid := (low + high) / 2; s[mid].low <= n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 || n > s[low-1].high || digits < s[low-1].digits {
		return Nobody, false
	}
	return s[low-1].owner, true
}

// leading are the first digits of a text, filled up to rangeDigitsMax with fill, and
// how many there are.
func leading(text []byte, fill uint64) (n uint64, digits int) {
	for digits < len(text) && digits < rangeDigitsMax && text[digits] >= '0' && text[digits] <= '9' {
		n = n*10 + uint64(text[digits]-'0')
		digits++
	}
	for range rangeDigitsMax - digits {
		n = n*10 + fill
	}
	return n, digits
}
