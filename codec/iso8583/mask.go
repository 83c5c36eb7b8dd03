package iso8583

// Mask says how much of a value people may see: in a print-out, never in a
// message.
type Mask uint8

// The masks, with their names in the spec key "mask".
const (
	MaskNone  Mask = iota // "none": all of it
	MaskPAN               // "pan": the first 6 and the last 4 of 13 or more characters
	MaskTrack             // "track": the account number as MaskPAN, nothing after it
	MaskAll               // "all": nothing, not even the length
	MaskEMV               // "emv": of DE55 the values of tags that name the card or its holder
)

var maskNames = map[string]Mask{"none": MaskNone, "pan": MaskPAN, "track": MaskTrack, "all": MaskAll, "emv": MaskEMV}

// String is the mask's name in a spec file.
func (m Mask) String() string {
	names := [...]string{MaskNone: "none", MaskPAN: "pan", MaskTrack: "track", MaskAll: "all", MaskEMV: "emv"}
	if int(m) < len(names) {
		return names[m]
	}
	return "all"
}

// under is the mask of a subfield inside of an element with the mask of: what
// either hides is hidden. MaskEMV speaks of single tags, see groupFields.
func (m Mask) under(of Mask) Mask {
	switch {
	case of == MaskNone || of == MaskEMV:
		return m
	case m == MaskEMV:
		return of
	}
	return max(m, of) // in the order of what they leave
}

// defaultMasks are the masks of elements that name none: as moov-io/iso8583
// describes messages, and the extended account number.
var defaultMasks = map[int]Mask{
	2: MaskPAN, 34: MaskPAN, 35: MaskTrack, 36: MaskTrack, 45: MaskTrack, 52: MaskAll, 55: MaskEMV,
}

// emvMasks are the tags of DE55 that name the card, its holder or its PIN,
// whether the spec lists them or not.
var emvMasks = map[string]Mask{
	"5A": MaskPAN, "57": MaskTrack, "9F6B": MaskTrack, "56": MaskTrack, "9F1F": MaskAll, "9F20": MaskAll,
	"5F20": MaskAll, "9F0B": MaskAll, "99": MaskAll, "5F50": MaskAll,
}

const (
	maskFirst = 6  // characters of an account number that are shown
	maskLast  = 4  // at its end
	maskFrom  = 13 // shorter ones are hidden whole: too little would be left
)

// Append appends what may be seen of a value in text form (binary values in
// hexadecimal) to dst. Hidden characters are '*'. MaskAll gives eight of them,
// whatever the value's length.
func (m Mask) Append(dst, text []byte) []byte {
	switch m {
	case MaskNone:
		return append(dst, text...)
	case MaskPAN:
		return appendPAN(dst, text)
	case MaskTrack:
		from, to := accountOfTrack(text)
		dst = append(dst, text[:from]...)
		dst = appendPAN(dst, text[from:to])
		return append(dst, stars[:min(len(text)-to, len(stars))]...)
	}
	return append(dst, stars[:8]...)
}

const stars = "**********************************************************************" +
	"**********************************************************************"

func appendPAN(dst, pan []byte) []byte {
	at := len(dst)
	dst = append(dst, pan...)
	hidden := dst[at:]
	if len(hidden) >= maskFrom {
		hidden = hidden[maskFirst : len(hidden)-maskLast]
	}
	for i := range hidden {
		hidden[i] = '*'
	}
	return dst
}

// accountOfTrack bounds the account number of a track of any kind: digits after
// a format code of at most one letter (track 1), up to the first separator. Of
// track 3 the format code's two digits are taken for a part of the number,
// which hides no less.
func accountOfTrack(text []byte) (from, to int) {
	if len(text) > 0 && text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z' {
		from = 1
	}
	for to = from; to < len(text) && text[to] >= '0' && text[to] <= '9'; {
		to++
	}
	return from, to
}
