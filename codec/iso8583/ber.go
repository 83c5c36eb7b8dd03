package iso8583

// BERReader walks over the BER-TLV elements of a value, as DE55 is one. It
// allocates nothing and does not look into constructed elements; their value
// can be walked over with another reader. Its zero value is empty.
type BERReader struct {
	b   []byte
	at  int
	err error
}

// ReadBER begins a walk over the value of a field of BER-TLV elements.
func ReadBER(b []byte) BERReader { return BERReader{b: b} }

// Next gives the next tag as a number (0x9F26, 0x82) and a view of its value; ok
// is false at the end and where the structure is broken, which Err tells apart.
// Tags of more than 4 bytes and lengths above 65,535 are broken.
func (r *BERReader) Next() (tag uint32, value []byte, ok bool) {
	if r.at == len(r.b) {
		return 0, nil, false
	}
	n := berTag(r.b[r.at:])
	for _, c := range r.b[r.at : r.at+n] {
		tag = tag<<8 | uint32(c)
	}
	size, at, why := readBER(r.b, r.at+n)
	if n == 0 || why != faultNone || size > len(r.b)-at {
		r.at, r.err = len(r.b), errTags
		return 0, nil, false
	}
	r.at = at + size
	return tag, r.b[at:r.at:r.at], true
}

// Err is nil unless the walk met a broken element. The value of a field that
// Parse accepted as BER-TLV never has one.
func (r *BERReader) Err() error { return r.err }

// FindBER gives a view of the value of the first element with the tag; ok is
// false when it is not there. An absent field (nil) has none, so m.Value(55)
// can be handed in as it is.
func FindBER(b []byte, tag uint32) (value []byte, ok bool) {
	r := ReadBER(b)
	for {
		t, v, ok := r.Next()
		if !ok || t == tag {
			return v, ok
		}
	}
}
