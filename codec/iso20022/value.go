package iso20022

// check tells what is wrong with a text, which has that many characters. The text
// is as it stands in the message: in a type whose characters are given, none
// would have to be written as an entity.
func (t *simpleType) check(v []byte, chars int) Reason {
	if t.base != baseString {
		return t.checkTrimmed(trimSpace(v))
	}
	switch {
	case uint32(chars) < t.minLength || t.maxLength != 0 && uint32(chars) > t.maxLength:
		return ReasonLength
	case t.pattern != 0 && !patterns[t.pattern].match(v):
		return ReasonPattern
	case t.codes != 0 && !isCode(codeSets[t.codes], v):
		return ReasonEnumeration
	}
	return ReasonNone
}

// checkTrimmed is check for types in which white space around does not count.
func (t *simpleType) checkTrimmed(v []byte) Reason {
	switch t.base {
	case baseDecimal:
		return t.checkDecimal(v)
	case baseBinary:
		return t.checkBinary(v)
	case baseBoolean:
		if s := string(v); s != "true" && s != "false" && s != "0" && s != "1" {
			return ReasonBoolean
		}
		return ReasonNone
	}
	if !isMoment(t.base, v) {
		return ReasonDate
	}
	return ReasonNone
}

// IsTrue tells whether a text is a boolean that says yes. A schema lets it be
// written as a word or a number, with white space around.
func IsTrue(text []byte) bool {
	s := string(trimSpace(text))
	return s == "true" || s == "1"
}

func isCode(codes []string, v []byte) bool {
	for _, code := range codes {
		if code == string(v) {
			return true
		}
	}
	return false
}

// match tells whether the whole text matches the pattern.
func (p *pattern) match(v []byte) bool {
	for _, way := range p.ways {
		if matchRows(way, v) {
			return true
		}
	}
	return false
}

func matchRows(rows []row, v []byte) bool {
	i := 0
	for _, r := range rows {
		if r.end && i == len(v) {
			return true
		}
		set := &classes[r.class]
		stop := min(i+int(r.max), len(v))
		first := i
		for i < stop && set.has(v[i]) {
			i++
		}
		if i-first < int(r.min) {
			return false
		}
	}
	return i == len(v)
}

// checkDecimal is a sign or none, digits, and a point or none. Zeros in front and
// at the end of the fraction do not count as digits.
func (t *simpleType) checkDecimal(v []byte) Reason {
	negative := false
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		negative = v[0] == '-'
		v = v[1:]
	}
	whole, fraction, ok := splitDecimal(v)
	if !ok {
		return ReasonNumber
	}
	for len(whole) > 0 && whole[0] == '0' {
		whole = whole[1:]
	}
	for len(fraction) > 0 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	digits := len(whole) + len(fraction)
	switch {
	case negative && t.nonNegative && digits > 0:
		return ReasonNegative
	case t.totalDigits != 0 && digits > int(t.totalDigits),
		t.fraction != none && len(fraction) > int(t.fraction):
		return ReasonDigits
	}
	return ReasonNone
}

// checkBinary is base64: groups of four, the last one with one or two paddings,
// under which no bits are set; white space does not count.
func (t *simpleType) checkBinary(v []byte) Reason {
	digits, padding, last := 0, 0, 0
	for _, c := range v {
		d := base64Digit(c)
		switch {
		case isSpace(c):
		case c == '=':
			padding++
		case d < 0 || padding > 0:
			return ReasonBinary
		default:
			digits, last = digits+1, d
		}
	}
	// Of the last digit before one or two paddings two or four bits are not used.
	unused := [3]int{0, 0b11, 0b1111}
	if (digits+padding)%4 != 0 || padding > 2 || last&unused[padding] != 0 {
		return ReasonBinary
	}
	size := uint32(digits * 6 / 8)
	if size < t.minLength || t.maxLength != 0 && size > t.maxLength {
		return ReasonLength
	}
	return ReasonNone
}

// base64Digit is the value of a character of base64, or -1.
func base64Digit(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}
