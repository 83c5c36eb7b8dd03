package iso8583

import "errors"

// A tagged field (DE48, DE120) is a row of: tag, 3 digits; length, 3 digits;
// value. Tags ascend and stand once each, so that two readers can never pick
// different values from one message. Unknown tags are kept.
const (
	tagDigits  = 3
	tlvHead    = 2 * tagDigits
	tagMax     = 999
	tlvLongest = 999
)

// errTags has no detail on purpose: the structure is broken, so any number in
// it may be content.
var errTags = errors.New("iso8583: the tags of a field are broken")

// TLVReader walks over the tags of a field's value. Its zero value is empty.
type TLVReader struct {
	rest []byte
	err  error
}

// ReadTLV begins a walk over the value of a tagged field.
func ReadTLV(b []byte) TLVReader { return TLVReader{rest: b} }

// Next gives the next tag and a view of its value; ok is false at the end and
// where the structure is broken, which Err tells apart.
func (r *TLVReader) Next() (tag int, value []byte, ok bool) {
	if len(r.rest) == 0 {
		return 0, nil, false
	}
	if tag, value, ok = cutTLV(r.rest); !ok {
		r.rest, r.err = nil, errTags
		return 0, nil, false
	}
	r.rest = r.rest[tlvHead+len(value):]
	return tag, value, true
}

// Err is nil unless the walk met a broken tag or length. The value of a field
// that Parse accepted never has one.
func (r *TLVReader) Err() error { return r.err }

// FindTLV gives a view of the value of a tag; ok is false when it is not there.
// An absent field (nil) has no tags, so m.Value(120) can be handed in as it is.
func FindTLV(b []byte, tag int) (value []byte, ok bool) {
	r := ReadTLV(b)
	for {
		t, v, ok := r.Next()
		if !ok || t == tag {
			return v, ok
		}
	}
}

// cutTLV reads the first tag of b, which is bounded by what b holds.
func cutTLV(b []byte) (tag int, value []byte, ok bool) {
	if len(b) < tlvHead {
		return 0, nil, false
	}
	tag, n := digits3(b, 0, '0'), digits3(b, tagDigits, '0')
	if tag|n < 0 || n > len(b)-tlvHead {
		return 0, nil, false
	}
	end := tlvHead + n
	return tag, b[tlvHead:end:end], true
}

// tagRule bounds the value of a tag.
type tagRule struct {
	max   uint16
	class class
	named bool // by the spec
}

// tagTable is what a field of tags may hold. Tags that the spec does not name
// may be of any length and of the field's own class.
type tagTable struct {
	class class // of the whole field
	rules [tagMax + 1]tagRule
	known map[int]*detail // of tags that the spec names
}

func newTagTable(k class) *tagTable {
	t := &tagTable{class: k, known: make(map[int]*detail)}
	for i := range t.rules {
		t.rules[i] = tagRule{max: tlvLongest, class: k}
	}
	return t
}

// walk says that b, which stands in the code page a, is a row of ascending tags
// within their rules, and whether the spec lacks one of them; else where the first
// bad one begins and why. With checked the caller looks at the class of all of b, so
// that only tags of another class are looked at here.
func (t *tagTable) walk(b []byte, a *alphabet, checked bool) (at int, strange bool, why fault) {
	last, zone := -1, a.zone
	for at < len(b) {
		if len(b)-at < tlvHead {
			return at, strange, faultTLV
		}
		tag, n := digits3(b, at, zone), digits3(b, at+tagDigits, zone)
		value := at + tlvHead
		switch {
		case tag <= last: // -1 or more, so a tag that is no number ends here too
			return at, strange, faultTLV
		case n < 0:
			return at, strange, faultLengthDigits
		case n > len(b)-value:
			return at, strange, faultTruncated
		}
		rule := t.rules[tag]
		end := value + n
		switch {
		case n > int(rule.max):
			return at, strange, faultLength
		case rule.class != t.class && !a.sets[rule.class].hold(b[value:end]), !checked && !a.sets[t.class].hold(b[at:end]):
			return at, strange, faultFormat
		}
		last, at, strange = tag, end, strange || !rule.named
	}
	return at, strange, faultNone
}

// tagPath is the path of a tag.
func tagPath(tag int) string { return string(appendDigits3(nil, tag)) }
