package iso8583

import "strconv"

// classWords are for the sentences of errors.
var classWords = map[string]string{
	"n": "digits", "a": "letters", "an": "letters or digits", "ans": "printable characters",
	"ns": "printable characters other than letters", "z": "track characters", "b": "bytes",
}

// describe makes the notation of the standard, "n12" or "ans..28", and the
// sentence for errors; x+n counts the digits alone, b counts bytes.
func (d *detail) describe(f *field, j *fieldJSON) {
	n := int(f.length)
	if f.sign && !f.byBytes {
		n--
	}
	d.description = j.Description
	d.format = j.Class + prefixes[f.prefix].dots + strconv.Itoa(n)
	d.expected = f.words(j.Class, n)
}

func (f *field) words(class string, n int) string {
	count := strconv.Itoa(n)
	if f.byBytes {
		count += " bytes of"
	}
	text := count + " " + classWords[class]
	if f.sign {
		text = "C or D and " + count + " digits"
	}
	switch {
	case f.group != nil:
		text = count + " bytes of subfields"
	case f.tags != nil:
		text = "tags in ascending order, each of 3 digits, a length of 3 digits and the value, in up to " + count + " bytes"
	case class != "b" || !f.inPlace():
		text += " in " + encodings[f.enc].words
	}
	if f.prefix != prefixFixed && f.tags == nil {
		text = "up to " + text
	}
	switch p := &prefixes[f.prefix]; {
	case f.prefix == prefixBER:
		return text + " after a BER length"
	case p.width > 0:
		return text + " after a length of " + p.words
	case f.pad == padLeft:
		text += ", filled on the left"
	case f.pad == padRight:
		text += ", filled on the right"
	}
	return text
}
