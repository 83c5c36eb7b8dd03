package desk

import (
	"bytes"
	"unicode/utf8"

	"switchd/codec/iso8583"
	"switchd/switch/access"
	"switchd/switch/mask"
	"switchd/switch/payment"
)

// Hidden stands for what is there and not shown.
const Hidden = "•••"

// Personal says that roles may see personal data, masked: what a viewer sees has none.
func Personal(r access.Roles) bool {
	return r.Any(access.Operator | access.SecurityOfficer | access.Auditor)
}

// ReasonFor is how much of an operator's reason roles see: anything may stand in it.
func ReasonFor(reason string, r access.Roles) string {
	switch {
	case reason == "":
		return ""
	case !Personal(r):
		return Hidden
	}
	how := mask.Document("", []byte(reason), nil)
	return mask.Printable(string(how.Append(nil, []byte(reason))))
}

// personalTexts are the texts of a payment that tell of persons.
var personalTexts = [...]payment.TextField{
	payment.PayerAccount, payment.PayeeAccount, payment.PayerVPA, payment.PayeeVPA,
	payment.PayerName, payment.PayeeName, payment.Note, payment.Reason,
}

// never are the texts that nobody sees.
var never = [...]payment.TextField{payment.PINToken}

// textsFor are the texts of an event or a payment that roles see, by field.
func textsFor(t *payment.Text, r access.Roles) map[payment.TextField]string {
	masked := mask.Texts(t)
	shown := map[payment.TextField]string{}
	t.Fields(func(f payment.TextField, _ []byte) { shown[f] = masked[f.String()] })
	for _, f := range personalTexts {
		if shown[f] != "" && !Personal(r) {
			shown[f] = Hidden
		}
	}
	for _, f := range never {
		delete(shown, f)
	}
	return shown
}

// veil hides what values of a message tell of persons, whatever field they stand in.
type veil struct {
	roles    access.Roles
	accounts mask.Accounts
	words    [][]byte // names, notes, addresses: in capitals, without gaps
}

// wordMin: shorter words of a name stand in anything.
const wordMin = 4

// veilOf knows the persons of a payment or an event.
func veilOf(t *payment.Text, r access.Roles) *veil {
	v := &veil{roles: r, accounts: mask.Accounts{}}
	for _, f := range personalTexts {
		value := t.Get(f)
		switch f {
		case payment.PayerAccount, payment.PayeeAccount:
			v.accounts.Add(mask.Tight(value))
			v.know(value)
		case payment.PayerVPA, payment.PayeeVPA:
			name, _, _ := bytes.Cut(value, []byte("@"))
			v.know(name)
		default:
			for _, word := range bytes.Fields(value) {
				v.know(word)
			}
		}
	}
	return v
}

func (v *veil) know(word []byte) {
	if word = mask.Tight(word); len(word) >= wordMin {
		v.words = append(v.words, word)
	}
}

// show is how much of a value is seen. kind says what the field is for, as far as the
// tables of the format know.
func (v *veil) show(kind fieldKind, value []byte, how iso8583.Mask) string {
	switch {
	case len(value) == 0:
		return ""
	case kind == fieldSecret:
		return Hidden
	case kind == fieldPlain && how == iso8583.MaskNone && !v.tells(value):
		return mask.Printable(string(value))
	case !Personal(v.roles):
		return Hidden
	case kind == fieldAccount, kind == fieldPlain && how == iso8583.MaskPAN:
		return mask.Printable(string(iso8583.MaskPAN.Append(nil, value)))
	case kind == fieldAddress:
		_, handle, _ := bytes.Cut(value, []byte("@"))
		return Hidden + "@" + mask.Printable(string(handle))
	case kind == fieldPerson:
		return initial(value)
	}
	return Hidden
}

// initial is the first letter of a name.
func initial(name []byte) string {
	r, _ := utf8.DecodeRune(name)
	return mask.Printable(string(r)) + Hidden
}

// tells says that a value names one of the persons.
func (v *veil) tells(value []byte) bool {
	tight := mask.Tight(value)
	if v.accounts.In(tight) {
		return true
	}
	for _, word := range v.words {
		if bytes.Contains(tight, word) {
			return true
		}
	}
	return false
}

// fieldKind is what a field of a message tells.
type fieldKind uint8

const (
	fieldPlain   fieldKind = iota // nothing of persons
	fieldAccount                  // an account number
	fieldAddress                  // an address of a person at a participant
	fieldPerson                   // a name
	fieldText                     // free text: anything
	fieldSecret                   // PIN, code, track, credential: nobody sees it
)
