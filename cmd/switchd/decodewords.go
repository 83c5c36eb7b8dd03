package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"switchd/codec/iso8583"
)

var (
	mtiVersions  = [10]string{"ISO 8583:1987", "ISO 8583:1993", "ISO 8583:2003", 8: "national use", 9: "private use"}
	mtiClasses   = [10]string{1: "authorisation", 2: "financial", 3: "file action", 4: "reversal", 5: "reconciliation", 6: "administrative", 7: "fee collection", 8: "network management"}
	mtiFunctions = [10]string{"request", "response to a request", "advice", "response to an advice", "notification", "acknowledgement of a notification", "instruction", "acknowledgement of an instruction"}
	mtiOrigins   = [10]string{"from the acquirer", "from the acquirer, repeat", "from the issuer", "from the issuer, repeat", "from another party", "from another party, repeat"}
)

// mtiWords says what a message type means.
func mtiWords(m iso8583.MTI) string {
	word := func(table [10]string, digit int, what string) string {
		if digit < len(table) && table[digit] != "" {
			return table[digit]
		}
		return fmt.Sprintf("%s %d (reserved)", what, digit)
	}
	return strings.Join([]string{
		word(mtiVersions, m.Version(), "version"), word(mtiClasses, m.Class(), "class"),
		word(mtiFunctions, m.Function(), "function"), word(mtiOrigins, m.Origin(), "origin"),
	}, ", ")
}

// kindBytesMax is how many bytes are looked at to say of what kind they are.
const kindBytesMax = 16

var fixedFormat = regexp.MustCompile(`^[a-z+]+([0-9]+)$`)

// found says of what kind the bytes of a bad field are, and how many are left.
func found(e *iso8583.FieldError, body []byte) string {
	at := min(max(e.Offset, 0), len(body))
	left := len(body) - at
	if left == 0 {
		return "the end of the message"
	}
	if e.Reason == iso8583.ReasonUnknown || e.Reason == iso8583.ReasonTertiary {
		return "the bit of an element that the dialect does not have"
	}
	window := kindBytesMax
	if m := fixedFormat.FindStringSubmatch(e.Reason); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			window = min(n, window)
		}
	}
	return fmt.Sprintf("%s; %s to the end of the message", kindOf(body[at:at+min(window, left)]), count(left, "byte"))
}

// byteKinds are told apart in this order: the first that all bytes are of.
var byteKinds = []struct {
	name string
	is   func(c byte) bool
}{
	{"digits in ASCII", func(c byte) bool { return c >= '0' && c <= '9' }},
	{"digits in EBCDIC", func(c byte) bool { return c >= 0xF0 && c <= 0xF9 }},
	{"letters and digits in ASCII", asciiWord},
	{"ASCII with other characters than letters and digits", func(c byte) bool { return c >= ' ' && c <= '~' }},
	{"bytes that could be digits in BCD", packedDigits},
	{"bytes that could be text in EBCDIC", func(c byte) bool { return c == 0x40 || c >= 0x80 }},
}

func asciiWord(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func packedDigits(c byte) bool { return c>>4 <= 9 && c&0xF <= 9 }

// kindOf tells the kinds of bytes apart, without naming one.
func kindOf(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	for _, kind := range byteKinds {
		if !slices.ContainsFunc(b, func(c byte) bool { return !kind.is(c) }) {
			return kind.name
		}
	}
	packed := 0
	for _, c := range b {
		if packedDigits(c) {
			packed++
		}
	}
	if packed*2 > len(b) {
		return "bytes of which most, not all, could be digits in BCD or ASCII"
	}
	return "bytes that are neither digits nor text"
}

// reasonWords is a reason of the codec in a sentence: a format is what the field
// is not.
func reasonWords(reason string) string {
	switch {
	case reason == iso8583.ReasonMTI:
		return "no message type"
	case aFormat.MatchString(reason):
		return "not " + reason
	}
	return reason
}

var aFormat = regexp.MustCompile(`^[a-z+]+[.]*[0-9]+$`)

// count is a number with its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
