package state

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
)

// fileEvents is how many events the rows of one file are of, at most, where rows are in
// the order of events: what retention removes and what is new are never in one file,
// which would lie above all that is between the two.
const fileEvents = 1 << 22

// fileDE7 is the same of request keys, in DE7 read as a number (MMDDhhmmss): a quarter
// of a day.
const fileDE7 = 1 << 18

// fileEnd says where a file that begins with a key has to end: before the next kind
// of rows that comes in order, or the next part of this one. To Pebble it is a policy,
// and a file ends where its policy does.
func fileEnd(start []byte) (same pebble.SpanPolicy, end []byte, err error) {
	tag, rest := start[0], start[1:]
	switch tag {
	case tagHistory, tagTidings, tagLeaf:
		if len(rest) >= 8 {
			end = binary.BigEndian.AppendUint64([]byte{tag}, (binary.BigEndian.Uint64(rest)/fileEvents+1)*fileEvents)
		}
	case tagKey:
		if len(rest) >= 4 {
			end = binary.BigEndian.AppendUint32([]byte{tag}, (binary.BigEndian.Uint32(rest)/fileDE7+1)*fileDE7)
		}
	default:
		for _, next := range [...]byte{tagHistory, tagTidings, tagKey, tagLeaf} {
			if tag < next {
				return same, []byte{next}, nil
			}
		}
		return same, nil, nil
	}
	if string(end) <= string(start) { // the last part of all
		end = []byte{tag + 1}
	}
	return same, end, nil
}
