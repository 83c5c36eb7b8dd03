package translate

import "bytes"

// Lengths of addresses, in bytes.
const (
	VPABytesMax = 255 // the longest user@handle
	IFSCBytes   = 11  // of every IFSC
)

// AppendVPA appends v in lower case and says whether it is an address:
// [a-z0-9][a-z0-9.-_]{0,253}@[a-z][a-z0-9]{1,63} (domain reference 4.8).
func AppendVPA(dst, v []byte) ([]byte, bool) {
	at := bytes.IndexByte(v, '@')
	handle := len(v) - at - 1
	if len(v) > VPABytesMax || at < 1 || handle < 2 || handle > 64 {
		return dst, false
	}
	n := len(dst)
	for _, c := range v {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	user, host := dst[n:n+at], dst[n+at+1:]
	if vpaClass[user[0]]&vpaAlnum == 0 || vpaClass[host[0]]&vpaLetter == 0 {
		return dst, false
	}
	return dst, allOf(user, vpaAlnum|vpaMark) && allOf(host, vpaAlnum)
}

// Classes of the characters of an address.
const (
	vpaLetter = 1 << iota
	vpaAlnum
	vpaMark // . - _
)

var vpaClass = func() (class [256]byte) {
	for c := byte('a'); c <= 'z'; c++ {
		class[c] = vpaLetter | vpaAlnum
	}
	for c := byte('0'); c <= '9'; c++ {
		class[c] = vpaAlnum
	}
	class['.'], class['-'], class['_'] = vpaMark, vpaMark, vpaMark
	return class
}()

func allOf(v []byte, class byte) bool {
	for _, c := range v {
		if vpaClass[c]&class == 0 {
			return false
		}
	}
	return true
}

// IsIFSC checks 4 letters, '0', 6 letters or digits, in upper case.
func IsIFSC(v []byte) bool {
	if len(v) != IFSCBytes || v[4] != '0' {
		return false
	}
	for i, c := range v {
		letter, digit := c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
		if !letter && (i < 4 || !digit) {
			return false
		}
	}
	return true
}

// IsBIC checks 4 letters or digits, 2 letters of a country, 2 or 5 letters or digits,
// in upper case (ISO 20022 BICFIDec2014Identifier). No IFSC is one.
func IsBIC(v []byte) bool {
	if len(v) != 8 && len(v) != 11 {
		return false
	}
	for i, c := range v {
		letter, digit := c >= 'A' && c <= 'Z', c >= '0' && c <= '9'
		if !letter && (i == 4 || i == 5 || !digit) {
			return false
		}
	}
	return true
}

// IsUETR checks a UUID of version 4 in small letters (ISO 20022 UUIDv4Identifier).
func IsUETR(v []byte) bool {
	if len(v) != 36 || v[14] != '4' || (v[19] != '8' && v[19] != '9' && v[19] != 'a' && v[19] != 'b') {
		return false
	}
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if hexDigit(c) > 15 {
			return false
		}
	}
	return true
}
