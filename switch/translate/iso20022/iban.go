package iso20022

// Lengths of an IBAN (ISO 13616).
const (
	ibanBytesMin = 15
	ibanBytesMax = 34
)

// isIBAN says whether an account number is an IBAN: country, two check digits, an
// account of the country, and a remainder of 1 by 97 (ISO 7064).
func isIBAN(v []byte) bool {
	if len(v) < ibanBytesMin || len(v) > ibanBytesMax || !upper(v[0]) || !upper(v[1]) || !digit(v[2]) || !digit(v[3]) {
		return false
	}
	remainder := 0
	for n := range v {
		switch c := v[(n+4)%len(v)]; { // the account first, then country and check digits
		case digit(c):
			remainder = (remainder*10 + int(c-'0')) % 97
		case upper(c):
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return remainder == 1
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }
